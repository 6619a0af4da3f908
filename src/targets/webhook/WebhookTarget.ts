import type { Sent } from '../../delivery/attempt';
import type { ClaimedDelivery } from '../../delivery/DeliveryQueue';
import type { DeliveredEvent, TargetKind } from '../../delivery/TargetKind';
import { agentWebId } from '../../identity/ServerAgent';
import type { Outgoing } from '../../outgoing/Outgoing';
import { OutgoingFailed } from '../../outgoing/Outgoing';
import type { Containers } from '../../subscription/ports';
import { perEvent } from '../perEvent';
import { toCloudEvent } from '../../event/cloudEvent';
import { webhookOrigin } from './handshake';
import { maskedUrl } from './maskedUrl';
import { sendToWebhook } from './sendToWebhook';
import { WebhookHandshake } from './WebhookHandshake';
import { WEBHOOK_RESPONSES } from './webhookResponses';
import { WebhookSubscription } from './WebhookSubscription';

/**
 * Target kind `webhook`: a URL that receives signed CloudEvents after its consent.
 */
export class WebhookTarget implements TargetKind {
  public readonly name = 'webhook';
  public readonly description = 'A request to a webhook';
  public readonly canBeDisabled = true;
  public readonly responses = WEBHOOK_RESPONSES;
  public readonly subscription: WebhookSubscription;
  private readonly outgoing: Outgoing;
  private readonly origin: string;
  private readonly cloudEventText: (event: DeliveredEvent) => string;

  /**
   * @param outgoing - Sends requests to other servers.
   * @param containers - URLs of this server.
   * @param baseUrl - Base URL of the server; its host name identifies the server to webhooks.
   * @param maxRequestsPerMinute - Maximum number of consent requests per agent and minute, per process. Default 60.
   */
  public constructor(outgoing: Outgoing, containers: Containers, baseUrl: string, maxRequestsPerMinute = 60) {
    this.outgoing = outgoing;
    this.origin = webhookOrigin(baseUrl);
    const agent = agentWebId(baseUrl);
    this.cloudEventText = perEvent((event): string => toCloudEvent(event, agent));
    const handshake = new WebhookHandshake(outgoing, this.origin, maxRequestsPerMinute);
    this.subscription = new WebhookSubscription(containers, handshake);
  }

  public displayUrl(url: string): string {
    return maskedUrl(url);
  }

  public async send({ url, secrets }: ClaimedDelivery, event: DeliveredEvent): Promise<Sent> {
    const message = { id: event.id, body: this.cloudEventText(event) };
    try {
      return {
        result: await sendToWebhook(this.outgoing, { url, secrets, origin: this.origin }, message, Date.now()),
      };
    } catch (error: unknown) {
      if (error instanceof OutgoingFailed) {
        return { result: error, ...error.fault === 'forbidden' && { host: null }};
      }
      throw error;
    }
  }
}
