import { Readable } from 'node:stream';
import type { ResourceStore } from '@solid/community-server';
import { BasicRepresentation, NotFoundHttpError, NotImplementedHttpError } from '@solid/community-server';
import { ServerDocuments } from '../../../src/pod/ServerDocuments';
import { ServerUrls } from '../../../src/url/ServerUrls';

const BASE = 'http://localhost:3000/';
const CARD = `${BASE}alice/profile/card`;

describe('The documents of the server', (): void => {
  let stored: Record<string, () => BasicRepresentation>;
  let data: Readable;
  const isPublic = new Set<string>();
  const documents = new ServerDocuments(
    new ServerUrls(BASE),
    {
      getRepresentation: async({ path }: { path: string }, { type }: { type?: object }): Promise<unknown> => {
        if (!(path in stored)) {
          throw new NotFoundHttpError();
        }
        const representation = stored[path]();
        if (type && !(representation.metadata.contentType! in type)) {
          representation.data.destroy();
          throw new NotImplementedHttpError();
        }
        ({ data } = representation);
        return representation;
      },
    } as unknown as ResourceStore,
    { allowed: async(caller, resources): Promise<Set<string>> => {
      expect(caller).toEqual({});
      return new Set(resources.filter((resource): boolean => isPublic.has(resource)));
    } },
  );

  beforeEach((): void => {
    stored = {};
    isPublic.clear();
    isPublic.add(CARD);
  });

  it('are those below its base URL.', (): void => {
    expect([ CARD, BASE, 'http://localhost:3001/alice/profile/card', 'https://bob.example/' ].map((url): boolean => documents.isLocal(url)))
      .toEqual([ true, true, false, false ]);
  });

  it('are read as they are, up to a limit.', async(): Promise<void> => {
    stored[CARD] = (): BasicRepresentation => new BasicRepresentation('<#me> a <#é>.', { path: CARD }, 'text/turtle');
    expect(await documents.read(CARD, 100)).toEqual({ type: 'text/turtle', body: '<#me> a <#é>.', isCut: false });
    expect(await documents.read(CARD, 5)).toEqual({ type: 'text/turtle', body: '<#me>', isCut: true });
  });

  it('are read no further than needed, and let go.', async(): Promise<void> => {
    let chunks = 0;
    stored[CARD] = (): BasicRepresentation => new BasicRepresentation(Readable.from((function* endless(): Generator<string> {
      for (;;) {
        chunks += 1;
        yield '# '.repeat(512);
      }
    })(), { objectMode: false }), { path: CARD }, 'text/turtle');
    expect(await documents.read(CARD, 2_048)).toMatchObject({ isCut: true });
    expect(data.destroyed).toBe(true);
    expect(chunks).toBeLessThan(50);
  });

  it('are told by their type where they are no RDF.', async(): Promise<void> => {
    stored[CARD] = (): BasicRepresentation => new BasicRepresentation('Hello', { path: CARD }, 'text/html');
    expect(await documents.read(CARD, 100)).toEqual({ type: 'text/html', body: 'Hello', isCut: false });
  });

  it('are not there for this, unless everybody may read them.', async(): Promise<void> => {
    expect(await documents.read(CARD, 100)).toBeUndefined();
    stored[CARD] = (): BasicRepresentation => new BasicRepresentation('', { path: CARD }, 'text/turtle');
    isPublic.clear();
    expect(await documents.read(CARD, 100)).toBeUndefined();
  });

  it('are not guessed where they cannot be read.', async(): Promise<void> => {
    const broken = new Readable({ read(): void { this.destroy(new Error('broken stream')); }});
    stored[CARD] = (): BasicRepresentation => new BasicRepresentation(broken, { path: CARD }, 'text/turtle');
    await expect(documents.read(CARD, 100)).rejects.toThrow('broken stream');
    stored[CARD] = (): never => { throw new Error('broken disk'); };
    await expect(documents.read(CARD, 100)).rejects.toThrow('broken disk');
  });
});
