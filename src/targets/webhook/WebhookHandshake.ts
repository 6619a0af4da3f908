import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { Outgoing } from '../../outgoing/Outgoing';
import type { WebhookConsent } from '../../subscription/ports';
import { TooMany } from '../../event/TooMany';
import type { WebhookConsentAnswer } from './handshake';
import { askConsent, webhookOrigin } from './handshake';
import { newSecret } from './signature';

/** The time in which requests are counted, in seconds. */
const WINDOW = 60;

/**
 * Asks webhooks in the name of this server.
 */
export class WebhookHandshake implements WebhookConsent {
  private readonly outgoing: Outgoing;
  private readonly origin: string;
  private readonly maxRequestsPerMinute: number;
  private readonly limiter: RateLimiterMemory;

  /**
   * @param outgoing - The way out.
   * @param baseUrl - The base URL of the server, by whose host it is known to webhooks.
   * @param maxRequestsPerMinute - Maximum number of consent requests per agent and minute, per process. Default 60.
   */
  public constructor(outgoing: Outgoing, baseUrl: string, maxRequestsPerMinute = 60) {
    this.outgoing = outgoing;
    this.origin = webhookOrigin(baseUrl);
    this.maxRequestsPerMinute = maxRequestsPerMinute;
    this.limiter = new RateLimiterMemory({ points: maxRequestsPerMinute, duration: WINDOW });
  }

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

  public newSecret(): string {
    return newSecret();
  }
}
