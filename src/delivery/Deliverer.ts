import TTLCache from '@isaacs/ttlcache';
import { parseTopic, topicPath } from '../event/Topic';
import type { OutgoingResponse } from '../outgoing/Outgoing';
import { OutgoingFailed } from '../outgoing/Outgoing';
import type { Readers } from '../access/ports';
import type { Attempt } from '../store/deliveries';
import type {
  ClaimedDelivery,
  DeliveryQueue,
  DeliverySender,
  Demand,
  DueHost,
  FinishedDelivery,
  Sent,
} from './ports';
import { Admission } from './Admission';
import type { DeliveryListener } from './DeliveryListener';
import type { HealthPolicy, HostHealth } from './health';
import { afterAttempt, failingSince, HEALTHY, healthPolicy, isDisabledBy, isTooOld, mayTry } from './health';
import type { RetryPolicy } from './retry';
import { judge, restOf, retryPolicy } from './retry';
import { withTimeout } from '../event/timeout';
import type { SteadyClock } from './SteadyClock';
import type { Pace } from './pace';
import { nextAllowed } from './pace';

/**
 * How deliveries are made; the defaults are those of `docs/delivery.md`.
 */
export interface DelivererOptions {
  readonly retry?: Partial<RetryPolicy>;
  readonly health?: Partial<HealthPolicy>;
  /** The most requests to one host at a time. Default 4. */
  readonly maxRequestsPerHost?: number;
  /** The most requests at a time. Default 2,048. */
  readonly maxRequests?: number;
  /** How long a claim holds, in milliseconds; longer than any request takes. Default 60,000. */
  readonly lease?: number;
  /** Decides when another delivery may begin, by the load of this process. */
  readonly admission?: Admission;
}

/** A host of which deliveries are claimed. */
interface HostQueue {
  readonly host: number;
  readonly name: string;
  health: HostHealth;
  readonly ready: { readonly delivery: ClaimedDelivery; readonly until: number }[];
  inFlight: number;
  /** How many deliveries are claimed at a time: more, the faster the host takes them. */
  batch: number;
  /** Whether the last claim brought as many as it could. */
  hasMore: boolean;
  isClaiming: boolean;
}

/** Why a delivery is not made, or not now. */
interface Obstacle extends Pick<FinishedDelivery, 'state' | 'due' | 'attempt'> {
  /** What its owner is told, if that is something. */
  readonly news?: 'disabled' | 'dead';
}

/** How far the allowance of a webhook that sets a rate is used up. */
interface Allowance {
  readonly sent?: Pace;
  /** The same, as if all that waits for it were sent. */
  readonly promised: Pace;
}

const POLL = 1_000;
const MOST_HOSTS = 200;
const MOST_BATCH = 250;
/** How many deliveries are claimed at a time in all; where there are more, only few of each further host are. */
const MOST_CLAIMED = 10_000;
/** How many hosts and webhooks are remembered that have answered, or that set a rate. */
const MOST_REMEMBERED = 10_000;
const REMEMBERED = 60 * 60_000;
/** How long it is waited where something of our own fails, in milliseconds. */
const OWN_FAULT = 5_000;
/** For how long outcomes are gathered before they are written, in milliseconds. */
const GATHER = 30;
/** How long it is waited for who may receive, in milliseconds. */
const ANSWER_LIMIT = 10_000;
/** How old what a claim tells of its target can be at most, in milliseconds. */
const STALE = 60_000;
/** How often the time is noted, in milliseconds. */
const NOTE = 60_000;
/** How long a stop waits for requests that are under way, in milliseconds. */
const GRACE = 5_000;
/** The owner is told of dead deliveries to a target once in this time, in milliseconds. */
const TELL_DEAD = 60 * 60_000;

/**
 * The delivery worker: claims what is due, sends it, and records what came of it.
 *
 * What a host does delays no other host. Before each attempt it is asked anew whether the subscriber may receive.
 * A claim ends by itself, so whatever ends this process, each delivery is attempted again; an event may then come
 * twice, with the same id.
 */
export class Deliverer {
  private readonly queues = new Map<number, HostQueue>();
  private readonly answering = new TTLCache<number, true>({ max: MOST_REMEMBERED, ttl: REMEMBERED });
  private readonly allowances = new TTLCache<number, Allowance>({ max: MOST_REMEMBERED, ttl: REMEMBERED });
  /** Since when targets fail, where that is newer than what was claimed. */
  private readonly failingNow = new TTLCache<number, number | null>({ max: MOST_REMEMBERED, ttl: STALE });
  /** Until when targets ask to be sent nothing, by kind and URL, where that is newer than what was claimed. */
  private readonly restingNow = new TTLCache<string, number>({ max: MOST_REMEMBERED, ttl: STALE });
  private readonly retry: RetryPolicy;
  private readonly health: HealthPolicy;
  private readonly maxRequestsPerHost: number;
  private readonly most: number;
  private readonly lease: number;
  private readonly admission: Admission;
  private finished: FinishedDelivery[] = [];
  private hosts = new Map<number, HostHealth>();
  private failing = new Map<number, number | null>();
  private rests = new Map<number, number>();
  private flushing?: Promise<void>;
  /** Whether what has ended cannot be recorded: until it is, nothing is claimed, or all would be sent at each lease. */
  private isUnrecorded = false;
  private readonly crowdedOut = new Set<HostQueue>();
  private readonly underWay = new Set<Promise<void>>();
  /** What is being made. */
  private readonly making = new Set<ClaimedDelivery>();
  /** How many deliveries are claimed, or about to be, that are not being made. */
  private held = 0;
  private timer?: NodeJS.Timeout;
  private noter?: NodeJS.Timeout;
  private pumping?: Promise<void>;
  private again = false;
  private started = false;

  /**
   * @param store - Where deliveries are.
   * @param sender - Sends them.
   * @param readers - Who may receive what.
   * @param clock - By which they are due.
   * @param listeners - Are told what becomes of deliveries and targets.
   * @param report - Is told what went wrong here; it is tried again.
   * @param options - See {@link DelivererOptions}.
   */
  public constructor(
    private readonly store: DeliveryQueue,
    private readonly sender: DeliverySender,
    private readonly readers: Readers,
    private readonly clock: SteadyClock,
    private readonly listeners: readonly DeliveryListener[],
    private readonly report: (message: string) => void,
    options: DelivererOptions = {},
  ) {
    this.retry = retryPolicy(options.retry);
    this.health = healthPolicy(options.health);
    this.maxRequestsPerHost = options.maxRequestsPerHost ?? 4;
    this.most = options.maxRequests ?? 2_048;
    this.lease = options.lease ?? 60_000;
    this.admission = options.admission ?? new Admission();
  }

  /** Begins, with what an earlier process left; its clock has started. */
  public start(): void {
    this.started = true;
    this.clock.tick();
    this.noter = setInterval((): void => {
      void this.note();
    }, NOTE).unref();
    this.wake();
  }

  /** Ends: claims no more, waits a little for what is being sent, and gives back what is not. */
  public async stop(): Promise<void> {
    if (!this.started) {
      return;
    }
    this.started = false;
    clearTimeout(this.timer);
    clearInterval(this.noter);
    await this.pumping;
    for (const queue of this.queues.values()) {
      this.release(queue);
    }
    await Promise.race([
      this.settle(),
      new Promise((resolve): unknown => setTimeout(resolve, GRACE).unref()),
    ]);
    // What comes of these is not learned any more.
    this.giveBack([ ...this.making ]);
    this.making.clear();
    await this.flushing;
    if (this.finished.length > 0) {
      await this.flush();
    }
    await this.note();
  }

  private async note(): Promise<void> {
    return this.clock.note()
      .catch((error: unknown): void => this.report(`The time could not be noted: ${(error as Error).message}`));
  }

  private async settle(): Promise<void> {
    while (this.underWay.size > 0) {
      await Promise.all(this.underWay);
    }
  }

  /** The time by which deliveries are due, in milliseconds since 1970. */
  public now(): number {
    return this.clock.now();
  }

  /** Tells that something may be due; returns at once. */
  public wake(): void {
    this.again = true;
    if (this.started && !this.pumping) {
      this.pumping = this.pump()
        .catch((error: unknown): void => {
          this.report(`Looking for due deliveries failed: ${(error as Error).message}`);
          this.again = false;
        })
        .finally((): void => {
          this.pumping = undefined;
          if (this.again) {
            this.wake();
          } else {
            this.sleep();
          }
        });
    }
  }

  /** Looks again after a moment: something is due by then, or another process has made deliveries. */
  private sleep(): void {
    clearTimeout(this.timer);
    if (this.started) {
      this.timer = setTimeout((): void => this.wake(), POLL).unref();
    }
  }

  private async pump(): Promise<void> {
    while (this.again && this.started) {
      this.again = false;
      if (this.isUnrecorded) {
        return;
      }
      const now = this.clock.now();
      const due = await this.store.dueHosts(now, MOST_HOSTS);
      this.clock.tick();
      if (due.length === 0) {
        return;
      }
      const requests: [DueHost, number][] = [];
      for (const host of due) {
        const most = this.claimable(host, now);
        requests.push([ host, most ]);
        this.held += most;
      }
      await this.claim(requests, now);
      this.again ||= due.length === MOST_HOSTS;
    }
  }

  /** How many more deliveries may be claimed in large numbers. */
  private room(): number {
    return MOST_CLAIMED - this.held - this.making.size;
  }

  /** How many deliveries of a due host to claim now; none if it has its fill. */
  private claimable({ host, failures, since, rests }: DueHost, now: number): number {
    const queue = this.queues.get(host);
    if (queue && (queue.isClaiming || queue.ready.length > 0 || queue.inFlight >= this.slotsOf(queue))) {
      return 0;
    }
    // Another process may have written more failures than this one knows.
    const circuit = mayTry(queue?.health ?? { failures, since, rests }, now);
    if (circuit === 'closed') {
      const isKnown = this.answering.has(host);
      if (!isKnown && this.crowdedOut.size >= this.most) {
        return 0;
      }
      // However much others hold, a host gets as much as it can be sent at a time.
      const batch = queue?.batch ?? (isKnown ? this.maxRequestsPerHost : 1);
      return Math.min(batch, Math.max(this.maxRequestsPerHost, this.room()));
    }
    return circuit === 'probe' && !queue?.inFlight && this.isRoomFor(host) ? 1 : 0;
  }

  private async claim(hosts: readonly (readonly [DueHost, number])[], now: number): Promise<void> {
    const until = now + this.lease;
    const claimed = await this.store.claim(hosts.map(([{ host }, most ]) => ({ host, most })), now, until)
      .catch((error: unknown): never => {
        this.held -= hosts.reduce((sum, [ , most ]): number => sum + most, 0);
        throw error;
      });
    for (const [ due, most ] of hosts) {
      if (most > 0) {
        const queue = this.queueOf(due);
        this.fill(queue, claimed.filter(({ host }): boolean => host === due.host), most, until);
      }
    }
  }

  private queueOf({ host, name, failures, since, rests }: DueHost): HostQueue {
    let queue = this.queues.get(host);
    if (!queue) {
      const batch = this.answering.has(host) ? this.maxRequestsPerHost : 1;
      const health = { failures, since, rests };
      queue = { host, name, health, ready: [], inFlight: 0, batch, hasMore: false, isClaiming: false };
      this.queues.set(host, queue);
    }
    return queue;
  }

  /** Gives a host what was claimed of it. */
  private fill(queue: HostQueue, claimed: readonly ClaimedDelivery[], most: number, until: number): void {
    queue.isClaiming = true;
    this.track(this.learn(claimed).then((): void => {
      queue.isClaiming = false;
      this.take(queue, claimed, most, until);
    }));
  }

  /** Has a stop wait for something that is under way. */
  private track(work: Promise<void>): void {
    const tracked = work.finally((): unknown => this.underWay.delete(tracked));
    this.underWay.add(tracked);
  }

  private take(queue: HostQueue, claimed: readonly ClaimedDelivery[], most: number, until: number): void {
    this.held -= most - claimed.length;
    queue.hasMore = claimed.length === most;
    queue.ready.push(...claimed.map((delivery) => ({ delivery, until })));
    this.run(queue);
  }

  /** Asks for the agents of many deliveries at once who may receive, so that each need not be asked for by itself. */
  private async learn(claimed: readonly ClaimedDelivery[]): Promise<void> {
    const agents = new Map<string, Set<string>>();
    for (const delivery of claimed) {
      if (delivery.subscription !== null) {
        const resource = resourceOf(delivery);
        agents.set(resource, (agents.get(resource) ?? new Set()).add(delivery.agent));
      }
    }
    for (const [ resource, some ] of agents) {
      try {
        await withTimeout(this.readers.readersOf(resource, [ ...some ]), ANSWER_LIMIT);
      } catch {
        // Each delivery is asked for again, and reports what is wrong.
      }
    }
  }

  /** Claims the next batch of a host that is being served, so that it never waits for the one before to be recorded. */
  private refill(queue: HostQueue): void {
    queue.isClaiming = true;
    const now = this.clock.now();
    const until = now + this.lease;
    const most = queue.batch;
    this.held += most;
    this.track(this.store.claim([{ host: queue.host, most }], now, until)
      .then((claimed): void => this.fill(queue, claimed, most, until))
      .catch((error: unknown): void => {
        this.held -= most;
        queue.isClaiming = false;
        queue.hasMore = false;
        this.report(`Claiming deliveries failed: ${(error as Error).message}`);
      }));
  }

  /**
   * A host that has not answered yet gets one request at a time, so that many dead hosts take few slots;
   * and each does while half of all slots are taken, so that those who answered and now hang take no more.
   */
  private slotsOf({ host, health }: HostQueue): number {
    const isMany = this.answering.has(host) && health.failures === 0 && this.making.size < this.most / 2;
    return isMany ? this.maxRequestsPerHost : 1;
  }

  /** A quarter of all slots is for hosts that are known to answer. */
  private isRoomFor(host: number): boolean {
    return this.making.size < (this.answering.has(host) ? this.most : this.most * 0.75);
  }

  private run(queue: HostQueue): void {
    if (!this.started || mayTry(queue.health, this.clock.now()) === 'open') {
      this.release(queue);
    }
    while (queue.ready.length > 0 && queue.inFlight < this.slotsOf(queue) && this.isRoomFor(queue.host) &&
      this.admission.mayBegin()) {
      this.admission.begin();
      const { delivery, until } = queue.ready.shift()!;
      this.held -= 1;
      // What has waited here for too long may be claimed by somebody else before its answer comes.
      if (this.clock.now() >= until - this.lease / 2) {
        queue.batch = Math.max(1, queue.batch >> 1);
      } else {
        queue.inFlight += 1;
        this.making.add(delivery);
        this.track(this.make(queue, delivery).then((): void => {
          queue.inFlight -= 1;
          this.run(queue);
          this.runCrowdedOut();
        }));
      }
    }
    if (queue.ready.length > 0 && (queue.inFlight === 0 || !this.admission.mayBegin())) {
      this.crowdedOut.add(queue);
      this.goOnLater();
    }
    const isServed = this.started && !this.isUnrecorded && queue.inFlight > 0;
    if (isServed && queue.hasMore && !queue.isClaiming && queue.ready.length < queue.batch / 2 &&
      this.room() > queue.batch && mayTry(queue.health, this.clock.now()) === 'closed') {
      this.refill(queue);
    }
    if (queue.ready.length === 0) {
      this.crowdedOut.delete(queue);
      // Another queue of the host may have been made since this one was removed.
      if (queue.inFlight === 0 && !queue.isClaiming && this.queues.get(queue.host) === queue) {
        this.queues.delete(queue.host);
      }
    }
  }

  /** Goes on with hosts for which there was no room. */
  private runCrowdedOut(): void {
    for (const queue of this.crowdedOut) {
      if (!this.admission.mayBegin()) {
        this.goOnLater();
        return;
      }
      if (this.making.size >= this.most) {
        return;
      }
      if (this.isRoomFor(queue.host)) {
        this.crowdedOut.delete(queue);
        this.run(queue);
      }
    }
  }

  private goOnLater(): void {
    this.admission.whenReady((): void => this.runCrowdedOut());
  }

  /** Gives back what was claimed and not sent: all of it, or that for one target. */
  private release({ ready }: HostQueue, target?: number): void {
    const all = ready.splice(0);
    ready.push(...all.filter(({ delivery }): boolean => target !== undefined && delivery.target !== target));
    this.held -= all.length - ready.length;
    this.giveBack(all.map(({ delivery }): ClaimedDelivery => delivery)
      .filter((delivery): boolean => target === undefined || delivery.target === target));
  }

  private giveBack(claimed: readonly ClaimedDelivery[]): void {
    for (const { delivery, claim, host } of claimed) {
      this.record({ delivery, claim, host, state: 'waiting', due: this.clock.now() });
    }
  }

  /** Makes a delivery, or finds that it is not to be made. */
  private async make(queue: HostQueue, delivery: ClaimedDelivery): Promise<void> {
    const { delivery: key, claim, host } = delivery;
    const finish = (rest: Omit<FinishedDelivery, 'delivery' | 'claim' | 'host'>): void => {
      if (this.making.delete(delivery)) {
        this.record({ delivery: key, claim, host, ...rest });
      }
    };
    try {
      const now = this.clock.now();
      const obstacle = await this.obstacleTo(delivery, now);
      if (obstacle) {
        const { news, ...rest } = obstacle;
        finish(rest);
        if (rest.state !== 'waiting') {
          this.listeners.forEach((listener): void => listener.unsent?.(delivery, rest.state));
        }
        if (news === 'disabled') {
          this.disable(queue, delivery, rest.attempt!.reason!);
        } else if (news === 'dead') {
          this.tellOwner(delivery, news, rest.attempt!.reason!);
        }
        return;
      }
      const at = Date.now();
      const begun = performance.now();
      const sent = await this.sender.send(delivery);
      const attempt = { at, duration: Math.round(performance.now() - begun) };
      // It was given back if this has stopped, and may have failed for no other reason.
      if (!this.making.has(delivery)) {
        return;
      }
      const { copy } = sent;
      this.conclude(queue, delivery, sent, attempt, (rest): void => finish({ ...rest, ...copy && { copy }}));
    } catch (error: unknown) {
      // The path and query of a webhook can be secret.
      this.report(`Delivery ${key} to ${new URL(delivery.url).host} could not be attempted: ${(error as Error).message}`);
      finish({ state: 'waiting', due: this.clock.now() + OWN_FAULT });
    }
  }

  /** Why a delivery is not to be made, or not now. */
  private async obstacleTo(delivery: ClaimedDelivery, now: number): Promise<Obstacle | undefined> {
    const unwanted = obstacleOf(delivery);
    if (unwanted) {
      return unwanted;
    }
    const worked = this.clock.worked();
    if (isTooOld(delivery.begun, worked, this.health)) {
      // Where the host rests most of the time, few deliveries are tried as often as disables a target.
      const failing = this.failingOf(delivery);
      const isLost = delivery.kind !== 'recipient' && failing !== null && worked - failing >= this.health.disableAfter;
      const news = isLost ? 'disabled' : 'dead';
      return { state: 'dead', attempt: because('not sent: it has waited for too long'), news };
    }
    if (await this.sender.isSentByOrigin(delivery)) {
      return { state: 'ended', attempt: because('not sent: the subscriber is a recipient, and gets the event directly') };
    }
    const rests = this.restsUntil(delivery);
    const due = rests > now ? rests : this.nextOf(delivery, now);
    if (due > now) {
      return { state: 'waiting', due };
    }
    if (delivery.subscription !== null) {
      const { agent } = delivery;
      if (!(await withTimeout(this.readers.readersOf(resourceOf(delivery), [ agent ]), ANSWER_LIMIT)).has(agent)) {
        return { state: 'refused', attempt: because('not sent: the subscriber may not read the topic any more') };
      }
    }
    // Since the claim, which may be long ago, somebody may have unsubscribed.
    return obstacleOf(await this.store.demandFor(delivery));
  }

  /** Until when the target of a delivery asks to be sent nothing. */
  private restsUntil(delivery: ClaimedDelivery): number {
    return Math.max(delivery.rests ?? 0, this.restingNow.get(nameOf(delivery)) ?? 0);
  }

  /** Notes for how long the target of a delivery asks to be sent nothing. */
  private noteRest(delivery: ClaimedDelivery, result: Sent['result'], now: number): void {
    const rest = restOf(result, this.retry, Date.now());
    if (rest > 0) {
      const until = Math.max(this.restsUntil(delivery), now + rest);
      this.rests.set(delivery.target, until);
      this.restingNow.set(nameOf(delivery), until);
    }
  }

  /** When a target that sets a rate takes another delivery. */
  private nextOf({ target, rate }: ClaimedDelivery, now: number): number {
    if (rate === null) {
      return now;
    }
    const { sent, promised = 0 } = this.allowances.get(target) ?? {};
    const { at, pace } = nextAllowed(sent, rate, now);
    if (at <= now) {
      this.allowances.set(target, { sent: pace, promised });
      return now;
    }
    // Each that waits gets a time of its own: if it were the same for all, all would be claimed then, to send one.
    const later = nextAllowed(Math.max(promised, sent!), rate, now);
    this.allowances.set(target, { sent, promised: later.pace });
    return later.at;
  }

  /** Draws the conclusions from an attempt: for the delivery, its host and its target. */
  private conclude(
    queue: HostQueue,
    delivery: ClaimedDelivery,
    { result, host }: Sent,
    attempt: Attempt,
    finish: (rest: Omit<FinishedDelivery, 'delivery' | 'claim' | 'host'>) => void,
  ): void {
    const now = this.clock.now();
    const tries = delivery.tries + 1;
    const verdict = judge({ target: delivery.kind, tries, result }, this.retry, Date.now());
    const isAnswered = !(result instanceof OutgoingFailed);
    // What another host did, such as that of the inbox of a recipient, tells nothing of this one.
    if (host === undefined || host === queue.name) {
      this.noteHealth(queue, result, now);
    }
    this.noteRest(delivery, result, now);
    const worked = this.clock.worked();
    const before = this.failingOf(delivery);
    const failing = failingSince(before, verdict, worked);
    if (failing !== before) {
      this.failing.set(delivery.target, failing);
      this.failingNow.set(delivery.target, failing);
    }
    const told = {
      ...attempt,
      ...isAnswered && { status: (result as OutgoingResponse).status },
      ...verdict.outcome !== 'delivered' && { reason: verdict.reason },
    };
    const state = verdict.outcome === 'retry' ? 'waiting' : verdict.outcome;
    finish({ state, attempt: told, ...verdict.outcome === 'retry' && { due: now + verdict.wait }});
    for (const listener of this.listeners) {
      listener.attempted(delivery, verdict, told);
    }
    // To the inbox of a recipient, whichever that is by then, nobody subscribes again.
    if (delivery.kind !== 'recipient' && isDisabledBy(failing, verdict, tries, worked, this.health)) {
      this.disable(queue, delivery, verdict.reason);
    } else if (verdict.outcome === 'dead') {
      this.tellOwner(delivery, 'dead', verdict.reason);
    }
  }

  /** Draws the conclusions from an attempt for the host that it was made to. */
  private noteHealth(queue: HostQueue, result: Sent['result'], now: number): void {
    const health = afterAttempt(queue.health, result, now, this.health);
    if (health !== queue.health && (health !== HEALTHY || queue.health.failures > 0 || queue.health.rests !== null)) {
      this.hosts.set(queue.host, health);
    }
    queue.health = health;
    if (health.failures > 0) {
      this.answering.delete(queue.host);
      queue.batch = 1;
    } else if (!(result instanceof OutgoingFailed)) {
      this.answering.set(queue.host, true);
      queue.batch = Math.min(queue.batch * 2, MOST_BATCH);
    }
  }

  /** Since when the target of a delivery fails: what was claimed together does not know what came of the others. */
  private failingOf({ target, failing }: ClaimedDelivery): number | null {
    const now = this.failingNow.get(target);
    return now === undefined ? failing : now;
  }

  /** Disables the target of a delivery, and gives back what is claimed of it. */
  private disable(queue: HostQueue, delivery: ClaimedDelivery, reason: string): void {
    this.failingNow.delete(delivery.target);
    this.tellOwner(delivery, 'disabled', reason);
    this.release(queue, delivery.target);
  }

  /** Disables the target of a delivery, or notes that one to it is dead, and tells of it if that is news. */
  private tellOwner(delivery: ClaimedDelivery, what: 'disabled' | 'dead', reason: string): void {
    const now = this.clock.now();
    const news = what === 'disabled' ?
      this.store.disable(delivery.target, now) :
      this.store.noteDead(delivery.target, now, now - TELL_DEAD);
    this.track(news
      .then(async(found): Promise<void> => {
        for (const listener of found ? this.listeners : []) {
          await listener.failed(delivery, found!, what, reason);
        }
      })
      .catch((error: unknown): void => this.report(`The owner of ${delivery.pod} could not be told: ${(error as Error).message}`)));
  }

  private record(finished: FinishedDelivery): void {
    this.finished.push(finished);
    this.flushing ??= this.flush();
  }

  /** Writes all that has ended; what cannot be written is, when that works again. */
  private async flush(): Promise<void> {
    while (this.finished.length > 0) {
      // Many are written together, because a commit takes as long as many deliveries; until then their claims hold.
      await new Promise((resolve): unknown => setTimeout(resolve, this.started ? GATHER : 0));
      const [ finished, hosts, failing, rests ] = [ this.finished, this.hosts, this.failing, this.rests ];
      this.finished = [];
      this.hosts = new Map();
      this.failing = new Map();
      this.rests = new Map();
      try {
        await this.store.finish(finished, { hosts, failing, rests });
        this.isUnrecorded = false;
      } catch (error: unknown) {
        this.isUnrecorded = true;
        this.report(`What became of ${finished.length} deliveries could not be recorded, and is again: ${(error as Error).message}`);
        this.finished = [ ...finished, ...this.finished ];
        this.hosts = new Map([ ...hosts, ...this.hosts ]);
        this.failing = new Map([ ...failing, ...this.failing ]);
        this.rests = new Map([ ...rests, ...this.rests ]);
        if (!this.started) {
          break;
        }
        await new Promise((resolve): unknown => setTimeout(resolve, POLL).unref());
      }
    }
    // In the same turn as it was found that nothing is left.
    this.flushing = undefined;
    this.wake();
  }
}

/** Why a delivery is not asked for any more, if it is not. */
function obstacleOf({ isWanted, disabled }: Demand): Obstacle | undefined {
  if (!isWanted) {
    return { state: 'ended', attempt: because('not sent: the subscription has ended') };
  }
  if (disabled !== null) {
    return { state: 'dead', attempt: because('not sent: the target is disabled; subscribe again to resume') };
  }
}

/** What the targets have in common that are one endpoint. */
function nameOf({ kind, url }: ClaimedDelivery): string {
  return `${kind} ${url}`;
}

function because(reason: string): Attempt {
  return { at: Date.now(), duration: 0, reason };
}

/** The resource whose access control decides who may receive. */
function resourceOf({ pod, topic }: ClaimedDelivery): string {
  return `${pod}${topicPath(parseTopic(topic))}`;
}
