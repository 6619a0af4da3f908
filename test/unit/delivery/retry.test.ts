import fc from 'fast-check';
import type { AttemptResult } from '../../../src/delivery/attempt';
import type { Verdict } from '../../../src/delivery/retry';
import { DEFAULT_RETRY_POLICY, judge, requestedPause, retryAfter, retryPolicy } from '../../../src/delivery/retry';
import type { OutgoingFault } from '../../../src/outgoing/Outgoing';
import { OutgoingFailed } from '../../../src/outgoing/Outgoing';
import { RESPONSES } from '../../util/kinds';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const NOW = Date.UTC(2026, 0, 1);
const policy = DEFAULT_RETRY_POLICY;

const answer = (status: number, headers: Record<string, string> = {}): AttemptResult => ({ status, headers });
const judged = (result: AttemptResult, tries = 1, random = 0, target: 'inbox' | 'recipient' | 'webhook' = 'webhook'): Verdict =>
  judge({ rules: RESPONSES[target], tries, result }, policy, NOW, (): number => random);
const waitOf = (verdict: Verdict): number => verdict.outcome === 'retry' ? verdict.wait : Number.NaN;

describe('The judgement of a try', (): void => {
  it('takes any 2xx of a webhook as success.', (): void => {
    for (const status of [ 200, 201, 202, 204, 205, 299 ]) {
      expect(judged(answer(status)).outcome).toBe('delivered');
    }
  });

  it.each([ 'inbox', 'recipient' ] as const)('takes 201 and 202 of an inbox (%s) as success, and another 2xx as final.', (target): void => {
    for (const status of [ 201, 202 ]) {
      expect(judged(answer(status), 1, 0, target).outcome).toBe('delivered');
    }
    for (const status of [ 200, 203, 204, 205, 206 ]) {
      expect(judged(answer(status), 1, 0, target)).toMatchObject({
        outcome: 'dead', disables: false, reason: expect.stringContaining('an inbox has to answer 201 or 202'),
      });
    }
  });

  it.each([ 400, 401, 402, 403, 405, 406, 411, 413, 415, 418, 422, 423, 424, 426, 428, 431, 451, 499 ])(
    'takes %d as final.',
    (status): void => {
      expect(judged(answer(status))).toMatchObject({ outcome: 'dead', disables: false });
    },
  );

  it('tries again after 401 of an inbox, which may not have been able to learn of this server, and not of a webhook.', (): void => {
    for (const target of [ 'inbox', 'recipient' ] as const) {
      expect(judged(answer(401), 1, 0, target)).toMatchObject({ outcome: 'retry', wait: 5 * SECOND });
      expect(judged(answer(401), 11, 0, target)).toMatchObject({ outcome: 'dead' });
      expect(judged(answer(403), 1, 0, target)).toMatchObject({ outcome: 'dead' });
    }
    expect(judged(answer(401))).toMatchObject({ outcome: 'dead' });
  });

  it.each([ 400, 401, 403 ])('tries again after %d where the clocks differ, for signatures are not valid then.', (status): void => {
    for (const difference of [ -40 * 24 * HOUR, -5 * MINUTE, 5 * MINUTE, 40 * 24 * HOUR ]) {
      const date = new Date(NOW + difference).toUTCString();
      expect(judged(answer(status, { date }))).toMatchObject({ outcome: 'retry', reason: expect.stringContaining('clock differs') });
    }
    for (const date of [ new Date(NOW).toUTCString(), new Date(NOW + 3 * MINUTE).toUTCString(), 'yesterday', '' ]) {
      expect(judged(answer(status, { date }))).toMatchObject({ outcome: 'dead' });
    }
    expect(judged(answer(410, { date: new Date(0).toUTCString() }))).toMatchObject({ outcome: 'dead', disables: true });
  });

  it('knows for how long a target asks to be left alone.', (): void => {
    expect(requestedPause(answer(429, { 'retry-after': '20' }), policy, NOW)).toBe(20 * SECOND);
    expect(requestedPause(answer(503, { 'retry-after': new Date(NOW + HOUR).toUTCString() }), policy, NOW)).toBe(HOUR);
    expect(requestedPause(answer(503, { 'retry-after': '99999999999999999999999' }), policy, NOW)).toBe(24 * HOUR);
    for (const [ status, headers ] of [ [ 429, {} ], [ 503, { 'retry-after': '-1' }], [ 503, { 'retry-after': '1.5' }], [ 204, { 'retry-after': '9' }], [ 404, { 'retry-after': '9' }], [ 301, { 'retry-after': '9' }]] as const) {
      expect(requestedPause(answer(status, headers), policy, NOW)).toBe(0);
    }
    expect(requestedPause(new OutgoingFailed('timeout', ''), policy, NOW)).toBe(0);
  });

  it('disables a target that is gone, and no other.', (): void => {
    expect(judged(answer(410))).toEqual({ outcome: 'dead', disables: true, reason: 'answered 410 Gone' });
  });

  it.each([ 300, 301, 302, 303, 304, 307, 308 ])('never follows %d, and says what to do.', (status): void => {
    expect(judged(answer(status, { location: 'https://b.example/?secret=1' }))).toMatchObject({
      outcome: 'dead', disables: false, reason: expect.stringMatching(/redirects are not followed: subscribe with the address/u),
    });
  });

  it.each([ 408, 409, 425, 429, 500, 501, 502, 503, 504, 507, 599, 100, 101, 600, 999 ])('tries again after %d.', (status): void => {
    expect(judged(answer(status))).toMatchObject({ outcome: 'retry', wait: 5 * SECOND });
  });

  it('tries once more where nothing is found.', (): void => {
    expect(judged(answer(404))).toEqual({ outcome: 'retry', reason: 'answered 404 Not Found', wait: 5 * SECOND });
    expect(judged(answer(404), 2)).toMatchObject({ outcome: 'dead', disables: false });
    expect(judged(answer(404), 7)).toMatchObject({ outcome: 'dead', disables: false });
  });

  it.each<OutgoingFault>([ 'broken', 'timeout', 'tls', 'unreachable', 'unresolved' ])('tries again after the fault %s.', (fault): void => {
    expect(judged(new OutgoingFailed(fault, 'What happened.'))).toEqual({ outcome: 'retry', reason: 'What happened.', wait: 5 * SECOND });
  });

  it('does not try again what the guard forbids.', (): void => {
    expect(judged(new OutgoingFailed('forbidden', 'a.example has a loopback address'))).toEqual(
      { outcome: 'dead', disables: false, reason: 'a.example has a loopback address' },
    );
  });

  it('goes down the ladder, then gives up.', (): void => {
    const waits = [
      5 * SECOND, 30 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR,
    ];
    expect(waits.map((_wait, index): number => waitOf(judged(answer(503), index + 1)))).toEqual(waits);
    expect(judged(answer(503), 11)).toEqual(
      { outcome: 'dead', disables: false, reason: 'answered 503 Service Unavailable; given up after 11 tries' },
    );
    expect(judge({ rules: RESPONSES.webhook, tries: 1, result: answer(500) }, retryPolicy({ retryDelays: []}), NOW)).toMatchObject(
      { outcome: 'dead', reason: expect.stringMatching(/after 1 try$/u) },
    );
  });

  it('only adds to a wait, by a fifth at most, and never shortens the one before.', (): void => {
    fc.assert(fc.property(
      fc.integer({ min: 1, max: 10 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (tries, random, other): void => {
        const wait = waitOf(judged(answer(500), tries, random));
        expect(wait).toBeGreaterThanOrEqual(policy.retryDelays[tries - 1]);
        expect(wait).toBeLessThanOrEqual(policy.retryDelays[tries - 1] * 1.2 + 1);
        expect(tries === 10 || wait < waitOf(judged(answer(500), tries + 1, other)) * 1.2).toBe(true);
      },
    ));
  });

  it('uses chance of its own where none is given.', (): void => {
    const wait = waitOf(judge({ rules: RESPONSES.inbox, tries: 1, result: answer(500) }, policy, NOW));
    expect(wait).toBeGreaterThanOrEqual(5 * SECOND);
    expect(wait).toBeLessThanOrEqual(6 * SECOND);
  });
});

describe('Retry-After', (): void => {
  it.each([
    [ '120', 120 * SECOND ],
    [ ' 0 ', 0 ],
    [ 'Thu, 01 Jan 2026 00:01:00 GMT', MINUTE ],
    [ 'Thursday, 01-Jan-26 00:01:00 GMT', MINUTE ],
    [ 'Thu Jan  1 00:01:00 2026', MINUTE ],
    [ 'Wed, 31 Dec 2025 23:59:00 GMT', 0 ],
    [ 'Thu, 99 Nonsense', 0 ],
    [ '-5', 0 ], [ '1.5', 0 ], [ '120, 60', 0 ], [ '2026', 2_026 * SECOND ], [ '2026-01-01T00:01:00Z', 0 ], [ 'soon', 0 ], [ '', 0 ],
    [ undefined, 0 ],
  ])('is read from %p.', (value, expected): void => {
    expect(retryAfter(value, NOW)).toBe(expected);
  });

  it('lengthens a wait, with some chance added, and never shortens it.', (): void => {
    expect(waitOf(judged(answer(429, { 'retry-after': '60' })))).toBe(MINUTE);
    expect(waitOf(judged(answer(429, { 'retry-after': '60' }), 1, 0.5))).toBe(66 * SECOND);
    expect(waitOf(judged(answer(503, { 'retry-after': '1' })))).toBe(5 * SECOND);
    expect(waitOf(judged(answer(404, { 'retry-after': '60' })))).toBe(MINUTE);
    expect(waitOf(judged(answer(503, { 'retry-after': 'Thu, 01 Jan 2026 02:00:00 GMT' })))).toBe(2 * HOUR);
  });

  it('changes nothing of what is final.', (): void => {
    expect(judged(answer(403, { 'retry-after': '60' })).outcome).toBe('dead');
    expect(judged(answer(503, { 'retry-after': '60' }), 11).outcome).toBe('dead');
  });

  it('never leads to a wait of more than 24 hours that the ladder does not have, whatever it says.', (): void => {
    fc.assert(fc.property(
      fc.oneof(fc.string(), fc.bigInt({ min: 0n, max: 10n ** 400n }).map(String), fc.date({ noInvalidDate: true }).map((date): string => date.toUTCString())),
      fc.integer({ min: 1, max: 9 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (value, tries, random): void => {
        const wait = waitOf(judged(answer(429, { 'retry-after': value }), tries, random));
        expect(wait).toBeLessThanOrEqual(24 * HOUR);
        expect(wait).toBeGreaterThanOrEqual(policy.retryDelays[tries - 1]);
      },
    ));
  });
});

describe('The policy of tries', (): void => {
  it('can be changed in part.', (): void => {
    expect(retryPolicy()).toEqual(policy);
    expect(retryPolicy({ retryDelays: [ 1 ], jitter: 0 })).toEqual({ retryDelays: [ 1 ], jitter: 0, maxRetryAfter: 24 * HOUR });
  });

  it.each([
    [{ retryDelays: [ 0 ]}, 'A retry delay, in milliseconds, must be from 1 to'],
    [{ retryDelays: [ Number.NaN ]}, 'A retry delay' ],
    [{ retryDelays: [ 31 * 24 * HOUR ]}, 'A retry delay' ],
    [{ retryDelays: new Array<number>(101).fill(1) }, 'The number of retry delays must be from 0 to 100, but is 101' ],
    [{ jitter: -0.1 }, 'The jitter must be from 0 to 1' ],
    [{ jitter: 2 }, 'The jitter' ],
    [{ maxRetryAfter: -1 }, 'The maximum Retry-After' ],
  ])('refuses %j.', (given, message): void => {
    expect((): unknown => retryPolicy(given)).toThrow(message);
    expect((): unknown => retryPolicy(given)).toThrow(RangeError);
  });
});
