import cluster from 'node:cluster';
import type { Finalizable } from '@solid/community-server';
import { getLoggerFor, Initializer } from '@solid/community-server';
import { Admission } from '../delivery/Admission';
import type { Backlog } from '../delivery/Backlog';
import { Deliverer } from '../delivery/Deliverer';
import type { DeliveryListener } from '../delivery/DeliveryListener';
import { Sender } from '../targets/Sender';
import { SteadyClock } from '../delivery/SteadyClock';
import { webhookOrigin } from '../targets/webhook/handshake';
import type { ServerAgent } from '../identity/ServerAgent';
import type { Outgoing } from '../outgoing/Outgoing';
import type { InboxFinder } from '../subscription/ports';
import type { Outbox } from '../publish/ports';
import type { Pods, Readers } from '../access/ports';
import type { WorkerStore } from '../delivery/ports';

const SECOND = 1_000;
const DAY = 24 * 60 * 60 * SECOND;
/** How often the log is shortened, in milliseconds, and how many deliveries are removed at a time. */
const SWEEP = 60 * SECOND;
const CHUNK = 500;

/**
 * Runs the delivery worker in the server's primary process, while its server listens, and keeps its log short.
 */
export class Deliveries extends Initializer implements Finalizable, Outbox {
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
   * @param store - Where deliveries are.
   * @param outgoing - The way out.
   * @param agent - Signs requests to inboxes.
   * @param profiles - Tells the inboxes of recipients.
   * @param pods - Tells who is on this server.
   * @param readers - Who may receive what.
   * @param baseUrl - The base URL of the server.
   * @param listeners - Are told what becomes of deliveries.
   * @param retryDelays - The time until each further attempt, in seconds.
   * @param jitter - How much of each may be added to it, by chance, in percent. Default 20.
   * @param hostFailures - After how many failures in a row a host is left alone. Default 5.
   * @param hostWindow - In which time these lie, in seconds. Default 600.
   * @param hostRest - How long a host is left alone, in seconds. Default 1,800.
   * @param maxDeliveryAge - How long a delivery waits at most, in seconds. Default 7 days.
   * @param disableAfter - How long a target may fail until it is disabled, in seconds. Default 5 days.
   * @param maxRequestsPerHost - The most requests to one host at a time. Default 4.
   * @param maxRequests - The most requests at a time. Default 2,048.
   * @param lease - How long a delivery is claimed, in seconds; longer than any request takes. Default 60.
   * @param retention - How long what has ended stays in the log, in days. Default 30.
   */
  public constructor(
    store: WorkerStore,
    outgoing: Outgoing,
    agent: ServerAgent,
    profiles: InboxFinder,
    pods: Pods,
    readers: Readers,
    baseUrl: string,
    listeners: DeliveryListener[],
    retryDelays: number[],
    jitter = 20,
    hostFailures = 5,
    hostWindow = 600,
    hostRest = 1_800,
    maxDeliveryAge = 604_800,
    disableAfter = 432_000,
    maxRequestsPerHost = 4,
    maxRequests = 2_048,
    lease = 60,
    retention = 30,
  ) {
    super();
    this.store = store;
    this.retention = retention * DAY;
    this.clock = new SteadyClock(store, (message): unknown => this.logger.warn(message));
    this.deliverer = new Deliverer(
      store,
      new Sender(store, outgoing, agent, profiles, pods, webhookOrigin(baseUrl)),
      readers,
      this.clock,
      listeners,
      (message): unknown => this.logger.error(message),
      {
        retry: { retryDelays: retryDelays.map((wait): number => wait * SECOND), jitter: jitter / 100 },
        health: {
          failures: hostFailures,
          window: hostWindow * SECOND,
          rest: hostRest * SECOND,
          maxDeliveryAge: maxDeliveryAge * SECOND,
          disableAfter: disableAfter * SECOND,
        },
        maxRequestsPerHost: maxRequestsPerHost,
        maxRequests: maxRequests,
        lease: lease * SECOND,
        admission: this.admission,
      },
    );
  }

  public override async handle(): Promise<void> {
    await this.clock.start();
    this.isPrimary = true;
    // Where several processes serve, it is they who listen; the primary one is told of it.
    cluster.on('listening', this.openThere);
  }

  /** Begins to deliver, as the server listens now; in a process that does not run the worker, this does nothing. */
  public open(): void {
    if (this.isPrimary && !this.isOpen && !this.ending) {
      this.isOpen = true;
      this.begin();
    }
  }

  /** Counts a request that waits for its answer; what is returned is called when it has been answered. */
  public request(): () => void {
    return this.admission.request();
  }

  private begin(): void {
    this.deliverer.start();
    this.timer = setInterval((): void => {
      this.sweeping ??= this.sweep()
        .catch((error: unknown): void => {
          this.logger.error(`Shortening the log of deliveries failed: ${(error as Error).message}`);
        })
        .finally((): void => {
          this.sweeping = undefined;
        });
    }, SWEEP).unref();
  }

  /** In a process that does not run the worker, this does nothing: the one that does looks for itself. */
  public wake(): void {
    this.deliverer.wake();
  }

  public now(): number {
    return this.deliverer.now();
  }

  /** The state of the deliveries; what waits is counted up to a limit. */
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
    while (await this.store.removeDeliveriesBefore(this.clock.worked() - this.retention, CHUNK) === CHUNK) {
      // Until nothing is old any more.
    }
    this.swept = await this.store.removeUnusedTargets(this.swept, CHUNK) ?? 0;
  }
}
