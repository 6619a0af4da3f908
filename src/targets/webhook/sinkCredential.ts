import { isTimestamp } from '../../event/cloudEvents';
import { InvalidInput } from '../../event/InvalidInput';

/** Maximum length of an access token. */
const MAX_LENGTH = 4_096;
/** @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1 */
const TOKEN = /^[\w.~+/-]+=*$/u;
const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/u;
const EXPECTED = 'expected an object with credentialtype "ACCESSTOKEN", accesstoken, accesstokenexpiresutc (a ' +
  'date-time in the future) and accesstokentype "Bearer"';

/** Stored credential of requests to a webhook. */
interface StoredCredential {
  readonly token: string;
  /** Time at which the token expires, in milliseconds since 1970. */
  readonly expires: number;
}

/**
 * Checks a `sinkcredential` of type `ACCESSTOKEN`. Messages never have its values.
 *
 * @param value - JSON value of the option.
 * @param url - URL of the webhook.
 * @param now - The time, in milliseconds since 1970.
 *
 * @returns The form in which it is stored.
 *
 * @throws {@link InvalidInput} with the expected form.
 *
 * @see https://github.com/cloudevents/spec/blob/main/subscriptions/spec.md#3241-subscription-managers
 */
export function toCredential(value: unknown, url: string, now: number): string {
  const { credentialtype, accesstoken, accesstokenexpiresutc, accesstokentype, ...others } =
    (typeof value === 'object' ? value : {}) as Record<string, unknown>;
  const isToken = typeof accesstoken === 'string' && accesstoken.length <= MAX_LENGTH && TOKEN.test(accesstoken);
  const isBearer = typeof accesstokentype === 'string' && accesstokentype.toLowerCase() === 'bearer';
  const expires = isTimestamp(accesstokenexpiresutc) ? Date.parse(accesstokenexpiresutc) : 0;
  if (credentialtype !== 'ACCESSTOKEN' || !isToken || !isBearer || !(expires > now) || Object.keys(others).length > 0) {
    throw new InvalidInput(`Invalid sinkcredential: ${EXPECTED}`);
  }
  const { protocol, hostname } = new URL(url);
  if (protocol !== 'https:' && !LOOPBACK.test(hostname)) {
    throw new InvalidInput('Invalid sinkcredential: it is sent to https webhooks only');
  }
  return JSON.stringify({ token: accesstoken, expires } satisfies StoredCredential);
}

/**
 * Returns the `Authorization` header of a request to a webhook.
 *
 * @param credential - Stored credential, or `null`.
 * @param now - The time, in milliseconds since 1970.
 *
 * @returns The header; `undefined` if the token has expired.
 */
export function authorizationOf(
  credential: string | null,
  now: number,
): { readonly authorization?: string } | undefined {
  if (credential === null) {
    return {};
  }
  const { token, expires } = JSON.parse(credential) as StoredCredential;
  return expires > now ? { authorization: `Bearer ${token}` } : undefined;
}
