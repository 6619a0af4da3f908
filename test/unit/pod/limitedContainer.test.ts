import { Readable } from 'node:stream';
import type { Quad } from '@rdfjs/types';
import {
  BasicRepresentation,
  CONTENT_TYPE,
  DC,
  INTERNAL_QUADS,
  LDP,
  POSIX,
  RDF,
  RepresentationMetadata,
  SOLID_META,
} from '@solid/community-server';
import { DataFactory } from 'n3';
import { limitedContainer, limitedEntries } from '../../../src/pod/limitedContainer';
import type { Entry } from '../../../src/pod/ports';

const CONTAINER = 'http://localhost/user/inbox/';
const { literal, namedNode } = DataFactory;

describe('A limited container', (): void => {
  it('has the types and links of the container alone.', async(): Promise<void> => {
    const metadata = new RepresentationMetadata({ path: CONTAINER }, { [CONTENT_TYPE]: INTERNAL_QUADS });
    metadata.add(RDF.terms.type, [ LDP.terms.Container, LDP.terms.Resource ]);
    metadata.add(DC.terms.modified, literal('2026-01-01T00:00:00Z'));
    metadata.add(POSIX.terms.mtime, literal('1'));
    metadata.add(namedNode('urn:x:note'), literal('about others'));
    metadata.add(LDP.terms.contains, namedNode(`${CONTAINER}a`), SOLID_META.terms.ResponseMetadata);
    metadata.add(namedNode('urn:x:acl'), namedNode(`${CONTAINER}.acl`), SOLID_META.terms.ResponseMetadata);
    metadata.addQuad(namedNode(`${CONTAINER}a`), POSIX.terms.size, literal('7'));
    const data = Readable.from(metadata.quads());
    const limited = limitedContainer(new BasicRepresentation(data, metadata, INTERNAL_QUADS));
    expect(data.destroyed).toBe(true);
    const statement = ({ subject, predicate, object }: Quad): string[] => [ subject.value, predicate.value, object.value ];
    const types = [[ CONTAINER, RDF.type, LDP.Container ], [ CONTAINER, RDF.type, LDP.Resource ]];
    expect((await limited.data.toArray() as Quad[]).map(statement)).toEqual(types);
    const { metadata: left } = limited;
    expect(left.get(DC.terms.modified)).toBeUndefined();
    expect(left.contentType).toBe(INTERNAL_QUADS);
    expect(left.quads().filter(({ predicate }): boolean => predicate.value.startsWith('urn:x:') || predicate.equals(LDP.terms.contains)).map(statement))
      .toEqual([[ CONTAINER, 'urn:x:acl', `${CONTAINER}.acl` ]]);
    expect(left.quads().map(({ subject }): string => subject.value)).not.toContain(`${CONTAINER}a`);
  });
});

describe('Limited entries', (): void => {
  const storeOf = (topics: readonly string[]): { listEntries: (c: string, after: number, limit: number) => Promise<Entry[]>; reads: number } => ({
    reads: 0,
    async listEntries(_container, after, limit): Promise<Entry[]> {
      this.reads += 1;
      return topics.slice(after, after + limit).map((topic, index): Entry =>
        ({ id: String(after + index), pod: 'http://localhost/user/', event: after + index + 1, topic, published: 0, bytes: 1 }));
    },
  });
  const view = { container: CONTAINER, shows: (topic: string): boolean => topic === 'a' };
  const idsOf = (entries: readonly Entry[]): string[] => entries.map(({ id }): string => id);

  it('are full pages of the view, in order, each entry once.', async(): Promise<void> => {
    const topics = [ ...'bbabaabbbbbbbaaabab' ];
    const shown = topics.flatMap((topic, index): string[] => topic === 'a' ? [ String(index) ] : []);
    for (let limit = 1; limit <= topics.length + 1; limit += 1) {
      const limited = limitedEntries(storeOf(topics), view);
      const pages: string[][] = [];
      for (let after = 0; ;) {
        const page = await limited.listEntries(CONTAINER, after, limit);
        pages.push(idsOf(page));
        if (page.length < limit) {
          break;
        }
        after = page.at(-1)!.event;
      }
      expect(pages.flat()).toEqual(shown);
      expect(pages.slice(0, -1).every(({ length }): boolean => length === limit)).toBe(true);
    }
  });

  it('are none of a container without any, whose entries are read once.', async(): Promise<void> => {
    const store = storeOf(Array.from({ length: 1_000 }, (): string => 'b'));
    expect(await limitedEntries(store, view).listEntries(CONTAINER, 0, 100)).toEqual([]);
    expect(store.reads).toBe(11);
    expect(await limitedEntries(storeOf([]), view).listEntries(CONTAINER, 0, 100)).toEqual([]);
  });
});
