import type { Finalizable } from '../css';
import { getLoggerFor, Initializer } from '../css';
import { timeSlicer } from '../event/timeSlices';
import type { RetentionLimits, RetentionSettings } from '../http/ldes/ports';
import type { Removal, RetentionStore } from './ports';

const DAY = 24 * 60 * 60 * 1_000;
/** Number of events or copies examined in one transaction. */
const BATCH_SIZE = 500;
/** Number of pods read from the store at a time. */
const POD_BATCH = 100;

/**
 * Removes old events with all their copies periodically, in the server's primary process.
 *
 * Events with a pending fan-out or delivery stay. A removed event disappears for all readers at once.
 */
export class Retention extends Initializer implements Finalizable, RetentionSettings {
  protected readonly logger = getLoggerFor(this);
  private readonly store: RetentionStore;
  private readonly maxAge: number;
  private readonly maxEvents: number;
  private readonly interval: number;
  private timer?: NodeJS.Timeout;
  private running?: Promise<void>;
  private stopped = false;

  /**
   * @param store - Storage of events and copies.
   * @param maxAge - Maximum age of events, in days; 0 for no limit. Default 0.
   * @param maxEvents - Maximum number of events published through a pod; 0 for no limit. Default 0.
   * @param interval - Time between two runs, in seconds. Default 60.
   */
  public constructor(store: RetentionStore, maxAge = 0, maxEvents = 0, interval = 60) {
    super();
    this.store = store;
    this.maxAge = maxAge;
    this.maxEvents = maxEvents;
    this.interval = interval;
  }

  public override async handle(): Promise<void> {
    if (this.maxAge > 0 || this.maxEvents > 0) {
      this.timer = setInterval((): void => {
        this.running ??= this.apply()
          .catch((error: unknown): void => {
            this.logger.error(`Removing old events failed: ${(error as Error).message}`);
          })
          .finally((): void => {
            this.running = undefined;
          });
      }, this.interval * 1_000).unref();
    }
  }

  /** Removes all events that currently exceed a limit. */
  public async apply(): Promise<void> {
    let removed = 0;
    const pause = timeSlicer();
    if (this.maxAge > 0) {
      const moment = Date.now() - (this.maxAge * DAY);
      removed += await this.runSteps(pause, async(after): Promise<Removal> =>
        this.store.removeEventsBefore(moment, after, BATCH_SIZE));
    }
    for (let after: string | undefined = this.maxEvents > 0 ? '' : undefined; after !== undefined && !this.stopped;) {
      const pods: string[] = await this.store.listPods(after, POD_BATCH);
      for (const pod of pods) {
        removed += await this.runSteps(pause, async(after): Promise<Removal> =>
          this.store.removeEventsBeyond(pod, this.maxEvents, after, BATCH_SIZE));
      }
      after = pods.length < POD_BATCH ? undefined : pods.at(-1);
    }
    if (removed > 0) {
      await this.sweep();
      this.logger.info(`Removed ${removed} old events.`);
    }
  }

  public limits(): RetentionLimits {
    return { maxAge: this.maxAge, maxEvents: this.maxEvents };
  }

  public async finalize(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.running;
  }

  /** Runs removal steps with pauses, and returns the number of removed events. */
  private async runSteps(pause: () => Promise<void>, step: (after: number) => Promise<Removal>): Promise<number> {
    let sum = 0;
    for (let place: number | undefined = 0; place !== undefined && !this.stopped;) {
      const { removed, next }: Removal = await step(place);
      sum += removed;
      place = next;
      await pause();
    }
    return sum;
  }

  private async sweep(): Promise<void> {
    let place = await this.store.sweepCopies({ container: 0, event: 0 }, BATCH_SIZE);
    while (place && !this.stopped) {
      place = await this.store.sweepCopies(place, BATCH_SIZE);
    }
  }
}
