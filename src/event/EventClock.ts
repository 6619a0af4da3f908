import { randomInt } from 'node:crypto';
import { v7 } from 'uuid';

/** Id and publication time of an event, in milliseconds since 1970. */
export interface EventStamp {
  readonly id: string;
  readonly published: number;
}

/**
 * Upper limit of the first sequence number in a millisecond. It is random in the lower half of 32 bits, which leaves
 * room to count.
 */
const FIRST = 2 ** 31;
const LAST = 2 ** 32 - 1;

/**
 * Generates monotonic ids and times of events, even if the system clock goes back.
 *
 * Each id is larger than the previous one, and each time is at least the previous one. The last time is repeated while
 * the system clock is behind it.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9562#section-6.2
 */
export class EventClock {
  private last = 0;
  private sequence = LAST;

  /**
   * @param now - The system clock, in milliseconds since 1970.
   */
  public constructor(private readonly now: () => number = Date.now) {}

  /** Sets a lower limit for all later times, such as the time of the last stored event. */
  public startAfter(time: number): void {
    if (time >= this.last) {
      this.last = time;
      this.sequence = LAST;
    }
  }

  /** Returns the next id and time. */
  public next(): EventStamp {
    const now = this.now();
    if (now > this.last || this.sequence >= LAST) {
      this.last = Math.max(now, this.last + 1);
      this.sequence = randomInt(FIRST);
    } else {
      this.sequence += 1;
    }
    return { id: v7({ msecs: this.last, seq: this.sequence }), published: this.last };
  }
}

/** The clock of this process. */
export const eventClock = new EventClock();
