import { OutgoingFailed } from '../outgoing/Outgoing';
import { checkBounds } from './policy';
import type { AttemptResult } from './attempt';
import type { Verdict } from './retry';
import { retryAfter } from './retry';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/**
 * Limits of circuit breakers, of the age of deliveries and of failing targets; all times are in milliseconds.
 */
export interface HealthPolicy {
  /** Number of consecutive failures that open the circuit of a host. */
  readonly failures: number;
  /** Maximum time from the first to the last of these failures. */
  readonly window: number;
  /** Time for which a circuit stays open, before each probe. */
  readonly openTime: number;
  /** Maximum age of a waiting delivery, in work time. */
  readonly maxDeliveryAge: number;
  /** Maximum work time from the first failure of a target to its last, without a success. */
  readonly disableAfter: number;
  /** Minimum number of attempts of the delivery that disables such a target. */
  readonly targetTries: number;
}

/** The documented defaults: 5 failures in 10 minutes, 30 minutes, 7 days, 5 days, 5 attempts. */
export const DEFAULT_HEALTH_POLICY: HealthPolicy = {
  failures: 5,
  window: 10 * MINUTE,
  openTime: 30 * MINUTE,
  maxDeliveryAge: 7 * DAY,
  disableAfter: 5 * DAY,
  targetTries: 5,
};

/**
 * The default policy, with overrides.
 *
 * @throws RangeError if a number of failures or attempts is not between 1 and 1,000,
 * or a time not between a millisecond and 365 days.
 */
export function healthPolicy(given: Partial<HealthPolicy> = {}): HealthPolicy {
  const policy = { ...DEFAULT_HEALTH_POLICY, ...given };
  const { failures, targetTries, ...times } = policy;
  checkBounds('The number of failures that open a circuit', failures, 1, 1_000);
  checkBounds('The number of attempts that disable a target', targetTries, 1, 1_000);
  for (const [ name, time ] of Object.entries(times)) {
    checkBounds(`The time "${name}", in milliseconds,`, time, 1, 365 * DAY);
  }
  return policy;
}

/**
 * Stored health of a host; times are in milliseconds since 1970. The default is {@link HEALTHY}.
 */
export interface HostHealth {
  /** Number of failures since the last success. */
  readonly failures: number;
  /** Time of the first of them, or null. */
  readonly since: number | null;
  /** Time until which the circuit is open; then it is half-open. Null while it is closed. */
  readonly openUntil: number | null;
}

/** A host without failures. */
export const HEALTHY: HostHealth = { failures: 0, since: null, openUntil: null };

/**
 * State of the circuit breaker of a host. With `probe` (half-open), one delivery may be sent.
 */
export type Circuit = 'closed' | 'open' | 'probe';

/**
 * The state of the circuit of a host.
 *
 * It stays at `probe` until {@link afterAttempt} receives a result, so the caller must send one delivery at a time.
 */
export function circuitOf({ openUntil }: HostHealth, now: number): Circuit {
  if (openUntil === null) {
    return 'closed';
  }
  return now < openUntil ? 'open' : 'probe';
}

/** Time of the next possible attempt, in milliseconds since 1970: now, or the end of the open circuit. */
export function nextTry({ openUntil }: HostHealth, now: number): number {
  return Math.max(now, openUntil ?? now);
}

/** The health of a host after a success. */
export function afterSuccess(): HostHealth {
  return HEALTHY;
}

/**
 * The health of a host after a failure.
 *
 * The circuit opens at `policy.failures` failures within `policy.window`. A failure while it is open or half-open opens
 * it again. A failure after the window of the first one starts a new count.
 */
export function afterFailure(health: HostHealth, now: number, policy: HealthPolicy): HostHealth {
  const isCounted = health.openUntil !== null || (health.since !== null && now - health.since < policy.window);
  const failures = isCounted ? Math.min(health.failures + 1, policy.failures) : 1;
  const isOpened = health.openUntil !== null || failures >= policy.failures;
  return {
    failures,
    since: isCounted ? health.since : now,
    openUntil: isOpened ? Math.max(health.openUntil ?? 0, now + policy.openTime) : null,
  };
}

/**
 * The health of a host after an attempt.
 *
 * Network faults, 5xx and 429 are failures of the host; any other response is a success. With `Retry-After` and a
 * closed circuit, 5xx and 429 concern only the target. A request that the address guard refused changes nothing.
 */
export function afterAttempt(
  health: HostHealth,
  result: AttemptResult,
  now: number,
  policy: HealthPolicy,
): HostHealth {
  if (result instanceof OutgoingFailed) {
    return result.fault === 'forbidden' ? health : afterFailure(health, now, policy);
  }
  const { status, headers } = result;
  if (status < 500 && status !== 429) {
    return afterSuccess();
  }
  const isOfTarget = health.openUntil === null && retryAfter(headers['retry-after'], now) > 0;
  return isOfTarget ? health : afterFailure(health, now, policy);
}

/**
 * Whether a waiting delivery exceeds its maximum age.
 *
 * @param begun - Work time of its creation or last redelivery request, in milliseconds, see `SteadyClock`.
 * @param workTime - The work time, in milliseconds.
 * @param policy - Health policy.
 */
export function isTooOld(begun: number, workTime: number, policy: HealthPolicy): boolean {
  return workTime - begun >= policy.maxDeliveryAge;
}

/** Work time of the first failure of a target since its last success, after an attempt; null after a success. */
export function failingSince(before: number | null, verdict: Verdict, now: number): number | null {
  return verdict.outcome === 'delivered' ? null : before ?? now;
}

/**
 * Whether a failed attempt disables its target: by the response alone, or because the target fails for too long.
 *
 * A target fails for too long if its first failure since the last success is `policy.disableAfter` ago, and the
 * delivery is dead or had `policy.targetTries` attempts. Two unrelated failures of a rarely used target do not disable
 * it.
 *
 * @param failing - Result of {@link failingSince} after this attempt.
 * @param verdict - Outcome of the attempt.
 * @param tries - Number of attempts of the delivery.
 * @param now - The work time, in milliseconds.
 * @param policy - Health policy.
 */
export function isDisabledBy(
  failing: number | null,
  verdict: Verdict,
  tries: number,
  now: number,
  policy: HealthPolicy,
): boolean {
  if (failing === null || verdict.outcome === 'delivered') {
    return false;
  }
  return (verdict.outcome === 'dead' && verdict.disables) ||
    (now - failing >= policy.disableAfter && (verdict.outcome === 'dead' || tries >= policy.targetTries));
}
