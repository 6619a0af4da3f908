import { EpochReaders } from '../../../src/access/EpochReaders';
import type { AccessScope } from '../../../src/access/ports';
import { SqliteEventStore } from '../../../src/store-sqlite/SqliteEventStore';
import { IN_MEMORY, SqliteSession } from '../../../src/store-sqlite/SqliteSession';

const POD = 'http://localhost/user/';
const TOPIC = `${POD}topics/a/`;

describe('Remembered readers', (): void => {
  let store: SqliteEventStore;
  let readers: EpochReaders;
  let asked: string[];
  let may: Set<string>;
  let meanwhile: () => Promise<void>;

  beforeEach(async(): Promise<void> => {
    store = new SqliteEventStore(new SqliteSession(IN_MEMORY));
    await store.registerPod(POD);
    [ asked, may ] = [ [], new Set([ 'ann', 'bob' ]) ];
    meanwhile = async(): Promise<void> => undefined;
    readers = new EpochReaders({
      source: {
      readersOf: async(_, agents): Promise<Set<string>> => {
        asked.push(agents.join(' '));
        const answer = new Set(agents.filter((agent): boolean => may.has(agent)));
        await meanwhile();
        return answer;
      },
    },
      store,
      pods: { locate: async(url): Promise<string | undefined> => url.startsWith(POD) ? POD : undefined },
    });
  });

  afterEach(async(): Promise<void> => {
    jest.restoreAllMocks();
    await store.close();
  });

  it('are asked for once each.', async(): Promise<void> => {
    expect(await readers.readersOf(TOPIC, [ 'ann', 'eve' ])).toEqual(new Set([ 'ann' ]));
    expect(await readers.readersOf(TOPIC, [ 'eve', 'ann', 'bob' ])).toEqual(new Set([ 'ann', 'bob' ]));
    expect(await readers.readersOf(TOPIC, [ 'bob' ])).toEqual(new Set([ 'bob' ]));
    expect(asked).toEqual([ 'ann eve', 'bob' ]);
  });

  it('are asked for again once access has changed, also while they are asked for.', async(): Promise<void> => {
    await readers.readersOf(TOPIC, [ 'ann' ]);
    may.clear();
    expect(await readers.readersOf(TOPIC, [ 'ann' ])).toEqual(new Set([ 'ann' ]));
    await store.raiseEpoch(`${POD}.acl`);
    expect(await readers.readersOf(TOPIC, [ 'ann' ])).toEqual(new Set());
    may.add('bob');
    meanwhile = async(): Promise<void> => {
      meanwhile = async(): Promise<void> => undefined;
      may.clear();
      await store.raiseEpoch(`${POD}.acl`);
    };
    expect(await readers.readersOf(TOPIC, [ 'bob' ])).toEqual(new Set());
    expect(asked).toEqual([ 'ann', 'ann', 'bob', 'bob' ]);
  });

  it('are asked for again after some time, and always where no pod is known.', async(): Promise<void> => {
    await readers.readersOf(TOPIC, [ 'ann' ]);
    jest.spyOn(performance, 'now').mockReturnValue(performance.now() + 60_001);
    await readers.readersOf(TOPIC, [ 'ann' ]);
    await readers.readersOf('http://elsewhere/', [ 'ann' ]);
    await readers.readersOf('http://elsewhere/', [ 'ann' ]);
    expect(asked).toHaveLength(4);
  });

  it('share one lookup of the access scope of a resource within an epoch, and none is used after a change.', async(): Promise<void> => {
    const lookedUp: string[] = [];
    let scope = 'all';
    readers = new EpochReaders({
      source: {
        readersOf: async(resource, agents): Promise<Set<string>> => {
          asked.push(resource);
          return new Set(agents);
        },
      },
      store,
      pods: { locate: async(): Promise<string> => POD },
      maxAge: 60,
      scopes: {
        scopesOf: async([ resource ]): Promise<Map<string, AccessScope>> => {
          lookedUp.push(resource);
          return new Map([[ resource, { name: scope, resource: `${POD}${scope}/` }]]);
        },
      },
    });
    for (const agent of [ 'ann', 'bob', 'ann', 'eve' ]) {
      await readers.readersOf(TOPIC, [ agent ]);
    }
    expect([ lookedUp, asked ]).toEqual([[ TOPIC ], Array.from({ length: 3 }).fill(`${POD}all/`) ]);
    scope = 'changed';
    await store.raiseEpoch(`${POD}.acl`);
    await readers.readersOf(TOPIC, [ 'ann' ]);
    expect([ lookedUp.length, asked.at(-1) ]).toEqual([ 2, `${POD}changed/` ]);
  });

  it('are forgotten, the oldest topics first, when they are too many.', async(): Promise<void> => {
    const many = Array.from({ length: 200_000 }, (_, index): string => `agent${index}`);
    await readers.readersOf(TOPIC, many);
    await readers.readersOf(`${POD}topics/b/`, [ 'ann' ]);
    await readers.readersOf(`${POD}topics/b/`, [ 'ann' ]);
    expect(asked).toHaveLength(2);
    await readers.readersOf(TOPIC, [ 'agent0' ]);
    expect(asked).toHaveLength(3);
  });
});
