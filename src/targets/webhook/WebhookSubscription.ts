import { charge, COSTS } from '../../access/costs';
import { InvalidInput } from '../../event/InvalidInput';
import { EVENTS } from '../../event/vocabulary';
import type { Caller } from '../../identity/Caller';
import type { AcceptedTarget, Containers, SubscribableTarget } from '../../subscription/ports';
import { isWebUrl } from '../../url/webUrl';
import { newSecret } from './signature';
import type { WebhookHandshake } from './WebhookHandshake';
import { WebhookOptions } from './WebhookOptions';

/**
 * Subscriptions with a webhook, which has to consent to requests of this server.
 */
export class WebhookSubscription implements SubscribableTarget {
  public readonly property = { name: 'webhook', predicate: `${EVENTS}webhook` };
  public readonly isCopied = false;
  public readonly options = new WebhookOptions();

  /**
   * @param containers - URLs of this server.
   * @param handshake - Requests the consent of webhooks.
   */
  public constructor(
    private readonly containers: Containers,
    private readonly handshake: Pick<WebhookHandshake, 'request'>,
  ) {}

  public parse(value: string | null): string {
    if (value === null || !isWebUrl(value) || value.includes('#')) {
      throw new InvalidInput('Invalid webhook: it is an absolute https URL without fragment');
    }
    return this.containers.canonical(value, 'webhook');
  }

  public async accept({ agent }: Caller & { readonly agent: string }, url: string): Promise<AcceptedTarget> {
    charge(COSTS.remote);
    const { rate } = await this.handshake.request(url, agent);
    const secret = this.newSecret();
    return { target: { kind: 'webhook', host: new URL(url).host, secret, ...rate !== undefined && { rate }}};
  }

  public newSecret(): string {
    return newSecret();
  }
}
