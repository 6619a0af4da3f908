import type { Outgoing, OutgoingResponse } from '../../outgoing/Outgoing';
import { CLOUD_EVENT_TYPE } from './cloudEvent';
import { sign } from './signature';

/**
 * A webhook that has consented.
 */
export interface Webhook {
  readonly url: string;
  /** What deliveries are signed with, see `sign`. */
  readonly secrets: readonly string[];
  /** The name of this server to which the webhook has consented. */
  readonly origin: string;
}

/**
 * Sends an event to a webhook, once.
 *
 * @param outgoing - Sends the request.
 * @param webhook - Where it goes.
 * @param message - Its id, the same at each try and without a `.`, and the CloudEvent as JSON text.
 * @param now - The time, in milliseconds since 1970, which is signed: receivers refuse what is 5 minutes off.
 *
 * @throws {@link OutgoingFailed} if there is no answer.
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
