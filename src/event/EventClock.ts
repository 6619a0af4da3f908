import { randomInt } from 'node:crypto';
import { v7 } from 'uuid';

/** Id of an event, and when it is published, in milliseconds since 1970. */
export interface EventStamp {
  readonly id: string;
  readonly published: number;
}

/** First sequence number of a millisecond: random, in the lower half of the 32 bits, so that there is room to count. */
const FIRST = 2 ** 31;
const LAST = 2 ** 32 - 1;

/**
 * Makes ids and times of events that never go back, whatever the clock of the machine does.
 *
 * Each id is larger than the one before, and each time is at least that of the one before: while the clock is behind,
 * the last time stays.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9562#section-6.2
 */
export class EventClock {
  private last = 0;
  private sequence = LAST;

  /**
   * @param now - The clock of the machine, in milliseconds since 1970.
   */
  public constructor(private readonly now: () => number = Date.now) {}

  /** Sets the time that all later ones come after, such as that of the last event in the store. */
  public startAfter(time: number): void {
    if (time >= this.last) {
      this.last = time;
      this.sequence = LAST;
    }
  }

  /** The next id and time. */
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
