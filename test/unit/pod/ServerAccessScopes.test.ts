import type {
  AccessChecker, PermissionReader, Representation, ResourceIdentifier, ResourceSet, ResourceStore,
} from '@solid/community-server';
import {
  AcpReader,
  AgentAccessChecker,
  AgentClassAccessChecker,
  BasicRepresentation,
  BooleanHandler,
  ComposedAuxiliaryStrategy,
  INTERNAL_QUADS,
  NotFoundHttpError,
  SingleRootIdentifierStrategy,
  SuffixAuxiliaryIdentifierStrategy,
  WebAclReader,
} from '@solid/community-server';
import { Parser } from 'n3';
import type { Caller } from '../../../src/identity/Caller';
import { PermissionAccess } from '../../../src/pod/PermissionAccess';
import { ReaderClasses } from '../../../src/pod/ReaderClasses';
import { ServerAccessScopes } from '../../../src/pod/ServerAccessScopes';
import { EpochAccess } from '../../../src/access/EpochAccess';
import { EpochReaders } from '../../../src/access/EpochReaders';
import type { Access, Mode } from '../../../src/access/ports';
import { SqliteEventStore } from '../../../src/store-sqlite/SqliteEventStore';
import { IN_MEMORY, SqliteSession } from '../../../src/store-sqlite/SqliteSession';
import { ServerUrls } from '../../../src/url/ServerUrls';
import { runs } from '../../util/effort';

const BASE = 'http://localhost/';
const POD = `${BASE}alice/`;
const AGENTS: Caller[] = [{}, { agent: 'http://a/' }, { agent: 'http://b/', issuer: 'http://idp/' }];
const MODES: Mode[] = [ 'read', 'append', 'write', 'control' ];

/** A repeatable source of numbers below a bound. */
function randomFrom(seed: number): (bound: number) => number {
  let state = seed;
  return (bound): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(state / 2 ** 32 * bound);
  };
}

describe.each([ 'acl', 'acr' ])('Access scopes by documents .%s', (suffix): void => {
  const strategy = new ComposedAuxiliaryStrategy(
    new SuffixAuxiliaryIdentifierStrategy(`.${suffix}`),
    undefined,
    undefined,
    true,
  );
  const identifierStrategy = new SingleRootIdentifierStrategy(BASE);
  const existing = new Set<string>();
  const documents = new Map<string, string>();
  let lookups: string[];
  let queries: number;
  let events: SqliteEventStore;
  let plain: PermissionAccess;
  let access: EpochAccess;
  let readers: EpochReaders;
  let scopes: ServerAccessScopes;

  const resources: ResourceSet = {
    hasResource: async({ path }): Promise<boolean> => existing.has(path) || documents.has(path),
  };
  const store = {
    ...resources,
    getRepresentation: async({ path }: ResourceIdentifier): Promise<Representation> => {
      const text = documents.get(path);
      if (text === undefined) {
        throw new NotFoundHttpError();
      }
      return new BasicRepresentation(new Parser({ baseIRI: path }).parse(text), INTERNAL_QUADS);
    },
  } as unknown as ResourceStore;

  beforeEach(async(): Promise<void> => {
    existing.clear();
    documents.clear();
    lookups = [];
    queries = 0;
    events = new SqliteEventStore(new SqliteSession(IN_MEMORY));
    await events.registerPod(POD);
    const checker = new BooleanHandler([ new AgentAccessChecker(), new AgentClassAccessChecker() ]) as unknown as AccessChecker;
    const reader: PermissionReader = suffix === 'acl' ?
      new WebAclReader(strategy, resources, store, identifierStrategy, checker) :
      new AcpReader(strategy, store, identifierStrategy);
    plain = new PermissionAccess(reader);
    const counting: Access = {
      allowed: async(caller, asked, mode): Promise<ReadonlySet<string>> => {
        queries += asked.length;
        return plain.allowed(caller, asked, mode);
      },
    };
    const counted: ResourceSet = {
      hasResource: async(identifier): Promise<boolean> => {
        lookups.push(identifier.path);
        return resources.hasResource(identifier);
      },
    };
    scopes = new ServerAccessScopes({
      resources: counted,
      store,
      auxiliaryStrategy: strategy,
      identifierStrategy,
    });
    const locator = { locate: async(url: string): Promise<string | undefined> => url.startsWith(POD) ? POD : undefined };
    access = new EpochAccess({ source: counting, store: events, pods: locator, maxAge: 60, scopes });
    const classes = new ReaderClasses({
      access: counting,
      store,
      auxiliaryStrategy: strategy,
      identifierStrategy,
      events,
      urls: new ServerUrls(BASE),
    });
    readers = new EpochReaders({ source: classes, store: events, pods: locator, maxAge: 60, scopes });
  });

  afterEach(async(): Promise<void> => events.close());

  /** A document with random rules, which may also be about another resource. */
  const rules = (subject: string, pick: (bound: number) => number, other: string): string => {
    const agent = (): string => [ '<http://a/>', '<http://b/>' ][pick(2)];
    const modes = (): string => [ 'acl:Read', 'acl:Append', 'acl:Write', 'acl:Control' ].filter((): boolean => pick(2) === 0)
      .join(', ') || 'acl:Read';
    if (suffix === 'acl') {
      const about = [ `acl:accessTo <${subject}>`, `acl:default <${subject}>`, `acl:accessTo <${subject}>; acl:default <${subject}>` ];
      return `@prefix acl: <http://www.w3.org/ns/auth/acl#>. @prefix foaf: <http://xmlns.com/foaf/0.1/>.
        <#1> a acl:Authorization; ${about[pick(3)]}; acl:agent ${agent()}; acl:mode ${modes()}.
        <#2> a acl:Authorization; ${about[pick(3)]}; ${pick(4) === 0 ? 'acl:agentClass foaf:Agent' : `acl:agent ${agent()}`};
          acl:mode ${modes()}.
        <#3> a acl:Authorization; acl:accessTo <${other}>; acl:agent ${agent()}; acl:mode ${modes()}.`;
    }
    const policy = (name: string): string => `<#${name}> acp:apply [ ${pick(5) === 0 ? 'acp:deny' : 'acp:allow'} ${modes()};
      acp:anyOf [ acp:agent ${pick(4) === 0 ? 'acp:PublicAgent' : agent()} ] ].`;
    return `@prefix acl: <http://www.w3.org/ns/auth/acl#>. @prefix acp: <http://www.w3.org/ns/solid/acp#>.
      <> a acp:AccessControlResource; acp:resource <${subject}>; acp:accessControl <#own>; acp:memberAccessControl <#members>.
      ${policy('own')} ${policy('members')}
      ${pick(3) === 0 ? `<#r> acp:resource <${other}>; acp:accessControl <#named>. ${policy('named')}` : ''}`;
  };

  it('have the permissions that the server\'s own reader finds for each resource.', async(): Promise<void> => {
    for (let seed = 1; seed <= runs(25); seed += 1) {
      const pick = randomFrom(seed);
      existing.clear();
      documents.clear();
      const segments = (): string[] => Array.from({ length: 1 + pick(4) }, (): string => 'xyz'[pick(3)]);
      const containers = [ BASE, POD, `${POD}topics/` ];
      for (let at = 0; at < 6; at += 1) {
        let path = `${POD}topics/`;
        for (const segment of segments()) {
          path += `${segment}/`;
          containers.push(path);
        }
      }
      containers.forEach((path): unknown => existing.add(path));
      const asked = Array.from({ length: 30 }, (): string =>
        `${POD}topics/${segments().join('/')}${[ '/', `/${'xy'[pick(2)]}`, `.${suffix}` ][pick(12) === 0 ? 2 : pick(2)]}`);
      const anyOf = (urls: readonly string[]): string => urls[pick(urls.length)];
      const hasDocument = (url: string): boolean => existing.has(url.replace(/[^/]+\/?$/u, ''));
      for (const subject of new Set([ ...pick(5) === 0 ? [] : [ BASE ], POD, anyOf(containers), anyOf(containers), anyOf(containers) ])) {
        documents.set(`${subject}.${suffix}`, rules(subject, pick, anyOf([ ...asked, ...containers ])));
      }
      for (const subject of asked.filter((url): boolean => !url.endsWith(suffix) && hasDocument(url) && pick(4) === 0)) {
        if (!subject.endsWith('/') || existing.has(subject)) {
          documents.set(`${subject}.${suffix}`, rules(subject, pick, anyOf(asked)));
        }
        existing.add(pick(2) === 0 ? subject : POD);
      }
      await events.raiseEpoch(`${POD}.${suffix}`);
      for (const caller of AGENTS) {
        for (const mode of MODES) {
          const expected = await plain.allowed(caller, asked, mode);
          expect([ seed, caller, mode, [ ...await access.allowed(caller, asked, mode) ].sort() ])
            .toEqual([ seed, caller, mode, [ ...expected ].sort() ]);
        }
      }
      const agents = AGENTS.flatMap(({ agent }): string[] => agent === undefined ? [] : [ agent ]);
      for (const resource of asked.slice(0, 8)) {
        const expected: string[] = [];
        for (const agent of agents) {
          expected.push(...(await plain.allowed({ agent }, [ resource ], 'read')).has(resource) ? [ agent ] : []);
        }
        expect([ ...await readers.readersOf(resource, agents) ].sort()).toEqual(expected.sort());
      }
    }
  });

  it('take one query for 1,000 topics of 16 segments in containers that do not exist.', async(): Promise<void> => {
    [ BASE, POD, `${POD}topics/` ].forEach((path): unknown => existing.add(path));
    const pick = randomFrom(1);
    documents.set(`${BASE}.${suffix}`, rules(BASE, pick, BASE));
    const topics = Array.from({ length: 1_000 }, (_, at): string => `${POD}topics/t${at}/${'s/'.repeat(14)}x`);
    await access.allowed({ agent: 'http://a/' }, topics, 'append');
    expect(queries).toBe(1);
    // One for each first segment, and two for each of the three containers that exist.
    expect(lookups).toHaveLength(1_006);
    lookups = [];
    await access.allowed({ agent: 'http://a/' }, topics, 'append');
    expect(queries).toBe(1);
    expect(lookups).toHaveLength(1_000);
    lookups = [];
    for (const topic of topics.slice(0, 100)) {
      await readers.readersOf(topic, [ 'http://a/', 'http://b/' ]);
    }
    expect(queries).toBe(3);
    expect(lookups).toHaveLength(100);
  });

  it('look up one container for topics that differ in their actions, or in what lies below.', async(): Promise<void> => {
    [ BASE, POD, `${POD}topics/` ].forEach((path): unknown => existing.add(path));
    documents.set(`${BASE}.${suffix}`, rules(BASE, randomFrom(1), BASE));
    const topics = Array.from({ length: 1_000 }, (_, at): string => `${POD}topics/a/${at % 2 === 0 ? '' : `b${at}/`}x${at}`);
    await access.allowed({ agent: 'http://a/' }, topics, 'append');
    expect([ queries, lookups.length ]).toEqual([ 1, 7 ]);
  });

  it('are found anew once access changes while they are asked about.', async(): Promise<void> => {
    [ BASE, POD, `${POD}topics/` ].forEach((path): unknown => existing.add(path));
    documents.set(`${BASE}.${suffix}`, rules(BASE, randomFrom(1), BASE));
    const resource = `${POD}topics/a/b/c`;
    let rounds = 0;
    const find = scopes.scopesOf.bind(scopes);
    jest.spyOn(scopes, 'scopesOf').mockImplementation(async(...args): ReturnType<typeof scopes.scopesOf> => {
      const found = await find(...args);
      rounds += 1;
      await events.raiseEpoch(`${POD}.${suffix}`);
      return found;
    });
    await access.allowed({ agent: 'http://a/' }, [ resource ], 'read');
    // Each by itself at last, where it changes all the time.
    expect(rounds).toBe(3);
  });

  it('do not fail where a document is broken, or a path too long.', async(): Promise<void> => {
    [ BASE, POD, `${POD}topics/` ].forEach((path): unknown => existing.add(path));
    documents.set(`${POD}.${suffix}`, 'no Turtle');
    const found = await scopes.scopesOf([ `${POD}topics/x` ], POD, 1);
    expect([ ...found.values() ]).toEqual([{ name: `${POD} below ${POD}`, resource: `${POD}topics/` }]);
    const failing = new ServerAccessScopes({
      resources: { hasResource: async(): Promise<never> => { throw Object.assign(new Error('long'), { code: 'ENAMETOOLONG' }); } },
      store,
      auxiliaryStrategy: strategy,
      identifierStrategy,
    });
    expect((await failing.scopesOf([ `${POD}x` ], POD, 1)).get(`${POD}x`)).toMatchObject({ name: `${POD} below nothing` });
    const broken = new ServerAccessScopes({
      resources: { hasResource: async(): Promise<never> => { throw new Error('disk'); } },
      store,
      auxiliaryStrategy: strategy,
      identifierStrategy,
    });
    await expect(broken.scopesOf([ `${POD}x` ], POD, 1)).rejects.toThrow('disk');
  });
});
