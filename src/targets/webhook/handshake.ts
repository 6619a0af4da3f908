import { InvalidInput } from '../../event/InvalidInput';
import type { Outgoing, OutgoingResponse } from '../../outgoing/Outgoing';
import { OutgoingFailed } from '../../outgoing/Outgoing';

/** Consent of a webhook. */
export interface WebhookConsentAnswer {
  /** Maximum number of deliveries per minute; absent if unlimited. */
  readonly rate?: number;
}

const MOST_RATE = 1_000_000;

/** The name of a server in requests to webhooks: its host name without a port. */
export function webhookOrigin(baseUrl: string): string {
  return new URL(baseUrl).hostname;
}

/**
 * Requests the consent of a webhook, so that nobody can subscribe a third party's endpoint.
 *
 * The headers `WebHook-Allowed-Origin` and `WebHook-Allowed-Rate` of the response express consent, with any status.
 *
 * @param outgoing - Sends the request.
 * @param webhook - URL of the webhook, name of this server (see {@link webhookOrigin}), and requested rate per minute,
 *                  by default 6,000.
 *
 * @throws {@link InvalidInput} with the missing header and the remedy, if the webhook does not consent or respond.
 *
 * @see https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md#4-abuse-protection
 */
export async function askConsent(
  outgoing: Outgoing,
  { url, origin, rate = 6_000 }: { readonly url: string; readonly origin: string; readonly rate?: number },
): Promise<WebhookConsentAnswer> {
  const asked = `The webhook ${url} was asked by OPTIONS, with "WebHook-Request-Origin: ${origin}", whether it takes events`;
  let answer: OutgoingResponse;
  try {
    answer = await outgoing.send({
      method: 'OPTIONS',
      url,
      headers: { 'webhook-request-origin': origin, 'webhook-request-rate': `${rate}` },
      maxBytes: 4_096,
      headOnly: true,
    });
  } catch (error: unknown) {
    throw error instanceof OutgoingFailed ? new InvalidInput(`${asked}, and did not answer: ${error.message}`) : error;
  }
  const refuse = (what: string): never => {
    throw new InvalidInput(`${asked}. It answered ${answer.status} ${what}. Let it answer with the headers "WebHook-Allowed-Origin: ${origin}" and "WebHook-Allowed-Rate: *" (or the number of requests that it takes in a minute), then subscribe again.`);
  };

  const headers: Readonly<Record<string, string | undefined>> = answer.headers;
  const allowed = headers['webhook-allowed-origin']?.trim();
  if (allowed === undefined) {
    return refuse('without WebHook-Allowed-Origin');
  }
  if (allowed !== '*' && allowed.toLowerCase() !== origin.toLowerCase()) {
    return refuse('with another name as WebHook-Allowed-Origin');
  }
  const allowedRate = headers['webhook-allowed-rate']?.trim();
  if (allowedRate === undefined) {
    return refuse('without WebHook-Allowed-Rate');
  }
  if (allowedRate === '*') {
    return {};
  }
  const number = /^\d+$/u.test(allowedRate) ? Number(allowedRate) : 0;
  return number > 0 ? { rate: Math.min(number, MOST_RATE) } : refuse('with a WebHook-Allowed-Rate that is no number above 0');
}
