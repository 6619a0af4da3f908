import TTLCache from '@isaacs/ttlcache';
import { PERMISSION_AGE } from '../access/permissionAge';
import type { Access, Readers } from '../access/ports';
import type { Outbox } from '../publish/ports';
import type { UnconfirmedConsent, FanOutStore, PendingForward, ReaderScope } from './ports';
import type { EventFilters } from '../subscription/FilterMatcher';
import type { WatchedCopy } from '../store/WatchedCopy';
import { parseTopic, topicPath } from '../event/Topic';
import { controlsInbox } from '../access/consent';
import { forEachConcurrently } from '../event/concurrency';
import { withTimeout } from '../event/timeout';
import { announce } from './announce';
import type { Backlog } from './Backlog';
import type { CopyListener } from './CopyListener';
import { FilterDecisions } from './FilterDecisions';
import { ReaderScopes } from './ReaderScopes';

/**
 * Dependencies of {@link Forwarder}.
 */
export interface ForwarderArgs {
  /** Storage of the fan-out. */
  readonly store: FanOutStore;
  /** Access decisions about readers of topics. */
  readonly readers: Readers;
  /** Decides control of inboxes. */
  readonly access: Access;
  /** Evaluates the filters of subscriptions. */
  readonly filters: EventFilters;
  /** Receive copies in watched containers. */
  readonly listeners: readonly CopyListener[];
  /** Receives errors; the fan-out retries by itself. */
  readonly report: (message: string) => void;
  /** Wakes the delivery worker. */
  readonly outbox: Outbox;
}

/**
 * Limits of the fan-out. The defaults suit one server.
 */
export interface ForwarderOptions {
  /** Maximum number of subscriptions of one transaction; larger values block the event loop longer. Default 1,000. */
  readonly chunk?: number;
  /** Maximum number of pods with a fan-out in progress. Default 8. */
  readonly concurrency?: number;
  /** Maximum age of a cached access decision, in seconds. Default {@link PERMISSION_AGE}. */
  readonly maxAge?: number;
}

/** Delay after the first failure of a pod, and maximum delay, in milliseconds. */
const FIRST_RETRY = 1_000;
const MAX_RETRY = 60_000;
/** Interval of looking up events, in milliseconds. */
const POLL = 1_000;
/** Minimum time between two look-ups, in milliseconds; events accepted in between are looked up together. */
const MIN_LOOKUP_INTERVAL = 5;
/** Maximum wait for an access decision about one inbox, and about the readers of a topic, in milliseconds. */
const INBOX_TIMEOUT = 5_000;
const READERS_TIMEOUT = 60_000;
/** Number of stored notices that are announced together after a crash. */
const NOTICES = 100;
/** Maximum number of subscriptions that wait before their next confirmation. */
const MAX_UNANSWERED = 100_000;

/**
 * The fan-out: writes the copies and deliveries of each accepted event for the matching subscriptions.
 *
 * Forwards the events of one pod in the order of their acceptance; pods do not wait for each other. A new process
 * continues an interrupted fan-out from its cursor.
 */
export class Forwarder {
  private readonly store: FanOutStore;
  private readonly readers: Readers;
  private readonly access: Access;
  private readonly listeners: readonly CopyListener[];
  private readonly report: (message: string) => void;
  private readonly outbox: Outbox;
  private readonly decisions: FilterDecisions;
  private readonly scopes: ReaderScopes;
  private readonly running = new Map<string, Promise<void>>();
  private readonly announcing = new Set<Promise<unknown>>();
  /** Backoff of pods after a failed fan-out: its end, and its duration in milliseconds. */
  private readonly failing = new Map<string, { readonly until: number; readonly wait: number }>();
  /** Subscriptions with a failed confirmation, which is not retried for some time. */
  private readonly unanswered = new TTLCache<number, true>({ max: MAX_UNANSWERED, ttl: MAX_RETRY });
  private readonly chunk: number;
  private readonly concurrency: number;
  private started = false;
  private poll?: NodeJS.Timeout;
  private pumping = false;
  private looked = 0;
  private again = false;

  /**
   * @param args - Dependencies.
   * @param options - Limits.
   */
  public constructor(args: ForwarderArgs, options: ForwarderOptions = {}) {
    this.store = args.store;
    this.readers = args.readers;
    this.access = args.access;
    this.listeners = args.listeners;
    this.report = args.report;
    this.outbox = args.outbox;
    this.decisions = new FilterDecisions(args.store, args.filters);
    this.chunk = options.chunk ?? 1_000;
    this.concurrency = options.concurrency ?? 8;
    this.scopes = new ReaderScopes(args.store, (options.maxAge ?? PERMISSION_AGE) * 1_000);
  }

  /** Starts the fan-out, with the events of an earlier process. */
  public start(): void {
    this.started = true;
    // Another process that accepts events into the same store cannot call this one.
    this.poll = setInterval((): void => this.wake(), POLL).unref();
    this.wake();
  }

  /** Stops the fan-out after the steps in progress. */
  public async stop(): Promise<void> {
    this.started = false;
    clearInterval(this.poll);
    await Promise.all(this.running.values());
    await Promise.all(this.announcing);
  }

  /** Signals that events may be pending; returns at once. */
  public wake(): void {
    if (!this.started) {
      return;
    }
    this.again = true;
    if (!this.pumping) {
      this.pumping = true;
      this.pump()
        .catch((error: unknown): void => this.report(`Looking up events to forward failed: ${(error as Error).message}`))
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
      if (!await this.sleep(this.looked + MIN_LOOKUP_INTERVAL - performance.now())) {
        return;
      }
      this.again = false;
      this.looked = performance.now();
      const free = this.concurrency - this.running.size;
      if (free <= 0) {
        return;
      }
      const now = performance.now();
      const isBackingOff = (pod: string): boolean => (this.failing.get(pod)?.until ?? 0) > now;
      const pending = await this.store.pendingForwards(this.concurrency + this.failing.size);
      const ready = pending.filter(({ pod }): boolean => !this.running.has(pod) && !isBackingOff(pod));
      for (const forward of ready.slice(0, free)) {
        this.running.set(forward.pod, this.attempt(forward).finally((): void => {
          this.running.delete(forward.pod);
          this.wake();
        }));
      }
    }
  }

  /** Forwards an event. A pod whose fan-out fails backs off and does not block other pods. */
  private async attempt(forward: PendingForward): Promise<void> {
    const { pod, event } = forward;
    try {
      await this.forward(forward);
      this.failing.delete(pod);
    } catch (error: unknown) {
      const wait = Math.min((this.failing.get(pod)?.wait ?? FIRST_RETRY / 2) * 2, MAX_RETRY);
      this.failing.set(pod, { until: performance.now() + wait, wait });
      this.report(`Forwarding event ${event} of ${pod} failed and is retried in ${wait} ms: ${(error as Error).message}`);
    }
  }

  private async forward(forward: PendingForward): Promise<void> {
    const resource = `${forward.pod}${topicPath(parseTopic(forward.topic))}`;
    let scope = await this.scopes.get(forward.pod, resource);
    let hasAsked = false;
    let isIdle = false;
    while (this.started) {
      const step = await this.store.fanOutStep(forward, scope, this.chunk, hasAsked, this.outbox.now());
      const { outcome, unknown, unconfirmed, watched, hasDeliveries, isUndecided } = step;
      if (hasDeliveries) {
        this.outbox.wake();
      }
      this.announce(watched);
      if (outcome === 'done') {
        return;
      }
      if (outcome === 'unknown') {
        // The next step uses these answers, regardless of their age, and continues without unconfirmed subscriptions.
        await this.learn(scope, resource, unknown);
        await this.confirm(unconfirmed);
        hasAsked = true;
        // The subscriptions of a step can end before its filters are decided, but not in two steps in a row.
        const wasIdle = isIdle;
        isIdle = isUndecided === true && !await this.decisions.decide(forward);
        if (isIdle && wasIdle) {
          throw new Error('its filters cannot be decided');
        }
      } else {
        scope = await (outcome === 'stale' ?
          this.scopes.renew(forward.pod, resource) :
          this.scopes.get(forward.pod, resource));
        hasAsked = false;
      }
    }
  }

  /**
   * Announces the copies of stored notices, which a killed process may not have announced. Call it when the server
   * listens, because receivers of notifications may request its keys.
   */
  public async announceStored(): Promise<void> {
    if (!this.started) {
      return;
    }
    for (let isOver = false; !isOver;) {
      const left = await this.store.listNotices(NOTICES);
      const isNoted = await announce(this.store, this.listeners, left);
      isOver = left.length < NOTICES || !isNoted || !this.isStarted();
    }
  }

  /** The state of the fan-out, counted up to a limit. */
  public async backlog(limit: number): Promise<Backlog> {
    const { waiting, oldest } = await this.store.forwardBacklog(limit);
    const now = performance.now();
    // The event of a failing pod is due when its backoff ends.
    const due = oldest.find(({ pod }): boolean => (this.failing.get(pod)?.until ?? 0) <= now);
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
      const may = await withTimeout(this.readers.readersOf(resource, agents), READERS_TIMEOUT);
      await this.scopes.learn(scope, new Map(agents.map((agent): [string, boolean] => [ agent, may.has(agent) ])));
    }
  }

  /** Confirms that subscribers control their inboxes, a few at a time. */
  private async confirm(unconfirmed: readonly UnconfirmedConsent[]): Promise<void> {
    const answers = new Map<UnconfirmedConsent, boolean>();
    const open = unconfirmed.filter(({ subscription }): boolean => !this.unanswered.has(subscription));
    await forEachConcurrently(open, async(consent): Promise<void> => {
      const { subscription, agent, inbox } = consent;
      try {
        answers.set(consent, await withTimeout(controlsInbox(this.access, { agent }, inbox), INBOX_TIMEOUT));
      } catch (error: unknown) {
        this.unanswered.set(subscription, true);
        this.report(`Checking whether ${agent} controls ${inbox} failed: ${(error as Error).message}`);
      }
    });
    if (answers.size > 0) {
      await this.store.confirm(answers);
    }
  }

  /** Waits, at most until the fan-out stops. Returns whether it is running. */
  private async sleep(milliseconds: number): Promise<boolean> {
    const end = performance.now() + milliseconds;
    for (let left = milliseconds; this.started && left > 0; left = end - performance.now()) {
      await new Promise((resolve): unknown => setTimeout(resolve, Math.min(200, left)));
    }
    return this.started;
  }
}
