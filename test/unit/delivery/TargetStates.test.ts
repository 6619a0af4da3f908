import { TargetStates } from '../../../src/delivery/TargetStates';
import { aClaim } from '../../util/claims';

const NOW = 1_700_000_000_000;

describe('The states of targets', (): void => {
  let states: TargetStates;

  beforeEach((): void => {
    states = new TargetStates();
  });

  it('override the failures of a stale claim, also by a success, until they are forgotten.', (): void => {
    const failing = aClaim(1, { failing: 5 });
    expect([ states.failingSince(failing), states.failingSince(aClaim(2)) ]).toEqual([ 5, null ]);
    states.noteFailing(failing, null);
    expect(states.failingSince(failing)).toBeNull();
    states.noteFailing(failing, 7);
    expect([ states.failingSince(aClaim(2)), states.failingSince(aClaim(3, { target: 2, failing: 9 })) ]).toEqual([ 7, 9 ]);
    states.forgetFailing(failing);
    expect(states.failingSince(failing)).toBe(5);
  });

  it('keep the longest pause of all targets with one kind and URL.', (): void => {
    expect(states.pausedUntil(aClaim(1))).toBe(0);
    expect(states.pause(aClaim(1), NOW + 500)).toBe(NOW + 500);
    expect(states.pause(aClaim(1), NOW + 400)).toBe(NOW + 500);
    expect(states.pausedUntil(aClaim(2, { target: 2 }))).toBe(NOW + 500);
    expect(states.pausedUntil(aClaim(2, { pausedUntil: NOW + 600 }))).toBe(NOW + 600);
    expect(states.pausedUntil(aClaim(2, { pausedUntil: NOW + 1 }))).toBe(NOW + 500);
    expect(states.pausedUntil(aClaim(3, { kind: 'inbox' }))).toBe(0);
    expect(states.pausedUntil(aClaim(3, { url: 'https://hooks.example/other' }))).toBe(0);
    expect(states.pause(aClaim(4, { kind: 'inbox', pausedUntil: NOW + 900 }), NOW + 100)).toBe(NOW + 900);
  });

  it('permit any number of deliveries without a rate.', (): void => {
    expect(Array.from({ length: 1_000 }, (): number => states.permittedAt(aClaim(1), NOW)).every((at): boolean => at === NOW)).toBe(true);
  });

  it('give each delivery above the rate its own later time.', (): void => {
    const limited = aClaim(1, { rate: 10 });
    const times = Array.from({ length: 4 }, (): number => states.permittedAt(limited, NOW));
    expect(times).toEqual([ NOW, NOW + 6_000, NOW + 12_000, NOW + 18_000 ]);
    // The first promised time is granted when it comes; a further delivery waits behind all promised ones.
    expect(states.permittedAt(limited, NOW + 6_000)).toBe(NOW + 6_000);
    expect(states.permittedAt(limited, NOW + 6_000)).toBe(NOW + 24_000);
    expect(states.permittedAt(aClaim(2, { target: 2, rate: 10 }), NOW)).toBe(NOW);
  });
});
