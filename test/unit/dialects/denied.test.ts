import { Readable } from 'node:stream';
import fc from 'fast-check';
import type { Access, AudienceCount, Pods } from '../../../src/access/ports';
import { PublishRate } from '../../../src/access/PublishRate';
import { Catalogue } from '../../../src/catalogue/Catalogue';
import { PooledSchemas } from '../../../src/catalogue/checkSchema';
import { EventGridProjects } from '../../../src/dialects/eventgrid/EventGridProjects';
import { PrecheckEndpoint } from '../../../src/dialects/eventgrid/PrecheckEndpoint';
import { PutEventsEndpoint } from '../../../src/dialects/eventgrid/PutEventsEndpoint';
import { SendEndpoint } from '../../../src/dialects/eventhos/SendEndpoint';
import { ExternalEventEndpoint } from '../../../src/dialects/personium/ExternalEventEndpoint';
import { YodataParser } from '../../../src/dialects/yodata/YodataParser';
import type { Authenticator } from '../../../src/http/Authenticator';
import type { Endpoint, EndpointResponse, HttpExchange, PassThrough } from '../../../src/http/Endpoint';
import { CheckEndpoint } from '../../../src/http/publish/CheckEndpoint';
import { PublishBodies } from '../../../src/http/publish/PublishBodies';
import { PublishEndpoint } from '../../../src/http/publish/PublishEndpoint';
import type { Caller } from '../../../src/identity/Caller';
import type { Offer } from '../../../src/publish/ports';
import { EventFactory } from '../../../src/publish/EventFactory';
import { Publisher } from '../../../src/publish/Publisher';
import { TopicDryRun } from '../../../src/publish/TopicDryRun';
import { SqliteCatalogueStore } from '../../../src/store-sqlite/SqliteCatalogueStore';
import { SqliteEventStore } from '../../../src/store-sqlite/SqliteEventStore';
import { IN_MEMORY, SqliteSession } from '../../../src/store-sqlite/SqliteSession';
import { PagerEndpoint } from '../../util/dialects/pager/PagerEndpoint';
import { runs } from '../../util/effort';
import { inlineWork } from '../../util/work';

const BASE = 'http://localhost/';
const POD = `${BASE}user/`;
const OWNER = `${POD}profile/card#me`;
const AWAY = 'https://elsewhere.example/#me';
const TOPIC = 'realestate/contact#add';

interface Sent {
  readonly path: string;
  readonly caller: Caller;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** What requests make in a store, behind an access port that has one answer to all questions. */
class Scene {
  public readonly endpoints: Readonly<Record<string, Endpoint>>;
  public readonly publisher: Publisher;
  private readonly session = new SqliteSession(IN_MEMORY);
  private readonly catalogue = new SqliteCatalogueStore(this.session);
  private readonly store = new SqliteEventStore(this.session);
  private caller: Caller = {};
  private offers = 0;
  private identifier = '';

  public constructor(access: Access) {
    const rate = new PublishRate(0);
    const audience = {
      countOf: async(): Promise<AudienceCount> => ({ unfiltered: 1, filtered: new Map() }),
      hasAny: async(): Promise<boolean> => true,
      membersOf: async(): Promise<[]> => [],
    };
    this.publisher = new Publisher({
      store: this.store,
      pods: {
        podOf: async(webId): ReturnType<Pods['podOf']> => webId.startsWith(POD) ? { pod: POD } : { reason: webId === AWAY ? 'elsewhere' : 'unknown' },
        canonical: (webId): string => webId,
      },
      access,
      factory: new EventFactory(inlineWork()),
      fanOut: { wake: (): void => undefined },
      rate,
      remote: {
        kind: 'recipient',
        offer: async(): Promise<Offer> => {
          this.offers += 1;
          return { outcome: 'later', host: 'elsewhere.example' };
        },
        problemOf: async(): Promise<undefined> => undefined,
      },
      outbox: { now: Date.now, wake: (): void => undefined, firstRetryDelay: (): number => 5_000 },
      audience,
      filters: { matching: async(): Promise<Set<string>> => new Set() },
    });
    const authenticator = { callerOf: async(): Promise<Caller> => this.caller } as unknown as Authenticator;
    const work = inlineWork();
    const bodies = new PublishBodies(authenticator, this.publisher, [ new YodataParser(work) ]);
    const rules = new Catalogue({
      store: this.catalogue,
      access,
      schemas: new PooledSchemas(work, 2_000, 2_000),
      rate,
    });
    const projects = new EventGridProjects(BASE, authenticator, { podNamed: async(): Promise<string> => POD });
    this.endpoints = {
      'publish/': new PublishEndpoint(bodies, this.publisher),
      'publish/check': new CheckEndpoint(bodies, this.publisher, rate),
      __event: new ExternalEventEndpoint(authenticator, this.publisher, work),
      'event/send': new SendEndpoint({ authenticator, catalogue: rules, publisher: this.publisher, work }),
      page: new PagerEndpoint(authenticator, this.publisher),
      'v1/user/events/check': new PrecheckEndpoint(projects, new TopicDryRun(access, audience, rate, rate), work),
      'v1/user/events': new PutEventsEndpoint(projects, this.publisher, work),
      'v1/user/channels/realestate/events': new PutEventsEndpoint(projects, this.publisher, work),
    };
  }

  public async open(): Promise<void> {
    await this.catalogue.open();
    await this.store.registerPod(POD);
    const system = await this.catalogue.addSystem(POD, { identifier: 'crm', name: 'CRM', class: 'producer', type: 'api', description: '', client: null }, 10);
    const draft = { system: (system as { id: number }).id, name: 'New', operation: 'new', description: '', topic: TOPIC };
    this.identifier = (await this.catalogue.addEntry(POD, 'new-contact', draft, 10) as { identifier: string }).identifier;
  }

  public close(): void {
    this.session.close();
  }

  public async send({ path, caller, headers, body }: Sent): Promise<EndpointResponse | PassThrough | Error> {
    this.caller = caller;
    const url = path === 'event/send' ? `/user/${path}?event-identifier=${this.identifier}` : `/user/${path}`;
    const request = Object.assign(Readable.from([ Buffer.from(body) ]), {
      headers: { 'content-type': path === 'page' ? 'text/plain' : 'application/json', 'access-key': 'x', ...headers }, method: 'POST', url, complete: true,
    });
    const exchange = { request, method: 'POST', pod: POD, path, url: `${POD}${path}` } as unknown as HttpExchange;
    return this.endpoints[path].handle(exchange).catch((error: unknown): Error => error as Error);
  }

  /** The number of events, of pieces of work for them, and of offers to other servers. */
  public get made(): number {
    const count = (table: string): number => this.session.get<{ count: number }>(`SELECT COUNT(*) AS count FROM ${table}`)!.count;
    return count('events') + count('forwards') + count('deliveries') + this.offers;
  }
}

const cloudEvent = { specversion: '1.0', id: '1', source: 'contact#add', type: 'added', data: { n: 1 }};
const publishBody = { recipient: OWNER, topic: TOPIC, data: { n: 1 }};
/** A body that each endpoint accepts. */
const VALID: Readonly<Record<string, string>> = {
  'publish/': JSON.stringify(publishBody),
  'publish/check': JSON.stringify([ publishBody ]),
  __event: '{"Type":"a","Object":"b","Info":"c"}',
  'event/send': '{}',
  page: 'a/b#c\nmessage',
  'v1/user/events/check': '{"sources":[{"channel_id":"a"}]}',
  'v1/user/events': JSON.stringify({ events: [ cloudEvent ]}),
  'v1/user/channels/realestate/events': JSON.stringify({ events: [ cloudEvent, cloudEvent ]}),
};

const callers = fc.oneof(
  fc.constant<Caller>({}),
  fc.record({ agent: fc.constantFrom(OWNER, AWAY, `${BASE}other/#me`) }),
  fc.constant<Caller>({ agent: OWNER, limits: { pods: [ POD ], topics: [ '*' ]}}),
);
const webIds = fc.constantFrom(OWNER, AWAY, `${BASE}nobody/#me`);
const topics = fc.constantFrom(TOPIC, 'event', 'a/b#c');
const bodies = fc.oneof(
  fc.record({ recipient: webIds, source: webIds, topic: topics, data: fc.jsonValue() }).map((value): string => JSON.stringify(value)),
  fc.array(fc.record({ recipient: fc.array(webIds), topic: topics, data: fc.jsonValue() }), { maxLength: 3 }).map((value): string => JSON.stringify(value)),
  fc.record({
    events: fc.array(fc.record({
      specversion: fc.constant('1.0'), id: fc.string({ minLength: 1 }), source: topics, type: fc.constant('t'), data: fc.jsonValue(),
    }), { minLength: 1, maxLength: 3 }),
  }).map((value): string => JSON.stringify(value)),
  fc.json(),
  fc.string(),
);
const headers = fc.record({
  'idempotency-key': fc.constantFrom('k', 'l'), 'x-personium-rulechain': fc.constantFrom('0', '5'), authorization: fc.constant('Bearer x'),
}, { requiredKeys: []});
const requests = fc.constantFrom(...Object.keys(VALID)).chain((path) =>
  fc.record({ path: fc.constant(path), caller: callers, headers, body: fc.oneof(fc.constant(VALID[path]), bodies) }));

describe('An access port that denies everything', (): void => {
  const denied = new Scene({ allowed: async(): Promise<Set<string>> => new Set() });
  const allowed = new Scene({ allowed: async(_, resources): Promise<Set<string>> => new Set(resources) });

  beforeAll(async(): Promise<void> => {
    await denied.open();
    await allowed.open();
  });

  afterAll((): void => {
    denied.close();
    allowed.close();
  });

  it.each(Object.keys(VALID))('would be noticed at %s.', async(path): Promise<void> => {
    const before = allowed.made;
    const caller = { agent: OWNER };
    const answer = await allowed.send({ path, caller, headers: { 'idempotency-key': path.replaceAll('/', '-') }, body: VALID[path] });
    expect(answer).toMatchObject({ status: path === 'publish/' ? 201 : path === 'page' ? 202 : 200 });
    expect(allowed.made - before > 0).toBe(!path.endsWith('check'));
    const body = path.endsWith('check') ? JSON.parse((answer as EndpointResponse).body!) : {};
    expect(body.accepted ?? body.sources?.[0].check_result ?? true).toBe(true);
  });

  it('lets nothing be stored or sent, whatever is requested of whichever endpoint.', async(): Promise<void> => {
    await fc.assert(fc.asyncProperty(requests, async(sent): Promise<void> => {
      const answer = await denied.send(sent);
      if (!(answer instanceof Error)) {
        expect([ sent.path, 'body' in answer && answer.body ])
          .toEqual([ expect.stringMatching(/^v1\//u), expect.not.stringMatching(/"check_result":true|"error_code":null/u) ]);
      }
      expect(denied.made).toBe(0);
    }), { numRuns: runs(1_000) });
  });

  it('lets nothing be stored or sent, whatever the publisher is asked for.', async(): Promise<void> => {
    const drafts = fc.array(fc.record({
      topic: topics, recipients: fc.array(webIds), sources: fc.array(webIds), data: fc.option(fc.json(), { nil: undefined }),
    }), { maxLength: 3 });
    const asked = fc.record({
      pod: fc.constantFrom(POD, `${BASE}other/`),
      caller: callers,
      resource: fc.constantFrom(`${POD}publish/`, `${POD}__event`, `${BASE}none`, ''),
      drafts,
      isArray: fc.boolean(),
      toProducer: fc.boolean(),
      hops: fc.constantFrom(0, 3, Infinity),
      asksAudience: fc.boolean(),
      idempotencyKey: fc.option(fc.record({ key: fc.constantFrom('k', 'l'), fingerprint: fc.constant('f') }), { nil: undefined }),
    });
    await fc.assert(fc.asyncProperty(asked, async(request): Promise<void> => {
      await expect(denied.publisher.publish(request)).rejects.toThrow();
      await expect(denied.publisher.check(request)).rejects.toThrow();
      await expect(denied.publisher.admit(request)).rejects.toThrow();
      expect(denied.made).toBe(0);
    }), { numRuns: runs(1_000) });
  });
});
