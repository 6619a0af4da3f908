import type { OutgoingHttpHeaders } from 'node:http';
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import type { TestAgent } from '../util/accounts';
import { createApiKey, createCredentials } from '../util/accounts';
import { runs } from '../util/effort';
import { findOperation, validateAnswer } from '../util/openapi';
import type { Scene } from '../util/scene';
import { members, post, setScene } from '../util/scene';
import { eventually } from '../util/wait';

/** What the user's pod alone has. No request has it, so no answer to others may. */
const SECRET = 'kept-from-everybody-else';
/** How many requests each endpoint gets. */
const RUNS = runs(80);
const JSON_TYPE = { 'content-type': 'application/json' };

interface Sent {
  readonly method: string;
  /** What is behind the base URL, with the query. */
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
}

interface Received {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What the endpoints answer themselves; the other methods are LDP's. */
const OURS: readonly (readonly [path: RegExp, ldp: readonly string[]])[] = [
  [ /^\/[^/]+\/publish\/$/u, [ 'GET', 'HEAD' ]],
  [ /^\/[^/]+\/(?:publish\/check|__event|__token|event\/send|auth\/token|deliveries\/|subscriptions\/)$/u, []],
  [ /^\/[^/]+\/(?:event|system)(?:\/\d+)?$/u, []],
  [ /^\/[^/]+\/event\/received(?:\/(?:execution-detail\/|(?!execution-detail$))[^/.][^/]*)?$/u, []],
  [ /^\/[^/]+\/(?:deliveries|received\/execution-detail)\/[^/.][^/]*$/u, []],
  [ /^\/[^/]+\/subscriptions\/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/iu, []],
  [ /^\/[^/]+\/(?:deliveries\/[^/.][^/]*\/redeliver|subscriptions\/[^/.][^/]*\/(?:replay|secret))$/u, []],
  [ /^\/v1\/[^/]+\/events\/check$/u, []],
  [ /^\/\.events\/openapi\.json$/u, []],
];

/** Texts that are names, numbers or parts of paths, but not the ones that are expected. */
const ODD_TEXTS = [
  '', ' ', '0', '-1', '1e3', '99999999999999999999', '9007199254740993', 'NaN', '.', '..', '%2e%2e', '..%2F..%2Fuser', '%2F', '%00',
  '%', '%C3%28', '%ED%A0%80', '\u00E9', '\u00FF', 'a b', 'a/b', 'a;b', '<script>', '\'', '"', '\\', '{}', '__proto__', 'constructor', 'x'.repeat(300),
  'toString', 'null', 'true', '*', '#', '?', '&', '=', ',', ':', '@', '+', '$where', 'OR 1=1 --', 'user', 'producer', 'nobody',
];

const toBuffer = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const oddText = fc.oneof(fc.constantFrom(...ODD_TEXTS), fc.string(), fc.string({ unit: 'binary' }));
const oddValue = fc.oneof(
  oddText,
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown>(null, true, 0, -1, 1.5, 1e308, Number.MAX_SAFE_INTEGER, {}, [], [[]], { constructor: 1 }, { '@context': 'urn:x' }),
);
const oddBody = fc.oneof(
  fc.json(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '', ' ', '[]', '{}', 'null', '1', '"x"', '{"a":1,"a":2}', '{"__proto__":{"x":1}}', '{"constructor":{"prototype":1}}', '\uFEFF{}',
    `{"@context":{"@vocab":"urn:"},"@id":"urn:x"}`, '{"a":1e999,"b":123456789012345678901234567890}', '"\\ud800"', '{"a":', 'a=b&a=b&%=%',
    `${'['.repeat(5_000)}${']'.repeat(5_000)}`, `${'{"a":'.repeat(2_000)}1${'}'.repeat(2_000)}`, 'grant_type=client_credentials&client_id=x&client_secret=y',
  ),
).map((body): Buffer => Buffer.from(body));
const bytes = fc.uint8Array({ maxLength: 50 }).map((array): Buffer => Buffer.from(array));

/** Objects of a form, of whose members some are missing or odd; and their text, of which some is cut off. */
function nearly(form: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<unknown> {
  const of = (share: number): fc.Arbitrary<unknown> => fc.record(
    Object.fromEntries(Object.entries(form).map(([ name, value ]): [string, fc.Arbitrary<unknown>] =>
      [ name, fc.oneof({ weight: share, arbitrary: value }, { weight: 1, arbitrary: oddValue }) ])),
    { requiredKeys: share > 10 ? Object.keys(form) : []},
  );
  return fc.oneof({ weight: 2, arbitrary: of(40) }, { weight: 1, arbitrary: of(3) });
}

function bodiesOf(...values: fc.Arbitrary<unknown>[]): fc.Arbitrary<Buffer> {
  const whole = fc.oneof(...values).map(toBuffer);
  return fc.oneof(
    { weight: 6, arbitrary: whole },
    { weight: 1, arbitrary: fc.tuple(whole, fc.nat()).map(([ body, end ]): Buffer => body.subarray(0, end % body.length)) },
    { weight: 2, arbitrary: oddBody },
    { weight: 1, arbitrary: bytes },
  );
}

/** What a header can have: the characters of HTTP, of which some are no ASCII. */
const headerText = fc.oneof(
  fc.constantFrom(...ODD_TEXTS).map((value): string => encodeURI(value).slice(0, 300)),
  fc.array(fc.integer({ min: 0x20, max: 0xFF }).filter((code): boolean => code !== 0x7F), { maxLength: 20 })
    .map((codes): string => String.fromCodePoint(...codes)),
);
/** `Host` and `Forwarded` are not here: by a URL of another server the Community Solid Server fails before any endpoint. */
const HEADERS: Readonly<Record<string, readonly string[]>> = {
  'content-type': [ 'application/json', 'Application/JSON; charset=utf-8', 'text/plain', 'application/x-www-form-urlencoded', 'text/turtle', ';' ],
  'content-encoding': [ 'gzip', 'identity', 'br' ],
  accept: [ '*/*', 'application/json', 'text/turtle', 'application/ld+json;q=0.1', 'image/png', ';q=5' ],
  'idempotency-key': [ 'one', 'two', 'three', 'x'.repeat(255), 'x'.repeat(256) ],
  'x-http-method-override': [ 'GET', 'POST', 'DELETE', 'PROPFIND', 'constructor' ],
  'x-override': [ 'Content-Type:text/plain', 'Authorization:Bearer x', 'Content-Length:0', ':', '__proto__:x', 'X-Personium-RequestKey:a b', 'host:x' ],
  'x-personium-requestkey': [ 'key_01-A', 'a b', 'x'.repeat(129) ],
  'x-personium-rulechain': [ '0', '3', '99', '-1', '1e9' ],
  'x-personium-via': [ 'https://a.example/', ',,,', 'a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z' ],
  'x-auth-token': [ 'x', '', 'x'.repeat(9_000) ],
  'x-api-key': [ 'x', '', `spe_${'A'.repeat(43)}` ],
  'access-key': [ 'x', '', `spe_${'A'.repeat(43)}` ],
  'x-request-id': [ 'mine' ],
  cookie: [ 'p_cookie=x', 'p_cookie', ';=;', 'p_cookie=a; p_cookie=b' ],
  'if-match': [ '*', '"x"' ],
  'if-none-match': [ '*', '"x"', ',,', 'W/"x"' ],
  slug: [ '../x', '' ],
  link: [ '<http://www.w3.org/ns/ldp#BasicContainer>; rel="type"', '<' ],
  range: [ 'bytes=0-1' ],
  origin: [ 'https://app.example', 'null' ],
  dpop: [ 'x' ],
  via: [ '1.1 proxy' ],
};
const oddHeaders = fc.array(
  fc.constantFrom(...Object.keys(HEADERS)).chain((name): fc.Arbitrary<[string, string]> => fc.tuple(
    fc.constant(name),
    fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...HEADERS[name]) }, { weight: 1, arbitrary: headerText }),
  )),
  { maxLength: 3 },
);
const query = (names: readonly string[], values: fc.Arbitrary<string>): fc.Arbitrary<string> => fc.array(
  fc.tuple(fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...names) }, { weight: 1, arbitrary: oddText }), values),
  { maxLength: 3 },
).map((pairs): string => pairs.length === 0 ? '' : `?${new URLSearchParams(pairs).toString()}`);

/** How an answer differs from the description. */
function differences(method: string, path: string, { status, headers, body }: Received): string[] {
  if (findOperation(method, path) || status === 405) {
    return validateAnswer(method, path, status, headers, body);
  }
  // What a dialect looks at before the method is answered as for the one that there is, to HEAD without the body.
  return method === 'HEAD' ? [] : validateAnswer('POST', path, status, headers, body);
}

describe('Each endpoint', (): void => {
  const agent = new Agent({ keepAlive: true });
  let scene: Scene;
  let authorization: string;
  let key: string;
  /** What the producer and the user have in their catalogues: ids of systems and entries, identifiers of entries. */
  const own = { system: 0, entries: [] as string[], client: { id: '', secret: '' }};
  const secret = { entries: [] as number[], system: 0, event: '', detail: '', subscription: '', entry: '' };
  /** What was accepted, to be compared with what is stored. */
  const accepted = { events: new Set<string>(), copies: new Set<string>(), system: 0, event: 0, subscriptions: new Set<string>() };

  const send = async({ method, path, headers, body }: Sent): Promise<Received> => new Promise((resolve, reject): void => {
    const url = new URL(scene.server.baseUrl);
    const sent = request({ hostname: 'localhost', port: url.port, agent, method, path: `/${path}`, headers: { ...headers, 'content-length': body.length }}, (message): void => {
      text(message).then((received): void => resolve({
        status: message.statusCode!,
        headers: Object.fromEntries(Object.entries(message.headers).map(([ name, value ]): [string, string] => [ name, String(value) ])),
        body: received,
      }), reject);
    });
    sent.on('error', reject).end(body);
  });

  /** What is wrong with an answer, whatever was sent. */
  function faultsOf({ method, path }: Sent, { status, headers, body }: Received): string[] {
    const { pathname } = new URL(`http://localhost/${path}`);
    const whole = body + JSON.stringify(headers);
    const isOurs = method !== 'OPTIONS' &&
      OURS.some(([ pattern, ldp ]): boolean => pattern.test(pathname) && !ldp.includes(method));
    return [
      ...status >= 500 && status !== 501 ? [ `It failed with ${status}` ] : [],
      ...whole.includes(SECRET) ? [ 'It tells a secret' ] : [],
      .../\n\s+at |node_modules|\/src\/|\/dist\//u.test(whole) || whole.includes(process.cwd()) || whole.includes(scene.server.folder) ?
        [ 'It tells how the server is built' ] :
        [],
      ...isOurs ? differences(method, pathname, { status, headers, body }) : [],
    ];
  }

  /** Remembers what was accepted; a repeat by the same key is the same event. */
  function remember({ method, path, headers, body }: Sent, { status, headers: answered, body: answer }: Received): void {
    const { pathname } = new URL(`http://localhost/${path}`);
    const place = pathname.slice('/producer/'.length);
    if (!pathname.startsWith('/producer/') || status >= 300) {
      return;
    }
    if (place === 'publish/' && method === 'POST') {
      const { ids = [ JSON.parse(answer).id ] } = JSON.parse(answer);
      const events = [ JSON.parse(body.toString()) ].flat();
      ids.forEach((id: string, index: number): void => {
        accepted.events.add(id);
        if ([ events[index].recipient, events[index].source ].flat().includes(scene.user.webId)) {
          accepted.copies.add(id.split('/').at(-1)!);
        }
      });
    } else if ((place === '__event' || place === 'event/send') && method === 'POST') {
      accepted.events.add(String(headers['idempotency-key'] ?? `${accepted.events.size}`));
    } else if ((place === 'system' || place === 'event') && method === 'POST') {
      accepted[place] += 1;
    } else if (/^(?:system|event)(?:\/|$)/u.test(place) && method === 'DELETE') {
      accepted[place.split('/')[0] as 'event' | 'system'] -= 1;
    } else if (place === 'subscriptions/' && method === 'POST') {
      accepted.subscriptions.add(answered.location);
    } else if (place.startsWith('subscriptions/') && method === 'DELETE') {
      accepted.subscriptions.delete(`${scene.server.baseUrl.slice(0, -1)}${pathname}`);
    }
  }

  /** The pods that requests are for: mostly the producer's own. */
  const pod = fc.oneof({ weight: 5, arbitrary: fc.constant('producer/') }, { weight: 1, arbitrary: fc.constantFrom('user/', 'nobody/', '') });
  const aKey = fc.oneof(
    fc.integer({ min: -1, max: 9 }).map(String),
    fc.constantFrom(...ODD_TEXTS).map(encodeURIComponent),
    fc.constantFrom('..', '%2E%2E', '%2f', '%5C', '.acl', '1.acl'),
  );
  const isPlanted = (path: string): boolean => /\/(?:event|system)(?:\/|\?.*\bid=)[1-4]\b/u.test(path);

  /** Sends requests to an endpoint, and looks at the answers. */
  async function assault(
    paths: fc.Arbitrary<string>,
    methods: readonly string[],
    bodies: fc.Arbitrary<Buffer>,
    usual: readonly Record<string, string>[] = [],
    numRuns = RUNS,
  ): Promise<Set<number>> {
    const credentials = fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom({ authorization }, { 'x-api-key': key }, ...usual) },
      { weight: 1, arbitrary: fc.constantFrom({}, { authorization: 'Bearer x' }, { authorization: 'Basic eDp5' }, { authorization: 'DPoP e.e.e' }) },
    );
    const method = fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom(...methods) },
      { weight: 1, arbitrary: fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND') },
    );
    const headers = fc.tuple(credentials, fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 2, arbitrary: oddHeaders }))
      .map(([ credential, odd ]): OutgoingHttpHeaders => {
        const all: Record<string, string[]> = {};
        for (const [ name, value ] of odd) {
          all[name] = [ ...all[name] ?? [], value ];
        }
        return { ...JSON_TYPE, ...credential, ...all };
      });
    const statuses = new Set<number>();
    await fc.assert(fc.asyncProperty(fc.record({ method, path: paths, headers, body: bodies }), async(sent): Promise<void> => {
      // The entries that are sent are to stay as they are.
      fc.pre(!([ 'PUT', 'DELETE' ].includes(sent.method) && isPlanted(`/${sent.path}`)));
      const answer = await send(sent);
      expect(faultsOf(sent, answer)).toEqual([]);
      remember(sent, answer);
      statuses.add(answer.status);
    }), { numRuns });
    return statuses;
  }

  /** The same, and again if chance has kept it from getting some answers, without which not all of the endpoint was reached. */
  async function assaultFor(expected: readonly number[], ...sent: Parameters<typeof assault>): Promise<void> {
    const statuses = new Set<number>();
    for (let round = 0; round < 5 && !expected.every((status): boolean => statuses.has(status)); round += 1) {
      (await assault(...sent)).forEach((status): unknown => statuses.add(status));
    }
    expect([ ...statuses ]).toEqual(expect.arrayContaining([ ...expected ]));
  }

  beforeAll(async(): Promise<void> => {
    scene = await setScene();
    const { server: { baseUrl }, producer, user } = scene;
    ({ key } = await createApiKey(baseUrl, producer.webId));
    const { id, secret: clientSecret } = await createCredentials(baseUrl, 'producer', producer.webId);
    own.client = { id, secret: clientSecret };
    const token = await (await post(fetch, `${producer.pod}__token`, { grant_type: 'client_credentials', client_id: id, client_secret: clientSecret })).json();
    authorization = `Bearer ${token.access_token}`;
    const fill = async(of: TestAgent, text: string): Promise<string[]> => {
      const system = await (await post(of.fetch, `${of.pod}system`, { name: text, identifier: text, class: 'producer', type: text, description: text })).json();
      own.system = system.content.id;
      const entries: string[] = [];
      for (const schema of [ undefined, { type: 'object', required: [ 'n' ], properties: { n: { type: 'integer' }}}]) {
        const entry = { system_id: own.system, name: text, operation: 'new', description: text, topic: `shop/${text}#add`, schema };
        const { content } = await (await post(of.fetch, `${of.pod}event`, entry)).json();
        entries.push(content.identifier);
      }
      await post(of.fetch, `${of.pod}subscriptions/`, { topic: `shop/${text}`, inbox: of.inbox });
      await post(of.fetch, `${of.pod}event/send?event-identifier=${entries[0]}`, [ text ]);
      return entries;
    };
    [ secret.entry ] = await fill(user, SECRET);
    const { content: { items }} = await (await user.fetch(`${user.pod}event`)).json();
    secret.entries = items.map(({ id: entry }: { id: number }): number => entry);
    own.entries = await fill(producer, 'mine');
    accepted.system = 1;
    accepted.event = 2;
    const received = await (await user.fetch(`${user.pod}event/received`)).json();
    secret.event = received.content.items[0].id;
    secret.system = received.content.items[0].systemId;
    const detail = await (await user.fetch(`${user.pod}event/received/${secret.event}`)).json();
    secret.detail = detail.content.executedEventContracts[0].detailId;
    const { contains: [ subscription ]} = await (await user.fetch(`${user.pod}subscriptions/`)).json();
    secret.subscription = subscription.id.split('/').at(-1);
    for (const url of await members(producer, `${producer.pod}publish/`)) {
      accepted.events.add(url);
    }
    const { contains } = await (await producer.fetch(`${producer.pod}subscriptions/`)).json();
    accepted.subscriptions.add(contains[0].id);
    expect(JSON.stringify([ received, detail, subscription ])).toContain(SECRET);
  });

  afterAll(async(): Promise<void> => {
    agent.destroy();
    await scene.end();
  });

  const topic = fc.oneof(fc.constantFrom('realestate/x', 'realestate/contact#add', 'shop/mine#add'), oddText);
  const events = (): fc.Arbitrary<unknown>[] => {
    const event = nearly({
      recipient: fc.constantFrom<unknown>(scene.user.webId, [ scene.user.webId, scene.producer.webId ]),
      topic: fc.constantFrom('realestate/x', 'realestate/contact#add'),
      data: oddValue,
    });
    return [ event, fc.array(event, { maxLength: 4 }), nearly({ recipient: oddValue, source: oddValue, topic, data: oddValue }) ];
  };

  it('tells nobody of what another pod has.', async(): Promise<void> => {
    const mine = { 'x-api-key': key };
    const places = [
      `system/${secret.system}`,
      `event/${secret.entries[0]}`,
      `event/received/${secret.event}`,
      `event/received/execution-detail/${secret.detail}`,
      `received/execution-detail/${secret.detail}`,
      `subscriptions/${secret.subscription}`,
    ];
    const ask = async(path: string, headers: OutgoingHttpHeaders): Promise<number> => {
      const sent = { method: 'GET', path, headers, body: Buffer.alloc(0) };
      const answer = await send(sent);
      expect([ path, faultsOf(sent, answer) ]).toEqual([ path, []]);
      return answer.status;
    };
    for (const place of places) {
      const statuses = [
        await ask(`producer/${place}`, mine), await ask(`user/${place}`, mine), await ask(`user/${place}`, {}),
      ];
      expect([ place, statuses ]).toEqual([ place, [ 404, 403, 401 ]]);
    }
    for (const filter of [ `systemId=${secret.system}`, `idSearch=${secret.event}`, `eventIdentifierSearch=${SECRET}` ]) {
      const { content } = await (await scene.producer.fetch(`${scene.producer.pod}event/received?${filter}`)).json();
      expect([ filter, content.totalItems ]).toEqual([ filter, 0 ]);
    }
  });

  it('for publishing answers whatever it is sent, and tells nothing that it must not.', async(): Promise<void> => {
    await assaultFor([ 201, 400 ], pod.map((name): string => `${name}publish/`), [ 'POST' ], bodiesOf(...events()));
    await assault(pod.map((name): string => `${name}publish/check`), [ 'POST' ], bodiesOf(...events()));
  });

  it('for external events does.', async(): Promise<void> => {
    const field = fc.oneof(oddText, fc.constant('x'.repeat(60_000)));
    const form = nearly({ Type: fc.constantFrom('door', 'a/b#c'), Object: field, Info: field });
    const queries = query([ 'p_cookie_peer', 'q' ], oddText);
    const paths = fc.tuple(pod, queries).map(([ name, tail ]): string => `${name}__event${tail}`);
    await assaultFor([ 200, 400 ], paths, [ 'POST' ], bodiesOf(form));
  });

  it('for tokens does.', async(): Promise<void> => {
    const form = nearly({
      grant_type: fc.constantFrom('client_credentials', 'password'),
      client_id: fc.constantFrom(own.client.id, 'x'),
      client_secret: fc.oneof({ weight: 4, arbitrary: fc.constant(own.client.secret) }, { weight: 1, arbitrary: fc.constant('wrong') }),
      p_cookie: fc.constantFrom<unknown>(true, 'true', false),
    });
    const paths = fc.tuple(pod, fc.constantFrom('__token', 'auth/token')).map((parts): string => parts.join(''));
    await assault(paths, [ 'POST' ], bodiesOf(form, form.map((value): string => new URLSearchParams(value as Record<string, string>).toString())));
  });

  it('for sending does.', async(): Promise<void> => {
    const identifier = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...own.entries) }, { weight: 1, arbitrary: fc.oneof(fc.constant(secret.entry), oddText) });
    const paths = fc.tuple(pod, identifier, query([ 'event-identifier', 'x', 'token' ], oddText))
      .map(([ name, value, tail ]): string => `${name}event/send?event-identifier=${encodeURIComponent(value.toWellFormed())}&${tail.slice(1)}`);
    const body = bodiesOf(nearly({ n: fc.integer() }), oddValue);
    await assaultFor([ 200, 400 ], paths, [ 'POST' ], body, [{ 'access-key': key }, { 'access-key': authorization.slice(7) }]);
  });

  it('for catalogues does.', async(): Promise<void> => {
    const text = fc.constantFrom('Shop', 'a-b', 'x'.repeat(201));
    const system = nearly({ name: text, identifier: oddText, class: fc.constantFrom('producer', 'hybrid'), type: text, description: text });
    const schema = fc.oneof(
      oddValue,
      fc.constantFrom<unknown>({ type: 'object' }, { $ref: '#' }, { $ref: 'file:///etc/passwd' }, { pattern: '(' }, { $async: true }, { $id: '' }, { type: 'x' }),
    );
    const entry = nearly({ system_id: fc.constantFrom<unknown>(own.system, 1, `${own.system}`), name: text, operation: fc.constantFrom('new', 'select'), description: text, topic, schema });
    const identified = fc.tuple(fc.oneof(system, entry), fc.oneof(fc.integer({ min: 5, max: 9 }), oddText))
      .map(([ value, id ]): object => ({ ...value as object, id }));
    const lists = query([ 'itemsPerPage', 'pageIndex', 'order', 'activeSort', 'id' ], fc.oneof(aKey, fc.constantFrom('asc', 'desc', 'id')));
    const paths = fc.tuple(pod, fc.constantFrom('event', 'system'), fc.oneof(fc.constant(''), aKey.map((id): string => `/${id}`)), lists)
      .map((parts): string => parts.join(''));
    await assaultFor([ 200, 201, 400, 404 ], paths, [ 'GET', 'POST', 'POST', 'PUT', 'DELETE' ], bodiesOf(system, entry, identified), [], 3 * RUNS);
  });

  it('for the log of what was received does.', async(): Promise<void> => {
    const ids = fc.oneof(
      { weight: 3, arbitrary: fc.constant('') },
      { weight: 1, arbitrary: fc.constantFrom(`/${secret.event}`, `/execution-detail/${secret.detail}`, '/execution-detail') },
      { weight: 2, arbitrary: aKey.map((id): string => `/${id}`) },
    );
    const filters = query(
      [ 'systemId', 'fromTime', 'toTime', 'state', 'idSearch', 'eventIdentifierSearch', 'itemsPerPage', 'pageIndex', 'order' ],
      fc.oneof(oddText, fc.constantFrom('processed', 'waiting', '2020-01-31', '1700000000000', secret.event.slice(0, 8), '1', 'desc', '%', '_')),
    );
    const paths = fc.tuple(pod, fc.constantFrom('event/received', 'event/received', 'received'), ids, filters)
      .map((parts): string => parts.join(''));
    await assaultFor([ 200, 400, 404 ], paths, [ 'GET' ], fc.constant(Buffer.alloc(0)));
  });

  it('for prechecks does.', async(): Promise<void> => {
    const source = nearly({ channel_id: fc.constantFrom('realestate', 'shop'), source_name: fc.constantFrom('contact#add', 'mine') });
    const project = fc.oneof(
      { weight: 2, arbitrary: fc.constantFrom('user', 'producer') },
      { weight: 1, arbitrary: fc.constantFrom(...ODD_TEXTS, 'user.localhost', 'user@x', '日本').map(encodeURIComponent) },
      { weight: 1, arbitrary: aKey },
    );
    const paths = project.map((name): string => `v1/${name}/events/check`);
    const body = bodiesOf(fc.record({ sources: fc.array(source, { maxLength: 5 }) }), nearly({ sources: oddValue }));
    await assaultFor([ 200, 400, 404 ], paths, [ 'POST' ], body, [{ 'x-auth-token': key }, { 'x-auth-token': authorization.slice(7) }]);
  });

  it('for PutEvents does.', async(): Promise<void> => {
    const event = nearly({
      specversion: fc.constant('1.0'), id: fc.string({ minLength: 1 }), type: fc.constantFrom('added', 'com.example.added'),
      source: fc.constantFrom('', 'a\u0000', '/'.repeat(16), 5), time: oddValue, subject: oddText, data: oddValue, data_base64: oddValue, ext: oddValue,
    });
    const paths = fc.tuple(
      fc.constantFrom('nobody', 'user', 'subscriber'),
      fc.oneof(fc.constant('events'), oddText.map((text): string => `channels/${encodeURIComponent(text).replaceAll('.', '%2E') || 'x'}/events`)),
    ).map(([ project, rest ]): string => `v1/${project}/${rest}`);
    const body = bodiesOf(fc.record({ events: fc.array(event, { maxLength: 3 }) }), nearly({ events: oddValue }));
    await assaultFor([ 200, 400, 404 ], paths, [ 'POST' ], body, [{ 'x-auth-token': key }]);
  });

  it('for subscriptions and deliveries does, and so does the description of them all.', async(): Promise<void> => {
    const subscription = nearly({ topic: fc.constantFrom('shop/*', 'a/b'), inbox: fc.constant(scene.producer.inbox), expires: oddValue });
    const names = fc.oneof(fc.constant(''), fc.constantFrom(secret.subscription, secret.detail, 'c0ffee00-0000-7000-8000-000000000000'), aKey);
    const tails = fc.constantFrom('', '', '', '/secret', '/replay', '/redeliver');
    const filters = query([ 'limit', 'state', 'since', 'until', 'subscription', 'cursor', 'topic' ], fc.oneof(oddText, fc.constantFrom('1', 'dead', '2020-01-31')));
    const paths = fc.tuple(pod, fc.constantFrom('subscriptions/', 'deliveries/'), names, tails, filters)
      .map((parts): string => parts.join(''));
    await assaultFor([ 200, 400, 404 ], paths, [ 'GET', 'POST', 'DELETE' ], bodiesOf(subscription, nearly({ since: fc.constant('2020-01-31') })), [], 2 * RUNS);
    await assault(query([ 'x' ], oddText).map((tail): string => `.events/openapi.json${tail}`), [ 'GET' ], bodiesOf(oddValue), [], 30);
  });

  it('has kept what it accepted, and nothing else.', async(): Promise<void> => {
    const { producer, user } = scene;
    const count = async(path: string): Promise<number> =>
      (await (await producer.fetch(`${producer.pod}${path}?itemsPerPage=1`)).json()).content.totalItems;
    expect(await members(producer, `${producer.pod}publish/`)).toHaveLength(accepted.events.size);
    expect(await count('event/received')).toBe(accepted.events.size);
    expect(await count('system')).toBe(accepted.system);
    expect(await count('event')).toBe(accepted.event);
    const { contains } = await (await producer.fetch(`${producer.pod}subscriptions/`)).json();
    expect(contains.map(({ id }: { id: string }): string => id).sort()).toEqual([ ...accepted.subscriptions ].sort());
    await eventually(async(): Promise<true | undefined> => (await members(user, user.inbox)).length === accepted.copies.size + 1 || undefined);
    expect(await members(user, `${user.pod}publish/`)).toHaveLength(1);
    for (const id of await members(producer, `${producer.pod}publish/`)) {
      expect((await producer.fetch(id, { headers: { accept: 'text/turtle' }})).status).toBe(200);
    }
  });

  /** A body that each endpoint takes. */
  const bodies = (): [path: string, body: unknown][] => [
    [ 'producer/publish/', { recipient: scene.user.webId, topic: 'realestate/x', data: 1 }],
    [ 'producer/publish/check', { recipient: scene.user.webId, topic: 'realestate/x', data: 1 }],
    [ 'producer/__event', { Type: 'door' }],
    [ 'producer/__token', { grant_type: 'client_credentials' }],
    [ 'producer/auth/token', { grant_type: 'client_credentials', client_id: own.client.id, client_secret: own.client.secret }],
    [ `producer/event/send?event-identifier=${own.entries[0]}`, { n: 1 }],
    [ 'producer/system', { name: 'Slow', identifier: `slow-${accepted.system += 1}`, class: 'producer' }],
    [ 'producer/event', { system_id: own.system, name: 'Slow', operation: 'new', topic: 'shop/slow' }],
    [ 'v1/producer/events/check', { sources: [{ channel_id: 'shop' }]}],
    [ 'v1/producer/channels/shop/events', { events: [{ specversion: '1.0', id: '1', source: 'slow', type: 'slow' }]}],
    [ 'producer/subscriptions/', { topic: 'shop/slow', inbox: scene.producer.inbox }],
  ];
  const headersFor = (path: string): OutgoingHttpHeaders => ({ ...JSON_TYPE, ...!path.endsWith('auth/token') && { authorization }});

  it('reads a body no further than its limit.', async(): Promise<void> => {
    for (const [ path ] of bodies()) {
      const sent = { method: 'POST', path, headers: { ...headersFor(path), 'content-length': 10_000_000 }, body: Buffer.alloc(0) };
      const answer = await new Promise<Received>((resolve, reject): void => {
        const { port } = new URL(scene.server.baseUrl);
        const begun = request({ hostname: 'localhost', port, method: 'POST', path: `/${path}`, headers: sent.headers }, (message): void => {
          const headers = Object.fromEntries(Object.entries(message.headers).map(([ name, value ]): [string, string] => [ name, String(value) ]));
          text(message).then((body): void => {
            begun.destroy();
            resolve({ status: message.statusCode!, headers, body });
          }, reject);
        });
        begun.on('error', reject).flushHeaders();
      });
      const status = path.endsWith('/channels/shop/events') ? 400 : 413;
      expect([ path, answer.status, answer.headers.connection, faultsOf(sent, answer) ]).toEqual([ path, status, 'close', []]);
    }
  });

  it('serves others while bodies come byte by byte, and these when they are there.', async(): Promise<void> => {
    const { port } = new URL(scene.server.baseUrl);
    const statuses: number[] = [];
    const slow = bodies().map(([ path, body ]): { finish: () => Promise<number> } => {
      const whole = toBuffer(body);
      const headers = { ...headersFor(path), 'content-length': whole.length };
      const begun = request({ hostname: 'localhost', port, method: 'POST', path: `/${path}`, headers });
      const answered = new Promise<number>((resolve, reject): void => {
        begun.on('error', reject).on('response', (message): void => {
          message.resume();
          statuses.push(message.statusCode!);
          resolve(message.statusCode!);
        });
      });
      let at = 0;
      const timer = setInterval((): void => {
        if (at < whole.length - 1) {
          begun.write(whole.subarray(at, at += 1));
        }
      }, 20);
      return {
        finish: async(): Promise<number> => {
          clearInterval(timer);
          begun.end(whole.subarray(at));
          return answered;
        },
      };
    });
    for (const [ path, body ] of bodies()) {
      const { status } = await send({ method: 'POST', path, headers: headersFor(path), body: toBuffer(body) });
      expect([ path, [ 200, 201 ].includes(status) ]).toEqual([ path, true ]);
    }
    expect(statuses).toEqual([]);
    expect(await Promise.all(slow.map(async({ finish }): Promise<number> => finish())))
      .toEqual(bodies().map(([ path ]): number => /\/(?:check|__event|__token|channels\/shop\/events|event\/send\?.*)$/u.test(`/${path}`) ? 200 : 201));
  });
});
