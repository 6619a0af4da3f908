/** Target duration of a turn of the event loop, in milliseconds. */
const TURN = 1;
/** First and maximum number of deliveries that begin in one turn. */
const FIRST_PER_TURN = 16;
const MAX_PER_TURN = 128;
/** Share of the time for deliveries while a request waits: at first, and after `SUSTAINED` ms without a pause. */
const SHARE = 1 / 8;
const SUSTAINED_SHARE = 1 / 2;
const SUSTAINED = 10;
/** Maximum number of deliveries whose time is accumulated while a request waits. */
const MAX_CREDIT = 2;
/** Estimated CPU time of one delivery, in milliseconds: first value, minimum and maximum. */
const FIRST_COST = 0.3;
const MIN_COST = 0.05;
const MAX_COST = 2;
/** Weight of a new measurement in the estimate. */
const WEIGHT = 0.1;
/** Maximum time that a request counts as waiting, in milliseconds: longer ones are streams or wait for servers. */
const LONG_REQUEST = 1_000;
/** Interval of checks while a request waits, in milliseconds. */
const PACE = 1;

/**
 * Limits deliveries by the load of the event loop.
 *
 * - The number of deliveries of one turn of the event loop is halved after a turn of more than 1 ms, and grows by one
 *   after each shorter turn. New requests are therefore read soon.
 * - While a request waits for its response, deliveries get an eighth of the time, by the measured cost of one delivery;
 *   after 10 ms with waiting requests they get half of it. A single request is hardly delayed, and deliveries keep up
 *   with constant requests.
 */
export class Admission {
  private requests = 0;
  private perTurn = FIRST_PER_TURN;
  private begun = 0;
  private turnBegan?: number;
  private cost = FIRST_COST;
  private credit = MAX_CREDIT;
  private credited = 0;
  private busySince = 0;
  private ready?: () => void;
  private timer?: NodeJS.Timeout;

  /**
   * @param now - Returns the time, in milliseconds.
   */
  public constructor(private readonly now: () => number = (): number => performance.now()) {}

  /**
   * Counts a request that waits for its response.
   *
   * @returns A function to call after the response.
   */
  public request(): () => void {
    if (this.requests === 0) {
      this.busySince = this.now();
      this.credited = this.busySince;
      this.credit = 0;
    }
    this.requests += 1;
    let isOver = false;
    const leave = (): void => {
      if (!isOver) {
        isOver = true;
        clearTimeout(timer);
        this.requests -= 1;
      }
    };
    const timer = setTimeout(leave, LONG_REQUEST).unref();
    return leave;
  }

  /** Whether a delivery may begin now. */
  public mayBegin(): boolean {
    if (this.begun >= this.perTurn) {
      return false;
    }
    if (this.requests === 0) {
      return true;
    }
    const now = this.now();
    const share = now - this.busySince < SUSTAINED ? SHARE : SUSTAINED_SHARE;
    this.credit = Math.min(MAX_CREDIT, this.credit + (now - this.credited) * share / this.cost);
    this.credited = now;
    return this.credit >= 1;
  }

  /** Counts a delivery that begins, after {@link mayBegin} returned true. */
  public begin(): void {
    if (this.requests > 0) {
      this.credit -= 1;
    }
    this.begun += 1;
    if (this.turnBegan === undefined) {
      this.turnBegan = this.now();
      setImmediate((): void => this.endTurn());
    }
  }

  /** Calls a function once, as soon as another delivery may begin. */
  public whenReady(callback: () => void): void {
    this.ready = callback;
    if (this.turnBegan === undefined) {
      this.timer ??= setTimeout((): void => {
        this.timer = undefined;
        this.resume();
      }, PACE).unref();
    }
  }

  private endTurn(): void {
    const took = this.now() - this.turnBegan!;
    if (this.requests === 0) {
      const measured = Math.min(MAX_COST, Math.max(MIN_COST, took / this.begun));
      this.cost += WEIGHT * (measured - this.cost);
    }
    this.perTurn = took > TURN ? Math.max(1, this.perTurn >> 1) : Math.min(MAX_PER_TURN, this.perTurn + 1);
    this.turnBegan = undefined;
    this.begun = 0;
    this.resume();
  }

  private resume(): void {
    const { ready } = this;
    this.ready = undefined;
    ready?.();
  }
}
