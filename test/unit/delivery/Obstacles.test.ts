import { healthPolicy } from '../../../src/delivery/health';
import type { Obstacle } from '../../../src/delivery/Obstacles';
import { Obstacles } from '../../../src/delivery/Obstacles';
import type { ClaimedDelivery, Demand } from '../../../src/delivery/ports';
import { TargetStates } from '../../../src/delivery/TargetStates';
import { ALICE, aClaim } from '../../util/claims';
import { kindOf } from '../../util/kinds';

const NOW = 1_700_000_000_000;
const DAY = 24 * 60 * 60_000;
const BOB = 'https://bob.example/card#me';

describe('The obstacles of a delivery', (): void => {
  let targets: TargetStates;
  let obstacles: Obstacles;
  let demand: Demand;
  let isByOrigin: boolean;
  let workTime: number;
  let asked: [string, readonly string[]][];
  let readersOf: (agents: readonly string[]) => Promise<ReadonlySet<string>>;

  const find = async(delivery: ClaimedDelivery): Promise<Obstacle | undefined> =>
    (await obstacles.find([ delivery ], NOW)).get(delivery);
  const reasonOf = async(delivery: ClaimedDelivery): Promise<unknown> => {
    const obstacle = await find(delivery);
    return obstacle && [ obstacle.state, obstacle.attempt?.reason ?? obstacle.due ];
  };

  beforeEach((): void => {
    targets = new TargetStates();
    demand = { isWanted: true, disabled: null };
    [ isByOrigin, workTime, asked ] = [ false, 0, []];
    readersOf = async(agents): Promise<ReadonlySet<string>> => new Set(agents);
    obstacles = new Obstacles({
      store: { demandFor: async(): Promise<Demand> => demand },
      sender: { kindOf, isSentByOrigin: async(): Promise<boolean> => isByOrigin, send: async(): Promise<never> => { throw new Error('not sent here'); } },
      readers: {
        readersOf: async(resource, agents): Promise<ReadonlySet<string>> => {
          asked.push([ resource, agents ]);
          return readersOf(agents);
        },
      },
      clock: { workTime: (): number => workTime },
      targets,
      policy: healthPolicy(),
    });
  });

  it('are none for a wanted delivery that its subscriber may receive.', async(): Promise<void> => {
    expect(await find(aClaim(1))).toBeUndefined();
    expect(asked).toEqual([[ expect.stringContaining('http://localhost/user/'), [ ALICE ]]]);
  });

  it('are an ended subscription and a disabled target, at the claim or since.', async(): Promise<void> => {
    expect(await reasonOf(aClaim(1, { isWanted: false, disabled: 5 }))).toEqual([ 'ended', 'not sent: the subscription has ended' ]);
    expect(await reasonOf(aClaim(1, { disabled: 5 }))).toEqual([ 'dead', expect.stringContaining('the target is disabled') ]);
    expect(asked).toEqual([]);
    demand = { isWanted: false, disabled: null };
    expect(await reasonOf(aClaim(1))).toEqual([ 'ended', 'not sent: the subscription has ended' ]);
    demand = { isWanted: true, disabled: 5 };
    expect(await reasonOf(aClaim(1))).toEqual([ 'dead', expect.stringContaining('the target is disabled') ]);
  });

  it('are an age of 7 days of work time, which disables a target that failed for 5 of them.', async(): Promise<void> => {
    workTime = (7 * DAY) - 1;
    expect(await find(aClaim(1))).toBeUndefined();
    workTime = 7 * DAY;
    expect(await find(aClaim(1))).toMatchObject({ state: 'dead', news: 'dead' });
    expect(await find(aClaim(1, { failing: (2 * DAY) + 1 }))).toMatchObject({ news: 'dead' });
    expect(await find(aClaim(1, { failing: 2 * DAY }))).toMatchObject({ news: 'disabled' });
    expect(await find(aClaim(1, { kind: 'recipient', failing: 0 }))).toMatchObject({ news: 'dead' });
    targets.noteFailing(aClaim(1), null);
    expect(await find(aClaim(1, { failing: 2 * DAY }))).toMatchObject({ news: 'dead' });
  });

  it('are an unregistered kind, for five minutes, and a delivery by the origin.', async(): Promise<void> => {
    expect(await reasonOf(aClaim(1, { kind: 'fax' }))).toEqual([ 'waiting', NOW + 300_000 ]);
    isByOrigin = true;
    expect(await reasonOf(aClaim(1))).toEqual([ 'ended', expect.stringContaining('the subscriber is a recipient') ]);
  });

  it('are a pause and a rate, for which access is not checked.', async(): Promise<void> => {
    expect(await reasonOf(aClaim(1, { pausedUntil: NOW + 1 }))).toEqual([ 'waiting', NOW + 1 ]);
    expect(await reasonOf(aClaim(1, { rate: 1, target: 2 }))).toBeUndefined();
    expect(asked).toHaveLength(1);
    expect(await reasonOf(aClaim(2, { rate: 1, target: 2 }))).toEqual([ 'waiting', NOW + 60_000 ]);
    expect(await reasonOf(aClaim(3, { pausedUntil: NOW, target: 3 }))).toBeUndefined();
    expect(asked).toHaveLength(2);
  });

  it('are missing read access of the subscriber, but not of a recipient.', async(): Promise<void> => {
    readersOf = async(): Promise<ReadonlySet<string>> => new Set([ BOB ]);
    expect(await reasonOf(aClaim(1))).toEqual([ 'refused', expect.stringContaining('may not read the topic') ]);
    expect(await reasonOf(aClaim(1, { agent: BOB }))).toBeUndefined();
    expect(await reasonOf(aClaim(1, { kind: 'recipient', subscription: null }))).toBeUndefined();
    expect(asked).toHaveLength(2);
  });

  it('of a batch are those of its deliveries, of which one uses the rate.', async(): Promise<void> => {
    readersOf = async(agents): Promise<ReadonlySet<string>> => new Set(agents.filter((agent): boolean => agent === ALICE));
    const of = (delivery: number, fields: object = {}): ClaimedDelivery => aClaim(delivery, { rate: 1, ...fields });
    const batch = [ of(1, { isWanted: false }), of(2), of(3, { agent: BOB }), of(4) ];
    const found = await obstacles.find(batch, NOW);
    expect([ ...found ].map(([{ delivery }, { state }]): unknown => [ delivery, state ])).toEqual([[ 1, 'ended' ], [ 3, 'refused' ]]);
    const later = await obstacles.find([ of(5, { disabled: 1 }), of(6), of(7, { agent: BOB }) ], NOW);
    expect([ ...later.values() ].map(({ state, due }): unknown => [ state, due ]))
      .toEqual([[ 'dead', undefined ], [ 'waiting', NOW + 60_000 ], [ 'waiting', NOW + 60_000 ]]);
    expect((await obstacles.find([ of(8, { isWanted: false }) ], NOW)).size).toBe(1);
  });

  it('cannot be told if access is not decided within 10 seconds.', async(): Promise<void> => {
    jest.useFakeTimers();
    try {
      readersOf = async(): Promise<never> => new Promise((): void => {});
      let error: unknown;
      void find(aClaim(1)).catch((caught: unknown): void => {
        error = caught;
      });
      await jest.advanceTimersByTimeAsync(9_999);
      expect(error).toBeUndefined();
      await jest.advanceTimersByTimeAsync(1);
      expect(error).toBeInstanceOf(Error);
    } finally {
      jest.useRealTimers();
    }
  });

  it('are prepared by one query for each topic and its distinct subscribers, which may fail.', async(): Promise<void> => {
    readersOf = async(): Promise<never> => {
      throw new Error('the ACL cannot be read');
    };
    await obstacles.prepare([
      aClaim(1), aClaim(2, { agent: BOB }), aClaim(3), aClaim(4, { topic: 'realestate/other#add' }),
      aClaim(5, { topic: 'realestate/third#add', subscription: null }),
    ]);
    expect(asked.map(([ , agents ]): readonly string[] => agents)).toEqual([[ ALICE, BOB ], [ ALICE ]]);
    expect(new Set(asked.map(([ resource ]): string => resource)).size).toBe(2);
    await obstacles.prepare([]);
    expect(asked).toHaveLength(2);
  });
});
