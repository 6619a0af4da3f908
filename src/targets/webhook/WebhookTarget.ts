import type { Sent } from '../../delivery/attempt';
import type { ClaimedDelivery, DeliveryBatch } from '../../delivery/DeliveryQueue';
import type { DeliveredEvent, TargetKind } from '../../delivery/TargetKind';
import { CLOUD_EVENT_BATCH_TYPE, CLOUD_EVENT_TYPE, cloudEventOf, toCloudEvent } from '../../event/cloudEvent';
import { agentWebId } from '../../identity/ServerAgent';
import type { Outgoing } from '../../outgoing/Outgoing';
import { OutgoingFailed } from '../../outgoing/Outgoing';
import type { Containers } from '../../subscription/ports';
import { perEvent } from '../perEvent';
import type { BinaryMessage } from './binaryCloudEvent';
import { MAX_ATTRIBUTE_BYTES, toBinary } from './binaryCloudEvent';
import { webhookOrigin } from './handshake';
import { authorizationOf } from './sinkCredential';
import { maskedUrl } from './maskedUrl';
import type { WebhookMessage } from './sendToWebhook';
import { sendToWebhook } from './sendToWebhook';
import { WebhookHandshake } from './WebhookHandshake';
import { modeOf } from './WebhookOptions';
import { WEBHOOK_RESPONSES } from './webhookResponses';
import { WebhookSubscription } from './WebhookSubscription';

/** Reason for a dead letter whose attributes exceed the limit of binary mode. */
const TOO_LARGE = `not sent: the attributes of the event take more than ${MAX_ATTRIBUTE_BYTES} bytes as headers, the ` +
  'maximum in binary mode; subscribe again with mode structured';

/** Reason for a failed attempt without a request. */
const EXPIRED = 'not sent: the access token of the webhook has expired; subscribe again with a new sinkcredential';

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
  private readonly structured: (event: DeliveredEvent) => string;
  private readonly binary: (event: DeliveredEvent) => BinaryMessage;

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
    this.structured = perEvent((event): string => toCloudEvent(event, agent));
    this.binary = perEvent((event): BinaryMessage => toBinary(cloudEventOf(event, agent)));
    const handshake = new WebhookHandshake(outgoing, this.origin, maxRequestsPerMinute);
    this.subscription = new WebhookSubscription(containers, handshake);
  }

  public displayUrl(url: string): string {
    return maskedUrl(url);
  }

  public async send(delivery: ClaimedDelivery, event: DeliveredEvent): Promise<Sent> {
    const message = modeOf(delivery.settings) === 'binary' ?
      this.binary(event) :
      { headers: { 'content-type': CLOUD_EVENT_TYPE }, body: this.structured(event) };
    if ('attributeBytes' in message && message.attributeBytes > MAX_ATTRIBUTE_BYTES) {
      return { result: new OutgoingFailed('forbidden', TOO_LARGE), host: null };
    }
    return this.sendMessage(delivery, { ...message, id: event.id });
  }

  public async sendBatch(
    delivery: ClaimedDelivery & { readonly batch: DeliveryBatch },
    events: readonly DeliveredEvent[],
  ): Promise<Sent> {
    const body = `[${events.map(this.structured).join(',')}]`;
    const headers = { 'content-type': CLOUD_EVENT_BATCH_TYPE };
    return this.sendMessage(delivery, { id: delivery.batch.id, headers, body });
  }

  private async sendMessage(
    { url, secrets, credential }: Pick<ClaimedDelivery, 'credential' | 'secrets' | 'url'>,
    { headers, ...message }: WebhookMessage,
  ): Promise<Sent> {
    const now = Date.now();
    const authorization = authorizationOf(credential, now);
    if (!authorization) {
      return { result: new OutgoingFailed('unreachable', EXPIRED), host: null };
    }
    try {
      const signed = { ...message, headers: { ...headers, ...authorization }};
      return { result: await sendToWebhook(this.outgoing, { url, secrets, origin: this.origin }, signed, now) };
    } catch (error: unknown) {
      if (error instanceof OutgoingFailed) {
        return { result: error, ...error.fault === 'forbidden' && { host: null }};
      }
      throw error;
    }
  }
}
