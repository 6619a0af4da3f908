import type { IdentifierGenerator, PodStore, ResourceStore, StorageLocationStrategy } from '@solid/community-server';
import {
  BasicRepresentation,
  NotFoundHttpError,
  PIM,
  PodStorageLocationStrategy,
  RDF,
  RepresentationMetadata,
  RootStorageLocationStrategy,
  SubdomainIdentifierGenerator,
  SuffixIdentifierGenerator,
} from '@solid/community-server';
import { PodDirectory } from '../../../src/pod/PodDirectory';
import { PodListeners } from '../../../src/pod/PodListeners';
import type { PodLayout } from '../../../src/pod/PodLayout';
import { SqlitePodLifecycle } from '../../../src/store-sqlite/SqlitePodLifecycle';
import { SqliteEventStore } from '../../../src/store-sqlite/SqliteEventStore';
import { IN_MEMORY, SqliteSession } from '../../../src/store-sqlite/SqliteSession';
import { ServerUrls } from '../../../src/url/ServerUrls';

const BASE = 'http://localhost/';
const POD = `${BASE}user/`;

describe('The pods of a server', (): void => {
  let store: SqliteEventStore;
  let lifecycle: SqlitePodLifecycle;
  let hooks: PodListeners;
  /** The id of the server's record of the pod. */
  let record: string;
  /** Whether any container of the layout exists. */
  let isLaid: boolean;
  let applied: string[];
  let resources: Map<string, object>;
  let owners: string[] | undefined;
  let failure: Error | undefined;
  let directory: PodDirectory;
  let create: (strategy: StorageLocationStrategy, generator?: IdentifierGenerator) => PodDirectory;

  beforeEach((): void => {
    const session = new SqliteSession(IN_MEMORY);
    store = new SqliteEventStore(session);
    lifecycle = new SqlitePodLifecycle(session);
    hooks = new PodListeners();
    record = '1';
    isLaid = true;
    applied = [];
    resources = new Map();
    owners = undefined;
    failure = undefined;
    const podStore = {
      findByBaseUrl: async(): Promise<unknown> => owners && { id: record, accountId: '2' },
      getOwners: async(): Promise<unknown> => owners?.map((webId): object => ({ webId, visible: true })),
    } as unknown as PodStore;
    const resourceStore = {
      hasResource: async({ path }: { path: string }): Promise<boolean> => resources.has(path) || (path === POD && owners !== undefined),
      getRepresentation: async({ path }: { path: string }): Promise<unknown> => {
        if (failure) {
          throw failure;
        }
        if (!resources.has(path)) {
          throw new NotFoundHttpError();
        }
        return new BasicRepresentation('', new RepresentationMetadata({ path }, resources.get(path) as Record<string, string>));
      },
    } as unknown as ResourceStore;
    const layout = {
      enabled: true,
      exists: async(): Promise<boolean> => isLaid,
      apply: async(pod: string, webIds: string[]): Promise<void> => {
        applied.push(`${pod} ${webIds.join(',')}`);
      },
    } as unknown as PodLayout;
    create = (strategy, generator = new SuffixIdentifierGenerator(BASE)): PodDirectory => new PodDirectory({
      urls: new ServerUrls(BASE),
      storageStrategy: strategy,
      identifierGenerator: generator,
      podStore,
      resourceStore,
      layout,
      store,
      lifecycle,
      listeners: hooks,
    });
    directory = create(new PodStorageLocationStrategy(new SuffixIdentifierGenerator(BASE)));
  });

  it('of accounts lie in a server that is one storage as a whole.', async(): Promise<void> => {
    directory = create(new RootStorageLocationStrategy(BASE));
    expect(await directory.locate(`${POD}publish/`)).toBe(BASE);
    owners = [ `${POD}profile/card#me` ];
    jest.spyOn(performance, 'now').mockReturnValue(performance.now() + 1_001);
    expect(await directory.locate(`${POD}publish/`)).toBe(POD);
    expect(await directory.locate(`${POD}publish/`)).toBe(POD);
    expect(await directory.locate(BASE)).toBe(BASE);
    expect(await directory.podOf(`${POD}profile/card#me`)).toEqual({ pod: POD });
  });

  it('are known by their names, as a part of the path or as a subdomain.', async(): Promise<void> => {
    const storage = { [RDF.type]: PIM.Storage };
    const inSubdomains = (base: string): PodDirectory => {
      const generator = new SubdomainIdentifierGenerator(base);
      return create(new PodStorageLocationStrategy(generator), generator);
    };
    for (const pod of [ BASE, POD, `${BASE}us-er/`, 'http://user.localhost/', 'http://us-er.localhost/', 'http://us-er.pods.localhost/' ]) {
      resources.set(pod, storage);
    }
    const named = async(pods: PodDirectory, names: string[]): Promise<unknown[]> =>
      Promise.all(names.map(async(name): Promise<unknown> => pods.podNamed(name)));
    expect(await named(directory, [ 'user', 'us-er' ])).toEqual([ POD, `${BASE}us-er/` ]);
    expect(await named(inSubdomains(BASE), [ 'user', 'us-er' ])).toEqual([ 'http://user.localhost/', 'http://us-er.localhost/' ]);
    expect(await named(inSubdomains('http://pods.localhost/'), [ 'us-er', 'user', 'pods' ]))
      .toEqual([ 'http://us-er.pods.localhost/', undefined, undefined ]);
    const none = [
      '', '.', '..', '/', '../user', 'user/', 'user/publish', 'us.er', 'us er', 'us%2Fer', 'us/er', 'us%20er', 'User', 'us-er ', 'nobody',
      'localhost', 'ü', 'xn--a', 'user.', 'user?', 'user#', 'user@x', 'user:1',
    ];
    for (const pods of [ directory, inSubdomains(BASE) ]) {
      expect(await named(pods, none)).toEqual(none.map((): undefined => undefined));
    }
  });

  it('have names that are no longer than those of files.', async(): Promise<void> => {
    failure = Object.assign(new Error('name too long'), { code: 'ENAMETOOLONG' });
    expect(await directory.podNamed('a'.repeat(300))).toBeUndefined();
    failure = new Error('disk');
    await expect(directory.podNamed('user')).rejects.toThrow('disk');
  });

  afterEach(async(): Promise<void> => {
    jest.restoreAllMocks();
    await store.close();
  });

  it('are set up once, however often they are asked for at the same time.', async(): Promise<void> => {
    owners = [ `${POD}profile/card#me` ];
    expect(await Promise.all([ directory.exists(POD), directory.exists(POD) ])).toEqual([ true, true ]);
    expect(await directory.exists(POD)).toBe(true);
    expect(applied).toEqual([ `${POD} ${POD}profile/card#me` ]);
  });

  it('that no account made are known by their type, and their owners by their profile.', async(): Promise<void> => {
    expect(await directory.exists(POD)).toBe(false);
    resources.set(POD, {});
    expect(await directory.exists(POD)).toBe(false);
    resources.set(POD, { [RDF.type]: PIM.Storage });
    expect(await directory.podOf(`${POD}profile/card#me`)).toEqual({ reason: 'unknown' });
    resources.set(`${POD}profile/card`, {});
    expect(await directory.podOf(`${POD}profile/card#me`)).toEqual({ pod: POD });
    expect(applied).toEqual([ `${POD} ` ]);
  });

  it('are not guessed where they cannot be read.', async(): Promise<void> => {
    failure = new Error('broken disk');
    await expect(directory.exists(POD)).rejects.toThrow('broken disk');
    expect(await store.hasPod(POD)).toBe(false);
  });

  it('belong to their owners, which is not remembered for ever.', async(): Promise<void> => {
    owners = [ `${POD}profile/card#me` ];
    expect(await directory.podOf(`${POD}profile/card#me`)).toEqual({ pod: POD });
    expect(await directory.podOf(`${POD}other#me`)).toEqual({ reason: 'unknown' });
    expect(await directory.podOf('http://elsewhere/#me')).toEqual({ reason: 'elsewhere' });
    expect(await directory.podOf(BASE)).toEqual({ reason: 'unknown' });
    owners = [];
    expect(await directory.podOf(`${POD}profile/card#me`)).toEqual({ pod: POD });
    jest.spyOn(performance, 'now').mockReturnValue(performance.now() + 60_001);
    expect(await directory.podOf(`${POD}profile/card#me`)).toEqual({ reason: 'unknown' });
  });

  it('tell their owners, wherever those have their WebIDs.', async(): Promise<void> => {
    expect(await directory.isOwner(POD, 'http://elsewhere/#me')).toBe(false);
    owners = [ `${POD}profile/card#me`, 'http://elsewhere/#me' ];
    expect(await directory.isOwner(POD, 'http://elsewhere/#me')).toBe(true);
    expect(await directory.isOwner(POD, 'http://elsewhere/#other')).toBe(false);
  });

  it('are remembered in a limited number.', async(): Promise<void> => {
    for (let index = 0; index <= 10_000; index += 1) {
      owners = [ `${POD}${index}#me` ];
      await directory.podOf(owners[0]);
    }
    owners = [];
    expect(await directory.podOf(`${POD}0#me`)).toEqual({ reason: 'unknown' });
    expect(await directory.podOf(`${POD}10000#me`)).toEqual({ pod: POD });
  });

  describe('that have been registered', (): void => {
    const ended: string[] = [];
    const later = (): unknown => jest.spyOn(performance, 'now').mockReturnValue(performance.now() + 61_000);

    beforeEach(async(): Promise<void> => {
      owners = [ `${POD}profile/card#me` ];
      resources.set(`${POD}inbox/`, {}).set(`${POD}publish/`, {});
      ended.length = 0;
      hooks.add({ ended: async(pod): Promise<void> => {
        ended.push(pod);
      } });
      expect(await directory.exists(POD)).toBe(true);
      applied.length = 0;
    });

    it('stay the same.', async(): Promise<void> => {
      later();
      expect(await directory.exists(POD)).toBe(true);
      expect([ applied, ended ]).toEqual([[], []]);
    });

    it('end when their URL is that of another pod, which is set up as a new one.', async(): Promise<void> => {
      record = '2';
      expect(await directory.exists(POD)).toBe(true);
      expect(ended).toEqual([]);
      later();
      expect(await directory.exists(POD)).toBe(true);
      expect([ applied, ended ]).toEqual([[ `${POD} ${owners!.join(',')}` ], [ POD ]]);
    });

    it('end when they were created again, which takes all containers of the layout away.', async(): Promise<void> => {
      isLaid = false;
      later();
      expect(await directory.exists(POD)).toBe(true);
      expect(ended).toEqual([ POD ]);
    });

    it('end when neither their resources nor their record are there.', async(): Promise<void> => {
      owners = undefined;
      later();
      expect(await directory.exists(POD)).toBe(false);
      expect([ ended, await store.hasPod(POD) ]).toEqual([[ POD ], false ]);
    });

    it('do not end when nothing but their record is there, nor when nothing but their account is gone.', async(): Promise<void> => {
      resources.clear();
      const resourceStore = (directory as any).resourceStore as { hasResource: unknown };
      const known = resourceStore.hasResource;
      resourceStore.hasResource = async(): Promise<boolean> => false;
      later();
      expect([ await directory.exists(POD), await directory.verify(POD), ended ]).toEqual([ false, false, []]);
      resourceStore.hasResource = known;
      owners = undefined;
      jest.restoreAllMocks();
      resources.set(POD, { [RDF.type]: PIM.Storage }).set(`${POD}inbox/`, {}).set(`${POD}publish/`, {});
      later();
      expect([ await directory.exists(POD), ended ]).toEqual([ true, []]);
    });

    it('are not ended by a process that has read the record of the former pod.', async(): Promise<void> => {
      const recordOf = lifecycle.recordOf.bind(lifecycle);
      let next: unknown;
      record = '2';
      later();
      jest.spyOn(lifecycle, 'recordOf').mockImplementationOnce(async(pod): ReturnType<typeof recordOf> => {
        const former = await recordOf(pod);
        await lifecycle.endPod(pod);
        await store.registerPod(pod);
        await lifecycle.setRecord(pod, { identity: record, hasLayout: true });
        next = await recordOf(pod);
        return former;
      });
      expect(await directory.exists(POD)).toBe(true);
      expect(next).toMatchObject({ identity: '2' });
      expect(await recordOf(POD)).toEqual(next);
      expect(applied).toEqual([]);
    });

    it('finish to end if that was begun.', async(): Promise<void> => {
      jest.spyOn(lifecycle, 'isEnding').mockResolvedValueOnce(true);
      later();
      expect(await directory.exists(POD)).toBe(true);
      expect(ended).toEqual([ POD ]);
    });

    it('are told of containers that were deleted without the server, and have them again.', async(): Promise<void> => {
      const gone: string[] = [];
      hooks.add({ containerGone: async(container): Promise<void> => {
        gone.push(container);
      } });
      resources.delete(`${POD}inbox/`);
      later();
      await directory.exists(POD);
      expect([ gone, await lifecycle.isClosed(`${POD}inbox/`) ]).toEqual([[ `${POD}inbox/` ], true ]);
      resources.set(`${POD}inbox/`, {});
      later();
      await directory.exists(POD);
      expect(await lifecycle.isClosed(`${POD}inbox/`)).toBe(false);
    });
  });
});
