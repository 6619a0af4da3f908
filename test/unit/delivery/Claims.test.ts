import { Claims } from '../../../src/delivery/Claims';
import { HEALTHY } from '../../../src/delivery/health';
import type { HostQueue } from '../../../src/delivery/HostQueue';
import type { ClaimedDelivery, ClaimRequest, DueHost, FinishedDelivery } from '../../../src/delivery/ports';
import { Slots } from '../../../src/delivery/Slots';
import { Tasks } from '../../../src/delivery/Tasks';
import { aClaim } from '../../util/claims';

const NOW = 1_700_000_000_000;
const LEASE = 60_000;

const dueHost = (host: number, fields: Partial<DueHost> = {}): DueHost => ({ host, name: `${host}.example`, ...HEALTHY, ...fields });

describe('The claims of the worker', (): void => {
  let requested: { readonly requests: readonly ClaimRequest[]; readonly until: number }[];
  let claim: () => Promise<ClaimedDelivery[]>;
  let recorded: FinishedDelivery[];
  let filled: HostQueue[];
  let messages: string[];
  let slots: Slots;
  let tasks: Tasks;
  let claims: Claims;

  beforeEach((): void => {
    [ requested, recorded, filled, messages ] = [ [], [], [], []];
    claim = async(): Promise<ClaimedDelivery[]> => [];
    slots = new Slots({ maxRequestsPerHost: 4, maxRequests: 8 });
    tasks = new Tasks();
    claims = new Claims({
      store: {
        dueHosts: async(): Promise<DueHost[]> => [],
        claim: async(requests, _now, until): Promise<ClaimedDelivery[]> => {
          requested.push({ requests, until });
          return claim();
        },
      },
      clock: { now: (): number => NOW },
      slots,
      obstacles: { prepare: async(): Promise<void> => {} },
      outcomes: { record: (outcome): unknown => recorded.push(outcome) },
      tasks,
      lease: LEASE,
      claimed: (queue): unknown => filled.push(queue),
      report: (message): unknown => messages.push(message),
    });
  });

  it('fill the queue of each host, and return unused reservations.', async(): Promise<void> => {
    slots.note(1, true);
    claim = async(): Promise<ClaimedDelivery[]> => [ aClaim(1), aClaim(2, { host: 2 }), aClaim(3) ];
    await claims.claim([ dueHost(1), dueHost(2) ], NOW, 0);
    await tasks.settle();
    expect(requested).toEqual([{ requests: [{ host: 1, limit: 4 }, { host: 2, limit: 1 }], until: NOW + LEASE }]);
    expect(filled.map(({ host, name, length, hasMore }): unknown[] => [ host, name, length, hasMore ]))
      .toEqual([[ 1, '1.example', 2, false ], [ 2, '2.example', 1, true ]]);
    expect(slots.waiting).toBe(3);
    expect(filled[0].take()).toEqual({ delivery: aClaim(1), until: NOW + LEASE });
  });

  it('request nothing for a host with ready deliveries, and none for an open circuit.', async(): Promise<void> => {
    claim = async(): Promise<ClaimedDelivery[]> => [ aClaim(1) ];
    await claims.claim([ dueHost(1) ], NOW, 0);
    await tasks.settle();
    await claims.claim([
      dueHost(1), dueHost(2, { failures: 5, since: 1, openUntil: NOW + 1 }), dueHost(3, { failures: 5, since: 1, openUntil: NOW }),
    ], NOW, 0);
    expect(requested[1].requests).toEqual([{ host: 1, limit: 0 }, { host: 2, limit: 0 }, { host: 3, limit: 1 }]);
  });

  it('keep the health that this worker knows, until the queue of the host is removed.', async(): Promise<void> => {
    await claims.claim([ dueHost(1) ], NOW, 0);
    await tasks.settle();
    const [ queue ] = filled;
    queue.health = { failures: 5, since: NOW, openUntil: NOW + 1 };
    await claims.claim([ dueHost(1) ], NOW, 0);
    claims.removeIdle(queue);
    await claims.claim([ dueHost(1) ], NOW, 0);
    expect(requested.map(({ requests }): number => requests[0].limit)).toEqual([ 1, 0, 1 ]);
    // A removed queue does not remove its successor.
    claims.removeIdle(queue);
    await tasks.settle();
    expect(filled[1]).not.toBe(queue);
    filled[1].add([ aClaim(9) ], NOW);
    claims.releaseAll();
    expect(recorded.map(({ delivery }): number => delivery)).toEqual([ 9 ]);
  });

  it('return all reservations if the store fails.', async(): Promise<void> => {
    claim = async(): Promise<never> => {
      throw new Error('disk');
    };
    await expect(claims.claim([ dueHost(1), dueHost(2) ], NOW, 0)).rejects.toThrow('disk');
    expect(slots.waiting).toBe(0);
    claim = async(): Promise<ClaimedDelivery[]> => [ aClaim(1) ];
    await claims.claim([ dueHost(1) ], NOW, 0);
    await tasks.settle();
    claim = async(): Promise<never> => {
      throw new Error('disk');
    };
    claims.refill(filled[0]);
    expect([ filled[0].isClaiming, slots.waiting ]).toEqual([ true, 2 ]);
    await tasks.settle();
    expect([ filled[0].isClaiming, filled[0].hasMore, slots.waiting ]).toEqual([ false, false, 1 ]);
    expect(messages).toEqual([ 'Claiming deliveries failed: disk' ]);
  });

  it('are released with their claim ids, all or those to one target.', async(): Promise<void> => {
    claim = async(): Promise<ClaimedDelivery[]> => [ aClaim(1) ];
    await claims.claim([ dueHost(1) ], NOW, 0);
    await tasks.settle();
    slots.reserve(1);
    filled[0].add([ aClaim(2, { target: 2, claim: 77 }) ], NOW);
    claims.release(filled[0], 2);
    expect(recorded).toEqual([{ delivery: 2, claim: 77, host: 1, state: 'waiting', due: NOW }]);
    expect([ slots.waiting, filled[0].length ]).toEqual([ 1, 1 ]);
    claims.release(filled[0]);
    expect([ slots.waiting, recorded.length ]).toEqual([ 0, 2 ]);
  });
});
