import type { Readers } from '../access/ports';
import type { OutgoingResponse } from '../outgoing/Outgoing';
import { OutgoingFailed } from '../outgoing/Outgoing';
import type { Attempt } from '../store/deliveries';
import { Admission } from './Admission';
import type { AttemptResult, Sent } from './attempt';
import type { DeliveryListener } from './DeliveryListener';
import type { ClaimedDelivery, DeliveryQueue, DueHost, FinishedDelivery } from './DeliveryQueue';
import type { DeliverySender } from './DeliverySender';
import { FailureNotifier } from './FailureNotifier';
import type { HealthPolicy } from './health';
import { afterAttempt, failingSince, HEALTHY, healthPolicy, isDisabledBy, mayTry } from './health';
import { HostQueue } from './HostQueue';
import { Obstacles } from './Obstacles';
import { OutcomeWriter } from './OutcomeWriter';
import type { RetryPolicy } from './retry';
import { judge, restOf, retryPolicy } from './retry';
import { Slots } from './Slots';
import type { SteadyClock } from './SteadyClock';
import { TargetStates } from './TargetStates';

/**
 * Dependencies of {@link Deliverer}.
 */
export interface DelivererArgs {
  /** Storage of deliveries. */
  readonly store: DeliveryQueue;
  /** Sends deliveries, by their target kinds. */
  readonly sender: DeliverySender;
  /** Access decisions about readers of topics. */
  readonly readers: Readers;
  /** Clock of deliveries. */
  readonly clock: Pick<SteadyClock, 'note' | 'now' | 'tick' | 'worked'>;
  /** Listeners for attempts and failures. */
  readonly listeners: readonly DeliveryListener[];
  /** Receives errors; the worker continues by itself. */
  readonly report: (message: string) => void;
}

/**
 * Limits of the delivery worker. The defaults are those of `docs/delivery.md`.
 */
export interface DelivererOptions {
  /** Overrides of the default retry policy. */
  readonly retry?: Partial<RetryPolicy>;
  /** Overrides of the default health policy. */
  readonly health?: Partial<HealthPolicy>;
  /** Maximum number of concurrent requests to one host. Default 4. */
  readonly maxRequestsPerHost?: number;
  /** Maximum number of concurrent requests. Default 2,048. */
  readonly maxRequests?: number;
  /** Duration of a lease, in milliseconds; longer than any request. Default 60,000. */
  readonly lease?: number;
  /** Limits deliveries by the load of the event loop. */
  readonly admission?: Admission;
}

/** Current activity of the delivery worker. */
export interface DelivererActivity {
  /** Whether due deliveries are being looked up or claimed. */
  readonly isLooking: boolean;
  /** Whether outcomes are waiting or being written. */
  readonly isWriting: boolean;
  /** Number of tasks in progress, one for each request that is being sent. */
  readonly tasks: number;
  /** Number of claimed deliveries that are not being sent. */
  readonly waiting: number;
}

type Conclusion = Omit<FinishedDelivery, 'delivery' | 'claim' | 'host'>;

/** Interval of looking up due deliveries, in milliseconds. */
const POLL = 1_000;
/** Maximum number of hosts of one look-up. */
const MAX_HOSTS = 200;
/** Delay of a delivery after an error of this server, in milliseconds. */
const OWN_FAULT_DELAY = 5_000;
/** Interval of noting the time, in milliseconds. */
const NOTE = 60_000;
/** Maximum wait of a stop for requests in progress, in milliseconds. */
const GRACE = 5_000;

/**
 * The delivery worker: claims due deliveries, sends them, and writes their outcomes.
 *
 * A slow or failing host delays no other host. Before each attempt the worker checks access again. A claim ends with
 * its lease, so that each delivery is attempted again after a crash; a target may then receive an event twice, with
 * one id.
 */
export class Deliverer {
  private readonly args: DelivererArgs;
  private readonly retry: RetryPolicy;
  private readonly health: HealthPolicy;
  private readonly lease: number;
  private readonly admission: Admission;
  private readonly slots: Slots;
  private readonly targets = new TargetStates();
  private readonly obstacles: Obstacles;
  private readonly outcomes: OutcomeWriter;
  private readonly failures: FailureNotifier;
  private readonly queues = new Map<number, HostQueue>();
  /** Hosts with ready deliveries and no slot. */
  private readonly blocked = new Set<HostQueue>();
  private readonly tasks = new Set<Promise<void>>();
  private timer?: NodeJS.Timeout;
  private noter?: NodeJS.Timeout;
  private looking?: Promise<void>;
  private again = false;
  private started = false;

  /**
   * @param args - Dependencies.
   * @param options - Limits.
   */
  public constructor(args: DelivererArgs, options: DelivererOptions = {}) {
    const { store, sender, readers, clock, listeners, report } = args;
    this.args = args;
    this.retry = retryPolicy(options.retry);
    this.health = healthPolicy(options.health);
    this.lease = options.lease ?? 60_000;
    this.admission = options.admission ?? new Admission();
    const { maxRequestsPerHost = 4, maxRequests = 2_048 } = options;
    this.slots = new Slots({ maxRequestsPerHost, maxRequests });
    this.obstacles = new Obstacles({ store, sender, readers, clock, targets: this.targets, policy: this.health });
    this.outcomes = new OutcomeWriter(store, (): void => this.wake(), report);
    this.failures = new FailureNotifier(store, listeners, report);
  }

  /** The retry policy. */
  public get retryPolicy(): RetryPolicy {
    return this.retry;
  }

  /** Current activity, for tests and diagnosis. */
  public get activity(): DelivererActivity {
    return {
      isLooking: this.looking !== undefined,
      isWriting: this.outcomes.isBusy,
      tasks: this.tasks.size,
      waiting: this.slots.waiting,
    };
  }

  /** Starts the worker, after its clock. */
  public start(): void {
    this.started = true;
    this.outcomes.start();
    this.args.clock.tick();
    this.noter = setInterval((): void => {
      void this.note();
    }, NOTE).unref();
    this.wake();
  }

  /** Stops the worker: ends claims, waits for requests in progress for 5 seconds, and releases other deliveries. */
  public async stop(): Promise<void> {
    if (!this.started) {
      return;
    }
    this.started = false;
    this.outcomes.stop();
    clearTimeout(this.timer);
    clearInterval(this.noter);
    await this.looking;
    for (const queue of this.queues.values()) {
      this.release(queue);
    }
    await Promise.race([
      this.settle(),
      new Promise((resolve): unknown => setTimeout(resolve, GRACE).unref()),
    ]);
    // Later results of these requests are discarded.
    this.giveBack(this.slots.inProgress);
    this.slots.clear();
    await this.outcomes.drain();
    await this.note();
  }

  /** The time by which deliveries are due, in milliseconds since 1970. */
  public now(): number {
    return this.args.clock.now();
  }

  /** Signals that deliveries may be due; returns at once. */
  public wake(): void {
    this.again = true;
    if (this.started && !this.looking) {
      this.looking = this.look()
        .catch((error: unknown): void => {
          this.args.report(`Looking up due deliveries failed: ${(error as Error).message}`);
          this.again = false;
        })
        .finally((): void => {
          this.looking = undefined;
          if (this.again) {
            this.wake();
          } else {
            this.sleep();
          }
        });
    }
  }

  private async note(): Promise<void> {
    return this.args.clock.note()
      .catch((error: unknown): void => this.args.report(`Noting the time failed: ${(error as Error).message}`));
  }

  private async settle(): Promise<void> {
    while (this.tasks.size > 0) {
      await Promise.all(this.tasks);
    }
  }

  /** Schedules the next look-up, because time passes and other processes add deliveries. */
  private sleep(): void {
    clearTimeout(this.timer);
    if (this.started) {
      this.timer = setTimeout((): void => this.wake(), POLL).unref();
    }
  }

  private async look(): Promise<void> {
    while (this.again && this.started) {
      this.again = false;
      if (this.outcomes.isFailing) {
        return;
      }
      const now = this.now();
      const due = await this.args.store.dueHosts(now, MAX_HOSTS);
      this.args.clock.tick();
      if (due.length === 0) {
        return;
      }
      const requests = due.map((host): [DueHost, number] => {
        const most = this.claimable(host, now);
        this.slots.reserve(most);
        return [ host, most ];
      });
      await this.claim(requests, now);
      this.again ||= due.length === MAX_HOSTS;
    }
  }

  /** Number of deliveries to claim for a due host; 0 if it already has enough claimed deliveries. */
  private claimable({ host, failures, since, rests }: DueHost, now: number): number {
    const queue = this.queues.get(host);
    if (queue && (queue.isClaiming || queue.length > 0 || queue.inFlight >= this.slots.ofHost(queue))) {
      return 0;
    }
    // Without a queue here, the stored health may include failures of other processes.
    const circuit = mayTry(queue?.health ?? { failures, since, rests }, now);
    if (circuit === 'closed') {
      return this.slots.claimable(host, queue?.batch ?? this.slots.firstBatch(host), this.blocked.size);
    }
    return circuit === 'probe' && !queue?.inFlight && this.slots.isRoomFor(host) ? 1 : 0;
  }

  private async claim(hosts: readonly (readonly [DueHost, number])[], now: number): Promise<void> {
    const until = now + this.lease;
    const claimed = await this.args.store.claim(hosts.map(([{ host }, most ]) => ({ host, most })), now, until)
      .catch((error: unknown): never => {
        this.slots.release(hosts.reduce((sum, [ , most ]): number => sum + most, 0));
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
      queue = new HostQueue(host, name, { failures, since, rests }, this.slots.firstBatch(host));
      this.queues.set(host, queue);
    }
    return queue;
  }

  /** Adds claimed deliveries to a host, after access decisions about their subscribers are loaded. */
  private fill(queue: HostQueue, claimed: readonly ClaimedDelivery[], most: number, until: number): void {
    queue.isClaiming = true;
    this.track(this.obstacles.prepare(claimed).then((): void => {
      queue.isClaiming = false;
      this.slots.release(most - claimed.length);
      queue.hasMore = claimed.length === most;
      queue.add(claimed, until);
      this.run(queue);
    }));
  }

  /** Claims the next deliveries of a host, before its queue is empty. */
  private refill(queue: HostQueue): void {
    const now = this.now();
    const until = now + this.lease;
    queue.isClaiming = true;
    const most = queue.batch;
    this.slots.reserve(most);
    this.track(this.args.store.claim([{ host: queue.host, most }], now, until)
      .then((claimed): void => this.fill(queue, claimed, most, until))
      .catch((error: unknown): void => {
        this.slots.release(most);
        queue.isClaiming = false;
        queue.hasMore = false;
        this.args.report(`Claiming deliveries failed: ${(error as Error).message}`);
      }));
  }

  /** Makes a stop wait for a task. */
  private track(task: Promise<void>): void {
    const tracked = task.finally((): unknown => this.tasks.delete(tracked));
    this.tasks.add(tracked);
  }

  private run(queue: HostQueue): void {
    if (!this.started || mayTry(queue.health, this.now()) === 'open') {
      this.release(queue);
    }
    this.sendReady(queue);
    if (queue.length > 0 && (queue.inFlight === 0 || !this.admission.mayBegin())) {
      this.blocked.add(queue);
      this.runBlockedLater();
    }
    const isServed = this.started && !this.outcomes.isFailing && queue.inFlight > 0;
    if (isServed && queue.hasMore && !queue.isClaiming && queue.length < queue.batch / 2 &&
      this.slots.room > queue.batch && mayTry(queue.health, this.now()) === 'closed') {
      this.refill(queue);
    }
    if (queue.length === 0) {
      this.blocked.delete(queue);
      // The host may have a new queue since this one was removed.
      if (queue.isIdle && this.queues.get(queue.host) === queue) {
        this.queues.delete(queue.host);
      }
    }
  }

  private sendReady(queue: HostQueue): void {
    while (queue.length > 0 && queue.inFlight < this.slots.ofHost(queue) && this.slots.isRoomFor(queue.host) &&
      this.admission.mayBegin()) {
      this.admission.begin();
      const { delivery, until } = queue.take();
      this.slots.release(1);
      // Another process may claim the delivery before its response if half of the lease is over.
      if (this.now() >= until - this.lease / 2) {
        queue.halveBatch();
      } else {
        queue.inFlight += 1;
        this.slots.occupy(delivery);
        this.track(this.attempt(queue, delivery).then((): void => {
          queue.inFlight -= 1;
          this.run(queue);
          this.runBlocked();
        }));
      }
    }
  }

  /** Continues with hosts that waited for a slot. */
  private runBlocked(): void {
    for (const queue of this.blocked) {
      if (!this.admission.mayBegin()) {
        this.runBlockedLater();
        return;
      }
      if (this.slots.isFull) {
        return;
      }
      if (this.slots.isRoomFor(queue.host)) {
        this.blocked.delete(queue);
        this.run(queue);
      }
    }
  }

  private runBlockedLater(): void {
    this.admission.whenReady((): void => this.runBlocked());
  }

  /** Releases the claims of ready deliveries: all, or those to one target. */
  private release(queue: HostQueue, target?: number): void {
    const released = queue.remove(target);
    this.slots.release(released.length);
    this.giveBack(released);
  }

  private giveBack(claimed: readonly ClaimedDelivery[]): void {
    for (const { delivery, claim, host } of claimed) {
      this.outcomes.record({ delivery, claim, host, state: 'waiting', due: this.now() });
    }
  }

  /** Makes one attempt, unless there is an obstacle. */
  private async attempt(queue: HostQueue, delivery: ClaimedDelivery): Promise<void> {
    try {
      const obstacle = await this.obstacles.find(delivery, this.now());
      if (obstacle) {
        const { news, ...rest } = obstacle;
        this.finish(delivery, rest);
        if (rest.state !== 'waiting') {
          this.args.listeners.forEach((listener): void => listener.unsent?.(delivery, rest.state));
        }
        if (news) {
          this.fail(queue, delivery, news, rest.attempt!.reason!);
        }
        return;
      }
      const at = Date.now();
      const begun = performance.now();
      const sent = await this.args.sender.send(delivery);
      const attempt = { at, duration: Math.round(performance.now() - begun) };
      // A stop releases deliveries in progress, and may cause their failure.
      if (this.slots.has(delivery)) {
        this.conclude(queue, delivery, sent, attempt);
      }
    } catch (error: unknown) {
      // Without the URL, whose path and query can be secret.
      this.args.report(`Delivery ${delivery.delivery} to ${queue.name} could not be attempted: ${(error as Error).message}`);
      this.finish(delivery, { state: 'waiting', due: this.now() + OWN_FAULT_DELAY });
    }
  }

  /** Records the outcome of a delivery, unless a stop released it. */
  private finish(delivery: ClaimedDelivery, rest: Conclusion): void {
    if (this.slots.free(delivery)) {
      const { delivery: key, claim, host } = delivery;
      this.outcomes.record({ delivery: key, claim, host, ...rest });
    }
  }

  /** Evaluates an attempt: for the delivery, its host and its target. */
  private conclude(
    queue: HostQueue,
    delivery: ClaimedDelivery,
    { result, host, copy }: Sent,
    attempt: Pick<Attempt, 'at' | 'duration'>,
  ): void {
    const now = this.now();
    const tries = delivery.tries + 1;
    const kind = this.args.sender.kindOf(delivery)!;
    const verdict = judge({ rules: kind, tries, result }, this.retry, Date.now());
    // Another host, such as that of the inbox of a recipient, does not affect the health of this one.
    if (host === undefined || host === queue.name) {
      this.noteHealth(queue, result, now);
    }
    this.notePause(delivery, result, now);
    const failing = this.noteFailing(delivery, verdict);
    const logged = {
      ...attempt,
      ...!(result instanceof OutgoingFailed) && { status: (result as OutgoingResponse).status },
      ...verdict.outcome !== 'delivered' && { reason: verdict.reason },
    };
    this.finish(delivery, {
      state: verdict.outcome === 'retry' ? 'waiting' : verdict.outcome,
      attempt: logged,
      ...verdict.outcome === 'retry' && { due: now + verdict.wait },
      ...copy && { copy },
    });
    for (const listener of this.args.listeners) {
      listener.attempted(delivery, verdict, logged);
    }
    if (kind.canBeDisabled && isDisabledBy(failing, verdict, tries, this.args.clock.worked(), this.health)) {
      this.fail(queue, delivery, 'disabled', verdict.reason);
    } else if (verdict.outcome === 'dead') {
      this.fail(queue, delivery, 'dead', verdict.reason);
    }
  }

  private noteHealth(queue: HostQueue, result: AttemptResult, now: number): void {
    const health = afterAttempt(queue.health, result, now, this.health);
    if (health !== queue.health && (health !== HEALTHY || queue.health.failures > 0 || queue.health.rests !== null)) {
      this.outcomes.noteHealth(queue.host, health);
    }
    queue.health = health;
    if (health.failures > 0) {
      this.slots.note(queue.host, false);
      queue.resetBatch();
    } else if (!(result instanceof OutgoingFailed)) {
      this.slots.note(queue.host, true);
      queue.doubleBatch();
    }
  }

  private notePause(delivery: ClaimedDelivery, result: AttemptResult, now: number): void {
    const rest = restOf(result, this.retry, Date.now());
    if (rest > 0) {
      this.outcomes.notePause(delivery.target, this.targets.pause(delivery, now + rest));
    }
  }

  /** Returns the work time of the target's first failure since its last success, after an attempt. */
  private noteFailing(delivery: ClaimedDelivery, verdict: Parameters<typeof failingSince>[1]): number | null {
    const before = this.targets.failingSince(delivery);
    const failing = failingSince(before, verdict, this.args.clock.worked());
    if (failing !== before) {
      this.outcomes.noteFailing(delivery.target, failing);
      this.targets.noteFailing(delivery, failing);
    }
    return failing;
  }

  /** Disables the target of a delivery and releases its deliveries, or records a dead letter. */
  private fail(queue: HostQueue, delivery: ClaimedDelivery, what: 'disabled' | 'dead', reason: string): void {
    if (what === 'disabled') {
      this.targets.forgetFailing(delivery);
    }
    this.track(this.failures.notify(delivery, what, reason, this.now()));
    if (what === 'disabled') {
      this.release(queue, delivery.target);
    }
  }
}
