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
import type { PodLayout } from '../../../src/pod/PodLayout';
import { SqliteEventStore } from '../../../src/store/sqlite/SqliteEventStore';
import { IN_MEMORY, SqliteSession } from '../../../src/store/sqlite/SqliteSession';
import { ServerUrls } from '../../../src/url/ServerUrls';

const BASE = 'http://localhost/';
const POD = `${BASE}user/`;

describe('The pods of a server', (): void => {
  let store: SqliteEventStore;
  let applied: string[];
  let resources: Map<string, object>;
  let owners: string[] | undefined;
  let failure: Error | undefined;
  let directory: PodDirectory;
  let create: (strategy: StorageLocationStrategy, generator?: IdentifierGenerator) => PodDirectory;

  beforeEach((): void => {
    store = new SqliteEventStore(new SqliteSession(IN_MEMORY));
    applied = [];
    resources = new Map();
    owners = undefined;
    failure = undefined;
    const podStore = {
      findByBaseUrl: async(): Promise<unknown> => owners && { id: '1', accountId: '2' },
      getOwners: async(): Promise<unknown> => owners?.map((webId): object => ({ webId, visible: true })),
    } as unknown as PodStore;
    const resourceStore = {
      hasResource: async({ path }: { path: string }): Promise<boolean> => resources.has(path),
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
      apply: async(pod: string, webIds: string[]): Promise<void> => {
        applied.push(`${pod} ${webIds.join(',')}`);
      },
    } as unknown as PodLayout;
    create = (strategy, generator = new SuffixIdentifierGenerator(BASE)): PodDirectory => new PodDirectory(
      new ServerUrls(BASE),
      strategy,
      generator,
      podStore,
      resourceStore,
      layout,
      store,
    );
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
    owners = Array.from({ length: 10_001 }, (_, index): string => `${POD}${index}#me`);
    for (const webId of owners) {
      await directory.podOf(webId);
    }
    owners = [];
    expect(await directory.podOf(`${POD}0#me`)).toEqual({ reason: 'unknown' });
    expect(await directory.podOf(`${POD}10000#me`)).toEqual({ pod: POD });
  });
});
