const MINUTE = 60_000;

/** How much may leave at once: a tenth of what may leave in a minute. */
const burstOf = (rate: number): number => Math.max(1, Math.floor(rate / 10));

/** Milliseconds; so chosen that the burst and what follows it are never more than the rate, in any minute. */
const spacingOf = (rate: number): number => MINUTE / (rate - burstOf(rate) + 1);

/**
 * How far a webhook's allowance is used up: the moment, in milliseconds since 1970, at which all of it is there again.
 * If it is forgotten, one burst too many can leave.
 */
export type Pace = number;

/**
 * When the next delivery may leave for a webhook that allows so many in a minute.
 *
 * A tenth of them may leave at once (at least one), and then each after some time: at most `rate` in any 60 seconds,
 * and at least nine tenths of it if there is always something to send.
 *
 * @param pace - The pace after the delivery before; absent if there was none of late.
 * @param rate - The most deliveries in a minute, a whole number above 0.
 * @param now - The time, in milliseconds since 1970.
 *
 * @returns The time from which it may leave, likewise: `now`, or a whole number after it; and the pace to keep if it
 * leaves then.
 *
 * @see https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md#422-webhook-allowed-rate
 */
export function nextAllowed(pace: Pace | undefined, rate: number, now: number): { at: number; pace: Pace } {
  const spacing = spacingOf(rate);
  const before = pace ?? now;
  const at = Math.max(now, Math.ceil(before - (burstOf(rate) - 1) * spacing));
  return { at, pace: Math.max(before, at) + spacing };
}
