import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HTTP } from 'cloudevents';
import type { StreamedEvent } from '../../src/client';
import { listen, RequestFailed } from '../../src/client';
import { grant } from '../util/access';
import type { TestAgent } from '../util/accounts';
import { createApiKey, createCredentials } from '../util/accounts';
import type { Scene } from '../util/scene';
import { post, setScene } from '../util/scene';
import type { SseStream } from '../util/sse';
import { openStream } from '../util/sse';
import { dpopToken, tokenWithin } from '../util/tokens';
import { eventually } from '../util/wait';

describe('The stream of server-sent events', (): void => {
  let scene: Scene;
  let log: string;
  let key: string;
  const streams: SseStream[] = [];

  beforeAll(async(): Promise<void> => {
    scene = await setScene();
    log = `${scene.producer.pod}publish/`;
    ({ key } = await createApiKey(scene.server.baseUrl, scene.producer.webId, { scopes: [ 'read' ]}));
  });

  afterEach((): void => {
    streams.splice(0).forEach(({ close }): void => close());
  });

  afterAll(async(): Promise<void> => scene.end());

  async function open(query = '', headers: Record<string, string> = { 'x-api-key': key }, url = `${log}stream`): Promise<SseStream> {
    const stream = await openStream(`${url}${query}`, headers);
    streams.push(stream);
    return stream;
  }

  async function openLive(query = '', headers?: Record<string, string>, url?: string): Promise<SseStream> {
    const stream = await open(query, headers, url);
    expect([ stream.status, stream.text().startsWith('retry: ') || stream.text() ]).toEqual([ 200, expect.anything() ]);
    await eventually(async(): Promise<true | undefined> => stream.messages.length > 0 || undefined);
    return stream;
  }

  async function publish(data: unknown, topic = 'realestate/contact#add', recipient = scene.user.webId): Promise<string> {
    const response = await post(scene.producer.fetch, log, { recipient, topic, data });
    expect(response.status).toBe(201);
    return ((await response.json()) as { id: string }).id;
  }

  async function problem(query: string, headers?: Record<string, string>, url?: string): Promise<[number, string]> {
    const { status, text } = await open(query, headers, url);
    return [ status, (JSON.parse(text()) as { error: string }).error ];
  }

  /** Opens streams with an access token, which needs a proof for each request. */
  async function tokenOf(agent: TestAgent, url = `${log}stream`): Promise<{ token: string; headers: (token?: string) => Promise<Record<string, string>> }> {
    const dpop = await dpopToken(scene.server.baseUrl, await createCredentials(scene.server.baseUrl, agent.name, agent.webId));
    return {
      token: dpop.token,
      headers: async(token = dpop.token): Promise<Record<string, string>> =>
        ({ authorization: `DPoP ${token}`, dpop: await dpop.proofFor('GET', url) }),
    };
  }

  it('sends events as CloudEvents from now on, each with an id.', async(): Promise<void> => {
    await publish('before');
    const stream = await openLive();
    expect(stream.headers).toMatchObject({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    expect(stream.headers['content-length']).toBeUndefined();
    const id = await publish({ type: 'AddAction', text: 'line\nbreak' });
    const [ { data, id: position } ] = await stream.atLeast(1);
    expect(HTTP.toEvent({ headers: { 'content-type': 'application/cloudevents+json' }, body: JSON.stringify(data) })).toMatchObject({
      id: id.split('/').at(-1), source: scene.producer.pod, type: 'realestate/contact#add', eventurl: id,
      authid: scene.producer.webId, data: { type: 'AddAction', text: 'line\nbreak' },
    });
    expect(position).toMatch(/^p[0-9a-z]+\.[0-9a-z]+\.[0-9a-z]+$/u);
    expect(stream.events()).toHaveLength(1);
  });

  it('keeps the data of an event, whatever its spacing.', async(): Promise<void> => {
    const stream = await openLive();
    const body = `{ "recipient": "${scene.user.webId}", "topic": "realestate/a", "data": {\r\n "a":\r1,\n\n "b": "\\n\u2028" } }`;
    expect((await post(scene.producer.fetch, log, body)).status).toBe(201);
    expect((await stream.atLeast(1))[0].data.data).toEqual({ a: 1, b: '\n\u2028' });
  });

  it('continues behind an id, and begins at a time, without loss or repetition.', async(): Promise<void> => {
    const first = await openLive();
    const [ one, two ] = [ await publish('one'), await publish('two') ];
    const [ message ] = await first.atLeast(2);
    first.close();
    const three = await publish('three');
    const urls = async(stream: SseStream, count: number): Promise<string[]> =>
      (await stream.atLeast(count)).map(({ data }): string => data.eventurl);
    for (const stream of [
      await open('', { 'x-api-key': key, 'last-event-id': message.id }),
      await open(`?from=${message.id}`),
      // The header precedes the parameter.
      await open('?from=0', { 'x-api-key': key, 'last-event-id': message.id }),
    ]) {
      expect(await urls(stream, 2)).toEqual([ two, three ]);
    }
    const four = await publish('four');
    for (const stream of streams.slice(1)) {
      expect(await urls(stream, 3)).toEqual([ two, three, four ]);
    }
    const all = await open('?from=1970-01-01');
    expect((await urls(all, 6)).slice(-4)).toEqual([ one, two, three, four ]);
    // Before the first event, the position is that of the beginning.
    const [ { id: start } ] = (await openLive('?from=0')).messages;
    expect((await urls(await open('', { 'x-api-key': key, 'last-event-id': start }), 6)).slice(-4)).toEqual([ one, two, three, four ]);
  });

  it('sends only events with the topics and filters that were asked for, in the form that was asked for.', async(): Promise<void> => {
    const filter = encodeURIComponent(JSON.stringify([{ suffix: { type: '#add' }}]));
    const opened = await Promise.all([
      '?topic=realestate/*&topic=other', '?topic=realestate/contact', `?filter=${filter}`, `?filter=${filter}&topic=realestate/contact&format=document`,
    ].map(async(query): Promise<SseStream> => openLive(query)));
    const [ add, change, house ] = [
      await publish(1), await publish(2, 'realestate/contact#change'), await publish(3, 'realestate/house#add'),
    ];
    await publish(4, 'elsewhere/house#add', scene.producer.webId).catch((): void => undefined);
    const expected = [[ add, change, house ], [ add, change ], [ add, house ], [ add ]];
    for (const [ index, stream ] of opened.entries()) {
      await stream.atLeast(expected[index].length);
    }
    const last = await publish(5);
    for (const [ index, stream ] of opened.entries()) {
      const found = (await stream.atLeast(expected[index].length + 1)).map(({ data }): string => data.eventurl ?? data.id);
      expect(found.filter((url): boolean => [ add, change, house, last ].includes(url))).toEqual([ ...expected[index], last ]);
    }
    const [ { data } ] = opened[3].events();
    expect(data).toEqual(await (await scene.producer.fetch(add, { headers: { accept: 'application/ld+json' }})).json());
  });

  it.each([
    [ '?from=x', 'Invalid from' ],
    [ '?from=-1', 'Invalid from' ],
    [ '?from=0&from=1', 'The parameter from is given twice' ],
    [ '?topic=a*b', 'Invalid topic' ],
    [ '?topic=', 'Invalid topic' ],
    [ `?${'topic=a&'.repeat(21)}`, 'Invalid topic: at most 20' ],
    [ '?filter=x', 'Invalid filter: expected a JSON array' ],
    [ '?filter=[1]', 'Invalid filters/0' ],
    [ '?filter=[{"regex":{"type":"x"}}]', 'Invalid filters/0' ],
    [ '?filter={"exact":{}}', 'Invalid filters/0' ],
    [ `?filter=${encodeURIComponent(JSON.stringify([{ exact: { type: 'x'.repeat(5_000) }}]))}`, 'Invalid filters' ],
    [ '?format=xml', 'Invalid format' ],
    [ '?limit=1', 'Unknown parameter' ],
    [ '?access_token=abc', 'The parameter "access_token" is not accepted' ],
    [ '?x-api-key=abc', 'The parameter "x-api-key" is not accepted' ],
  ])('returns 400 for %s.', async(query, message): Promise<void> => {
    expect(await problem(query)).toEqual([ 400, expect.stringContaining(message) ]);
  });

  it('takes credentials in headers only.', async(): Promise<void> => {
    for (const query of [ `?x-api-key=${key}`, `?access-key=${key}`, `?access_token=${key}` ]) {
      expect((await open(query, {})).status).toBeGreaterThanOrEqual(400);
    }
    // The header of eventhos is none here.
    expect((await open('', { 'access-key': key })).status).toBe(401);
    expect((await open('', { 'last-event-id': 'x', 'x-api-key': key })).status).toBe(400);
    expect((await fetch(`${log}stream`, { method: 'POST', headers: { 'x-api-key': key }})).status).toBe(405);
    expect((await open('', { 'x-api-key': `spe_${'a'.repeat(43)}` })).status).toBe(401);
    expect((await open('', { 'x-api-key': key }, `${scene.server.baseUrl}nobody/publish/stream`)).status).toBe(404);
  });

  it('requires read access to the container, and sends only topics that may be read, until access is lost.', async(): Promise<void> => {
    const { producer, subscriber } = scene;
    const { headers } = await tokenOf(subscriber);
    expect((await problem('', {}))[0]).toBe(401);
    expect(await problem('', await headers())).toEqual([ 403, expect.stringContaining('acl:Read') ]);
    await grant(producer, log, { [subscriber.webId]: [ 'Read' ]});
    await grant(producer, `${producer.pod}topics/realestate/`, { [subscriber.webId]: [ 'Read' ]});
    const stream = await openLive('', await headers());
    await publish('secret', 'secret/plan', producer.webId);
    const shown = await publish('shown');
    expect((await stream.atLeast(1)).map(({ data }): string => data.eventurl)).toEqual([ shown ]);
    await grant(producer, `${producer.pod}topics/other/`, { [subscriber.webId]: [ 'Read' ]});
    await grant(producer, `${producer.pod}topics/realestate/`, {});
    await publish('hidden');
    const again = await publish('again', 'other/topic', producer.webId);
    expect((await stream.atLeast(2)).map(({ data }): string => data.eventurl)).toEqual([ shown, again ]);
    await grant(producer, log, {});
    await publish('lost');
    expect(await stream.ended).toBe(true);
    expect(stream.events()).toHaveLength(2);
    expect(stream.text()).toMatch(/\n: Not authorized: .*acl:Read/u);
    expect((await open('', await headers())).status).toBe(403);
  });

  it('ends without an event after access was lost.', async(): Promise<void> => {
    const { producer, subscriber } = scene;
    await grant(producer, log, { [subscriber.webId]: [ 'Read' ]});
    const stream = await openLive('', await (await tokenOf(subscriber)).headers());
    await grant(producer, log, {});
    expect(await stream.ended).toBe(true);
  }, 60_000);

  it('ends when the credential expires, and when an API key is revoked.', async(): Promise<void> => {
    const { producer, server } = scene;
    const dpop = await tokenOf(producer);
    const exp = Math.ceil(Date.now() / 1_000) + 2;
    const short = await tokenWithin(join(server.folder, 'data'), dpop.token, { exp });
    const expiring = await openLive('', await dpop.headers(short));
    const lasting = await openLive('', await dpop.headers());
    const revocable = await createApiKey(server.baseUrl, producer.webId, { scopes: [ 'read' ]});
    const revoked = await openLive('', { 'x-api-key': revocable.key });
    await revocable.revoke();
    expect(await expiring.ended).toBe(true);
    expect(Date.now()).toBeGreaterThanOrEqual(exp * 1_000);
    expect(expiring.text()).toContain(': the credential has expired');
    expect(await revoked.ended).toBe(true);
    expect(revoked.text()).not.toContain(revocable.key);
    await publish('still');
    await lasting.atLeast(1);
  }, 60_000);

  it('takes API keys with the scope read in pods of their WebID, limited to their topics.', async(): Promise<void> => {
    const { producer, user, server: { baseUrl }} = scene;
    expect((await open('', { 'x-api-key': (await createApiKey(baseUrl, producer.webId)).key })).status).toBe(403);
    const { key: limited } = await createApiKey(baseUrl, producer.webId, { scopes: [ 'read' ], topics: [ 'realestate/house' ]});
    const stream = await openLive('', { 'x-api-key': limited });
    await publish('other');
    const id = await publish('own', 'realestate/house#add');
    expect((await stream.atLeast(1)).map(({ data }): string => data.eventurl)).toEqual([ id ]);
    expect((await open('', { 'x-api-key': key }, `${user.pod}publish/stream`)).status).toBe(403);
  });

  it('accepts ten streams of an agent, and of the public at a pod.', async(): Promise<void> => {
    const { producer, user } = scene;
    for (const [ headers, url ] of [[ { 'x-api-key': key }, `${log}stream` ], [ {}, `${user.pod}publish/stream` ]] as const) {
      await grant(user, `${user.pod}publish/`, { public: [ 'Read' ]});
      const opened = await Promise.all(Array.from({ length: 10 }, async(): Promise<SseStream> => openLive('', headers, url)));
      const refused = await open('', headers, url);
      expect([ refused.status, Number(refused.headers['retry-after']) ]).toEqual([ 429, expect.any(Number) ]);
      expect(refused.text()).toContain('10 open streams');
      opened[0].close();
      await eventually(async(): Promise<true | undefined> => (await open('', headers, url)).status === 200 || undefined);
    }
    expect(producer.pod).not.toBe(user.pod);
  });

  it('disconnects a client that does not read, which then continues at its position.', async(): Promise<void> => {
    const stream = await openLive();
    stream.pause();
    const [ { id: start } ] = stream.messages;
    const published: string[] = [];
    // More than the connection itself holds.
    for (let index = 0; index < 12; index += 1) {
      published.push(await publish('x'.repeat(1_024 * 1_024)));
    }
    await sleep(500);
    stream.resume();
    expect(await stream.ended).toBe(false);
    const seen = stream.events();
    expect(seen.length).toBeLessThan(published.length);
    const resumed = await open('', { 'x-api-key': key, 'last-event-id': seen.at(-1)?.id ?? start });
    await resumed.atLeast(published.length - seen.length);
    expect([ ...seen, ...resumed.events() ].map(({ data }): string => data.eventurl)).toEqual(published);
  });

  it('streams the copies of an inbox to those who may read it.', async(): Promise<void> => {
    const { user, server: { baseUrl }} = scene;
    const { key: own } = await createApiKey(baseUrl, user.webId, { scopes: [ 'read' ]});
    const stream = await openLive('?stream', { 'x-api-key': own }, user.inbox);
    const id = await publish('copy');
    expect((await stream.atLeast(1)).map(({ data }): string => data.eventurl)).toEqual([ id ]);
    expect((await open('?stream', {}, user.inbox)).status).toBe(401);
    expect((await open('?stream', await (await tokenOf(scene.producer, user.inbox)).headers(), user.inbox)).status).toBe(403);
    // The same path without the parameter is the container of LDP.
    expect((await fetch(user.inbox, { headers: { accept: 'text/turtle', 'x-api-key': own }})).headers.get('content-type')).toBe('text/turtle');
  });

  describe('in the client', (): void => {
    async function* first<T>(items: AsyncIterable<T>, count: number): AsyncGenerator<T> {
      let left = count;
      for await (const item of items) {
        yield item;
        left -= 1;
        if (left === 0) {
          return;
        }
      }
    }

    it('yields events until it is aborted, as CloudEvents or documents.', async(): Promise<void> => {
      const { producer } = scene;
      const controller = new AbortController();
      const seen: StreamedEvent[] = [];
      const reading = (async(): Promise<void> => {
        for await (const item of listen(log, { fetch: producer.fetch, topics: [ 'realestate/*' ], filters: [{ exact: { subject: 'none' }}], signal: controller.signal })) {
          seen.push(item);
        }
      })();
      const ids: string[] = [];
      const collected: string[] = [];
      const from = new Date();
      ids.push(await publish('a'), await publish('b'));
      for await (const { event } of first(listen(log, { fetch: producer.fetch, from }), 2)) {
        collected.push(event.eventurl);
      }
      expect(collected).toEqual(ids);
      for await (const { event } of first(listen(log, { fetch: producer.fetch, from, format: 'document' }), 1)) {
        expect(event).toMatchObject({ id: ids[0], data: 'a' });
      }
      controller.abort();
      await reading;
      expect(seen).toEqual([]);
    });

    it('throws what the server refuses.', async(): Promise<void> => {
      await expect(listen(log).next()).rejects.toThrow(RequestFailed);
      await expect(listen(log, { fetch: scene.producer.fetch, topics: [ '' ]}).next()).rejects.toThrow('Invalid topic');
      await expect(listen('nothing').next()).rejects.toThrow('Invalid container');
    });

    it('continues after the server restarted, without loss or repetition.', async(): Promise<void> => {
      const { server } = scene;
      const own = (async(input: string, init: RequestInit = {}): Promise<Response> =>
        fetch(input, { ...init, headers: { ...init.headers as object, 'x-api-key': key }})) as typeof fetch;
      const from = new Date();
      const published: string[] = [];
      const seen: string[] = [];
      let lost = 0;
      const controller = new AbortController();
      const reading = (async(): Promise<void> => {
        for await (const { event } of listen(log, { fetch: own, from, signal: controller.signal, onReconnect: (): unknown => lost += 1 })) {
          seen.push(event.eventurl);
        }
      })();
      for (let round = 0; round < 2; round += 1) {
        published.push(await publish(round), await publish(round));
        await eventually(async(): Promise<true | undefined> => seen.length === published.length || undefined);
        await server.restart();
      }
      published.push(await publish('last'));
      await eventually(async(): Promise<true | undefined> => seen.length === published.length || undefined);
      controller.abort();
      await reading;
      expect(seen).toEqual(published);
      expect(lost).toBeGreaterThanOrEqual(2);
    });
  });
});
