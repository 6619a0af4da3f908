import type { Readers } from '../access/ports';
import { Admission } from './Admission';
import { Attempts } from './Attempts';
import { Claims } from './Claims';
import type { DeliveryListener } from './DeliveryListener';
import type { DeliveryQueue } from './DeliveryQueue';
import type { DeliverySender } from './DeliverySender';
import { FailureNotifier } from './FailureNotifier';
import type { HealthPolicy } from './health';
import { circuitOf, healthPolicy } from './health';
import type { HostQueue } from './HostQueue';
import { Obstacles } from './Obstacles';
import { OutcomeWriter } from './OutcomeWriter';
import type { RetryPolicy } from './retry';
import { retryPolicy } from './retry';
import { Slots } from './Slots';
import type { SteadyClock } from './SteadyClock';
import { TargetStates } from './TargetStates';
import { Tasks } from './Tasks';

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
  readonly clock: Pick<SteadyClock, 'note' | 'now' | 'tick' | 'workTime'>;
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

/** Interval of looking up due deliveries, in milliseconds. */
const POLL = 1_000;
/** Maximum number of hosts of one look-up. */
const MAX_HOSTS = 200;
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
  private readonly lease: number;
  private readonly admission: Admission;
  private readonly slots: Slots;
  private readonly outcomes: OutcomeWriter;
  private readonly claims: Claims;
  private readonly attempts: Attempts;
  /** Hosts with ready deliveries and no slot. */
  private readonly blocked = new Set<HostQueue>();
  private readonly tasks = new Tasks();
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
    const { maxRequestsPerHost = 4, maxRequests = 2_048 } = options;
    this.args = args;
    this.retry = retryPolicy(options.retry);
    this.lease = options.lease ?? 60_000;
    this.admission = options.admission ?? new Admission();
    this.slots = new Slots({ maxRequestsPerHost, maxRequests });
    this.outcomes = new OutcomeWriter(store, (): void => this.wake(), report);
    const { lease, slots, outcomes, tasks, retry } = this;
    const health = healthPolicy(options.health);
    const targets = new TargetStates();
    const obstacles = new Obstacles({ store, sender, readers, clock, targets, policy: health });
    this.claims = new Claims({
      store, clock, slots, obstacles, outcomes, tasks, lease, report,
      claimed: (queue): void => this.run(queue),
    });
    this.attempts = new Attempts({
      sender, clock, obstacles, outcomes, slots, targets, tasks, listeners, report, retry, health,
      failures: new FailureNotifier(store, listeners, report),
      release: (queue, target): void => this.claims.release(queue, target),
    });
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
    this.claims.releaseAll();
    await Promise.race([
      this.tasks.settle(),
      new Promise((resolve): unknown => setTimeout(resolve, GRACE).unref()),
    ]);
    // Later results of these requests are discarded.
    this.claims.giveBack(this.slots.inProgress);
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
      await this.claims.claim(due, now, this.blocked.size);
      this.again ||= due.length === MAX_HOSTS;
    }
  }

  private run(queue: HostQueue): void {
    if (!this.started || circuitOf(queue.health, this.now()) === 'open') {
      this.claims.release(queue);
    }
    this.sendReady(queue);
    if (queue.length > 0 && (queue.inFlight === 0 || !this.admission.mayBegin())) {
      this.blocked.add(queue);
      this.runBlockedLater();
    }
    const isServed = this.started && !this.outcomes.isFailing && queue.inFlight > 0;
    if (isServed && queue.hasMore && !queue.isClaiming && queue.length < queue.batch / 2 &&
      this.slots.room > queue.batch && circuitOf(queue.health, this.now()) === 'closed') {
      this.claims.refill(queue);
    }
    if (queue.length === 0) {
      this.blocked.delete(queue);
      this.claims.removeIdle(queue);
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
        this.tasks.add(this.attempts.make(queue, delivery).then((): void => {
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
}
