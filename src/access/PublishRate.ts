import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { TooMany } from '../event/TooMany';

/** Window of the rate, in seconds. */
const WINDOW = 60;

/**
 * Limits the number of events of each agent per minute; the public counts as one agent for each pod.
 *
 * Each process of the server counts for itself.
 */
export class PublishRate {
  private readonly maxEventsPerMinute: number;
  private readonly action: string;
  private readonly limiter?: RateLimiterMemory;

  /**
   * @param maxEventsPerMinute - Maximum number of events of an agent per minute; 0 for no limit. Default 6,000.
   * @param action - Name of the limited action, for the message. Default `accepted`.
   */
  public constructor(maxEventsPerMinute = 6_000, action = 'accepted') {
    this.maxEventsPerMinute = maxEventsPerMinute;
    this.action = action;
    this.limiter = maxEventsPerMinute > 0 ?
      new RateLimiterMemory({ points: maxEventsPerMinute, duration: WINDOW }) :
      undefined;
  }

  /**
   * Counts events of an agent.
   *
   * @throws {@link TooMany} if they exceed the rate.
   */
  public async count(agent: string | undefined, pod: string, events: number): Promise<void> {
    const name = nameOf(agent, pod);
    try {
      await this.limiter?.consume(name, events);
    } catch (error: unknown) {
      if (!(error instanceof RateLimiterRes)) {
        throw error;
      }
      throw this.tooMany(name, error);
    }
  }

  /**
   * Checks the rate without counting events.
   *
   * @throws {@link TooMany} if the events would exceed the rate.
   */
  public async check(agent: string | undefined, pod: string, events: number): Promise<void> {
    const name = nameOf(agent, pod);
    const state = await this.limiter?.get(name);
    if (this.limiter && (state?.consumedPoints ?? 0) + events > this.maxEventsPerMinute) {
      throw this.tooMany(name, state ?? undefined);
    }
  }

  private tooMany(name: string, state?: RateLimiterRes): TooMany {
    return new TooMany(
      `At most ${this.maxEventsPerMinute} events in a minute are ${this.action} of ${name}: wait, or send fewer`,
      Math.max(1, Math.ceil((state?.msBeforeNext ?? 0) / 1_000)),
    );
  }
}

function nameOf(agent: string | undefined, pod: string): string {
  return agent ?? `the public through ${pod}`;
}
