import type { AuxiliaryStrategy, Representation, ResourceIdentifier, ResourceStore } from '@solid/community-server';
import { BasicRepresentation, INTERNAL_QUADS, NotFoundHttpError, SingleRootIdentifierStrategy, SuffixAuxiliaryIdentifierStrategy } from '@solid/community-server';
import { Parser } from 'n3';
import { ReaderClasses } from '../../../src/pod/ReaderClasses';
import type { EventStore } from '../../contract/stores';
import { ServerUrls } from '../../../src/url/ServerUrls';

const BASE = 'http://localhost/';
const TOPIC = `${BASE}alice/topics/news/`;
const PREFIX = `@prefix acl: <http://www.w3.org/ns/auth/acl#>. @prefix vcard: <http://www.w3.org/2006/vcard/ns#>.\n`;

describe('Classes of readers', (): void => {
  const documents = new Map<string, string | Error>();
  let asked: string[];
  let noted: string[];
  let may: Set<string>;

  const strategy = new SuffixAuxiliaryIdentifierStrategy('.acl');
  const auxiliaryStrategy = {
    getAuxiliaryIdentifiers: (identifier: ResourceIdentifier): ResourceIdentifier[] =>
      [ ...strategy.getAuxiliaryIdentifiers(identifier), { path: `${identifier.path}.meta` }],
    usesOwnAuthorization: ({ path }: ResourceIdentifier): boolean => path.endsWith('.acl'),
  } as unknown as AuxiliaryStrategy;
  const store = {
    getRepresentation: async({ path }: ResourceIdentifier): Promise<Representation> => {
      const text = documents.get(path);
      if (text === undefined) {
        throw new NotFoundHttpError();
      }
      if (text instanceof Error) {
        throw text;
      }
      return new BasicRepresentation(new Parser({ baseIRI: path }).parse(PREFIX + text), INTERNAL_QUADS);
    },
  } as unknown as ResourceStore;
  const events = { noteDependency: async(...note: string[]): Promise<unknown> => noted.push(note.join(' ')) } as unknown as EventStore;
  const readers = new ReaderClasses({
    access: {
      allowed: async({ agent }, resources): Promise<Set<string>> => {
        asked.push(agent!);
        return new Set(may.has(agent!) ? resources : []);
      },
    },
    store,
    auxiliaryStrategy,
    identifierStrategy: new SingleRootIdentifierStrategy(BASE),
    events,
    urls: new ServerUrls(BASE),
  });
  const agents = (...names: string[]): string[] => names.map((name): string => `http://${name}/`);
  const readersOf = async(...names: string[]): Promise<string[]> =>
    [ ...await readers.readersOf(TOPIC, agents(...names)) ].map((agent): string => agent.slice('http://'.length, -1)).sort();

  beforeEach((): void => {
    documents.clear();
    [ asked, noted, may ] = [ [], [], new Set() ];
    documents.set(`${BASE}alice/.acl`, `<#all> acl:agent ${agents('a', 'b', 'c').map((agent): string => `<${agent}>`).join(', ')}.
      <#one> acl:agent <http://d/>.`);
  });

  it('are asked for one agent each, who stands for all that are named in the same places.', async(): Promise<void> => {
    may = new Set(agents('a', 'b', 'c', 'd'));
    expect(await readersOf('a', 'b', 'c', 'd', 'x', 'y')).toEqual([ 'a', 'b', 'c', 'd' ]);
    expect(asked).toHaveLength(3);
  });

  it('need nothing but the question where there is one agent.', async(): Promise<void> => {
    documents.set(`${BASE}alice/.acl`, new Error('not to be read'));
    may = new Set(agents('x'));
    expect(await readersOf('x')).toEqual([ 'x' ]);
    expect(await readersOf()).toEqual([]);
  });

  it('keep apart what is said of agents in different documents, or otherwise.', async(): Promise<void> => {
    may = new Set(agents('a'));
    documents.set(`${BASE}alice/topics/.acl`, `<${BASE}alice/.acl#all> acl:agent <http://e/>.
      <#l> acl:agent "http://f/". <http://g/> acl:agent <http://z/>. <#p> <http://h/> <http://z/>. <#i> acl:agent <http://i/>.`);
    expect(await readersOf('a', 'e', 'f', 'g', 'h', 'i', 'x')).toEqual([ 'a' ]);
    expect(asked.sort()).toEqual(agents('a', 'e', 'f', 'g', 'h', 'i', 'x'));
  });

  it('know the members of groups in pods of this server, and only by the group.', async(): Promise<void> => {
    documents.set(`${BASE}alice/topics/.acl`, `<#team> acl:agentGroup <${BASE}bob/team#us>.`);
    documents.set(`${BASE}bob/team`, `<#us> vcard:hasMember <http://m/>, <http://n/>. <${BASE}alice/.acl#all> acl:agent <http://x/>.`);
    may = new Set(agents('a', 'm', 'n'));
    expect(await readersOf('m', 'n', 'a', 'x', 'y')).toEqual([ 'a', 'm', 'n' ]);
    expect(asked).toHaveLength(4);
    expect(noted).toEqual([ `${BASE}bob/team ${TOPIC}` ]);
  });

  it.each<[string, string, string | Error | undefined]>([
    [ 'elsewhere', 'http://elsewhere/team#us', undefined ],
    [ 'missing', `${BASE}bob/team#us`, undefined ],
    [ 'no RDF', `${BASE}bob/team#us`, new Error('broken Turtle') ],
  ])('ask for each agent where a group is %s.', async(_, group, document): Promise<void> => {
    documents.set(`${BASE}alice/topics/.acl`, `<#team> acl:agentGroup <${group}>.`);
    if (document !== undefined) {
      documents.set(`${BASE}bob/team`, document);
    }
    may = new Set(agents('b'));
    expect(await readersOf('a', 'b', 'x')).toEqual([ 'b' ]);
    expect(asked).toHaveLength(3);
  });

  it('are not known where access control cannot be read.', async(): Promise<void> => {
    documents.set(`${BASE}alice/.acl`, new Error('broken ACL'));
    await expect(readersOf('a', 'b')).rejects.toThrow('broken ACL');
  });
});
