import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { TooMany } from '../../event/TooMany';
import type { Outgoing } from '../../outgoing/Outgoing';
import type { WebhookConsentAnswer } from './handshake';
import { askConsent } from './handshake';

/** Window of the limit, in seconds. */
const WINDOW = 60;

/**
 * Requests the consent of webhooks, with a limit per agent.
 */
export class WebhookHandshake {
  private readonly limiter: RateLimiterMemory;

  /**
   * @param outgoing - Sends requests to other servers.
   * @param origin - Host name of this server.
   * @param maxRequestsPerMinute - Maximum number of requests per agent and minute, per process.
   */
  public constructor(
    private readonly outgoing: Outgoing,
    private readonly origin: string,
    private readonly maxRequestsPerMinute: number,
  ) {
    this.limiter = new RateLimiterMemory({ points: maxRequestsPerMinute, duration: WINDOW });
  }

  /**
   * Requests the consent of a webhook.
   *
   * @param url - URL of the webhook.
   * @param agent - WebID of the subscriber.
   *
   * @returns The maximum rate of the webhook, if it sets one.
   *
   * @throws {@link InvalidInput} if the webhook does not consent.
   * @throws {@link TooMany} if the agent reached the limit.
   */
  public async request(url: string, agent: string): Promise<WebhookConsentAnswer> {
    try {
      await this.limiter.consume(agent);
    } catch (error: unknown) {
      if (!(error instanceof RateLimiterRes)) {
        throw error;
      }
      throw new TooMany(
        `At most ${this.maxRequestsPerMinute} webhooks are asked in a minute for ${agent}: wait`,
        Math.max(1, Math.ceil(error.msBeforeNext / 1_000)),
      );
    }
    return askConsent(this.outgoing, { url, origin: this.origin });
  }
}
