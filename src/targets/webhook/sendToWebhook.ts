import type { Outgoing, OutgoingResponse } from '../../outgoing/Outgoing';
import { CLOUD_EVENT_TYPE } from '../../event/cloudEvent';
import { sign } from './signature';

/**
 * A webhook with consent.
 */
export interface Webhook {
  readonly url: string;
  /** Secrets that sign deliveries, see `sign`. */
  readonly secrets: readonly string[];
  /** Name of this server in the consent. */
  readonly origin: string;
}

/**
 * A message to a webhook.
 */
export interface WebhookMessage {
  /** Id of the message, equal in each attempt and without `.`. */
  readonly id: string;
  /** Headers of the message, by name in lower case. Default: the content type of structured mode. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Body of the message, which is signed. */
  readonly body: string | Buffer;
}

/**
 * Makes one attempt to send a message to a webhook.
 *
 * @param outgoing - Sends the request.
 * @param webhook - The webhook.
 * @param message - The message.
 * @param now - Signed time, in milliseconds since 1970. Receivers refuse a difference of 5 minutes.
 *
 * @throws {@link OutgoingFailed} if there is no response.
 *
 * @see https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md#21-delivery-request
 */
export async function sendToWebhook(
  outgoing: Outgoing,
  { url, secrets, origin }: Webhook,
  { id, headers: given = { 'content-type': CLOUD_EVENT_TYPE }, body }: WebhookMessage,
  now: number,
): Promise<Pick<OutgoingResponse, 'headers' | 'status'>> {
  const { status, headers } = await outgoing.send({
    method: 'POST',
    url,
    headers: {
      ...given,
      'webhook-request-origin': origin,
      ...sign(secrets, id, Math.floor(now / 1_000), body),
    },
    body,
    maxBytes: 4_096,
    headOnly: true,
  });
  return { status, headers };
}
