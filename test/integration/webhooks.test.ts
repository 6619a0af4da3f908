import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createNetServer } from 'node:net';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { CERTIFICATE, KEY } from '../unit/outgoing/certificate';
import { grant } from '../util/access';
import type { TestAgent } from '../util/accounts';
import type { Member } from '../util/federation';
import { startMember } from '../util/federation';
import { killAll } from '../util/process';
import { members, post } from '../util/scene';
import { ROOT } from '../util/server';
import { eventually } from '../util/wait';

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
const CONSENT = { 'WebHook-Allowed-Origin': 'localhost', 'WebHook-Allowed-Rate': '*' };

/** The `require` of Node, which the environment of the tests gives them. */
declare const requireOutside: NodeJS.Require;

/** The used part of `cloudevents` (npm). */
interface CloudEventsSdk {
  readonly HTTP: { readonly toEvent: (message: object) => Readonly<Record<'id' | 'source' | 'type' | 'datacontenttype', string> & { data: unknown }> };
  readonly CloudEvent: new (event: object, strict: boolean) => { readonly validate: () => boolean };
}

interface Got {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly at: number;
}

/** A webhook on a port of its own, which is a host of its own for the server. */
interface Sink {
  readonly url: string;
  /** The deliveries that came. */
  readonly got: Got[];
  /** How many connections are open. */
  readonly connections: () => number;
}

describe('A webhook', (): void => {
  let home: Member;
  let user: TestAgent;
  let producer: TestAgent;
  let subscriber: TestAgent;
  let subscriptions: string;
  const servers: Server[] = [];
  const sockets = new Set<Socket>();

  async function listen(server: Server): Promise<string> {
    servers.push(server);
    server.on('connection', (socket: Socket): void => {
      sockets.add(socket);
      socket.on('close', (): unknown => sockets.delete(socket)).on('error', (): void => {});
    });
    await new Promise<void>((resolve): unknown => server.listen(0, '127.0.0.1', resolve));
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  async function sink(
    answer: (response: ServerResponse, count: number) => unknown,
    consent: Record<string, string> = CONSENT,
  ): Promise<Sink> {
    const got: Got[] = [];
    const own = new Set<Socket>();
    const server = createServer((request, response): void => {
      let body = '';
      request.on('data', (chunk: Buffer): void => { body += chunk.toString(); });
      request.on('end', (): void => {
        if (request.method === 'OPTIONS') {
          response.writeHead(204, consent).end();
          return;
        }
        got.push({ headers: request.headers, body, at: performance.now() });
        answer(response, got.length);
      });
    });
    server.on('connection', (socket: Socket): void => {
      own.add(socket);
      socket.on('close', (): unknown => own.delete(socket));
    });
    return { url: `http://${await listen(server)}/hook`, got, connections: (): number => own.size };
  }
  const subscribe = async(name: string, webhook: string): Promise<Response> =>
    post(subscriber.fetch, subscriptions, { topic: `realestate/${name}`, webhook });
  async function follow(name: string, { url }: { url: string }): Promise<{ id: string; secret?: string }> {
    const response = await subscribe(name, url);
    expect([ name, response.status, await response.clone().text() ]).toEqual([ name, 201, expect.any(String) ]);
    return await response.json() as { id: string; secret?: string };
  }
  async function publish(name: string, data: unknown = { name }): Promise<string> {
    const response = await post(producer.fetch, `${producer.pod}publish/`, { recipient: user.webId, topic: `realestate/${name}`, data });
    expect(response.status).toBe(201);
    const { id } = await response.json() as { id: string };
    return id.slice(id.lastIndexOf('/') + 1);
  }
  const arrived = async({ got }: Sink, count: number): Promise<Got[]> =>
    eventually(async(): Promise<Got[] | undefined> => got.length >= count ? got : undefined);
  const deliveryOf = async({ id }: { id: string }, state: string): Promise<any> => eventually(async(): Promise<any> => {
    const response = await user.fetch(`${user.pod}deliveries/?subscription=${id.slice(id.lastIndexOf('/') + 1)}`);
    const { contains } = await response.json() as { contains: any[] };
    return contains.find((delivery): boolean => delivery.state === state && delivery.attempts.length > 0);
  });

  beforeAll(async(): Promise<void> => {
    home = await startMember('test/config/federation.json', [ 'user', 'producer', 'subscriber' ]);
    [ user, producer, subscriber ] = [ await home.agent('user'), await home.agent('producer', 'Bearer'), await home.agent('subscriber', 'Bearer') ];
    subscriptions = `${user.pod}subscriptions/`;
    await grant(user, `${user.pod}topics/realestate/`, { [producer.webId]: [ 'Append' ], [subscriber.webId]: [ 'Read' ]});
  });

  afterAll(async(): Promise<void> => {
    await killAll();
    sockets.forEach((socket): void => { socket.destroy(); });
    await Promise.all(servers.map(async(server): Promise<unknown> => new Promise((resolve): unknown => server.close(resolve))));
  });

  it('has to consent.', async(): Promise<void> => {
    const nothing = (response: ServerResponse): unknown => response.writeHead(204).end();
    const { 'WebHook-Allowed-Origin': origin, 'WebHook-Allowed-Rate': rate } = CONSENT;
    const cases: [ Record<string, string>, RegExp ][] = [
      [{}, /without WebHook-Allowed-Origin/u],
      [{ 'WebHook-Allowed-Rate': rate }, /without WebHook-Allowed-Origin/u],
      [{ 'WebHook-Allowed-Origin': 'other.example', 'WebHook-Allowed-Rate': rate }, /another name/u],
      [{ 'WebHook-Allowed-Origin': origin }, /without WebHook-Allowed-Rate/u],
      [{ 'WebHook-Allowed-Origin': origin, 'WebHook-Allowed-Rate': '0' }, /no number above 0/u],
    ];
    for (const [ consent, message ] of cases) {
      const { url } = await sink(nothing, consent);
      const response = await subscribe('contact', url);
      expect([ consent, response.status, await response.json() ]).toEqual([ consent, 400, { error: expect.stringMatching(message) }]);
    }
    expect(await (await subscriber.fetch(subscriptions)).json()).toMatchObject({ contains: []});
  });

  it('has to be where requests may go.', async(): Promise<void> => {
    for (const host of [ '192.168.0.1', '169.254.169.254', '[::ffff:10.0.0.1]', '0.0.0.0', '[fd00::1]', '100.64.0.1' ]) {
      for (const scheme of [ 'http', 'https' ]) {
        const response = await subscribe('contact', `${scheme}://${host}/hook`);
        expect([ host, response.status, await response.json() ]).toEqual([ host, 400, { error: expect.stringContaining('--eventsAllow') }]);
      }
    }
  });

  it('has to have a certificate that can be verified.', async(): Promise<void> => {
    let requests = 0;
    const host = await listen(createTlsServer({ cert: CERTIFICATE, key: KEY }, (_, response): void => {
      requests += 1;
      response.writeHead(204, CONSENT).end();
    }));
    const response = await subscribe('contact', `https://${host}/hook`);
    expect([ response.status, await response.json() ]).toEqual([ 400, { error: expect.stringContaining('certificate') }]);
    expect(requests).toBe(0);
  });

  it('has to speak HTTP.', async(): Promise<void> => {
    const host = await listen(createNetServer((socket): void => {
      socket.end('SSH-2.0-OpenSSH_9.6\r\n');
    }));
    expect((await subscribe('contact', `http://${host}/hook`)).status).toBe(400);
    const closed = createNetServer();
    const nobody = await listen(closed);
    await new Promise((resolve): unknown => closed.close(resolve));
    expect((await subscribe('contact', `http://${nobody}/hook`)).status).toBe(400);
  });

  it('gets events that its secret verifies, and that of before for a while.', async(): Promise<void> => {
    const hook = await sink((response): unknown => response.writeHead(204).end());
    const { id, secret } = await follow('signed', hook);
    expect(secret).toMatch(/^whsec_/u);
    expect(await follow('signed/other', hook)).not.toHaveProperty('secret');
    expect(await (await subscriber.fetch(id)).text()).not.toContain('whsec_');
    const uuid = await publish('signed', { name: 'Größe', amount: 1.5 });
    const [{ headers, body }] = await arrived(hook, 1);
    expect(new Webhook(secret!).verify(body, headers as Record<string, string>)).toMatchObject({
      specversion: '1.0', id: uuid, source: producer.pod, type: 'realestate/signed', authid: producer.webId, data: { name: 'Größe', amount: 1.5 },
    });
    expect(headers).toMatchObject({ 'content-type': expect.stringContaining('cloudevents+json'), 'webhook-id': uuid, 'webhook-request-origin': 'localhost' });

    expect((await post(user.fetch, `${id}/secret`, '')).status).toBe(403);
    const rotated = await post(subscriber.fetch, `${id}/secret`, '');
    expect(rotated.status).toBe(201);
    const { secret: next } = await rotated.json() as { secret: string };
    expect(next).not.toBe(secret);
    await publish('signed/other');
    const [ , second ] = await arrived(hook, 2);
    for (const one of [ secret!, next ]) {
      expect(new Webhook(one).verify(second.body, second.headers as Record<string, string>)).toMatchObject({ type: 'realestate/signed/other' });
    }
    expect((): unknown => new Webhook(next).verify(body, headers as Record<string, string>)).toThrow('No matching signature');
  });

  it('gets events that the SDK of CloudEvents parses and validates strictly.', async(): Promise<void> => {
    const { CloudEvent, HTTP } = requireOutside('cloudevents') as CloudEventsSdk;
    const hook = await sink((response): unknown => response.writeHead(204).end());
    await follow('parsed', hook);
    const values: unknown[] = [{ name: 'Größe', amount: 1.5 }, 'text', 1.5, true, [], [ null, '' ], {}];
    const ids: string[] = [];
    for (const data of values) {
      ids.push(await publish('parsed', data));
    }
    const got = await arrived(hook, values.length);
    const events = got.map(({ headers, body }): [string, unknown[]] => {
      const event = HTTP.toEvent({ headers, body });
      expect(new CloudEvent(event, true).validate()).toBe(true);
      return [ event.id, [ event.source, event.type, event.datacontenttype, event.data ]];
    });
    expect(new Map(events)).toEqual(new Map(values.map((data, index): [string, unknown[]] =>
      [ ids[index], [ producer.pod, 'realestate/parsed', 'application/json', data ]])));
    expect(new Set(got.map(({ headers }): unknown => headers['user-agent']))).toEqual(new Set([ `solid-pod-events/${version}` ]));
  });

  it('gets data as body and attributes as headers in binary mode.', async(): Promise<void> => {
    const hook = await sink((response): unknown => response.writeHead(204).end());
    const response = await post(subscriber.fetch, subscriptions, { topic: 'realestate/binary', webhook: hook.url, mode: 'binary' });
    const { secret, id, mode } = await response.json() as Record<string, string>;
    expect([ response.status, mode ]).toEqual([ 201, 'binary' ]);
    const turtle = await subscriber.fetch(id, { headers: { accept: 'text/turtle' }});
    expect(await turtle.text()).toContain('<https://w3id.org/pod-events#mode> "binary"');
    const uuid = await publish('binary', { name: 'Größe', amount: 1.5 });
    await publish('binary', 'x'.repeat(10_000));
    const [{ headers, body }] = await arrived(hook, 2);
    expect(body).toBe('{"name":"Größe","amount":1.5}');
    expect(headers).toMatchObject({
      'content-type': 'application/json', 'ce-specversion': '1.0', 'ce-id': uuid, 'ce-source': producer.pod, 'ce-type': 'realestate/binary',
      'ce-authid': producer.webId, 'ce-recipients': user.webId, 'webhook-id': uuid, 'webhook-request-origin': 'localhost',
    });
    expect(headers).not.toHaveProperty('ce-datacontenttype');
    expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toEqual({ name: 'Größe', amount: 1.5 });
    // Attributes above the limit of headers are a dead letter, without any request.
    const many = Array.from({ length: 90 }, (_, index): string => `https://agent.example/${index}/${'a'.repeat(100)}`);
    const sent = await post(producer.fetch, `${producer.pod}publish/`, { recipient: user.webId, source: many, topic: 'realestate/binary', data: 1 });
    expect(sent.status).toBe(201);
    expect((await deliveryOf({ id }, 'dead')).attempts).toMatchObject([{ reason: expect.stringContaining('subscribe again with mode structured') }]);
    expect(hook.got).toHaveLength(2);
  });

  it('gets batches, retried with the same events, without those that may no longer be received.', async(): Promise<void> => {
    const hook = await sink((response, count): unknown => response.writeHead(count === 1 ? 503 : 204, count === 1 ? { 'Retry-After': '4' } : {}).end());
    await grant(user, `${user.pod}topics/realestate/batched/lost/`, { [producer.webId]: [ 'Append' ], [subscriber.webId]: [ 'Read' ]});
    await grant(user, `${user.pod}topics/realestate/batched/`, { [producer.webId]: [ 'Append' ], [subscriber.webId]: [ 'Read' ]});
    const batch = { maxEvents: 3, maxWaitMs: 60_000 };
    const response = await subscriber.fetch(subscriptions, {
      method: 'POST',
      headers: { 'content-type': 'text/turtle' },
      body: `[] <https://w3id.org/pod-events#topic> "realestate/batched/*"; <https://w3id.org/pod-events#webhook> <${hook.url}>;
        <https://w3id.org/pod-events#batchLimits> "${JSON.stringify(batch).replaceAll('"', '\\"')}"^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON>.`,
    });
    const { id, secret, ...document } = await response.json() as Record<string, any>;
    expect([ response.status, document.batch, document.mode ]).toEqual([ 201, batch, 'structured' ]);
    const uuids = [ await publish('batched/a'), await publish('batched/lost'), await publish('batched/b') ];
    const [ first ] = await arrived(hook, 1);
    await grant(user, `${user.pod}topics/realestate/batched/lost/`, { [producer.webId]: [ 'Append' ]});
    const [ , second ] = await arrived(hook, 2);
    const verified = [ first, second ].map(({ headers, body }): any => new Webhook(secret).verify(body, headers as Record<string, string>));
    expect(verified.map((events): unknown => events.map((event: any): unknown => event.id))).toEqual([ uuids, [ uuids[0], uuids[2] ]]);
    expect(first.headers['content-type']).toBe('application/cloudevents-batch+json; charset=utf-8');
    expect(second.headers['webhook-id']).toBe(first.headers['webhook-id']);
    expect(uuids).not.toContain(first.headers['webhook-id']);
    const refused = await deliveryOf({ id }, 'refused');
    const delivered = await deliveryOf({ id }, 'delivered');
    expect([ refused.event, refused.attempts[0].status ]).toEqual([ expect.stringContaining(uuids[1]), 503 ]);
    expect([ delivered.batch, delivered.attempts ]).toEqual([ first.headers['webhook-id'], [ expect.objectContaining({ status: 503 }), expect.objectContaining({ status: 204 }) ]]);
    // A repetition is sent in a batch of its own.
    expect((await post(user.fetch, `${delivered.id}/redeliver`, '')).status).toBe(202);
    const [ , , third ] = await arrived(hook, 3);
    expect(third.headers['webhook-id']).not.toBe(first.headers['webhook-id']);
    expect(JSON.parse(third.body)).toHaveLength(1);
  });

  it('gets the access token of its subscription, which is shown nowhere.', async(): Promise<void> => {
    const hook = await sink((response, count): unknown => response.writeHead(count === 1 ? 500 : 204).end());
    const token = (name: string, expires = '2999-01-01T00:00:00Z'): object =>
      ({ credentialtype: 'ACCESSTOKEN', accesstoken: `token-${name}`, accesstokenexpiresutc: expires, accesstokentype: 'Bearer' });
    const ask = async(fields: object): Promise<{ text: string; id: string; secret?: string }> => {
      const response = await post(subscriber.fetch, subscriptions, { topic: 'realestate/token', webhook: hook.url, ...fields });
      const text = await response.text();
      expect([ response.status, text ]).toEqual([ 201, expect.any(String) ]);
      return { text, ...JSON.parse(text) as { id: string; secret?: string } };
    };
    const made = await ask({ sinkcredential: token('first') });
    const { id, secret } = made;
    await publish('token');
    await arrived(hook, 2);
    await ask({ sinkcredential: token('second') });
    await ask({});
    await publish('token');
    await arrived(hook, 3);
    await ask({ sinkcredential: null });
    await publish('token');
    const got = await arrived(hook, 4);
    expect(got.map(({ headers }): unknown => headers.authorization)).toEqual([ 'Bearer token-first', 'Bearer token-first', 'Bearer token-second', undefined ]);
    // An expired token is not sent, and a new one ends the wait.
    await ask({ sinkcredential: token('short', new Date(Date.now() + 1_000).toISOString()) });
    await new Promise((resolve): unknown => setTimeout(resolve, 1_100));
    await publish('token');
    const waiting = await deliveryOf({ id }, 'waiting');
    expect(waiting.attempts[0]).toMatchObject({ reason: expect.stringContaining('the access token of the webhook has expired') });
    await ask({ sinkcredential: token('last') });
    expect((await arrived(hook, 5))[4].headers.authorization).toBe('Bearer token-last');

    const shown = [ made.text, home.output() ];
    for (const url of [ id, subscriptions, `${user.pod}deliveries/` ]) {
      for (const accept of [ 'application/json', 'application/ld+json', 'text/turtle', 'text/html' ]) {
        shown.push(await (await subscriber.fetch(url, { headers: { accept }})).text());
      }
    }
    shown.forEach((text): unknown => expect(text).not.toMatch(/token-(?:first|second|short|last)/u));
    const folder = join(home.data, '.events');
    for (const name of readdirSync(folder)) {
      const content = readFileSync(join(folder, name)).toString('latin1');
      expect([ name, content.includes('token-last'), content.includes('token-first'), content.includes(secret!) ]).toEqual([ name, false, false, false ]);
    }
  });

  it('has options that make sense.', async(): Promise<void> => {
    const { url } = await sink((response): unknown => response.writeHead(204).end());
    const batch = { maxEvents: 2, maxWaitMs: 0 };
    const cases: object[] = [
      { webhook: url, mode: 'binary', batch }, { webhook: url, mode: 'batched' }, { webhook: url, batch: { maxEvents: 101, maxWaitMs: 0 }},
      { inbox: `${subscriber.pod}inbox/`, mode: 'structured' }, { inbox: `${subscriber.pod}inbox/`, batch },
    ];
    for (const fields of cases) {
      const response = await post(subscriber.fetch, subscriptions, { topic: 'realestate/options', ...fields });
      expect([ fields, response.status, await response.json() ]).toEqual([ fields, 400, { error: expect.any(String) }]);
    }
    const body = JSON.stringify({ topic: 'realestate/options', webhook: url, batch });
    const made = await subscriber.fetch(subscriptions, { method: 'POST', headers: { 'content-type': 'application/ld+json' }, body });
    const { id } = await made.json() as { id: string };
    // A request without options keeps them, and one with an option replaces all of them.
    expect(await (await post(subscriber.fetch, subscriptions, { topic: 'realestate/options', webhook: url })).json()).toMatchObject({ id, batch });
    const changed = await (await post(subscriber.fetch, subscriptions, { topic: 'realestate/options/other', webhook: url, mode: 'binary' })).json();
    expect(changed).toMatchObject({ mode: 'binary' });
    const shown = await (await subscriber.fetch(id)).json() as object;
    expect(shown).toMatchObject({ mode: 'binary' });
    expect(shown).not.toHaveProperty('batch');
  });

  it('gets what it could not take before, under the same id, and no sooner than it asks for.', async(): Promise<void> => {
    const failing = await sink((response, count): unknown => response.writeHead(count < 3 ? 500 : 200).end());
    const busy = await sink((response, count): unknown => response.writeHead(count < 2 ? 429 : 204, { 'Retry-After': '3' }).end());
    const resetting = await sink((response): unknown =>
      response.writeHead(200, { 'Content-Length': '100' }).write('x', (): void => { response.destroy(); }));
    const followed = await Promise.all([ failing, busy, resetting ].map(async(hook): Promise<{ id: string }> => follow('retried', hook)));
    const uuid = await publish('retried');
    expect((await arrived(failing, 3)).map(({ headers }): unknown => headers['webhook-id'])).toEqual([ uuid, uuid, uuid ]);
    expect(new Set(failing.got.map(({ body }): string => body)).size).toBe(1);
    await arrived(busy, 2);
    expect(busy.got[1].at - busy.got[0].at).toBeGreaterThan(2_900);
    const [ first, second, third ] = await Promise.all(followed.map(async(one): Promise<any> => deliveryOf(one, 'delivered')));
    expect(first.attempts).toMatchObject([{ status: 500 }, { status: 500 }, { status: 200 }]);
    expect(second.attempts).toMatchObject([{ status: 429 }, { status: 204 }]);
    // The head of the answer has said it, whatever becomes of the rest.
    expect(third.attempts).toMatchObject([{ status: 200 }]);
    expect(resetting.got).toHaveLength(1);
  });

  it('that is gone gets nothing more until it is named again, and the owner is told.', async(): Promise<void> => {
    let status = 410;
    const hook = await sink((response): unknown => response.writeHead(status).end());
    const followed = await follow('gone', hook);
    await publish('gone');
    await deliveryOf(followed, 'dead');
    const told = async(topic: string): Promise<any> => eventually(async(): Promise<any> => {
      for (const url of (await members(user, `${user.pod}publish/`)).reverse()) {
        const event = await (await user.fetch(url, { headers: { accept: 'application/ld+json' }})).json();
        if (event.topic === topic) {
          return event;
        }
      }
    });
    expect(await told('delivery/subscription#disabled')).toMatchObject({
      publisher: `${home.baseUrl}.events/agent#this`,
      data: { subscription: followed.id, topic: 'realestate/gone', reason: 'answered 410 Gone' },
    });
    await publish('gone');
    // It is forwarded while nothing is sent there, and so not when that is resumed.
    await new Promise((resolve): unknown => setTimeout(resolve, 2_000));
    status = 204;
    expect(await follow('gone', hook)).toMatchObject({ id: followed.id });
    expect(await told('delivery/subscription#resumed')).toMatchObject({ data: { subscription: followed.id }});
    const uuid = await publish('gone');
    const [ , after ] = await arrived(hook, 2);
    expect(after.headers['webhook-id']).toBe(uuid);
    expect(hook.got).toHaveLength(2);
  });

  it('is not held up by others that do what they can to hold it up.', async(): Promise<void> => {
    let redirected = 0;
    const target = `http://${await listen(createServer((_, response): void => {
      redirected += 1;
      response.writeHead(204, CONSENT).end();
    }))}/`;
    const drips: NodeJS.Timeout[] = [];
    let endless = 0;
    const hostile = {
      hanging: await sink((): void => {}),
      dripping: await sink((response): void => {
        response.writeHead(200).flushHeaders();
        drips.push(setInterval((): unknown => response.write('.'), 200));
      }),
      endless: await sink((response): void => {
        const more = (): void => {
          while (!response.destroyed && response.write('x'.repeat(65_536))) {
            endless += 65_536;
          }
        };
        response.writeHead(200).on('drain', more);
        more();
      }),
      large: await sink((response): unknown => response.writeHead(200, { 'x-large': 'x'.repeat(15_000), 'x-larger': 'x'.repeat(15_000) }).end()),
      redirecting: await sink((response): unknown => response.writeHead(307, { Location: target }).end()),
      typed: await sink((response): unknown => response.writeHead(200, { 'Content-Type': 'text/html' }).end('<h1>It works!</h1>')),
      early: await sink((response): void => {
        response.writeProcessing();
        response.writeHead(202).end();
      }),
      mute: await sink((response): unknown => response.socket!.destroy()),
      garbled: await sink((response): unknown => response.socket!.end('HTTP/1.1 OK fine\r\n\r\n')),
    };
    const live = await sink((response): unknown => response.writeHead(204).end());
    const entries = Object.entries(hostile);
    const followed = Object.fromEntries(await Promise.all(entries.map(async([ name, hook ]): Promise<[ string, { id: string }]> =>
      [ name, await follow('crowd', hook) ])));
    await follow('crowd', live);
    const sent: string[] = [];
    for (let event = 0; event < 5; event += 1) {
      sent.push(await publish('crowd'));
      await arrived(live, event + 1);
    }
    expect(live.got.map(({ headers }): unknown => headers['webhook-id'])).toEqual(sent);
    await Promise.all(entries.map(async([ , hook ]): Promise<unknown> => arrived(hook, 1)));
    // One that hangs has one connection, and one delivery at a time. One that answers, and never ends its answer, has four.
    await eventually(async(): Promise<true | undefined> => hostile.hanging.connections() <= 1 || undefined);
    // Of a connection that the server has ended its other end may still not know.
    await eventually(async(): Promise<true | undefined> => hostile.dripping.connections() <= 4 || undefined);
    expect(hostile.hanging.got.length).toBeLessThan(5);

    expect((await deliveryOf(followed.typed, 'delivered')).attempts).toMatchObject([{ status: 200 }]);
    expect((await deliveryOf(followed.endless, 'delivered')).attempts).toMatchObject([{ status: 200 }]);
    expect((await deliveryOf(followed.early, 'delivered')).attempts).toMatchObject([{ status: 202 }]);
    expect((await deliveryOf(followed.redirecting, 'dead')).attempts).toMatchObject([{ status: 307, reason: expect.stringContaining('redirects are not followed') }]);
    for (const name of [ 'large', 'mute', 'garbled' ]) {
      const { attempts } = await deliveryOf(followed[name], 'waiting');
      expect([ name, attempts[0] ]).toEqual([ name, expect.objectContaining({ reason: expect.any(String) }) ]);
    }
    expect(redirected).toBe(0);
    // What is too long is not read on.
    await eventually(async(): Promise<true | undefined> => hostile.endless.connections() === 0 || undefined);
    expect(endless).toBeLessThan(64 * 1_024 * 1_024);
    drips.forEach((drip): void => { clearInterval(drip); });
    await Promise.all(Object.values(followed).map(async({ id }): Promise<unknown> => subscriber.fetch(id, { method: 'DELETE' })));
  });

  it('gets nothing more once the subscription has ended, or may not read any more.', async(): Promise<void> => {
    const busy = async(): Promise<Sink> => sink((response): unknown => response.writeHead(503, { 'Retry-After': '3' }).end());
    const [ left, barred ] = [ await busy(), await busy() ];
    await grant(user, `${user.pod}topics/realestate/barred/`, { [producer.webId]: [ 'Append' ], [subscriber.webId]: [ 'Read' ]});
    const [ ended, refused ] = [ await follow('left', left), await follow('barred', barred) ];
    await Promise.all([ publish('left'), publish('barred') ]);
    await Promise.all([ arrived(left, 1), arrived(barred, 1) ]);
    expect((await subscriber.fetch(ended.id, { method: 'DELETE' })).status).toBe(204);
    await grant(user, `${user.pod}topics/realestate/barred/`, { [producer.webId]: [ 'Append' ]});
    const before = [ left.got.length, barred.got.length ];
    await Promise.all([ publish('left'), publish('barred') ]);
    const [ one, other ] = await Promise.all([ deliveryOf(ended, 'ended'), deliveryOf(refused, 'refused') ]);
    expect(one.attempts.at(-1)).toMatchObject({ reason: expect.stringContaining('the subscription has ended') });
    expect(other.attempts.at(-1)).toMatchObject({ reason: expect.stringContaining('may not read') });
    expect([ left.got.length, barred.got.length ]).toEqual(before);
  });

  it('brings no fault to light in the server.', (): void => {
    expect(home.output()).not.toMatch(/error/iu);
  });
});
