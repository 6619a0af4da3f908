import { STATUS_CODES } from 'node:http';
import type { OutgoingResponse } from '../outgoing/Outgoing';
import { OutgoingFailed } from '../outgoing/Outgoing';
import { parseHttpDate, parseRetryAfter as parseRetryAfter } from '../outgoing/singleHeaders';
import { checkBounds } from './policy';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/**
 * When a delivery that failed is tried again.
 */
export interface RetryPolicy {
  /** The wait after each failed try, in milliseconds; a delivery that fails once more is dead. */
  readonly retryDelays: readonly number[];
  /** How much is added to a wait at most, by chance, as a part of it: 0.2 adds up to 20 %. */
  readonly jitter: number;
  /** The longest wait to which a `Retry-After` can lead, of a delivery or its target, in milliseconds. */
  readonly longestRetryAfter: number;
}

/** Eleven tries in three to four days: the ladder that Standard Webhooks recommends. */
export const DEFAULT_RETRY_POLICY: RetryPolicy = {
  retryDelays: [
    5 * SECOND, 30 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR,
  ],
  jitter: 0.2,
  longestRetryAfter: 24 * HOUR,
};

/**
 * The default policy with what is given in its place.
 *
 * @throws RangeError if a wait is not between a millisecond and 30 days, there are more than 100 of them,
 * the jitter is not between 0 and 1, or the longest `Retry-After` is not between 0 and 30 days.
 */
export function retryPolicy(given: Partial<RetryPolicy> = {}): RetryPolicy {
  const policy = { ...DEFAULT_RETRY_POLICY, ...given };
  checkBounds('The number of waits between tries', policy.retryDelays.length, 0, 100);
  for (const wait of policy.retryDelays) {
    checkBounds('A wait between tries, in milliseconds,', wait, 1, 30 * 24 * HOUR);
  }
  checkBounds('The jitter', policy.jitter, 0, 1);
  checkBounds('The longest Retry-After, in milliseconds,', policy.longestRetryAfter, 0, 30 * 24 * HOUR);
  return policy;
}

/** What came of sending a delivery: an answer, or why there is none. */
export type AttemptResult = Pick<OutgoingResponse, 'headers' | 'status'> | OutgoingFailed;

/**
 * One try of a delivery, to be judged.
 */
export interface Try {
  /** What it was sent to, an inbox, that of a recipient, or a webhook: the signs of success differ. */
  readonly target: 'inbox' | 'recipient' | 'webhook';
  /** How many tries there were, with this one. */
  readonly tries: number;
  readonly result: AttemptResult;
}

/**
 * What becomes of a delivery after a try.
 *
 * The `reason` says what happened, in some words for the owner of the pod, and without secrets.
 */
export type Verdict =
  | { readonly outcome: 'delivered'; readonly reason: string }
  /** The time until the next try, in milliseconds. */
  | { readonly outcome: 'retry'; readonly reason: string; readonly wait: number }
  /** Whether the target is to be disabled by this answer alone. */
  | { readonly outcome: 'dead'; readonly reason: string; readonly disables: boolean };

/** The 4xx answers that a later try can change; all others are final. */
const RETRIED = new Set([ 408, 409, 425, 429 ]);
/** The final answers that can result from a wrong clock, and by how much clocks may differ, in milliseconds. */
const OF_WRONG_TIME = new Set([ 400, 401, 403 ]);
const MAX_CLOCK_DIFFERENCE = 4 * MINUTE;
/** How often an address is tried that is not found: its resource may be about to be made. */
const TRIES_NOT_FOUND = 2;

/**
 * Decides what becomes of a delivery: delivered, tried again after a wait, or dead.
 *
 * - A webhook takes a delivery by any 2xx. An inbox does by 201 or 202; any other 2xx of it is final. It does not say
 *   that the notification is kept, as a web page would not, and if it is kept then another try makes a second copy.
 * - 408, 409, 425, 429, 5xx, what is no status of an answer, and all faults but `forbidden` are tried again, until
 *   there is no wait left.
 * - 401 of an inbox is tried again: it can result from what the receiver could not learn of this server, such as keys.
 * - 400, 401 and 403 are tried again if the `Date` of the answer shows that its clock and this one differ, because
 *   signatures and tokens are not valid then.
 * - 404 is tried again once, if it comes at the first try.
 * - 3xx, all other 4xx and `forbidden` are final. 410 disables the target.
 * - `Retry-After` can only lengthen a wait, up to the bound of the policy, and only where there is another try.
 *
 * @param attempt - The try to judge.
 * @param policy - By what rules.
 * @param now - The time, in milliseconds since 1970.
 * @param random - Gives a number from 0 up to but not including 1.
 *
 * @see https://www.w3.org/TR/ldn/#sender
 * @see https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md#22-delivery-response
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function judge(
  { target, tries, result }: Try,
  policy: RetryPolicy,
  now: number,
  random: () => number = Math.random,
): Verdict {
  const dead = (reason: string): Verdict => ({ outcome: 'dead', reason, disables: false });
  const retry = (reason: string, asked = 0): Verdict => {
    if (tries > policy.retryDelays.length) {
      return dead(`${reason}; given up after ${tries} ${tries === 1 ? 'try' : 'tries'}`);
    }
    const factor = 1 + policy.jitter * random();
    const wait = Math.max(policy.retryDelays[tries - 1] * factor, Math.min(asked * factor, policy.longestRetryAfter));
    return { outcome: 'retry', reason, wait: Math.ceil(wait) };
  };

  if (result instanceof OutgoingFailed) {
    return result.fault === 'forbidden' ? dead(result.message) : retry(result.message);
  }
  const { status, headers } = result;
  const said = `answered ${status}${status in STATUS_CODES ? ` ${STATUS_CODES[status]}` : ''}`;
  if (isSuccess(target, status)) {
    return { outcome: 'delivered', reason: said };
  }
  if (status < 200 || status >= 500 || RETRIED.has(status) || (status === 401 && target !== 'webhook')) {
    return retry(said, retryAfter(headers['retry-after'], now));
  }
  if (status < 300) {
    return dead(`${said}, which does not say that the notification is kept: an inbox has to answer 201 or 202`);
  }
  if (status < 400) {
    return dead(`${said}, and redirects are not followed: subscribe with the address that it leads to`);
  }
  if (status === 404 && tries < TRIES_NOT_FOUND) {
    return retry(said, retryAfter(headers['retry-after'], now));
  }
  const difference = Math.abs((parseHttpDate(headers.date) ?? now) - now);
  if (OF_WRONG_TIME.has(status) && difference > MAX_CLOCK_DIFFERENCE) {
    return retry(`${said}, and its clock differs from this server's by ${Math.round(difference / MINUTE)} minutes`);
  }
  return { outcome: 'dead', reason: said, disables: status === 410 };
}

/**
 * For how long a target asks to be sent nothing, in milliseconds; 0 if it does not.
 *
 * That is the `Retry-After` of 429 and 5xx, up to the bound of the policy. It is about the target, not only about the
 * delivery that was answered.
 *
 * @param result - What was answered.
 * @param policy - Bounds it.
 * @param now - The time, in milliseconds since 1970.
 *
 * @see https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md#22-delivery-response
 */
export function restOf(result: AttemptResult, policy: RetryPolicy, now: number): number {
  if (result instanceof OutgoingFailed || (result.status !== 429 && result.status < 500)) {
    return 0;
  }
  return Math.min(retryAfter(result.headers['retry-after'], now), policy.longestRetryAfter);
}

function isSuccess(target: Try['target'], status: number): boolean {
  return target === 'webhook' ? status >= 200 && status < 300 : status === 201 || status === 202;
}

/**
 * The wait for which a `Retry-After` asks, in milliseconds; 0 if it is absent, past or neither seconds nor a date.
 *
 * @param value - The header's value.
 * @param now - The time, in milliseconds since 1970.
 */
export function retryAfter(value: string | undefined, now: number): number {
  return parseRetryAfter(value ?? '', now) ?? 0;
}
