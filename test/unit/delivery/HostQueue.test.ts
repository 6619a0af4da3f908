import type { ClaimedDelivery } from '../../../src/delivery/ports';
import { HEALTHY } from '../../../src/delivery/health';
import { HostQueue } from '../../../src/delivery/HostQueue';
import { aClaim } from '../../util/claims';

describe('The queue of a host', (): void => {
  let queue: HostQueue;

  const keys = (claimed: readonly ClaimedDelivery[]): number[] => claimed.map(({ delivery }): number => delivery);

  beforeEach((): void => {
    queue = new HostQueue(1, 'hooks.example', HEALTHY, 1);
  });

  it('returns deliveries in the order of their claims, each with the end of its own lease.', (): void => {
    queue.add([ aClaim(1), aClaim(2) ], 100);
    queue.add([ aClaim(3) ], 200);
    expect(queue).toHaveLength(3);
    expect([ queue.take(), queue.take(), queue.take() ].map(({ delivery, until }): number[] => [ delivery.delivery, until ]))
      .toEqual([[ 1, 100 ], [ 2, 100 ], [ 3, 200 ]]);
    expect(queue).toHaveLength(0);
  });

  it('removes the deliveries to one target, and keeps the order of the others.', (): void => {
    queue.add([ aClaim(1), aClaim(2, { target: 2 }), aClaim(3), aClaim(4, { target: 2 }) ], 100);
    expect(keys(queue.remove(2))).toEqual([ 2, 4 ]);
    expect(queue.remove(3)).toEqual([]);
    expect(keys(queue.remove())).toEqual([ 1, 3 ]);
    expect(queue).toHaveLength(0);
  });

  it('doubles the claim size up to 250, halves it down to 1, and resets it.', (): void => {
    const sizes = Array.from({ length: 9 }, (): number => {
      queue.doubleBatch();
      return queue.batch;
    });
    expect(sizes).toEqual([ 2, 4, 8, 16, 32, 64, 128, 250, 250 ]);
    queue.halveBatch();
    expect(queue.batch).toBe(125);
    queue.halveBatch();
    expect(queue.batch).toBe(62);
    queue.resetBatch();
    expect(queue.batch).toBe(1);
    queue.halveBatch();
    expect(queue.batch).toBe(1);
  });

  it('is idle only without ready deliveries, requests and claims.', (): void => {
    expect(queue.isIdle).toBe(true);
    queue.isClaiming = true;
    expect(queue.isIdle).toBe(false);
    queue.isClaiming = false;
    queue.inFlight = 1;
    expect(queue.isIdle).toBe(false);
    queue.inFlight = 0;
    queue.add([ aClaim(1) ], 100);
    expect(queue.isIdle).toBe(false);
    queue.take();
    expect(queue.isIdle).toBe(true);
  });
});
