import { TooMany } from '../event/TooMany';
import { Busy } from '../work/errors';

/** Texts and times of the refusals of {@link AgentSlots}. */
export interface SlotTexts {
  /** What an agent or the server has, such as `requests with "wait"`. */
  readonly name: string;
  /** Remedy for an agent with too many, and for a server with too many. */
  readonly remedies: readonly [ agent: string, server: string ];
  /** Time after which the client can try again, in seconds. */
  readonly retryAfter: number;
}

/** Owner of a slot. */
export interface SlotOwner {
  /** Key by which its slots are counted. */
  readonly key: string;
  /** Its name in messages. */
  readonly shown: string;
}

/**
 * Limits the number of requests that stay open, for each agent and in total.
 */
export class AgentSlots {
  private readonly perOwner = new Map<string, number>();
  private total = 0;

  /**
   * @param maxPerAgent - Maximum number for each owner.
   * @param max - Maximum number in total.
   * @param texts - Texts of refusals.
   */
  public constructor(
    private readonly maxPerAgent: number,
    private readonly max: number,
    private readonly texts: SlotTexts,
  ) {}

  /** Number of taken slots. */
  public get count(): number {
    return this.total;
  }

  /**
   * Takes a slot.
   *
   * @returns A function that releases the slot. Later calls have no effect.
   *
   * @throws {@link TooMany} if the owner has too many.
   * @throws {@link Busy} if there are too many.
   */
  public take({ key, shown }: SlotOwner): () => void {
    const { name, remedies: [ ofAgent, ofServer ], retryAfter } = this.texts;
    const held = this.perOwner.get(key) ?? 0;
    if (held >= this.maxPerAgent) {
      throw new TooMany(`${shown} has ${held} ${name}, and at most ${this.maxPerAgent} are accepted: ${ofAgent}`, retryAfter);
    }
    if (this.total >= this.max) {
      throw new Busy(`The server has ${this.total} ${name}, and accepts no more: ${ofServer}`, retryAfter);
    }
    this.perOwner.set(key, held + 1);
    this.total += 1;
    let isTaken = true;
    return (): void => {
      if (isTaken) {
        isTaken = false;
        this.release(key);
      }
    };
  }

  private release(key: string): void {
    this.total -= 1;
    const left = this.perOwner.get(key)! - 1;
    if (left === 0) {
      this.perOwner.delete(key);
    } else {
      this.perOwner.set(key, left);
    }
  }
}
