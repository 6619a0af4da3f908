import type { Finalizable } from '@solid/community-server';
import { getLoggerFor, Initializer } from '@solid/community-server';
import { timeSlicer } from '../event/timeSlices';
import type { Removal, RetentionStore } from './ports';

const DAY = 24 * 60 * 60 * 1_000;
/** How many events or copies are looked at in one transaction. */
const CHUNK = 500;
/** Number of pods that are looked at in one turn of the event loop. */
const PODS = 100;

/**
 * Removes old events, with all their copies, from time to time, in the server's primary process.
 *
 * Events that still have to be forwarded stay. What was removed is gone at once for every reader.
 */
export class Retention extends Initializer implements Finalizable {
  protected readonly logger = getLoggerFor(this);
  private readonly store: RetentionStore;
  private readonly maxAge: number;
  private readonly maxEvents: number;
  private readonly interval: number;
  private timer?: NodeJS.Timeout;
  private running?: Promise<void>;
  private stopped = false;

  /**
   * @param store - Where events are.
   * @param maxAge - How long events are kept, in days; 0 for ever. Default 0.
   * @param maxEvents - How many events published through a pod are kept; 0 for all. Default 0.
   * @param interval - The time between two looks, in seconds. Default 60.
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

  /** Removes all that is to be removed now. */
  public async apply(): Promise<void> {
    let removed = 0;
    const pause = timeSlicer();
    if (this.maxAge > 0) {
      const moment = Date.now() - (this.maxAge * DAY);
      removed += await this.inSteps(pause, async(after): Promise<Removal> =>
        this.store.removeEventsBefore(moment, after, CHUNK));
    }
    for (let after: string | undefined = this.maxEvents > 0 ? '' : undefined; after !== undefined && !this.stopped;) {
      const pods: string[] = await this.store.listPods(after, PODS);
      for (const pod of pods) {
        removed += await this.inSteps(pause, async(after): Promise<Removal> =>
          this.store.removeEventsBeyond(pod, this.maxEvents, after, CHUNK));
      }
      after = pods.length < PODS ? undefined : pods.at(-1);
    }
    if (removed > 0) {
      await this.sweep();
      this.logger.info(`Removed ${removed} old events.`);
    }
  }

  public async finalize(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.running;
  }

  /** Takes one step after the other, with pauses for others, and returns how many events they removed. */
  private async inSteps(pause: () => Promise<void>, step: (after: number) => Promise<Removal>): Promise<number> {
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
    let place = await this.store.sweepCopies({ container: 0, event: 0 }, CHUNK);
    while (place && !this.stopped) {
      place = await this.store.sweepCopies(place, CHUNK);
    }
  }
}
