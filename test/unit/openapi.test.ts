import SwaggerParser from '@apidevtools/swagger-parser';
import { AgentEndpoint } from '../../src/http/agent/AgentEndpoint';
import { DeliveriesEndpoint } from '../../src/http/deliveries/DeliveriesEndpoint';
import { ExternalEventEndpoint } from '../../src/dialects/personium/ExternalEventEndpoint';
import type { Endpoint, PathRule } from '../../src/http/Endpoint';
import { HealthEndpoint } from '../../src/http/health/HealthEndpoint';
import { InboxEndpoint } from '../../src/http/inbox/InboxEndpoint';
import { LdesEndpoint } from '../../src/http/ldes/LdesEndpoint';
import { ListingEndpoint } from '../../src/http/listing/ListingEndpoint';
import { OpenApiEndpoint } from '../../src/http/openapi/OpenApiEndpoint';
import { PrecheckEndpoint } from '../../src/dialects/eventgrid/PrecheckEndpoint';
import { PutEventsEndpoint } from '../../src/dialects/eventgrid/PutEventsEndpoint';
import { CheckEndpoint } from '../../src/http/publish/CheckEndpoint';
import { PublishEndpoint } from '../../src/http/publish/PublishEndpoint';
import { CatalogueEndpoint } from '../../src/dialects/eventhos/CatalogueEndpoint';
import { ReceivedEndpoint } from '../../src/dialects/eventhos/ReceivedEndpoint';
import { RetryEndpoint } from '../../src/dialects/eventhos/RetryEndpoint';
import { SendEndpoint } from '../../src/dialects/eventhos/SendEndpoint';
import { StreamEndpoint } from '../../src/http/stream/StreamEndpoint';
import { SubscriptionsEndpoint } from '../../src/http/subscriptions/SubscriptionsEndpoint';
import { VocabularyEndpoint } from '../../src/http/vocabulary/VocabularyEndpoint';
import { EventhosTokenEndpoint } from '../../src/dialects/eventhos/EventhosTokenEndpoint';
import { PersoniumTokenEndpoint } from '../../src/dialects/personium/PersoniumTokenEndpoint';
import { ServerAgent } from '../../src/identity/ServerAgent';
import type { Operation } from '../util/openapi';
import { findOperation, METHODS, OPENAPI, validateAnswer } from '../util/openapi';

const BASE = 'http://localhost/';
const ID = '019b0000-0000-7000-8000-000000000000';
/** What stands for the parameters of a path, by the end of the path. */
const SAMPLES: [RegExp, string][] = [
  [ /\/execution-detail\/\{id\}$/u, '17' ],
  [ /\/(?:event|system)\/\{id\}(?:\/events)?$/u, '17' ],
  [ /\/deliveries\/\{id\}/u, '17' ],
  [ /\{id\}/u, ID ],
];
const none = undefined as never;

const ENDPOINTS: Record<string, Endpoint[]> = {
  publish: [ new PublishEndpoint(none, none), new CheckEndpoint(none, none, none) ],
  personium: [ new ExternalEventEndpoint(none, none, none) ],
  'personium-token': [ new PersoniumTokenEndpoint(none, none, none, none) ],
  eventhos: [ new SendEndpoint({} as never), new CatalogueEndpoint(none, none, none), new ReceivedEndpoint(none, none, none), new RetryEndpoint(none, none, none) ],
  'eventhos-token': [ new EventhosTokenEndpoint(none, none) ],
  eventgrid: [ new PrecheckEndpoint(none, none, none), new PutEventsEndpoint(none, none, none) ],
  subscriptions: [ new SubscriptionsEndpoint(none, none, none, none, none, none) ],
  deliveries: [ new DeliveriesEndpoint(none, none, none, none) ],
  inbox: [ new InboxEndpoint(none, none, none, none) ],
  listing: [ new ListingEndpoint({} as never) ],
  ldes: [ new LdesEndpoint({} as never) ],
  stream: [ new StreamEndpoint({} as never) ],
  agent: [ new AgentEndpoint(new ServerAgent(BASE, none), none, none) ],
  health: [ new HealthEndpoint(none) ],
  openapi: [ new OpenApiEndpoint(BASE, []) ],
  vocabulary: [ new VocabularyEndpoint(none) ],
};

const operations = Object.entries(OPENAPI.paths).flatMap(([ path, item ]): { path: string; method: string; operation: Operation }[] =>
  METHODS.filter((method): boolean => method in item).map((method): { path: string; method: string; operation: Operation } =>
    ({ path, method: method.toUpperCase(), operation: item[method] as Operation })));

/** The path as an endpoint has it: behind the base URL of the pod, or of the server. */
const samplePath = (template: string): string => template.replace(/^\/(?:\{pod\}\/)?/u, '').replace('{project_id}', 'producer').replace('{channel_id}', 'realestate')
  .replace('{id}', SAMPLES.find(([ pattern ]): boolean => pattern.test(template))?.[1] ?? '');

const ruleOf = (path: string, tags: readonly string[] = Object.keys(ENDPOINTS)): PathRule | undefined => {
  for (const endpoint of tags.flatMap((tag): Endpoint[] => ENDPOINTS[tag])) {
    const rule = endpoint.ruleFor(path);
    if (rule) {
      return rule;
    }
  }
};

const isOfLdp = ({ responses }: Operation): boolean => responses[500]?.$ref === '#/components/responses/LdpError';

describe('The description of the HTTP APIs', (): void => {
  it('is valid OpenAPI 3.1.', async(): Promise<void> => {
    await SwaggerParser.validate(JSON.parse(JSON.stringify(OPENAPI)) as never);
  });

  it('has an endpoint for each tag, a tag for each operation, and no name twice.', (): void => {
    expect(Object.keys(ENDPOINTS).sort()).toEqual(OPENAPI.tags.map(({ name }): string => name).sort());
    for (const { operation } of operations) {
      expect(operation.tags.map((tag): boolean => tag in ENDPOINTS)).toEqual([ true ]);
    }
    const ids = operations.map(({ operation }): string => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each(operations.map(({ path, method, operation }): [string, string, Operation] => [ method, path, operation ]))(
    'has %s %s as an endpoint or LDP answers it.',
    (method, path, operation): void => {
      const rule = ruleOf(samplePath(path), operation.tags);
      if (isOfLdp(operation)) {
        expect(rule ? rule.ldp : [ method ]).toContain(method);
      } else {
        expect(rule).toBeDefined();
        expect(rule!.own ?? [ method ]).toContain(method);
      }
      // No other path hides it.
      expect(findOperation(method, `/${path.startsWith('/{pod}/') ? 'producer/' : ''}${samplePath(path)}`)).toBe(operation);
    },
  );

  it('has all that endpoints answer on these paths.', (): void => {
    for (const path of Object.keys(OPENAPI.paths)) {
      const own = ruleOf(samplePath(path))?.own ?? [];
      expect([ path, own.filter((method): boolean => method !== 'HEAD' && !(method.toLowerCase() in OPENAPI.paths[path])) ])
        .toEqual([ path, []]);
    }
  });

  it('uses each of its components.', (): void => {
    const text = JSON.stringify(OPENAPI);
    for (const [ kind, components ] of Object.entries(OPENAPI.components)) {
      for (const name of Object.keys(components)) {
        expect([ name, text.includes(kind === 'securitySchemes' ? `{"${name}":[]` : `"#/components/${kind}/${name}"`) ])
          .toEqual([ name, kind === 'securitySchemes' && name === 'cookiePeer' ? false : true ]);
      }
    }
  });
});

describe('The description of one server', (): void => {
  const showBy = async(tags: string[]): Promise<any> => {
    const { body } = await new OpenApiEndpoint('https://pods.example/base/', tags).handle({ request: { headers: {}}} as never);
    return JSON.parse(body!);
  };

  it('has its URL, and the operations of the endpoints that it has.', async(): Promise<void> => {
    const document = await showBy([ 'eventgrid', 'deliveries' ]);
    expect(document.servers).toEqual([{ url: 'https://pods.example/base' }]);
    expect(document.tags.map(({ name }: { name: string }): string => name)).toEqual([ 'eventgrid', 'deliveries' ]);
    expect(Object.keys(document.paths).sort()).toEqual([
      '/v1/{project_id}/channels/{channel_id}/events', '/v1/{project_id}/events', '/v1/{project_id}/events/check', '/{pod}/deliveries/', '/{pod}/deliveries/{id}', '/{pod}/deliveries/{id}/redeliver',
      '/{pod}/subscriptions/{id}/replay',
    ]);
    await SwaggerParser.validate(document);
    expect((await showBy([])).paths).toEqual({});
  });

  it('is sent again only where it has changed.', async(): Promise<void> => {
    const endpoint = new OpenApiEndpoint(BASE, [ 'openapi' ]);
    const ask = async(tag?: string): ReturnType<typeof endpoint.handle> => endpoint.handle({ request: { headers: { 'if-none-match': tag }}} as never);
    const { status, headers } = await ask();
    expect(status).toBe(200);
    for (const tag of [ headers!.ETag, `W/${headers!.ETag}`, `"other", ${headers!.ETag}`, '*' ]) {
      expect(await ask(tag)).toEqual({ status: 304, headers: expect.objectContaining({ ETag: headers!.ETag }) });
    }
    expect((await ask('"other"')).status).toBe(200);
    expect(new OpenApiEndpoint(BASE, []).ruleFor('.events/openapi.json')).toEqual({ own: [ 'GET', 'HEAD' ], ldp: [ 'OPTIONS' ]});
    expect(endpoint.ruleFor('.events/openapi')).toBeUndefined();
    expect((await new OpenApiEndpoint(BASE, []).handle({ request: { headers: {}}} as never)).headers!.ETag).not.toBe(headers!.ETag);
  });
});

describe('An answer is compared with the description', (): void => {
  const json = (headers: Record<string, string> = {}): Headers => new Headers({ 'content-type': 'application/json', ...headers });
  const url = `http://localhost:3000/producer/publish/${ID}`;
  const faultsOf = (method: string, path: string, status: number, headers: Headers, body: unknown): string[] =>
    validateAnswer(method, path, status, headers, typeof body === 'string' ? body : JSON.stringify(body));

  it('and is as described.', (): void => {
    expect(faultsOf('POST', '/producer/publish/', 201, json({ location: url }), { id: url })).toEqual([]);
    expect(faultsOf('POST', '/producer/event/send', 200, json(), { code: 200_000, message: 'success' })).toEqual([]);
    expect(faultsOf('POST', '/producer/__event', 200, new Headers({ 'x-personium-version': '1.8.4', 'access-control-allow-origin': '*' }), '')).toEqual([]);
    expect(faultsOf('HEAD', '/producer/deliveries/17', 404, json(), '')).toEqual([]);
    expect(faultsOf('PUT', '/producer/publish/check', 405, json({ allow: 'OPTIONS, POST' }), { error: 'why' })).toEqual([]);
    expect(faultsOf('GET', `/producer/publish/${ID}`, 200, new Headers({ 'content-type': 'text/turtle' }), '<a> <b> <c>.')).toEqual([]);
  });

  it.each([
    [ 'a path', 'POST', '/producer/nothing', 200, json(), {}, /is not described/u ],
    [ 'a method', 'PATCH', '/producer/event', 200, json(), {}, /not described to answer 200/u ],
    [ 'a status', 'POST', '/producer/publish/', 418, json(), {}, /not described to answer 418/u ],
    [ 'a header that is missing', 'POST', '/producer/publish/', 201, json(), { id: url }, /header Location is missing/u ],
    [ 'a header of another form', 'POST', '/v1/producer/events/check', 200, json({ 'x-request-id': 'x' }), { failed_count: 0, sources: []}, /header X-Request-Id/u ],
    [ 'a content type', 'POST', '/producer/publish/', 201, new Headers({ location: url, 'content-type': 'text/plain' }), { id: url }, /content type "text\/plain"/u ],
    [ 'a body that is no JSON', 'POST', '/producer/event/send', 200, json(), '{', /no JSON/u ],
    [ 'a key that is missing', 'POST', '/producer/publish/', 403, json(), {}, /required property 'error'/u ],
    [ 'a key too many', 'POST', '/producer/publish/', 403, json(), { error: 'x', stack: 'y' }, /additional properties/u ],
    [ 'another value', 'POST', '/producer/event/send', 203, json(), { code: 200_000, message: 'success' }, /code must be equal/u ],
    [ 'a key too many in a document of parts', 'GET', `/producer/subscriptions/${ID}`, 200, json(), {
      '@context': {}, id: url.replace('publish', 'subscriptions'), type: 'Subscription', topic: 't', inbox: url, agent: url,
      created: '2026-01-31T12:00:00.000Z', secret: 'whsec_x',
    }, /unevaluated properties/u ],
    [ 'a body where there is none', 'DELETE', `/producer/subscriptions/${ID}`, 204, new Headers(), 'x', /none is described/u ],
  ])('and is found to have %s that is not described.', (_what, method, path, status, headers, body, fault): void => {
    expect(faultsOf(method, path, status, headers, body).join('\n')).toMatch(fault);
  });
});
