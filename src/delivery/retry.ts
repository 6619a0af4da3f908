import { STATUS_CODES } from 'node:http';
import { OutgoingFailed } from '../outgoing/Outgoing';
import { parseHttpDate, parseRetryAfter } from '../outgoing/singleHeaders';
import type { AttemptResult, ResponseRules } from './attempt';
import { checkBounds } from './policy';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/**
 * Delays between the attempts of a delivery.
 */
export interface RetryPolicy {
  /** Delay after each failed attempt, in milliseconds; a further failure makes the delivery a dead letter. */
  readonly retryDelays: readonly number[];
  /** Maximum random addition to a delay, as a fraction of it: 0.2 adds up to 20 %. */
  readonly jitter: number;
  /** Maximum delay by `Retry-After`, for a delivery and for its target, in milliseconds. */
  readonly maxRetryAfter: number;
}

/** Eleven attempts in three to four days, as Standard Webhooks recommends. */
export const DEFAULT_RETRY_POLICY: RetryPolicy = {
  retryDelays: [
    5 * SECOND, 30 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR,
  ],
  jitter: 0.2,
  maxRetryAfter: 24 * HOUR,
};

/**
 * The default policy, with overrides.
 *
 * @throws RangeError if a delay is not between a millisecond and 30 days, there are more than 100 of them,
 * the jitter is not between 0 and 1, or the maximum `Retry-After` is not between 0 and 30 days.
 */
export function retryPolicy(given: Partial<RetryPolicy> = {}): RetryPolicy {
  const policy = { ...DEFAULT_RETRY_POLICY, ...given };
  checkBounds('The number of retry delays', policy.retryDelays.length, 0, 100);
  for (const wait of policy.retryDelays) {
    checkBounds('A retry delay, in milliseconds,', wait, 1, 30 * 24 * HOUR);
  }
  checkBounds('The jitter', policy.jitter, 0, 1);
  checkBounds('The maximum Retry-After, in milliseconds,', policy.maxRetryAfter, 0, 30 * 24 * HOUR);
  return policy;
}

/**
 * One attempt, with the rules that decide its outcome.
 */
export interface Try {
  /** Response rules of the target kind. */
  readonly rules: ResponseRules;
  /** Number of attempts, including this one. */
  readonly tries: number;
  readonly result: AttemptResult;
}

/**
 * Outcome of an attempt.
 *
 * The `reason` describes the result for the owner of the pod, without secrets.
 */
export type Verdict =
  | { readonly outcome: 'delivered'; readonly reason: string }
  /** Time until the next attempt, in milliseconds. */
  | { readonly outcome: 'retry'; readonly reason: string; readonly wait: number }
  /** Whether this response alone disables the target. */
  | { readonly outcome: 'dead'; readonly reason: string; readonly disables: boolean };

/** 4xx statuses that are retried for each target kind. */
const RETRIED = new Set([ 408, 409, 425, 429 ]);
/** Final statuses that a wrong clock can cause, and the tolerated difference between clocks, in milliseconds. */
const OF_WRONG_TIME = new Set([ 400, 401, 403 ]);
const MAX_CLOCK_DIFFERENCE = 4 * MINUTE;
/** Maximum number of attempts with 404: the resource may be created soon. */
const TRIES_NOT_FOUND = 2;

/**
 * Decides the outcome of an attempt: delivered, retried after a delay, or dead.
 *
 * - The rules of the target kind define the statuses that confirm a delivery. Any other 2xx is final: the event may be
 *   stored, and a retry would store it twice.
 * - 408, 409, 425, 429, 5xx, statuses below 200, 4xx statuses by the rules of the kind, and all faults except
 *   `forbidden` are retried, until the last delay.
 * - 400, 401 and 403 are retried if the `Date` of the response shows a clock difference, because signatures and tokens
 *   are invalid then.
 * - 404 is retried once, after the first attempt.
 * - 3xx, all other 4xx and `forbidden` are final. 410 disables the target.
 * - `Retry-After` can only lengthen a delay, up to the maximum of the policy.
 *
 * @param attempt - The attempt.
 * @param policy - Retry policy.
 * @param now - The time, in milliseconds since 1970.
 * @param random - Returns a number from 0 up to but not including 1.
 *
 * @see https://www.w3.org/TR/ldn/#sender
 * @see https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md#22-delivery-response
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function judge(
  { rules, tries, result }: Try,
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
    const wait = Math.max(policy.retryDelays[tries - 1] * factor, Math.min(asked * factor, policy.maxRetryAfter));
    return { outcome: 'retry', reason, wait: Math.ceil(wait) };
  };

  if (result instanceof OutgoingFailed) {
    return result.fault === 'forbidden' ? dead(result.message) : retry(result.message);
  }
  const { status, headers } = result;
  const said = `answered ${status}${status in STATUS_CODES ? ` ${STATUS_CODES[status]}` : ''}`;
  if (rules.isDelivered(status)) {
    return { outcome: 'delivered', reason: said };
  }
  if (status < 200 || status >= 500 || RETRIED.has(status) || (status < 500 && rules.isRetried(status))) {
    return retry(said, retryAfter(headers['retry-after'], now));
  }
  if (status < 300) {
    return dead(`${said}, ${rules.unconfirmed}`);
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
 * Pause that a target requests by the `Retry-After` of 429 or 5xx, in milliseconds; 0 without a request.
 *
 * It applies to all deliveries to the target, up to the maximum of the policy.
 *
 * @param result - Result of an attempt.
 * @param policy - Retry policy.
 * @param now - The time, in milliseconds since 1970.
 *
 * @see https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md#22-delivery-response
 */
export function requestedPause(result: AttemptResult, policy: RetryPolicy, now: number): number {
  if (result instanceof OutgoingFailed || (result.status !== 429 && result.status < 500)) {
    return 0;
  }
  return Math.min(retryAfter(result.headers['retry-after'], now), policy.maxRetryAfter);
}

/**
 * The delay in a `Retry-After` header, in milliseconds; 0 if it is absent, past or malformed.
 *
 * @param value - Value of the header.
 * @param now - The time, in milliseconds since 1970.
 */
export function retryAfter(value: string | undefined, now: number): number {
  return parseRetryAfter(value ?? '', now) ?? 0;
}
