import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { TooMany } from '../event/TooMany';

/** The time in which events are counted, in seconds. */
const WINDOW = 60;

/**
 * Bounds how many events each agent publishes in a minute; the public counts as one agent for each pod.
 *
 * Each process of the server counts for itself.
 */
export class PublishRate {
  private readonly maxEventsPerMinute: number;
  private readonly action: string;
  private readonly limiter?: RateLimiterMemory;

  /**
   * @param maxEventsPerMinute - The most events of an agent in a minute; 0 for no bound. Default 6,000.
   * @param action - What is done with them, for the message. Default `accepted`.
   */
  public constructor(maxEventsPerMinute = 6_000, action = 'accepted') {
    this.maxEventsPerMinute = maxEventsPerMinute;
    this.action = action;
    this.limiter = maxEventsPerMinute > 0 ?
      new RateLimiterMemory({ points: maxEventsPerMinute, duration: WINDOW }) :
      undefined;
  }

  /**
   * Counts events that an agent is about to publish.
   *
   * @throws {@link TooMany} if they are too many.
   */
  public async count(agent: string | undefined, pod: string, events: number): Promise<void> {
    const who = nameOf(agent, pod);
    try {
      await this.limiter?.consume(who, events);
    } catch (error: unknown) {
      if (!(error instanceof RateLimiterRes)) {
        throw error;
      }
      throw this.tooMany(who, error);
    }
  }

  /**
   * Tells whether events could be counted, and counts none.
   *
   * @throws {@link TooMany} if they would be too many.
   */
  public async check(agent: string | undefined, pod: string, events: number): Promise<void> {
    const who = nameOf(agent, pod);
    const state = await this.limiter?.get(who);
    if (this.limiter && (state?.consumedPoints ?? 0) + events > this.maxEventsPerMinute) {
      throw this.tooMany(who, state ?? undefined);
    }
  }

  private tooMany(who: string, state?: RateLimiterRes): TooMany {
    return new TooMany(
      `At most ${this.maxEventsPerMinute} events in a minute are ${this.action} of ${who}: wait, or send fewer`,
      Math.max(1, Math.ceil((state?.msBeforeNext ?? 0) / 1_000)),
    );
  }
}

function nameOf(agent: string | undefined, pod: string): string {
  return agent ?? `the public through ${pod}`;
}
