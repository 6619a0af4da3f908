import { EpochAccess } from '../../../src/access/EpochAccess';
import type { Access } from '../../../src/access/ports';
import { SqliteEventStore } from '../../../src/store-sqlite/SqliteEventStore';
import { IN_MEMORY, SqliteSession } from '../../../src/store-sqlite/SqliteSession';

const POD = 'http://localhost/user/';
const A = `${POD}a`;
const B = `${POD}b`;
const ME = { agent: 'http://localhost/me' };

describe('Remembered access', (): void => {
  let store: SqliteEventStore;
  let access: EpochAccess;
  let asked: string[];
  let allowed: Set<string>;
  let meanwhile: () => Promise<void>;

  beforeEach(async(): Promise<void> => {
    store = new SqliteEventStore(new SqliteSession(IN_MEMORY));
    await store.registerPod(POD);
    asked = [];
    allowed = new Set([ A ]);
    meanwhile = async(): Promise<void> => undefined;
    const source: Access = {
      allowed: async({ agent }, resources, mode): Promise<Set<string>> => {
        asked.push(`${agent} ${mode} ${resources.join(' ')}`);
        const answer = new Set(resources.filter((resource): boolean => allowed.has(resource)));
        await meanwhile();
        return answer;
      },
    };
    access = new EpochAccess({
      source,
      store,
      pods: {
      locate: async(url): Promise<string | undefined> => url.startsWith(POD) ? POD : undefined,
    },
    });
  });

  afterEach(async(): Promise<void> => {
    jest.restoreAllMocks();
    await store.close();
  });

  it('is read once for each agent, resource and mode.', async(): Promise<void> => {
    for (let time = 0; time < 3; time += 1) {
      expect(await access.allowed(ME, [ A, B ], 'append')).toEqual(new Set([ A ]));
    }
    expect(await access.allowed({}, [ A ], 'append')).toEqual(new Set([ A ]));
    expect(await access.allowed(ME, [ A ], 'read')).toEqual(new Set([ A ]));
    expect(await access.allowed(ME, [ A, `${POD}c` ], 'append')).toEqual(new Set([ A ]));
    expect(asked).toEqual([ `${ME.agent} append ${A} ${B}`, `undefined append ${A}`, `${ME.agent} read ${A}`, `${ME.agent} append ${POD}c` ]);
  });

  it('is read again once access to the pod has changed.', async(): Promise<void> => {
    await access.allowed(ME, [ A ], 'append');
    allowed.clear();
    await store.raiseEpoch('http://localhost/other/');
    expect((await access.allowed(ME, [ A ], 'append')).size).toBe(1);
    await store.raiseEpoch(POD);
    expect((await access.allowed(ME, [ A ], 'append')).size).toBe(0);
    expect(asked).toHaveLength(2);
  });

  it('is not kept where access changes while it is read.', async(): Promise<void> => {
    meanwhile = async(): Promise<void> => store.raiseEpoch(POD);
    await access.allowed(ME, [ A ], 'append');
    allowed.clear();
    expect((await access.allowed(ME, [ A ], 'append')).size).toBe(0);
  });

  it('is read again after some time.', async(): Promise<void> => {
    await access.allowed(ME, [ A ], 'append');
    jest.spyOn(performance, 'now').mockReturnValue(performance.now() + 60_001);
    await access.allowed(ME, [ A ], 'append');
    expect(asked).toHaveLength(2);
  });

  it('is always read for what lies in no pod.', async(): Promise<void> => {
    await access.allowed(ME, [ 'http://localhost/x' ], 'append');
    await access.allowed(ME, [ 'http://localhost/x' ], 'append');
    expect(asked).toHaveLength(2);
  });
});
