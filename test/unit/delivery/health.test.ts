import fc from 'fast-check';
import type { HostHealth } from '../../../src/delivery/health';
import {
  afterAttempt, afterFailure, afterSuccess, DEFAULT_HEALTH_POLICY, failingSince, healthPolicy, HEALTHY, isDisabledBy,
  isTooOld, circuitOf, nextTry,
} from '../../../src/delivery/health';
import type { AttemptResult } from '../../../src/delivery/attempt';
import type { Verdict } from '../../../src/delivery/retry';
import type { OutgoingFault } from '../../../src/outgoing/Outgoing';
import { OutgoingFailed } from '../../../src/outgoing/Outgoing';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const NOW = Date.UTC(2026, 0, 1);
const policy = DEFAULT_HEALTH_POLICY;

const failedAt = (...minutes: number[]): HostHealth =>
  minutes.reduce((health, minute): HostHealth => afterFailure(health, NOW + minute * MINUTE, policy), HEALTHY);

describe('The health of a host', (): void => {
  it('lets everything leave while little fails.', (): void => {
    expect(circuitOf(HEALTHY, NOW)).toBe('closed');
    const health = failedAt(0, 1, 2, 3);
    expect(health).toEqual({ failures: 4, since: NOW, openUntil: null });
    expect(circuitOf(health, NOW + 3 * MINUTE)).toBe('closed');
    expect(nextTry(health, NOW)).toBe(NOW);
  });

  it('begins a rest of 30 minutes with the fifth failure in 10 minutes, and then lets one probe leave.', (): void => {
    const health = failedAt(0, 2, 4, 6, 9);
    expect(health).toEqual({ failures: 5, since: NOW, openUntil: NOW + 39 * MINUTE });
    expect(circuitOf(health, NOW + 9 * MINUTE)).toBe('open');
    expect(nextTry(health, NOW + 9 * MINUTE)).toBe(NOW + 39 * MINUTE);
    expect(circuitOf(health, NOW + 39 * MINUTE - 1)).toBe('open');
    expect(circuitOf(health, NOW + 39 * MINUTE)).toBe('probe');
    expect(nextTry(health, NOW + 40 * MINUTE)).toBe(NOW + 40 * MINUTE);
  });

  it('does not rest for failures that lie further apart.', (): void => {
    expect(failedAt(0, 3, 6, 9, 10)).toEqual({ failures: 1, since: NOW + 10 * MINUTE, openUntil: null });
  });

  it('does not rest if there is a success between.', (): void => {
    const health = [ 5, 6, 7, 8 ].reduce(
      (state, minute): HostHealth => afterFailure(state, NOW + minute * MINUTE, policy),
      afterAttempt(failedAt(0, 1, 2, 3), { status: 201, headers: {}}, NOW + 4 * MINUTE, policy),
    );
    expect(circuitOf(health, NOW + 8 * MINUTE)).toBe('closed');
  });

  it('begins the rest again after a probe that fails, and ends it after one that does not.', (): void => {
    const resting = failedAt(0, 0, 0, 0, 0);
    const again = afterFailure(resting, NOW + 31 * MINUTE, policy);
    expect(again.openUntil).toBe(NOW + 61 * MINUTE);
    expect(circuitOf(again, NOW + 31 * MINUTE)).toBe('open');
    expect(afterSuccess()).toEqual(HEALTHY);
  });

  it('is told of what was under way when the rest began.', (): void => {
    const resting = failedAt(0, 0, 0, 0, 0);
    expect(afterFailure(resting, NOW + 15_000, policy).openUntil).toBe(NOW + 15_000 + policy.openTime);
    expect(afterFailure(resting, NOW - 5_000, policy).openUntil).toBe(resting.openUntil);
  });

  const answer = (status: number): AttemptResult => ({ status, headers: {}});
  it.each([ 500, 502, 503, 504, 599, 429 ])('counts an answer %d as a failure.', (status): void => {
    expect(afterAttempt(HEALTHY, answer(status), NOW, policy).failures).toBe(1);
  });

  it.each<OutgoingFault>([ 'broken', 'timeout', 'tls', 'unreachable', 'unresolved' ])('counts the fault %s as a failure.', (fault): void => {
    expect(afterAttempt(HEALTHY, new OutgoingFailed(fault, ''), NOW, policy).failures).toBe(1);
  });

  it.each([ 200, 201, 204, 301, 400, 401, 403, 404, 408, 409, 410, 413, 422 ])('takes an answer %d as a sign of life.', (status): void => {
    expect(afterAttempt(failedAt(0, 0, 0, 0, 0), answer(status), NOW, policy)).toEqual(HEALTHY);
  });

  it.each([ 429, 503 ])('takes an answer %d with Retry-After as one of the target, unless the host rests.', (status): void => {
    const result = { status, headers: { 'retry-after': '20' }};
    expect(afterAttempt(HEALTHY, result, NOW, policy)).toEqual(HEALTHY);
    const failed = failedAt(0, 1);
    expect(afterAttempt(failed, result, NOW, policy)).toBe(failed);
    expect(afterAttempt(failedAt(0, 0, 0, 0, 0), result, NOW, policy).openUntil).not.toBeNull();
    expect(afterAttempt(HEALTHY, { status, headers: { 'retry-after': '0' }}, NOW, policy).failures).toBe(1);
    expect(afterAttempt(HEALTHY, { status, headers: { 'retry-after': 'soon' }}, NOW, policy).failures).toBe(1);
  });

  it('learns nothing from what the guard forbade.', (): void => {
    const health = failedAt(0, 1);
    expect(afterAttempt(health, new OutgoingFailed('forbidden', ''), NOW, policy)).toBe(health);
  });

  it('stays as small, survives being stored, and rests only after enough failures, whatever happens.', (): void => {
    fc.assert(fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 20 * MINUTE }), fc.boolean()), { maxLength: 200 }),
      (steps): void => {
        let health = HEALTHY;
        let now = NOW;
        let row = 0;
        for (const [ later, works ] of steps) {
          now += later;
          row = works ? 0 : row + 1;
          health = JSON.parse(JSON.stringify(works ? afterSuccess() : afterFailure(health, now, policy))) as HostHealth;
          expect(Object.keys(health)).toEqual([ 'failures', 'since', 'openUntil' ]);
          expect(health.failures).toBeLessThanOrEqual(policy.failures);
          expect(health.openUntil === null || row >= policy.failures).toBe(true);
          expect(nextTry(health, now)).toBeLessThanOrEqual(now + policy.openTime);
        }
      },
    ));
  });
});

describe('Patience', (): void => {
  const delivered: Verdict = { outcome: 'delivered', reason: '' };
  const retry: Verdict = { outcome: 'retry', reason: '', wait: 1 };
  const dead: Verdict = { outcome: 'dead', reason: '', disables: false };
  const gone: Verdict = { outcome: 'dead', reason: '', disables: true };

  it('with a delivery ends after 7 days.', (): void => {
    expect(isTooOld(NOW, NOW + 7 * DAY - 1, policy)).toBe(false);
    expect(isTooOld(NOW, NOW + 7 * DAY, policy)).toBe(true);
  });

  it('with a target counts from its first failure since a success.', (): void => {
    expect(failingSince(null, retry, NOW)).toBe(NOW);
    expect(failingSince(NOW, dead, NOW + DAY)).toBe(NOW);
    expect(failingSince(NOW, delivered, NOW + DAY)).toBeNull();
  });

  it.each<[string, number | null, Verdict, number, number, boolean]>([
    [ 'has just begun to fail', NOW, retry, 1, 0, false ],
    [ 'fails for less than 5 days', NOW, dead, 11, 5 * DAY - 1, false ],
    [ 'fails for 5 days', NOW, retry, 5, 5 * DAY, true ],
    [ 'refuses for 5 days', NOW, dead, 1, 5 * DAY, true ],
    [ 'failed long ago, and now again', NOW, retry, 4, 9 * DAY, false ],
    [ 'is gone', NOW, gone, 1, 0, true ],
    [ 'works', null, delivered, 1, 0, false ],
    [ 'works again', NOW, delivered, 11, 9 * DAY, false ],
  ])('with a target that %s is right.', (_what, failing, verdict, tries, later, expected): void => {
    expect(isDisabledBy(failing, verdict, tries, NOW + later, policy)).toBe(expected);
  });
});

describe('The policy of health', (): void => {
  it('can be changed in part.', (): void => {
    expect(healthPolicy()).toEqual(policy);
    expect(healthPolicy({ openTime: 1 })).toEqual({ ...policy, openTime: 1 });
  });

  it.each([
    [{ failures: 0 }, 'The number of failures that open a circuit must be from 1 to 1000, but is 0' ],
    [{ targetTries: 0 }, 'The number of attempts that disable a target' ],
    [{ openTime: 0 }, 'The time "openTime", in milliseconds,' ],
    [{ maxDeliveryAge: Number.POSITIVE_INFINITY }, 'The time "maxDeliveryAge"' ],
    [{ window: Number.NaN }, 'The time "window"' ],
  ])('refuses %j.', (given, message): void => {
    expect((): unknown => healthPolicy(given)).toThrow(message);
  });
});
