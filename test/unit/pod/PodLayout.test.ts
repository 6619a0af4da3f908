import type { ResourceStore, TemplatedResourcesGenerator } from '@solid/community-server';
import { BasicRepresentation, DC, NotFoundHttpError, readableToString, RepresentationMetadata } from '@solid/community-server';
import { PodLayout } from '../../../src/pod/PodLayout';

const POD = 'http://localhost/user/';
const OWNER = `${POD}profile/card#me`;

describe('The layout of a pod', (): void => {
  let resources: Map<string, BasicRepresentation>;
  let profiles: Map<string, string>;
  let conditions: { matchesMetadata: (metadata?: BasicRepresentation['metadata']) => boolean } | undefined;
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
    setRepresentation: async({ path }: { path: string }, representation: BasicRepresentation, given: any): Promise<void> => {
      if (profiles.has(path)) {
        profiles.set(path, await readableToString(representation.data));
        conditions = given;
      } else {
        resources.set(path, representation);
      }
    },
    getRepresentation: async({ path }: { path: string }): Promise<unknown> => {
      const text = profiles.get(path);
      if (failure || text === undefined) {
        throw failure ?? new NotFoundHttpError();
      }
      return new BasicRepresentation(text, { path }, text.startsWith('{') ? 'application/ld+json' : 'text/turtle');
    },
  } as unknown as ResourceStore;
  const written = (): string[] => [ ...resources.keys() ].map((path): string => path.slice(POD.length));

  beforeEach((): void => {
    resources = new Map();
    profiles = new Map();
    conditions = undefined;
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
    expect(profiles.size).toBe(0);
  });

  it('keeps containers that are there with their access, and tells what access others may need.', async(): Promise<void> => {
    resources.set(`${POD}inbox/`, new BasicRepresentation());
    const layout = new PodLayout(generator, store);
    const warnings: string[] = [];
    (layout as any).logger = { warn: (message: string): unknown => warnings.push(message) };
    expect(await layout.exists(POD)).toBe(true);
    await layout.apply(POD, [ OWNER ]);
    expect(written()).toEqual([ 'inbox/', 'publish/', 'publish/.meta' ]);
    expect(warnings).toEqual([ `The pod ${POD} keeps the access control of its existing inbox/; its owner may want to grant acl:Append to senders on inbox/` ]);
    resources.clear();
    expect(await layout.exists(POD)).toBe(false);
  });

  it('adds an inbox to a profile that has none, over the version that was read.', async(): Promise<void> => {
    const profile = `${POD}profile/card`;
    profiles.set(profile, '# Mine\n<#me> a <urn:x:Person>.');
    const layout = new PodLayout(generator, store);
    await layout.apply(POD, [ OWNER ]);
    const text = profiles.get(profile);
    expect(text).toBe('# Mine\n<#me> a <urn:x:Person>.\n<#me> <http://www.w3.org/ns/ldp#inbox> <../inbox/>.\n');
    expect(conditions!.matchesMetadata(new RepresentationMetadata({ path: profile }))).toBe(true);
    expect(conditions!.matchesMetadata(new RepresentationMetadata({ path: profile }, { [DC.modified]: 'later' }))).toBe(false);
    expect(conditions!.matchesMetadata()).toBe(false);
    conditions = undefined;
    await layout.apply(POD, [ OWNER ]);
    profiles.set(profile, '{}');
    await layout.apply(POD, [ OWNER ]);
    expect([ profiles.get(profile), conditions ]).toEqual([ '{}', undefined ]);
  });
});
