import { HEALTHY } from '../../../src/delivery/health';
import { Slots } from '../../../src/delivery/Slots';
import { aClaim } from '../../util/claims';

describe('The request slots', (): void => {
  let slots: Slots;

  const occupy = (from: number, to: number): void => {
    for (let delivery = from; delivery <= to; delivery += 1) {
      slots.occupy(aClaim(delivery));
    }
  };

  beforeEach((): void => {
    slots = new Slots({ maxRequestsPerHost: 4, maxRequests: 8 });
  });

  it('give a host one slot until it responds, and after a failure.', (): void => {
    const host = { host: 1, health: HEALTHY };
    expect([ slots.ofHost(host), slots.firstBatch(1) ]).toEqual([ 1, 1 ]);
    slots.note(1, true);
    expect([ slots.ofHost(host), slots.firstBatch(1) ]).toEqual([ 4, 4 ]);
    expect(slots.ofHost({ host: 2, health: HEALTHY })).toBe(1);
    expect(slots.ofHost({ host: 1, health: { ...HEALTHY, failures: 1 }})).toBe(1);
    slots.note(1, false);
    expect([ slots.ofHost(host), slots.firstBatch(1) ]).toEqual([ 1, 1 ]);
  });

  it('give each host one slot while half of them are occupied.', (): void => {
    slots.note(1, true);
    occupy(1, 3);
    expect(slots.ofHost({ host: 1, health: HEALTHY })).toBe(4);
    occupy(4, 4);
    expect(slots.ofHost({ host: 1, health: HEALTHY })).toBe(1);
  });

  it('reserve a quarter for hosts that respond.', (): void => {
    slots.note(1, true);
    occupy(1, 5);
    expect([ slots.isRoomFor(1), slots.isRoomFor(2), slots.isFull ]).toEqual([ true, true, false ]);
    occupy(6, 6);
    expect([ slots.isRoomFor(1), slots.isRoomFor(2), slots.isFull ]).toEqual([ true, false, false ]);
    occupy(7, 8);
    expect([ slots.isRoomFor(1), slots.isRoomFor(2), slots.isFull ]).toEqual([ false, false, true ]);
  });

  it('limit claims to 10,000 deliveries, above which each host gets only its concurrent requests.', (): void => {
    expect(slots.claimable(1, 250, 0)).toBe(250);
    slots.reserve(9_899);
    occupy(1, 1);
    expect([ slots.waiting, slots.room ]).toEqual([ 9_899, 100 ]);
    expect(slots.claimable(1, 250, 0)).toBe(100);
    slots.reserve(200);
    expect(slots.room).toBe(-100);
    expect([ slots.claimable(1, 250, 0), slots.claimable(1, 2, 0) ]).toEqual([ 4, 2 ]);
    slots.release(10_099);
    expect([ slots.waiting, slots.room ]).toEqual([ 0, 9_999 ]);
  });

  it('admit no further unresponsive host while as many hosts as slots are blocked.', (): void => {
    slots.note(1, true);
    expect([ slots.claimable(2, 1, 7), slots.claimable(2, 1, 8), slots.claimable(1, 1, 8) ]).toEqual([ 1, 0, 1 ]);
  });

  it('are freed once, and not by an equal delivery of another claim.', (): void => {
    const delivery = aClaim(1);
    slots.occupy(delivery);
    expect([ slots.has(delivery), slots.has({ ...delivery }), slots.free({ ...delivery }) ]).toEqual([ true, false, false ]);
    expect(slots.inProgress).toEqual([ delivery ]);
    expect([ slots.free(delivery), slots.free(delivery), slots.has(delivery) ]).toEqual([ true, false, false ]);
    slots.occupy(delivery);
    slots.clear();
    expect([ slots.free(delivery), slots.inProgress ]).toEqual([ false, []]);
  });
});
