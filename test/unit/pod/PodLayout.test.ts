import type { ResourceStore, TemplatedResourcesGenerator } from '@solid/community-server';
import { BasicRepresentation, INTERNAL_QUADS, NotFoundHttpError } from '@solid/community-server';
import { PodLayout } from '../../../src/pod/PodLayout';

const POD = 'http://localhost/user/';
const OWNER = `${POD}profile/card#me`;

describe('The layout of a pod', (): void => {
  let resources: Map<string, BasicRepresentation>;
  let patched: string[];
  let failure: Error | undefined;
  const generated = [ 'inbox/', 'inbox/.acl', 'publish/', 'publish/.meta' ];
  const generator = {
    async* generate(): AsyncGenerator<object> {
      for (const path of generated) {
        yield { identifier: { path: `${POD}${path}` }, representation: new BasicRepresentation('', { path: `${POD}${path}` }) };
      }
    },
  } as unknown as TemplatedResourcesGenerator;
  const store = {
    hasResource: async({ path }: { path: string }): Promise<boolean> => resources.has(path.replace(/\.meta$/u, '')),
    setRepresentation: async({ path }: { path: string }, representation: BasicRepresentation): Promise<void> => {
      resources.set(path, representation);
    },
    getRepresentation: async(): Promise<unknown> => {
      throw failure ?? new NotFoundHttpError();
    },
    modifyResource: async({ path }: { path: string }): Promise<unknown> => patched.push(path),
  } as unknown as ResourceStore;
  const written = (): string[] => [ ...resources.keys() ].map((path): string => path.slice(POD.length));

  beforeEach((): void => {
    resources = new Map();
    patched = [];
    failure = undefined;
  });

  it('is written whole for a pod whose owner is known.', async(): Promise<void> => {
    await new PodLayout(generator, store).apply(POD, [ OWNER ]);
    expect(written()).toEqual(generated);
  });

  it('has no access control where nobody would have control.', async(): Promise<void> => {
    await new PodLayout(generator, store).apply(POD, []);
    expect(written()).toEqual([ 'inbox/', 'publish/', 'publish/.meta' ]);
    resources.clear();
    await new PodLayout(generator, store).apply(POD, [ 'http://localhost/> . <#x' ]);
    expect(written()).toEqual([ 'inbox/', 'publish/', 'publish/.meta' ]);
  });

  it('is not written where it is switched off.', async(): Promise<void> => {
    await new PodLayout(generator, store, false).apply(POD, [ OWNER ]);
    expect(written()).toEqual([]);
  });

  it('leaves profiles alone that lie elsewhere, do not exist, or cannot be changed.', async(): Promise<void> => {
    const layout = new PodLayout(generator, store);
    await layout.apply(POD, [ 'http://elsewhere/card#me', OWNER ]);
    failure = new Error('locked');
    await layout.apply(POD, [ OWNER ]);
    expect(patched).toEqual([]);
  });

  it('adds an inbox to a profile that has none.', async(): Promise<void> => {
    const profile = { getRepresentation: async(): Promise<unknown> => new BasicRepresentation([], { path: OWNER }, INTERNAL_QUADS) };
    await new PodLayout(generator, { ...store, ...profile } as unknown as ResourceStore).apply(POD, [ OWNER ]);
    expect(patched).toEqual([ `${POD}profile/card` ]);
  });
});
