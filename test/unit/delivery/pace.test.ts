import fc from 'fast-check';
import type { Pace } from '../../../src/delivery/pace';
import { nextAllowed } from '../../../src/delivery/pace';

const NOW = Date.UTC(2026, 0, 1);

/** When deliveries leave if there is always another to send from the given moments on. */
function leave(rate: number, wanted: readonly number[]): number[] {
  let pace: Pace | undefined;
  let now = 0;
  return wanted.map((moment): number => {
    const next = nextAllowed(pace, rate, Math.max(now, moment));
    pace = JSON.parse(JSON.stringify(next.pace)) as Pace;
    now = next.at;
    return now;
  });
}

describe('The pace of a webhook', (): void => {
  it('lets a tenth of a minute leave at once, then one after another.', (): void => {
    const times = leave(100, new Array<number>(14).fill(NOW)).map((time): number => time - NOW);
    expect(times.slice(0, 10)).toEqual(new Array(10).fill(0));
    expect(times.slice(10)).toEqual([ 660, 1_319, 1_979, 2_638 ]);
  });

  it.each([[ 1, 60_000 ], [ 2, 30_000 ], [ 5, 12_000 ]])('of %d a minute has no burst.', (rate, spacing): void => {
    expect(leave(rate, [ NOW, NOW, NOW ])).toEqual([ NOW, NOW + spacing, NOW + 2 * spacing ]);
  });

  it('does not save up more than one burst.', (): void => {
    const hour = NOW + 3_600_000;
    expect(leave(20, [ NOW, hour, hour, hour ])).toEqual([ NOW, hour, hour, hour + 3_158 ]);
  });

  it('does not move by being asked too early.', (): void => {
    const { pace } = nextAllowed(undefined, 1, NOW);
    expect(nextAllowed(pace, 1, NOW + 10).at).toBe(NOW + 60_000);
    expect(nextAllowed(pace, 1, NOW + 60_000).at).toBe(NOW + 60_000);
  });

  it('never has more than is allowed in any minute.', (): void => {
    fc.assert(fc.property(
      fc.integer({ min: 1, max: 300 }),
      fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 90_000 })), { maxLength: 500 }),
      (rate, gaps): void => {
        let moment = NOW;
        const times = leave(rate, gaps.map((gap): number => moment += gap));
        // The one that is `rate` places behind lies in the next minute.
        for (const [ index, beyond ] of times.slice(rate).entries()) {
          expect(beyond - times[index]).toBeGreaterThanOrEqual(60_000);
        }
      },
    ));
  });

  it('has nine tenths of what is allowed at least.', (): void => {
    for (const rate of [ 1, 7, 10, 60, 600, 6_000 ]) {
      const times = leave(rate, new Array<number>(5 * rate).fill(NOW));
      expect(5 * rate / ((times.at(-1)! - NOW) / 60_000 + 1 / rate)).toBeGreaterThanOrEqual(0.9 * rate);
    }
  });
});
