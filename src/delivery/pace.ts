const MINUTE = 60_000;

/** Maximum burst: a tenth of the rate per minute. */
const burstOf = (rate: number): number => Math.max(1, Math.floor(rate / 10));

/** Time between deliveries, in milliseconds, so that a burst and its successors stay within the rate in any minute. */
const spacingOf = (rate: number): number => MINUTE / (rate - burstOf(rate) + 1);

/**
 * Used allowance of a rate: the time, in milliseconds since 1970, at which the full burst is available again.
 *
 * `rate-limiter-flexible` does not fit: it counts in fixed windows (two full rates within a minute), and does not
 * return the time of the next slot.
 */
export type Pace = number;

/**
 * Time of the next delivery to a target with a rate per minute.
 *
 * Allows a burst of a tenth of the rate, at least one, and then regular intervals: at most `rate` deliveries in any 60
 * seconds, and at least nine tenths of it under constant load.
 *
 * @param pace - The pace after the previous delivery; absent without one.
 * @param rate - Maximum number of deliveries per minute, an integer above 0.
 * @param now - The time, in milliseconds since 1970.
 *
 * @returns The time of the next delivery, `now` or a later integer, and the pace after it.
 *
 * @see https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md#422-webhook-allowed-rate
 */
export function nextAllowed(pace: Pace | undefined, rate: number, now: number): { at: number; pace: Pace } {
  const spacing = spacingOf(rate);
  const before = pace ?? now;
  const at = Math.max(now, Math.ceil(before - (burstOf(rate) - 1) * spacing));
  return { at, pace: Math.max(before, at) + spacing };
}
