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
 * Makes one attempt to send an event to a webhook.
 *
 * @param outgoing - Sends the request.
 * @param webhook - The webhook.
 * @param message - Id of the message, equal in each attempt and without `.`, and the CloudEvent as JSON text.
 * @param now - Signed time, in milliseconds since 1970. Receivers refuse a difference of 5 minutes.
 *
 * @throws {@link OutgoingFailed} if there is no response.
 *
 * @see https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md#21-delivery-request
 */
export async function sendToWebhook(
  outgoing: Outgoing,
  { url, secrets, origin }: Webhook,
  { id, body }: { readonly id: string; readonly body: string },
  now: number,
): Promise<Pick<OutgoingResponse, 'headers' | 'status'>> {
  const { status, headers } = await outgoing.send({
    method: 'POST',
    url,
    headers: {
      'content-type': CLOUD_EVENT_TYPE,
      'webhook-request-origin': origin,
      ...sign(secrets, id, Math.floor(now / 1_000), body),
    },
    body,
    maxBytes: 4_096,
    headOnly: true,
  });
  return { status, headers };
}
