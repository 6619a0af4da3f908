import cluster from 'node:cluster';
import type { Finalizable } from '../css';
import { getLoggerFor, Initializer } from '../css';
import type { Readers } from '../access/ports';
import { Admission } from '../delivery/Admission';
import type { Backlog } from '../delivery/Backlog';
import type { DelivererOptions } from '../delivery/Deliverer';
import { Deliverer } from '../delivery/Deliverer';
import type { DeliveryListener } from '../delivery/DeliveryListener';
import type { HealthPolicy } from '../delivery/health';
import type { WorkerStore } from '../delivery/ports';
import type { RetryPolicy } from '../delivery/retry';
import type { RetryRules } from '../delivery/RetryRules';
import { detached } from '../event/detached';
import { Sender } from '../delivery/Sender';
import { SteadyClock } from '../delivery/SteadyClock';
import type { TargetKinds } from '../delivery/TargetKinds';
import type { RecipientOutbox } from '../publish/ports';

const SECOND = 1_000;
const DAY = 24 * 60 * 60 * SECOND;
/** Minimum delay before the second attempt, in milliseconds, if no delays are configured. */
const MIN_RETRY_DELAY = 5 * SECOND;
/** Interval of the retention of the log, in milliseconds, and number of deliveries of one transaction. */
const SWEEP = 60 * SECOND;
const CHUNK = 500;

/**
 * Dependencies and limits of {@link Deliveries}.
 */
export interface DeliveriesArgs {
  /** Storage of deliveries. */
  store: WorkerStore;
  /** Registered target kinds, which send deliveries. */
  kinds: TargetKinds;
  /** Access decisions about readers of topics. */
  readers: Readers;
  /** Listeners for attempts and failures. */
  listeners: DeliveryListener[];
  /** Delay after each failed attempt, in seconds. Default: the ladder of Standard Webhooks. */
  retryDelays?: number[];
  /** Maximum random addition to a delay, in percent. Default 20. */
  jitter?: number;
  /** Number of consecutive failures that open the circuit of a host. Default 5. */
  hostFailures?: number;
  /** Maximum time from the first to the last of these failures, in seconds. Default 600. */
  hostWindow?: number;
  /** Time for which a circuit stays open, in seconds. Default 1,800. */
  circuitOpenTime?: number;
  /** Maximum age of a waiting delivery, in seconds of work time. Default 604,800 (7 days). */
  maxDeliveryAge?: number;
  /** Time of failures after which a target is disabled, in seconds of work time. Default 432,000 (5 days). */
  disableAfter?: number;
  /** Maximum number of concurrent requests to one host. Default 4. */
  maxRequestsPerHost?: number;
  /** Maximum number of concurrent requests. Default 2,048. */
  maxRequests?: number;
  /** Duration of a lease, in seconds; longer than any request. Default 60. */
  lease?: number;
  /** Time for which ended deliveries stay in the log, in days. Default 30. */
  retention?: number;
}

/**
 * Runs the delivery worker in the primary process while its server listens, and applies the retention of the log.
 */
export class Deliveries extends Initializer implements Finalizable, RecipientOutbox, RetryRules {
  protected readonly logger = getLoggerFor(this);
  private readonly store: WorkerStore;
  private readonly deliverer: Deliverer;
  private readonly clock: SteadyClock;
  private readonly admission = new Admission();
  private readonly retention: number;
  private isPrimary = false;
  private isOpen = false;
  private readonly openThere = (): void => this.open();
  private ending?: Promise<void>;
  private timer?: NodeJS.Timeout;
  private sweeping?: Promise<void>;
  private swept = 0;

  /**
   * @param args - Dependencies and limits.
   */
  public constructor(args: DeliveriesArgs) {
    super();
    const { store, kinds, readers, listeners, retention = 30 } = args;
    this.store = store;
    this.retention = retention * DAY;
    this.clock = new SteadyClock(store, (message): unknown => this.logger.warn(message));
    this.deliverer = new Deliverer({
      store,
      sender: new Sender(store, kinds),
      readers,
      clock: this.clock,
      listeners,
      report: (message): unknown => this.logger.error(message),
    }, {
      retry: defined<RetryPolicy>({
        retryDelays: args.retryDelays?.map((delay): number => delay * SECOND),
        jitter: args.jitter === undefined ? undefined : args.jitter / 100,
      }),
      health: defined<HealthPolicy>({
        failures: args.hostFailures,
        window: inMilliseconds(args.hostWindow),
        openTime: inMilliseconds(args.circuitOpenTime),
        maxDeliveryAge: inMilliseconds(args.maxDeliveryAge),
        disableAfter: inMilliseconds(args.disableAfter),
      }),
      ...defined<DelivererOptions>({
        maxRequestsPerHost: args.maxRequestsPerHost,
        maxRequests: args.maxRequests,
        lease: inMilliseconds(args.lease),
      }),
      admission: this.admission,
    });
  }

  public override async handle(): Promise<void> {
    await this.clock.start();
    this.isPrimary = true;
    // With several processes, the workers listen, and the primary process receives this event.
    cluster.on('listening', this.openThere);
  }

  /**
   * Starts the worker when the server listens. A process without the worker adopts the clock of the worker instead, so
   * that all processes compare and write due times by one clock.
   */
  public open(): void {
    if (!this.isPrimary) {
      this.clock.adopt().catch((error: unknown): unknown =>
        this.logger.warn(`Reading the noted time failed: ${(error as Error).message}`));
    } else if (!this.isOpen && !this.ending) {
      this.isOpen = true;
      this.begin();
    }
  }

  /** Counts a request in progress. Returns a function that ends it. */
  public request(): () => void {
    return this.admission.request();
  }

  private begin(): void {
    this.deliverer.start();
    this.timer = setInterval((): void => {
      this.sweeping ??= this.sweep()
        .catch((error: unknown): void => {
          this.logger.error(`Retention of the delivery log failed: ${(error as Error).message}`);
        })
        .finally((): void => {
          this.sweeping = undefined;
        });
    }, SWEEP).unref();
  }

  /** Wakes the worker; no effect in a process without it, because the worker polls. */
  public wake(): void {
    detached((): void => this.deliverer.wake());
  }

  public now(): number {
    return this.deliverer.now();
  }

  public retryPolicy(): RetryPolicy {
    return this.deliverer.retryPolicy;
  }

  public firstRetryDelay(): number {
    return this.deliverer.retryPolicy.retryDelays[0] ?? MIN_RETRY_DELAY;
  }

  /** The state of the delivery queue, counted up to a limit. */
  public async backlog(limit: number): Promise<Backlog> {
    const [ waiting, due ] = await Promise.all([ this.store.countWaiting(limit), this.store.nextDue() ]);
    const now = this.now();
    const isRunning = this.isOpen && !this.ending;
    return { isRunning, waiting, ...due !== undefined && due <= now && { overdue: now - due }};
  }

  public async finalize(): Promise<void> {
    this.ending ??= this.end();
    return this.ending;
  }

  private async end(): Promise<void> {
    cluster.off('listening', this.openThere);
    clearInterval(this.timer);
    await this.sweeping;
    await this.deliverer.stop();
  }

  private async sweep(): Promise<void> {
    while (await this.store.removeDeliveriesBefore(this.clock.workTime() - this.retention, CHUNK) === CHUNK) {
      // Until no old deliveries remain.
    }
    this.swept = await this.store.removeUnusedTargets(this.swept, CHUNK) ?? 0;
  }
}

function inMilliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * SECOND;
}

/** The given values, so that absent ones do not override defaults. */
function defined<T extends object>(values: { [K in keyof T]?: T[K] | undefined }): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([ , value ]): boolean => value !== undefined)) as Partial<T>;
}
