import { OutgoingFailed } from '../outgoing/Outgoing';
import { checkBounds } from './policy';
import type { AttemptResult, Verdict } from './retry';
import { retryAfter } from './retry';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/**
 * When a host is left alone, and when one gives up on a delivery or a target; all times are in milliseconds.
 */
export interface HealthPolicy {
  /** After how many failures without a success between a host is left alone. */
  readonly failures: number;
  /** The time within which they lie, from the first of them. */
  readonly window: number;
  /** How long the host is left alone, before each probe. */
  readonly rest: number;
  /** How old a delivery that waits can become. */
  readonly maxDeliveryAge: number;
  /** How long a target may fail without a success between. */
  readonly disableAfter: number;
  /** How often a delivery is tried at least before its failure disables such a target. */
  readonly targetTries: number;
}

/** What the documents promise: 5 failures in 10 minutes, 30 minutes of rest, 7 days, 5 days. */
export const DEFAULT_HEALTH_POLICY: HealthPolicy = {
  failures: 5,
  window: 10 * MINUTE,
  rest: 30 * MINUTE,
  maxDeliveryAge: 7 * DAY,
  disableAfter: 5 * DAY,
  targetTries: 5,
};

/**
 * The default policy with what is given in its place.
 *
 * @throws RangeError if a number of failures or tries is not between 1 and 1,000,
 * or a time not between a millisecond and 365 days.
 */
export function healthPolicy(given: Partial<HealthPolicy> = {}): HealthPolicy {
  const policy = { ...DEFAULT_HEALTH_POLICY, ...given };
  const { failures, targetTries, ...times } = policy;
  checkBounds('The number of failures after which a host rests', failures, 1, 1_000);
  checkBounds('The number of tries after which a target is disabled', targetTries, 1, 1_000);
  for (const [ name, time ] of Object.entries(times)) {
    checkBounds(`The time "${name}", in milliseconds,`, time, 1, 365 * DAY);
  }
  return policy;
}

/**
 * How a host was of late: three numbers, to be stored; times are in milliseconds since 1970.
 * A host of which nothing is stored is {@link HEALTHY}.
 */
export interface HostHealth {
  /** How many failures there were since then, without a success. */
  readonly failures: number;
  /** When the first of them was, or null. */
  readonly since: number | null;
  /** Until when nothing is sent to it, and then a probe; null while all may be sent. */
  readonly rests: number | null;
}

/** A host that works, as far as is known. */
export const HEALTHY: HostHealth = { failures: 0, since: null, rests: null };

/**
 * Whether deliveries may leave for a host: all (`closed`), none (`open`), or one (`probe`).
 * The words are those of a circuit breaker.
 */
export type Circuit = 'closed' | 'open' | 'probe';

/**
 * Whether deliveries may leave for a host now.
 *
 * It stays at `probe` until the outcome of one is told to {@link afterAttempt}, so the caller has to see to it that
 * nobody sends a second one meanwhile.
 */
export function mayTry({ rests }: HostHealth, now: number): Circuit {
  if (rests === null) {
    return 'closed';
  }
  return now < rests ? 'open' : 'probe';
}

/** When a delivery to a host may be tried next, in milliseconds since 1970: now, or when its rest ends. */
export function nextTry({ rests }: HostHealth, now: number): number {
  return Math.max(now, rests ?? now);
}

/** The health of a host that gave a sign of life: whatever was before is forgotten. */
export function afterSuccess(): HostHealth {
  return HEALTHY;
}

/**
 * The health of a host after a failure.
 *
 * The failure that completes `policy.failures` within `policy.window` begins a rest. A failure during or after a rest,
 * be it of a probe or of what was under way before, makes it begin again. Failures are counted from the first; when its
 * window has passed, the count begins anew.
 */
export function afterFailure(health: HostHealth, now: number, policy: HealthPolicy): HostHealth {
  const isCounted = health.rests !== null || (health.since !== null && now - health.since < policy.window);
  const failures = isCounted ? Math.min(health.failures + 1, policy.failures) : 1;
  return {
    failures,
    since: isCounted ? health.since : now,
    rests: health.rests !== null || failures >= policy.failures ? Math.max(health.rests ?? 0, now + policy.rest) : null,
  };
}

/**
 * The health of a host after something was sent to it, whatever came of it.
 *
 * Faults of the network, 5xx and 429 are failures of the host. Any other answer, be it a refusal, shows that it works.
 * So does 5xx or 429 with `Retry-After` while the host does not rest: the target alone is left alone then.
 * What our own guard forbade was not sent, and tells nothing.
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
  const isOfTarget = health.rests === null && retryAfter(headers['retry-after'], now) > 0;
  return isOfTarget ? health : afterFailure(health, now, policy);
}

/**
 * Whether a delivery is too old to wait any longer, be it for its host or for its next try.
 *
 * @param begun - When it was made, or made again, in milliseconds of work time, see `SteadyClock`.
 * @param worked - The work time now.
 * @param policy - By what rules.
 */
export function isTooOld(begun: number, worked: number, policy: HealthPolicy): boolean {
  return worked - begun >= policy.maxDeliveryAge;
}

/** Since when a target fails, in milliseconds of work time, after a try; null if that delivered. */
export function failingSince(before: number | null, verdict: Verdict, now: number): number | null {
  return verdict.outcome === 'delivered' ? null : before ?? now;
}

/**
 * Whether a target is to be disabled after a failed try: because it says so, or because it fails for too long.
 *
 * It fails for too long if its first failure since the last success is `policy.disableAfter` ago, and this delivery
 * is dead or was tried `policy.targetTries` times. So a target that gets an event once a week is not disabled by a
 * refusal in one week and a restart in the next.
 *
 * @param failing - What {@link failingSince} says after this try.
 * @param verdict - What becomes of the delivery.
 * @param tries - How often it was tried, with this time.
 * @param now - The work time, in milliseconds.
 * @param policy - By what rules.
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
