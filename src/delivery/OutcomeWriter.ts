import type { FinishedDelivery, HostRecord, OutcomeStore } from './DeliveryQueue';

/** Minimum and maximum time in which outcomes are gathered for one transaction, in milliseconds. */
const GATHER = 30;
const MAX_GATHER = 200;
/** Ratio of the time for gathering to the time of the write before it, so that commits take little of the time. */
const GATHER_RATIO = 10;
/** Delay after a failed write, in milliseconds. */
const RETRY = 1_000;

/** Outcomes and states for one transaction. */
interface Batch {
  finished: FinishedDelivery[];
  hosts: Map<number, HostRecord>;
  failing: Map<number, number | null>;
  pauses: Map<number, number>;
}

/**
 * Writes the outcomes of deliveries in batches, with the states of their hosts and targets.
 *
 * Retries a failed write until it succeeds; until then the leases protect the deliveries.
 */
export class OutcomeWriter {
  private batch = emptyBatch();
  private writing?: Promise<void>;
  private failed = false;
  private gathering = GATHER;
  private stopped = false;

  /**
   * @param store - Storage of outcomes.
   * @param written - Called when all outcomes are written.
   * @param report - Receives errors.
   */
  public constructor(
    private readonly store: OutcomeStore,
    private readonly written: () => void,
    private readonly report: (message: string) => void,
  ) {}

  /** Whether outcomes are waiting or being written. */
  public get isBusy(): boolean {
    return this.writing !== undefined || this.batch.finished.length > 0;
  }

  /** Whether the last write failed. Nothing may be claimed then, or deliveries would be sent again with each lease. */
  public get isFailing(): boolean {
    return this.failed;
  }

  /** Adds an outcome. */
  public record(finished: FinishedDelivery): void {
    this.batch.finished.push(finished);
    this.writing ??= this.write();
  }

  /** Adds the health of a host. */
  public noteHealth(host: number, health: HostRecord): void {
    this.batch.hosts.set(host, health);
  }

  /** Adds the work time of the first failure of a target, or `null`. */
  public noteFailing(target: number, since: number | null): void {
    this.batch.failing.set(target, since);
  }

  /** Adds the time until which a target requested no deliveries. */
  public notePause(target: number, until: number): void {
    this.batch.pauses.set(target, until);
  }

  /** Allows retries of failed writes. */
  public start(): void {
    this.stopped = false;
  }

  /** Ends retries of failed writes. */
  public stop(): void {
    this.stopped = true;
  }

  /** Writes the remaining outcomes, with one attempt after a failure. */
  public async drain(): Promise<void> {
    await this.writing;
    if (this.batch.finished.length > 0) {
      await this.write();
    }
  }

  private async write(): Promise<void> {
    while (this.batch.finished.length > 0) {
      // A commit takes as long as many deliveries.
      await new Promise((resolve): unknown => setTimeout(resolve, this.stopped ? 0 : this.gathering));
      const { finished, ...findings } = this.batch;
      this.batch = emptyBatch();
      const begun = performance.now();
      try {
        await this.store.finish(finished, findings);
        this.failed = false;
        this.gathering = Math.min(MAX_GATHER, Math.max(GATHER, GATHER_RATIO * (performance.now() - begun)));
      } catch (error: unknown) {
        this.failed = true;
        this.report(`Writing the outcomes of ${finished.length} deliveries failed and is retried: ${(error as Error).message}`);
        this.restore({ finished, ...findings });
        if (this.isStopped()) {
          break;
        }
        await new Promise((resolve): unknown => setTimeout(resolve, RETRY).unref());
      }
    }
    // In the same turn as the check for remaining outcomes.
    this.writing = undefined;
    this.written();
  }

  private isStopped(): boolean {
    return this.stopped;
  }

  /** Puts a failed batch before the outcomes and states that were added since. */
  private restore({ finished, hosts, failing, pauses }: Batch): void {
    this.batch = {
      finished: [ ...finished, ...this.batch.finished ],
      hosts: new Map([ ...hosts, ...this.batch.hosts ]),
      failing: new Map([ ...failing, ...this.batch.failing ]),
      pauses: new Map([ ...pauses, ...this.batch.pauses ]),
    };
  }
}

function emptyBatch(): Batch {
  return { finished: [], hosts: new Map(), failing: new Map(), pauses: new Map() };
}
