import type { Outgoing } from '../../outgoing/Outgoing';
import type { WebhookConsent } from '../../publish/ports';
import type { Consent } from './handshake';
import { askConsent, webhookOrigin } from './handshake';
import { newSecret } from './signature';

/**
 * Asks webhooks in the name of this server.
 */
export class WebhookHandshake implements WebhookConsent {
  private readonly outgoing: Outgoing;
  private readonly origin: string;

  /**
   * @param outgoing - The way out.
   * @param baseUrl - The base URL of the server, by whose host it is known to webhooks.
   */
  public constructor(outgoing: Outgoing, baseUrl: string) {
    this.outgoing = outgoing;
    this.origin = webhookOrigin(baseUrl);
  }

  public async ask(url: string): Promise<Consent> {
    return askConsent(this.outgoing, { url, origin: this.origin });
  }

  public newSecret(): string {
    return newSecret();
  }
}
