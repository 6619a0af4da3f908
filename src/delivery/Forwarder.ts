import TTLCache from '@isaacs/ttlcache';
import type { Access, Readers } from '../access/ports';
import type { Outbox } from '../publish/ports';
import type { UnconfirmedConsent, FanOutStore, PendingForward, ReaderScope } from './ports';
import type { WatchedCopy } from '../store/WatchedCopy';
import { parseTopic, topicPath } from '../event/Topic';
import { controlsInbox } from '../access/consent';
import { forEachConcurrently } from '../event/concurrency';
import { withTimeout } from '../event/timeout';
import { announce } from './announce';
import type { Backlog } from './Backlog';
import type { CopyListener } from './CopyListener';
import { ReaderScopes } from './ReaderScopes';

/**
 * How the fan-out works; the defaults suit one server.
 */
export interface ForwarderOptions {
  /** The most subscriptions to look at in one transaction; more hold the event loop longer. Default 1,000. */
  readonly chunk?: number;
  /** The most pods that forward at the same time. Default 8. */
  readonly concurrency?: number;
  /** How long an answer to "who may receive" is used at most, in seconds. Default 60. */
  readonly maxAge?: number;
}

const FIRST_RETRY = 1_000;
const LAST_RETRY = 60_000;
const POLL = 1_000;
/** The least time between two looks at what is to be forwarded, in milliseconds: what comes meanwhile goes together. */
const LOOK = 5;
/** For how long an answer about one inbox, and about the readers of a topic, is waited for, in milliseconds. */
const INBOX_LIMIT = 5_000;
const READERS_LIMIT = 60_000;
/** How many copies are announced again at a time, after a crash. */
const NOTICES = 100;
const MOST_UNANSWERED = 100_000;

/**
 * The fan-out: walks the subscriptions that match each accepted event, and writes the copies.
 *
 * Events of one pod are forwarded in the order in which they were accepted; pods do not wait for each other.
 * What was not finished when the process ended goes on, from where it was, when the next one starts.
 */
export class Forwarder {
  private readonly scopes: ReaderScopes;
  private readonly running = new Map<string, Promise<void>>();
  private readonly announcing = new Set<Promise<unknown>>();
  /** Pods whose last attempt failed, until when they rest and for how long, in milliseconds. */
  private readonly resting = new Map<string, { readonly until: number; readonly wait: number }>();
  /** Subscriptions about which nothing could be learned, which are not asked about again for some time. */
  private readonly unanswered = new TTLCache<number, true>({ max: MOST_UNANSWERED, ttl: LAST_RETRY });
  private readonly chunk: number;
  private readonly concurrency: number;
  private started = false;
  private poll?: NodeJS.Timeout;
  private pumping = false;
  private looked = 0;
  private again = false;

  /**
   * @param store - Where events and subscriptions are.
   * @param readers - Who may receive what.
   * @param access - Whose inboxes are whose.
   * @param listeners - Who is told of copies in watched containers.
   * @param report - Is told what went wrong; the fan-out tries again by itself.
   * @param outbox - Makes the deliveries to other servers.
   * @param options - See {@link ForwarderOptions}.
   */
  public constructor(
    private readonly store: FanOutStore,
    private readonly readers: Readers,
    private readonly access: Access,
    private readonly listeners: readonly CopyListener[],
    private readonly report: (message: string) => void,
    private readonly outbox: Outbox,
    options: ForwarderOptions = {},
  ) {
    this.chunk = options.chunk ?? 1_000;
    this.concurrency = options.concurrency ?? 8;
    this.scopes = new ReaderScopes(store, (options.maxAge ?? 60) * 1_000);
  }

  /** Begins to forward, with what an earlier process left. */
  public start(): void {
    this.started = true;
    // Another process that accepts events into the same store cannot call this one.
    this.poll = setInterval((): void => this.wake(), POLL).unref();
    this.wake();
  }

  /** Ends after the steps that are under way. */
  public async stop(): Promise<void> {
    this.started = false;
    clearInterval(this.poll);
    await Promise.all(this.running.values());
    await Promise.all(this.announcing);
  }

  /** Tells that there may be something to forward; returns at once. */
  public wake(): void {
    if (!this.started) {
      return;
    }
    this.again = true;
    if (!this.pumping) {
      this.pumping = true;
      this.pump()
        .catch((error: unknown): void => this.report(`Looking for events to forward failed: ${(error as Error).message}`))
        .finally((): void => {
          this.pumping = false;
          if (this.again) {
            this.wake();
          }
        });
    }
  }

  private async pump(): Promise<void> {
    while (this.again && this.started) {
      if (!await this.sleep(this.looked + LOOK - performance.now())) {
        return;
      }
      this.again = false;
      this.looked = performance.now();
      const free = this.concurrency - this.running.size;
      if (free <= 0) {
        return;
      }
      const now = performance.now();
      const rests = (pod: string): boolean => (this.resting.get(pod)?.until ?? 0) > now;
      const pending = await this.store.pendingForwards(this.concurrency + this.resting.size);
      const ready = pending.filter(({ pod }): boolean => !this.running.has(pod) && !rests(pod));
      for (const forward of ready.slice(0, free)) {
        this.running.set(forward.pod, this.attempt(forward).finally((): void => {
          this.running.delete(forward.pod);
          this.wake();
        }));
      }
    }
  }

  /** Forwards an event, or lets its pod rest where that fails, so that other pods go on. */
  private async attempt(forward: PendingForward): Promise<void> {
    const { pod, event } = forward;
    try {
      await this.forward(forward);
      this.resting.delete(pod);
    } catch (error: unknown) {
      const wait = Math.min((this.resting.get(pod)?.wait ?? FIRST_RETRY / 2) * 2, LAST_RETRY);
      this.resting.set(pod, { until: performance.now() + wait, wait });
      this.report(`Forwarding event ${event} of ${pod} failed and is tried again in ${wait} ms: ${(error as Error).message}`);
    }
  }

  private async forward(forward: PendingForward): Promise<void> {
    const resource = `${forward.pod}${topicPath(parseTopic(forward.topic))}`;
    let scope = await this.scopes.get(forward.pod, resource);
    let hasAsked = false;
    while (this.started) {
      const landed = await this.store.fanOutStep(forward, scope, this.chunk, hasAsked, this.outbox.now());
      const { outcome, unknown, unconfirmed: doubts, watched, hasDeliveries } = landed;
      if (hasDeliveries) {
        this.outbox.wake();
      }
      this.announce(watched);
      if (outcome === 'done') {
        return;
      }
      if (outcome === 'unknown') {
        // What is learned now is used, however long it takes; and who stays in doubt gets nothing, but holds up nobody.
        await this.learn(scope, resource, unknown);
        await this.settle(doubts);
        hasAsked = true;
      } else {
        scope = await (outcome === 'stale' ?
          this.scopes.renew(forward.pod, resource) :
          this.scopes.get(forward.pod, resource));
        hasAsked = false;
      }
    }
  }

  /**
   * Announces again what an earlier process had stored, and had perhaps not announced when it was killed. To be called
   * once the server listens, because receivers of notifications may ask it for its keys.
   */
  public async announceLeft(): Promise<void> {
    if (!this.started) {
      return;
    }
    for (let isOver = false; !isOver;) {
      const left = await this.store.listNotices(NOTICES);
      const isNoted = await announce(this.store, this.listeners, left);
      isOver = left.length < NOTICES || !isNoted || !this.isStarted();
    }
  }

  /** The state of the fan-out. */
  public async backlog(limit: number): Promise<Backlog> {
    const { waiting, oldest } = await this.store.forwardBacklog(limit);
    const now = performance.now();
    // One that fails is due again when its pod's rest ends.
    const due = oldest.find(({ pod }): boolean => (this.resting.get(pod)?.until ?? 0) <= now);
    const overdue = due?.since === undefined ? undefined : Math.max(0, Date.now() - due.since);
    return { isRunning: this.started, waiting, ...overdue !== undefined && { overdue }};
  }

  private isStarted(): boolean {
    return this.started;
  }

  private announce(copies: readonly WatchedCopy[]): void {
    if (copies.length > 0) {
      const announcing = announce(this.store, this.listeners, copies)
        .finally((): unknown => this.announcing.delete(announcing));
      this.announcing.add(announcing);
    }
  }

  private async learn(scope: ReaderScope, resource: string, agents: readonly string[]): Promise<void> {
    if (agents.length > 0) {
      const may = await withTimeout(this.readers.readersOf(resource, agents), READERS_LIMIT);
      await this.scopes.learn(scope, new Map(agents.map((agent): [string, boolean] => [ agent, may.has(agent) ])));
    }
  }

  /** Asks again whether subscribers control their inboxes, a few at a time. */
  private async settle(doubts: readonly UnconfirmedConsent[]): Promise<void> {
    const answers = new Map<UnconfirmedConsent, boolean>();
    const open = doubts.filter(({ subscription }): boolean => !this.unanswered.has(subscription));
    await forEachConcurrently(open, async(doubt): Promise<void> => {
      const { subscription, agent, inbox } = doubt;
      try {
        answers.set(doubt, await withTimeout(controlsInbox(this.access, { agent }, inbox), INBOX_LIMIT));
      } catch (error: unknown) {
        this.unanswered.set(subscription, true);
        this.report(`Whether ${agent} controls ${inbox} cannot be told now: ${(error as Error).message}`);
      }
    });
    if (answers.size > 0) {
      await this.store.confirm(answers);
    }
  }

  /** Waits, but not for longer than until it is stopped. Returns whether it still runs. */
  private async sleep(milliseconds: number): Promise<boolean> {
    const end = performance.now() + milliseconds;
    for (let rest = milliseconds; this.started && rest > 0; rest = end - performance.now()) {
      await new Promise((resolve): unknown => setTimeout(resolve, Math.min(200, rest)));
    }
    return this.started;
  }
}
