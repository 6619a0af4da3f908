import { Parser } from 'n3';
import { run } from '../../src/cli';
import { deliveries, redeliver, replay, subscribe, subscriptions } from '../../src/client';
import { EVENTS } from '../../src/event/vocabulary';
import { grant } from '../util/access';
import { createApiKey } from '../util/accounts';
import type { OtherServer } from '../util/outgoing';
import { startOther } from '../util/outgoing';
import type { Scene } from '../util/scene';
import { members, post, setScene } from '../util/scene';
import { eventually } from '../util/wait';

const CONTACT = 'realestate/contact#add';
const LEAD = 'realestate/lead#add';

describe('The log of deliveries', (): void => {
  let scene: Scene;
  let sink: OtherServer;
  /** What the sink answers. */
  let status: number;
  let log: string;
  let subscription: string;
  const begun = new Date().toISOString();

  /** The ids of the events that have come to the sink, in order. */
  const arrived = (): string[] => sink.requests.filter(({ method }): boolean => method === 'POST').map(({ body }): string => JSON.parse(body).id);
  const uuidOf = (url: string): string => url.slice(url.lastIndexOf('/') + 1);
  const publish = async(topic = CONTACT, pod = scene.producer.pod, recipient = scene.user.webId): Promise<string> => {
    const response = await post(scene.producer.fetch, `${pod}publish/`, { recipient, topic, data: 'Bruce Wayne' });
    expect(response.status).toBe(201);
    return (await response.json()).id;
  };
  const read = async(query = '', fetcher = scene.user.fetch): Promise<any> => {
    const response = await fetcher(`${log}${query}`);
    expect(response.status).toBe(200);
    return response.json();
  };
  const shown = async(query = '', fetcher = scene.user.fetch): Promise<any[]> => (await read(query, fetcher)).contains;
  const deliveryOf = async(event: string, state: string): Promise<any> => eventually(async(): Promise<any> =>
    (await shown(`?event=${event}`)).find((delivery): boolean => delivery.state === state));

  beforeAll(async(): Promise<void> => {
    scene = await setScene('test/config/webhooks.json');
    log = `${scene.user.pod}deliveries/`;
    status = 204;
    sink = await startOther(({ method }, response): void => {
      const consent = { 'WebHook-Allowed-Origin': '*', 'WebHook-Allowed-Rate': '*' };
      response.writeHead(method === 'OPTIONS' ? 204 : status, method === 'OPTIONS' ? consent : {}).end();
    });
    const response = await post(scene.subscriber.fetch, `${scene.user.pod}subscriptions/`, { topic: 'realestate/*', webhook: sink.url });
    expect(response.status).toBe(201);
    subscription = (await response.json()).id;
  });

  afterEach((): void => {
    status = 204;
  });

  afterAll(async(): Promise<void> => {
    await sink.stop();
    await scene.end();
  });

  it('shows what was delivered, with its attempt, to the owner and the subscriber.', async(): Promise<void> => {
    const event = await publish();
    const delivery = await deliveryOf(event, 'delivered');
    expect(delivery).toEqual({
      id: expect.stringMatching(/\/user\/deliveries\/\d+$/u),
      type: 'Delivery',
      state: 'delivered',
      event,
      topic: CONTACT,
      subscription,
      kind: 'webhook',
      target: sink.url,
      agent: scene.subscriber.webId,
      created: expect.stringMatching(/Z$/u),
      attempts: [{ type: 'Attempt', at: expect.stringMatching(/Z$/u), duration: expect.any(Number), status: 204 }],
    });
    expect(arrived()).toEqual([ uuidOf(event) ]);
    for (const { fetch: fetcher } of [ scene.user, scene.subscriber ]) {
      expect(await shown('', fetcher)).toEqual([ delivery ]);
      const { '@context': context, ...one } = await (await fetcher(delivery.id)).json();
      expect([ one, typeof context ]).toEqual([ delivery, 'object' ]);
    }
  });

  it('shows what failed, and why.', async(): Promise<void> => {
    status = 503;
    const event = await publish(LEAD);
    const { attempts, due } = await deliveryOf(event, 'dead');
    expect(due).toBeUndefined();
    expect(attempts).toMatchObject([{ status: 503, reason: expect.stringMatching(/\w/u) }, { status: 503 }]);
  });

  it('is empty for others, and closed to the public.', async(): Promise<void> => {
    const [{ id }] = await shown();
    expect(await shown('', scene.producer.fetch)).toEqual([]);
    expect(await shown(`?subscription=${subscription}`, scene.producer.fetch)).toEqual([]);
    expect((await scene.producer.fetch(id)).status).toBe(403);
    for (const [ url, method ] of [[ log, 'GET' ], [ id, 'GET' ], [ `${id}/redeliver`, 'POST' ], [ `${subscription}/replay`, 'POST' ]]) {
      const response = await fetch(url, { method });
      expect([ url, response.status, await response.json() ]).toEqual([ url, 401, { error: expect.stringContaining('send an access token in Authorization, or an API key in x-api-key') }]);
    }
    expect((await post(scene.producer.fetch, `${id}/redeliver`, '')).status).toBe(403);
    expect((await post(scene.producer.fetch, `${subscription}/replay`, { since: begun })).status).toBe(403);
    expect((await scene.user.fetch(`${log}999999`)).status).toBe(404);
    expect((await scene.user.fetch(`${log}nothing`)).status).toBe(404);
    expect((await scene.subscriber.fetch(`${log}999999`)).status).toBe(403);
  });

  it('can be opened to others by access control.', async(): Promise<void> => {
    await grant(scene.user, log, { [scene.producer.webId]: [ 'Read' ]});
    expect(await shown('', scene.producer.fetch)).toHaveLength(2);
    const [{ id }] = await shown();
    expect((await post(scene.producer.fetch, `${id}/redeliver`, '')).status).toBe(403);
    await scene.user.fetch(`${log}.acl`, { method: 'DELETE' });
    expect(await shown('', scene.producer.fetch)).toEqual([]);
  });

  it('is filtered.', async(): Promise<void> => {
    const topics = async(query: string): Promise<string[]> => (await shown(query)).map(({ topic }): string => topic);
    const [{ event }] = await shown();
    expect(await topics('?state=dead')).toEqual([ LEAD ]);
    expect(await topics('?state=delivered')).toEqual([ CONTACT ]);
    expect(await topics('?state=waiting')).toEqual([]);
    expect(await topics(`?event=${uuidOf(event)}`)).toEqual([ LEAD ]);
    expect(await topics(`?event=${encodeURIComponent(event)}&state=delivered`)).toEqual([]);
    expect(await topics(`?subscription=${uuidOf(subscription)}`)).toEqual([ LEAD, CONTACT ]);
    expect(await topics(`?since=${begun}`)).toEqual([ LEAD, CONTACT ]);
    expect(await topics(`?until=${begun}`)).toEqual([]);
    for (const parameter of [ 'event', 'subscription', 'state', 'since', 'until', 'limit', 'cursor' ]) {
      const response = await scene.user.fetch(`${log}?${parameter}=x`);
      expect([ response.status, await response.json() ]).toEqual([ 400, { error: expect.stringContaining(`Invalid ${parameter}`) }]);
    }
    expect((await scene.user.fetch(`${log}?sate=dead`)).status).toBe(400);
  });

  it('comes in pages.', async(): Promise<void> => {
    const response = await scene.user.fetch(`${log}?limit=1&since=${begun}`);
    const { contains, next } = await response.json();
    expect(contains.map(({ topic }: { topic: string }): string => topic)).toEqual([ LEAD ]);
    expect(response.headers.get('link')).toContain(`<${next}>; rel="next"`);
    const last = await scene.user.fetch(next);
    expect(last.headers.get('link') ?? '').not.toContain('rel="next"');
    const { contains: rest, ...page } = await last.json();
    expect(rest.map(({ topic }: { topic: string }): string => topic)).toEqual([ CONTACT ]);
    expect(page.next).toBeUndefined();
  });

  it.each([ 'text/turtle', 'application/n-triples', 'application/ld+json' ])('is RDF, as %s.', async(accept): Promise<void> => {
    const [{ id, event }] = await shown();
    for (const url of [ `${log}?limit=1`, id ]) {
      const response = await scene.user.fetch(url, { headers: { accept }});
      expect([ response.status, response.headers.get('content-type') ]).toEqual([ 200, accept ]);
      const text = await response.text();
      expect(text).toContain(uuidOf(event));
      if (accept !== 'application/ld+json') {
        const quads = new Parser({ baseIRI: url }).parse(text);
        const of = (name: string): string[] => quads.filter(({ predicate }): boolean => predicate.value === name).map(({ object }): string => object.value);
        expect(of(`${EVENTS}state`)).toEqual([ 'dead' ]);
        expect(of(`${EVENTS}event`)).toEqual([ event ]);
        expect(of(`${EVENTS}attempt`)).toHaveLength(2);
        expect(of(`${EVENTS}status`)).toEqual([ '503', '503' ]);
      }
    }
    expect((await scene.user.fetch(log, { headers: { accept: 'image/png' }})).status).toBe(406);
  });

  it('answers what it does not take.', async(): Promise<void> => {
    const put = await scene.user.fetch(log, { method: 'PUT', body: '' });
    expect([ put.status, put.headers.get('allow') ]).toEqual([ 405, 'OPTIONS, GET, HEAD' ]);
    expect((await scene.user.fetch(`${subscription}/replay`)).status).toBe(405);
    const head = await scene.user.fetch(log, { method: 'HEAD' });
    expect([ head.status, await head.text() ]).toEqual([ 200, '' ]);
    const description = await (await fetch(`${scene.user.pod}.well-known/solid`, { headers: { accept: 'application/n-triples' }})).text();
    expect(description).toContain(`<${EVENTS}deliveries> <${log}>`);
  });

  it('delivers one again, with the same id.', async(): Promise<void> => {
    const [ failed ] = await shown('?state=dead');
    const [ delivered ] = await shown('?state=delivered');
    const before = arrived().length;
    for (const [ delivery, { fetch: fetcher }] of [[ failed, scene.user ], [ delivered, scene.subscriber ]] as const) {
      const response = await post(fetcher, `${delivery.id}/redeliver`, '', {});
      expect(response.status).toBe(202);
      expect(await response.json()).toMatchObject({ id: delivery.id, event: delivery.event, attempts: delivery.attempts });
      const { attempts } = await eventually(async(): Promise<any> =>
        (await shown(`?event=${delivery.event}&state=delivered`)).find((one): boolean => one.attempts.length > delivery.attempts.length));
      expect(attempts).toEqual([ ...delivery.attempts, expect.objectContaining({ status: 204 }) ]);
    }
    expect(arrived().slice(before)).toEqual([ uuidOf(failed.event), uuidOf(delivered.event) ]);
  });

  it('replays what the pod has forwarded, and nothing else.', async(): Promise<void> => {
    const forwarded = [ ...new Set(arrived()) ].sort();
    // Published through the pod, to somebody else: that is none of its own events.
    await grant(scene.user, `${scene.user.pod}publish/`, { [scene.producer.webId]: [ 'Append' ]});
    await grant(scene.producer, `${scene.producer.pod}topics/realestate/`, {});
    await publish(CONTACT, scene.user.pod, scene.producer.webId);
    // In the inbox of the pod, because its owner follows another.
    await grant(scene.producer, `${scene.producer.pod}topics/realestate/`, { [scene.user.webId]: [ 'Read' ]});
    expect((await post(scene.user.fetch, `${scene.producer.pod}subscriptions/`, { topic: 'realestate/*', inbox: scene.user.inbox })).status).toBe(201);
    const followed = await publish(CONTACT, scene.producer.pod, scene.producer.webId);
    await eventually(async(): Promise<true | undefined> =>
      (await members(scene.user, scene.user.inbox)).some((url): boolean => url.endsWith(uuidOf(followed))) || undefined);

    for (const { fetch: fetcher } of [ scene.user, scene.subscriber ]) {
      const before = arrived().length;
      const response = await post(fetcher, `${subscription}/replay`, { since: begun });
      expect([ response.status, await response.json() ]).toEqual([ 202, { events: forwarded.length }]);
      await eventually(async(): Promise<true | undefined> => arrived().length >= before + forwarded.length || undefined);
      await new Promise((resolve): unknown => setTimeout(resolve, 200));
      expect(arrived().slice(before).sort()).toEqual(forwarded);
    }
    const until = { since: '2020-01-01', until: '2020-01-02' };
    expect(await (await post(scene.user.fetch, `${subscription}/replay`, until)).json()).toEqual({ events: 0 });
  });

  it('replays for an inbox of this server the copies that are not there.', async(): Promise<void> => {
    const { subscriber, user } = scene;
    const response = await post(subscriber.fetch, `${user.pod}subscriptions/`, { topic: 'realestate/lead', inbox: subscriber.inbox });
    const { id } = await response.json();
    expect(await members(subscriber, subscriber.inbox)).toEqual([]);
    for (const copies of [ 1, 0 ]) {
      expect(await (await post(subscriber.fetch, `${id}/replay`, { since: begun })).json()).toEqual({ events: copies });
      expect(await members(subscriber, subscriber.inbox)).toHaveLength(1);
    }
    const [ copy ] = await members(subscriber, subscriber.inbox);
    expect(await (await subscriber.fetch(copy)).json()).toMatchObject({ topic: LEAD, data: 'Bruce Wayne' });
    await subscriber.fetch(copy, { method: 'DELETE' });
    expect(await (await post(user.fetch, `${id}/replay`, { since: begun })).json()).toEqual({ events: 1 });
    expect(await members(subscriber, subscriber.inbox)).toEqual([ copy ]);
    await subscriber.fetch(id, { method: 'DELETE' });
    expect((await post(user.fetch, `${id}/replay`, { since: begun })).status).toBe(404);
  });

  it.each([
    [ '', 'application/json', 400, 'No request body was sent' ],
    [ '{}', 'application/json', 400, 'No since found' ],
    [ '{"since":"2026-01-01","until":"2025-01-01"}', 'application/json', 400, 'Invalid until' ],
    [ 'since=2026-01-01', 'application/x-www-form-urlencoded', 415, 'send application/json' ],
  ])('refuses to replay %j.', async(body, type, code, message): Promise<void> => {
    const response = await post(scene.user.fetch, `${subscription}/replay`, body, { 'content-type': type });
    expect([ response.status, await response.json() ]).toEqual([ code, { error: expect.stringContaining(message) }]);
  });

  it('is open to API keys, within their topics.', async(): Promise<void> => {
    const { key, revoke } = await createApiKey(scene.server.baseUrl, scene.subscriber.webId, { topics: [ 'realestate/lead' ]});
    const withKey: typeof fetch = async(input, init): Promise<Response> =>
      fetch(input, { ...init, headers: { ...init?.headers as object, 'x-api-key': key }});
    const found = await shown('', withKey);
    expect(found.map(({ topic }): string => topic)).toEqual([ LEAD ]);
    const [ hidden ] = await shown(`?event=${arrived()[0]}`);
    expect((await withKey(hidden.id)).status).toBe(403);
    expect((await post(withKey, `${found[0].id}/redeliver`, '')).status).toBe(202);
    expect((await post(withKey, `${subscription}/replay`, { since: begun })).status).toBe(403);
    await revoke();
    expect((await withKey(log)).status).toBe(401);
  });

  it('is read and used by the client.', async(): Promise<void> => {
    const options = { fetch: scene.subscriber.fetch };
    // Requested again by the tests before.
    await eventually(async(): Promise<true | undefined> => (await shown('?state=waiting')).length === 0 || undefined);
    const read = [];
    for await (const delivery of deliveries(scene.user.pod, { ...options, since: begun, pageSize: 1 })) {
      read.push(delivery);
    }
    expect(await shown('', scene.subscriber.fetch)).toMatchObject(read);
    expect(read).toHaveLength(2);
    const dead = deliveries(scene.user.pod, { ...options, state: 'dead', event: read[0].event, subscription });
    expect((await dead.next()).done).toBe(true);
    expect(await redeliver(read[0].id, options)).toMatchObject({ id: read[0].id, state: 'waiting' });
    await expect(redeliver(`${log}999999`, options)).rejects.toMatchObject({ status: 403 });
    expect(await replay(subscription, { since: '2020-01-01', until: '2020-01-02' }, options)).toBe(0);
    expect(await replay(subscription, { since: begun }, options)).toBe(read.length);
    expect(await subscriptions(scene.user.pod, options)).toEqual([ expect.objectContaining({ id: subscription, webhook: sink.url }) ]);
    const strange = async(body: unknown): Promise<Response> => new Response(JSON.stringify(body));
    for (const body of [{}, { contains: [], next: 'http://elsewhere.example/' }, { contains: [{}]}]) {
      await expect(deliveries(scene.user.pod, { fetch: async(): Promise<Response> => strange(body) }).next()).rejects.toThrow('not that of a Solid server');
    }
    await expect(replay(subscription, { since: begun }, { fetch: async(): Promise<Response> => strange({}) })).rejects.toThrow('not that of a Solid server');
  });

  it('is read and used from the command line.', async(): Promise<void> => {
    const { key, revoke } = await createApiKey(scene.server.baseUrl, scene.subscriber.webId);
    const command = async(...args: string[]): Promise<{ code: number; out: string; err: string }> => {
      let [ out, err ] = [ '', '' ];
      const code = await run(args, {
        env: { SOLID_POD_EVENTS_API_KEY: key, SOLID_POD_EVENTS_POD: scene.user.pod },
        cwd: scene.server.folder,
        home: scene.server.folder,
        signal: new AbortController().signal,
        out: async(text): Promise<void> => {
          out += text;
        },
        err: (text): void => {
          err += text;
        },
        readInput: async(): Promise<string> => '',
        askSecret: async(): Promise<undefined> => undefined,
      });
      return { code, out, err };
    };
    await eventually(async(): Promise<true | undefined> => (await shown('?state=waiting')).length === 0 || undefined);
    const [{ id }] = await shown(`?event=${arrived()[0]}`);
    const listed = await command('deliveries', '--event', arrived()[0], '--state', 'delivered', '--since', begun, '--limit', '1');
    expect(listed).toMatchObject({ code: 0, err: '' });
    expect(listed.out).toMatch(/^SINCE +STATE +TRIES +LAST +TOPIC +TARGET +DELIVERY\n\S+Z +delivered +\d+ +204 +realestate\/contact#add +\S+ +\S+\n$/u);
    expect(listed.out).toContain(` ${id}\n`);
    expect(JSON.parse((await command('deliveries', '--limit', '1', '--json')).out)).toHaveLength(1);
    expect((await command('deliveries', '--state', 'refused')).out).toBe('No visible deliveries match.\n');
    expect(await command('redeliver', id)).toEqual({ code: 0, out: 'The delivery is waiting for its next attempt.\n', err: '' });
    expect(await command('replay', subscription, '--since', '2020-01-01', '--until', '2020-01-02'))
      .toEqual({ code: 0, out: 'Replayed events: 0\n', err: '' });
    expect(JSON.parse((await command('replay', subscription, '--since', begun, '--json')).out)).toEqual({ events: expect.any(Number) });
    for (const args of [[ 'redeliver', log ], [ 'replay', `${id}`, '--since', begun ], [ 'replay', subscription ], [ 'deliveries', '--limit', '0' ], [ 'deliveries', '--state', 'lost' ]]) {
      expect([ args, await command(...args) ]).toEqual([ args, { code: 2, out: '', err: expect.stringMatching(/\n$/u) }]);
    }
    expect(await command('deliveries', '--since', 'x')).toMatchObject({ code: 1, err: expect.stringContaining('Invalid since') });

    const made = await command('subscribe', 'realestate/contact', '--webhook', `${sink.url}other`);
    expect(made).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/^\S+\/subscriptions\/\S+\n\nSecret .*:\nwhsec_\S+\n$/u) });
    const again = await subscribe(scene.user.pod, { topic: 'realestate/contact', webhook: `${sink.url}other` }, { fetch: scene.subscriber.fetch });
    expect([ made.out.split('\n')[0], undefined ]).toEqual([ again.id, again.secret ]);
    expect((await command('subscriptions')).out).toContain(`  hook   ${sink.url}other\n`);
    expect((await command('subscriptions')).out).toContain('  state  active\n');
    for (const args of [[], [ '--inbox', 'x', '--webhook', 'y' ]]) {
      expect(await command('subscribe', 'realestate/contact', ...args)).toMatchObject({ code: 2 });
    }
    expect((await command('unsubscribe', again.id)).code).toBe(0);
    await revoke();
  });

  it('delivers nothing again to who may not read the topic any more.', async(): Promise<void> => {
    const { producer, subscriber, user } = scene;
    await eventually(async(): Promise<true | undefined> => (await shown('?state=waiting')).length === 0 || undefined);
    const [ delivery ] = await shown(`?subscription=${subscription}`);
    await grant(user, `${user.pod}topics/realestate/`, { [producer.webId]: [ 'Append' ]});
    const before = arrived().length;
    for (const { fetch: fetcher } of [ user, subscriber ]) {
      const response = await post(fetcher, `${delivery.id}/redeliver`, '');
      expect([ response.status, await response.json() ]).toEqual([ 403, { error: expect.stringContaining('has no read access to topic') }]);
      expect(await (await post(fetcher, `${subscription}/replay`, { since: begun })).json()).toEqual({ events: 0 });
    }
    await publish();
    await new Promise((resolve): unknown => setTimeout(resolve, 1_500));
    expect(arrived()).toHaveLength(before);
    await grant(user, `${user.pod}topics/realestate/`, { [producer.webId]: [ 'Append' ], [subscriber.webId]: [ 'Read' ]});
  });

  it('tells to subscribe again where nothing is sent to a target any more.', async(): Promise<void> => {
    status = 410;
    const event = await publish();
    const { id } = await deliveryOf(event, 'dead');
    await eventually(async(): Promise<true | undefined> =>
      (await (await scene.user.fetch(subscription)).json()).state === 'disabled' || undefined);
    for (const url of [ `${id}/redeliver`, `${subscription}/replay` ]) {
      const response = await post(scene.subscriber.fetch, url, { since: begun });
      expect([ response.status, await response.json() ]).toEqual([ 409, { error: expect.stringContaining('subscribe again') }]);
    }
    status = 204;
    await post(scene.subscriber.fetch, `${scene.user.pod}subscriptions/`, { topic: 'realestate/*', webhook: sink.url });
    expect((await post(scene.subscriber.fetch, `${id}/redeliver`, '')).status).toBe(202);
    await deliveryOf(event, 'delivered');
    expect(arrived().at(-1)).toBe(uuidOf(event));
  });
});
