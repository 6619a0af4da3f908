import type { DeliveryClock } from './ports';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** Differences between clocks up to this are normal, in milliseconds. */
const TOLERANCE = 5 * MINUTE;
/** By how much the time of day can be behind the noted time for that to hold, in milliseconds. */
const MAX_BEHIND = 2 * DAY;
/** Longest time between two ticks that counts as work, in milliseconds: in a longer one, no attempts were made. */
const MAX_TICK = 5_000;

/**
 * Tells the time by which deliveries are due: in milliseconds since 1970, and never back or in leaps.
 *
 * It takes the time of day when it starts and then counts by itself, so setting the clock of the machine neither
 * stalls what waits nor makes all of it due. If the clock was days ahead in an earlier run, what waits is brought
 * forward.
 *
 * It also counts work time: for how long attempts were made, over all runs. Time while the server was off, was
 * suspended or could not use its store is no work time, and a wrong clock does not change it. Ages are differences of
 * work time.
 */
export class SteadyClock {
  private base = Date.now();
  private begun = performance.now();
  private work = 0;
  private unnoted = 0;
  private ticked = performance.now();
  private drift = 0;

  /**
   * @param store - Notes the time.
   * @param report - Is told of jumps of the machine's clock.
   */
  public constructor(
    private readonly store: DeliveryClock,
    private readonly report: (message: string) => void = (): void => {},
  ) {}

  /** Takes up the time of day, or the time that was noted, if that is a little later; and notes it. */
  public async start(): Promise<void> {
    const noted = await this.store.moment();
    const now = Date.now();
    const ahead = noted - now;
    if (ahead > MAX_BEHIND) {
      this.report(`The clock is ${describe(ahead)} behind the time at which deliveries were made last. Deliveries that ` +
        'wait are due earlier by that; nothing is given up.');
      await this.store.turnBack(now, ahead);
    } else if (ahead > TOLERANCE) {
      this.report(`The clock is ${describe(ahead)} behind the time at which deliveries were made last, from which they go on.`);
    } else if (noted > 0 && -ahead > DAY) {
      this.report(`Deliveries were made last ${describe(-ahead)} ago, by the clock: the server was off, or the clock was ` +
        'set. This time does not count for the age of deliveries.');
    }
    this.base = ahead > MAX_BEHIND ? now : Math.max(now, noted);
    this.begun = performance.now();
    this.ticked = this.begun;
    this.work = await this.store.workTime();
    // Now and not only when it has worked for a while: a process that is killed before leaves what is due by its clock.
    await this.store.noteMoment(this.now(), 0).catch((error: unknown): void =>
      this.report(`The time could not be noted: ${(error as Error).message}`));
  }

  /**
   * Advances to the noted time, in a process that does not run the worker, so that it compares and writes due times by
   * the worker's clock.
   */
  public async adopt(): Promise<void> {
    const ahead = await this.store.moment() - this.now();
    if (ahead > 0 && ahead <= MAX_BEHIND) {
      this.base += ahead;
    }
  }

  /** The time, in whole milliseconds. */
  public now(): number {
    return Math.floor(this.base + performance.now() - this.begun);
  }

  /** Tells that the worker works: the time since the last tick is work time, unless it is long. */
  public tick(): void {
    const now = performance.now();
    const passed = Math.min(now - this.ticked, MAX_TICK);
    this.ticked = now;
    this.work += passed;
    this.unnoted += passed;
  }

  /** Work time, in whole milliseconds. */
  public workTime(): number {
    return Math.floor(this.work);
  }

  /** Notes the time and the work time, for the next start, and reports if the machine's clock has jumped. */
  public async note(): Promise<void> {
    const drift = Date.now() - this.now();
    if (Math.abs(drift - this.drift) > TOLERANCE) {
      this.report(`The clock of the machine was set by ${describe(Math.abs(drift - this.drift))}; deliveries go on by the time before.`);
    }
    this.drift = drift;
    const work = Math.floor(this.unnoted);
    await this.store.noteMoment(this.now(), work);
    this.unnoted -= work;
  }
}

function describe(milliseconds: number): string {
  return milliseconds < 2 * DAY ? `${Math.round(milliseconds / MINUTE)} minutes` : `${Math.round(milliseconds / DAY)} days`;
}
