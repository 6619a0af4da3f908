import type { DeliveryClock } from './ports';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** Differences between clocks up to this are normal, in milliseconds. */
const TOLERANCE = 5 * MINUTE;
/** Maximum time that the wall clock can be behind the noted time, for the noted time to be kept, in milliseconds. */
const MAX_BEHIND = 2 * DAY;
/** Maximum work time between two ticks, in milliseconds: no attempts are made in a longer one. */
const MAX_TICK = 5_000;

/**
 * The clock of deliveries: milliseconds since 1970, which never go back and never jump.
 *
 * It starts with the wall clock and then counts elapsed time: setting the machine's clock neither stalls waiting
 * deliveries nor makes all of them due. If the wall clock was days ahead in an earlier run, the due times of waiting
 * deliveries are moved back.
 *
 * It also counts work time: the total time with attempts, over all runs. Time with the server off, suspended or without
 * its store does not count, and a wrong wall clock does not change it. Ages are differences of work time.
 */
export class SteadyClock {
  private base = Date.now();
  private begun = performance.now();
  private work = 0;
  private unnoted = 0;
  private ticked = performance.now();
  private drift = 0;

  /**
   * @param store - Storage of the noted time.
   * @param report - Receives jumps of the machine's clock.
   */
  public constructor(
    private readonly store: DeliveryClock,
    private readonly report: (message: string) => void = (): void => {},
  ) {}

  /** Starts with the wall clock, or with the noted time if that is a little later, and notes the time. */
  public async start(): Promise<void> {
    const noted = await this.store.moment();
    const now = Date.now();
    const ahead = noted - now;
    if (ahead > MAX_BEHIND) {
      this.report(`The clock is ${describe(ahead)} behind the time of the last deliveries. The due times of waiting ` +
        'deliveries are moved back by it; no delivery is lost.');
      await this.store.turnBack(now, ahead);
    } else if (ahead > TOLERANCE) {
      this.report(`The clock is ${describe(ahead)} behind the time of the last deliveries, which continue from that time.`);
    } else if (noted > 0 && -ahead > DAY) {
      this.report(`The last deliveries were ${describe(-ahead)} ago by the clock: the server was off, or the clock was ` +
        'set. This time does not count for the age of deliveries.');
    }
    this.base = ahead > MAX_BEHIND ? now : Math.max(now, noted);
    this.begun = performance.now();
    this.ticked = this.begun;
    this.work = await this.store.workTime();
    // A process that is killed before its first note would leave due times by its clock.
    await this.store.noteMoment(this.now(), 0).catch((error: unknown): void =>
      this.report(`Noting the time failed: ${(error as Error).message}`));
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

  /** Counts the time since the last tick as work time, up to a maximum. Call it while the worker makes attempts. */
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
      this.report(`The clock of the machine was set by ${describe(Math.abs(drift - this.drift))}; deliveries continue by the previous time.`);
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
