import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createRawServer } from 'node:net';
import { join } from 'node:path';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import Database from 'better-sqlite3';
import { Webhook } from 'standardwebhooks';
import WebSocket from 'ws';
import { grant } from '../util/access';
import { LOOPBACK } from '../util/federation';
import type { HostileScene } from '../util/hostile';
import { startHostileScene } from '../util/hostile';
import { killAll } from '../util/process';
import { post } from '../util/scene';
import { eventually } from '../util/wait';

const DAY = 24 * 60 * 60_000;
const CONSENT = 'WebHook-Allowed-Origin: *\r\nWebHook-Allowed-Rate: *\r\n';
const LDP = 'http://www.w3.org/ns/ldp#';

interface Got {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly at: number;
}

/** A server of somebody else: a webhook, an inbox or a profile. */
interface Sink {
  readonly origin: string;
  readonly got: Got[];
}

// Servers are started and killed several times.

describe('Deliveries', (): void => {
  let scene!: HostileScene;
  const servers: Server[] = [];
  const sockets = new Set<Socket>();

  async function listen(server: Server): Promise<string> {
    servers.push(server);
    server.on('connection', (socket: Socket): void => {
      sockets.add(socket);
      socket.on('close', (): unknown => sockets.delete(socket)).on('error', (): void => {});
    });
    await new Promise<void>((resolve): unknown => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  /** A server that consents to be a webhook, and answers all else as it is told. */
  async function sink(answer: (response: ServerResponse, got: Got, request: IncomingMessage) => unknown): Promise<Sink> {
    const got: Got[] = [];
    const server = createServer((request, response): void => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer): unknown => chunks.push(chunk)).on('end', (): void => {
        if (request.method === 'OPTIONS') {
          response.writeHead(204, { 'WebHook-Allowed-Origin': '*', 'WebHook-Allowed-Rate': '*' }).end();
          return;
        }
        const one = { path: request.url!, headers: request.headers, body: Buffer.concat(chunks).toString(), at: Date.now() };
        if (request.method === 'POST') {
          got.push(one);
        }
        answer(response, one, request);
      });
    });
    return { origin: await listen(server), got };
  }
  /** A webhook that answers each delivery with bytes of its own, after it has consented. */
  async function rawSink(answer: (socket: Socket, posts: number) => unknown): Promise<{ url: string; posts: () => number }> {
    let posts = 0;
    const origin = await listen(createRawServer((socket): unknown => socket.on('data', (chunk: Buffer): void => {
      const text = chunk.toString();
      if (text.startsWith('OPTIONS')) {
        socket.write(`HTTP/1.1 204 No Content\r\n${CONSENT}\r\n`);
      } else if (text.startsWith('POST')) {
        posts += 1;
        answer(socket, posts);
      }
    })));
    return { url: `${origin}/hook`, posts: (): number => posts };
  }
  async function follow(topic: string, webhook: string): Promise<{ id: string; secret: string }> {
    const response = await post(scene.subscriber.fetch, `${scene.user.pod}subscriptions/`, { topic, webhook });
    expect([ topic, response.status, await response.clone().text() ]).toEqual([ topic, 201, expect.any(String) ]);
    return await response.json() as { id: string; secret: string };
  }
  async function publish(topic: string, fields: object = {}): Promise<{ status: number; body: any }> {
    const response = await post(scene.producer.fetch, `${scene.producer.pod}publish/`, { recipient: scene.user.webId, topic, data: 'x', ...fields });
    const body: any = await response.json();
    expect([ response.status, body ]).toEqual([ 201, body ]);
    return { status: response.status, body };
  }
  const deliveriesOf = async(query: string, pod = scene.user.pod, agent = scene.user): Promise<any[]> =>
    (await (await agent.fetch(`${pod}deliveries/?${query}`)).json()).contains;
  const ofSubscription = ({ id }: { id: string }): string => `subscription=${id.slice(id.lastIndexOf('/') + 1)}`;
  const untilDone = async(query: string, count: number, pod?: string, agent?: HostileScene['user']): Promise<any[]> =>
    eventually(async(): Promise<any[] | undefined> => {
      const all = await deliveriesOf(query, pod, agent);
      return all.length >= count && all.every(({ state }): boolean => state !== 'waiting') ? all : undefined;
    });
  const withTimeout = async(condition: () => boolean): Promise<unknown> =>
    eventually(async(): Promise<true | undefined> => condition() || undefined, 300_000);
  const sleep = async(milliseconds: number): Promise<unknown> => new Promise((resolve): unknown => setTimeout(resolve, milliseconds));
  /** Changes the store of a server that does not run. */
  const change = (sql: string): void => {
    const db = new Database(join(scene.data, '.events/events.sqlite'));
    db.exec(sql);
    db.close();
  };

  beforeAll(async(): Promise<void> => {
    scene = await startHostileScene('test/config/hostile-deliveries.json', [ '--eventsAllow', LOOPBACK ]);
  });

  afterAll(async(): Promise<void> => {
    // It is not there if it could not start.
    await (scene as HostileScene | undefined)?.end();
    await killAll();
    sockets.forEach((socket): unknown => socket.destroy());
    await Promise.all(servers.map(async(server): Promise<unknown> => new Promise((resolve): unknown => server.close(resolve))));
  });

  describe('D1: to an inbox that asks the sender who it is', (): void => {
    it('begin when the server can be asked, and are tried again after 401.', async(): Promise<void> => {
      const statuses: number[] = [];
      let isOpen = false;
      let refusals = 0;
      const other = await sink(async(response, _got, request): Promise<void> => {
        if (request.method !== 'POST') {
          response.writeHead(200, { 'content-type': 'text/turtle' }).end(`<#me> <${LDP}inbox> </inbox/>.`);
          return;
        }
        const known = await fetch(`${scene.server.baseUrl}.events/agent`, { signal: AbortSignal.timeout(5_000) })
          .then(({ ok }): boolean => ok, (): boolean => false);
        refusals += isOpen && known ? 1 : 0;
        const status = isOpen ? !known || refusals <= 3 ? 401 : 201 : 503;
        statuses.push(known ? status : 0);
        response.writeHead(status).end();
      });
      const topic = 'd1/inbox#add';
      for (let index = 0; index < 8; index += 1) {
        expect(await publish(topic, { recipient: `${other.origin}/card${index}#me` })).toMatchObject({ status: 201 });
      }
      statuses.length = 0;
      await scene.restart(async(): Promise<void> => {
        statuses.length = 0;
        isOpen = true;
      });
      const all = await eventually(async(): Promise<any[] | undefined> => {
        const found = (await deliveriesOf('limit=100', scene.producer.pod, scene.producer)).filter((delivery): boolean => delivery.topic === topic);
        return found.every(({ state }): boolean => state !== 'waiting') ? found : undefined;
      });
      expect(all.map(({ state }): string => state)).toEqual(new Array(8).fill('delivered'));
      expect(statuses.filter((status): boolean => status === 0)).toEqual([]);
      expect(statuses.filter((status): boolean => status === 401)).toHaveLength(3);
    });

    it('are accepted although its first answer is 401.', async(): Promise<void> => {
      let asked = 0;
      const other = await sink((response, _got, request): unknown => {
        if (request.method !== 'POST') {
          return response.writeHead(200, { 'content-type': 'text/turtle' }).end(`<#me> <${LDP}inbox> </inbox/>.`);
        }
        asked += 1;
        return response.writeHead(asked === 1 ? 401 : 201).end();
      });
      const { status, body } = await publish('d1/first#add', { recipient: `${other.origin}/card#me` });
      expect(status).toBe(201);
      const id = (body.id as string).split('/').at(-1)!;
      expect(await untilDone(`event=${id}`, 1, scene.producer.pod, scene.producer)).toMatchObject([{ state: 'delivered' }]);
    });
  });

  describe('D2: to a target that asks to be left alone', (): void => {
    it('wait, all of them, also over a restart, and others of its host do not.', async(): Promise<void> => {
      let asks = true;
      const other = await sink((response, { path }): unknown =>
        path === '/busy' && asks ? response.writeHead(429, { 'retry-after': '600' }).end() : response.writeHead(204).end());
      const busy = await follow('d2/busy', `${other.origin}/busy`);
      await follow('d2/busy', `${other.origin}/free`);
      const of = (path: string): number => other.got.filter((got): boolean => got.path === path).length;
      for (let index = 0; index < 4; index += 1) {
        expect(await publish('d2/busy#add')).toMatchObject({ status: 201 });
        await withTimeout((): boolean => of('/free') === index + 1 && of('/busy') > 0);
        await sleep(300);
      }
      expect([ of('/busy'), of('/free') ]).toEqual([ 1, 4 ]);
      await scene.restart();
      expect(await publish('d2/busy#add')).toMatchObject({ status: 201 });
      await withTimeout((): boolean => of('/free') === 5);
      await sleep(3_000);
      expect([ of('/busy'), of('/free') ]).toEqual([ 1, 5 ]);
      expect((await deliveriesOf(ofSubscription(busy))).map(({ state }): string => state)).toEqual(new Array(5).fill('waiting'));
      asks = false;
      await scene.restart(async(): Promise<void> => change('UPDATE targets SET rests = 0 WHERE rests > 0; UPDATE deliveries SET due = 0 WHERE state = 0; UPDATE hosts SET next = 0 WHERE id IN (SELECT host FROM deliveries WHERE state = 0)'));
      expect((await untilDone(ofSubscription(busy), 5)).every(({ state }): boolean => state === 'delivered')).toBe(true);
    });
  });

  describe('D3: whose answer is a success that does not arrive whole', (): void => {
    const OK = 'HTTP/1.1 200 OK\r\n';
    const cases: [string, string, 'end' | 'pause' | 'resetAndDestroy'][] = [
      [ 'reset', `${OK}Content-Length: 9\r\n\r\nsome`, 'resetAndDestroy' ],
      [ 'short', `${OK}Content-Length: 9\r\n\r\nsome`, 'end' ],
      [ 'silent', `${OK}Content-Length: 9\r\n\r\nsome`, 'pause' ],
      [ 'long', `${OK}Content-Length: 1\r\n\r\nsome`, 'pause' ],
      [ 'chunks', `${OK}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, 'pause' ],
      [ 'half', `${OK}Transfer-Encoding: chunked\r\n\r\nff\r\nx`, 'end' ],
      [ 'gzip', `${OK}Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nno`, 'pause' ],
      [ 'lengths', `${OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\nx`, 'end' ],
      [ 'both', `${OK}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 'pause' ],
      [ 'number', `${OK}Content-Length: x\r\n\r\n`, 'pause' ],
      [ 'continue', `HTTP/1.1 100 Continue\r\n\r\n${OK}Content-Length: 0\r\n\r\n`, 'pause' ],
      [ 'processing', `HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n`, 'pause' ],
      [ 'body', 'HTTP/1.1 204 No Content\r\n\r\nsome', 'pause' ],
    ];

    it('are delivered, once.', async(): Promise<void> => {
      const sinks = await Promise.all(cases.map(async([ , bytes, ending ]) =>
        rawSink((socket): unknown => socket.write(bytes, (): unknown => setTimeout((): unknown => socket[ending](), 20)))));
      const subscriptions: { id: string }[] = [];
      for (const [ index, [ name ]] of cases.entries()) {
        subscriptions.push(await follow('d3/hook', `${sinks[index].url}/${name}`));
      }
      const { failures, answered } = await scene.during(async(): Promise<void> => {
        await publish('d3/hook#add');
        await publish('d3/hook#add');
        for (const [ index, subscription ] of subscriptions.entries()) {
          const all = await untilDone(ofSubscription(subscription), 2);
          expect([ cases[index][0], all.map(({ state, attempts }): unknown[] => [ state, attempts.length ]) ])
            .toEqual([ cases[index][0], [[ 'delivered', 1 ], [ 'delivered', 1 ]]]);
        }
      });
      await sleep(1_500);
      expect(sinks.map(({ posts }): number => posts())).toEqual(cases.map((): number => 2));
      expect(failures).toEqual([]);
      expect(answered).toBeGreaterThan(0);
    });

    it('are not, if it pours out more than that.', async(): Promise<void> => {
      const { url, posts } = await rawSink((socket): void => {
        socket.write(`${OK}Transfer-Encoding: chunked\r\n\r\n`);
        const piece = `1000\r\n${'x'.repeat(4_096)}\r\n`;
        const pour = (): void => {
          while (!socket.destroyed && socket.write(piece)) {
            // Until the kernel takes no more.
          }
        };
        socket.on('drain', pour);
        pour();
      });
      const flood = await rawSink((socket): unknown => socket.write('HTTP/1.1 100 Continue\r\n\r\n'.repeat(10_000)));
      const endless = await follow('d3/pour', url);
      const flooded = await follow('d3/pour', flood.url);
      const { failures, rss } = await scene.during(async(): Promise<void> => {
        await publish('d3/pour#add');
        expect(await untilDone(ofSubscription(endless), 1)).toMatchObject([{ state: 'delivered', attempts: [{ status: 200 }]}]);
        await eventually(async(): Promise<unknown> => (await deliveriesOf(ofSubscription(flooded)))[0].attempts[0]);
      });
      expect((await deliveriesOf(ofSubscription(flooded)))[0].attempts[0].reason).toContain('interim');
      expect(posts()).toBe(1);
      expect(failures).toEqual([]);
      expect(rss).toBeLessThan(2 ** 30);
      await scene.subscriber.fetch(flooded.id, { method: 'DELETE' });
    });
  });

  describe('D4: to a webhook that closes its connections', (): void => {
    it('are made again at once, by another connection, and count as no failure.', async(): Promise<void> => {
      const closing = await rawSink((): void => {});
      let posts = 0;
      const origin = await listen(createRawServer((socket): void => {
        let requests = 0;
        socket.on('data', (chunk: Buffer): void => {
          requests += 1;
          if (requests > 1) {
            // As if it had been closed before the request came.
            socket.resetAndDestroy();
          } else if (chunk.toString().startsWith('OPTIONS')) {
            socket.write(`HTTP/1.1 204 No Content\r\n${CONSENT}\r\n`);
          } else {
            posts += 1;
            socket.write('HTTP/1.1 204 No Content\r\n\r\n');
          }
        });
      }));
      expect(closing.posts()).toBe(0);
      const subscription = await follow('d4/hook', `${origin}/hook`);
      for (let index = 0; index < 40; index += 1) {
        await publish('d4/hook#add');
      }
      const all = await untilDone(`${ofSubscription(subscription)}&limit=100`, 40);
      expect(all.map(({ state, attempts }): unknown[] => [ state, attempts.length ])).toEqual(new Array(40).fill([ 'delivered', 1 ]));
      expect(posts).toBe(40);
    });
  });

  describe('D5: with a secret that is replaced', (): void => {
    it('are signed with each that is younger than a day, and a key makes one.', async(): Promise<void> => {
      const { origin, got } = await sink((response): unknown => response.writeHead(204).end());
      const { id, secret } = await follow('d5/hook', `${origin}/hook`);
      const rotate = async(key?: string): Promise<{ status: number; body: any; retryAfter: string | null }> => {
        const response = await post(scene.subscriber.fetch, `${id}/secret`, '', key === undefined ? {} : { 'idempotency-key': key });
        return { status: response.status, body: await response.json(), retryAfter: response.headers.get('retry-after') };
      };
      const first = await rotate('one');
      expect(first).toMatchObject({ status: 201, body: { secret: expect.stringMatching(/^whsec_/u) }});
      expect(await Promise.all([ rotate('one'), rotate('one') ])).toMatchObject([ first, first ]);
      const second = await rotate('two');
      expect(second.body.secret).not.toBe(first.body.secret);
      expect(await rotate('one')).toMatchObject(first);
      await publish('d5/hook#add');
      await withTimeout((): boolean => got.length === 1);
      const [{ body, headers }] = got;
      for (const one of [ secret, first.body.secret, second.body.secret ]) {
        expect((new Webhook(one).verify(body, headers as Record<string, string>) as any).type).toBe('d5/hook#add');
      }
      const others = [ await rotate(), await rotate(), await rotate(), await rotate() ];
      expect(others.map(({ status }): number => status)).toEqual([ 201, 201, 201, 429 ]);
      expect(Number(others[3].retryAfter)).toBeGreaterThan(60);
      // Another may not, and another request is another one.
      expect((await post(scene.user.fetch, `${id}/secret`, '', { 'idempotency-key': 'one' })).status).toBe(403);
      const other = await follow('d5/other', `${origin}/other`);
      expect((await post(scene.subscriber.fetch, `${other.id}/secret`, '', { 'idempotency-key': 'one' })).status).toBe(409);
      expect(scene.server.output()).not.toContain('whsec_');
    });
  });

  describe('D6: copies for several patterns and agents', (): void => {
    it('are told of once.', async(): Promise<void> => {
      const { user, producer, subscriber, server } = scene;
      const inbox = `${user.pod}inbox/`;
      await grant(user, inbox, { [user.webId]: [ 'Read', 'Write', 'Control' ], [subscriber.webId]: [ 'Write' ], [producer.webId]: [ 'Write' ]});
      await grant(user, `${user.pod}topics/d6/`, { [user.webId]: [ 'Read' ], [subscriber.webId]: [ 'Read' ], [producer.webId]: [ 'Read', 'Append' ]});
      for (const [ agent, topic ] of [ [ subscriber, 'd6/*' ], [ subscriber, 'd6/hook' ], [ producer, 'd6/hook#add' ], [ user, 'd6/*' ]] as const) {
        const response = await post(agent.fetch, `${user.pod}subscriptions/`, { topic, inbox });
        expect([ topic, response.status ]).toEqual([ topic, 201 ]);
      }
      const channel: any = await (await post(user.fetch, `${server.baseUrl}.notifications/WebSocketChannel2023/`, {
        '@context': [ 'https://www.w3.org/ns/solid/notification/v1' ],
        type: 'http://www.w3.org/ns/solid/notifications#WebSocketChannel2023',
        topic: inbox,
      }, { 'content-type': 'application/ld+json' })).json();
      const socket = new WebSocket(channel.receiveFrom);
      const messages: any[] = [];
      socket.on('message', (message: Buffer): unknown => messages.push(JSON.parse(message.toString())));
      await new Promise((resolve, reject): unknown => socket.once('open', resolve).once('error', reject));
      const events: string[] = [];
      for (let index = 0; index < 5; index += 1) {
        events.push((await publish('d6/hook#add')).body.id);
      }
      await withTimeout((): boolean => messages.filter(({ type }): boolean => type === 'Add').length >= 5);
      await sleep(1_000);
      const added = messages.filter(({ type }): boolean => type === 'Add').map(({ object }): string => object);
      expect(added.sort()).toEqual(events.map((event): string => `${inbox}${event.slice(event.lastIndexOf('/') + 1)}`).sort());
      socket.close();
    });
  });

  describe('D7: to a recipient whose profile comes in another form', (): void => {
    const turtle = `<http://www.w3.org/ns/ldp#inbox>`;
    const forms: Record<string, (response: ServerResponse, origin: string) => unknown> = {
      gzip: (response): unknown => response.writeHead(200, { 'content-type': 'text/turtle', 'content-encoding': 'gzip' }).end(gzipSync(`<#me> ${turtle} </inbox/>.`)),
      deflate: (response): unknown => response.writeHead(200, { 'content-type': 'text/turtle', 'content-encoding': 'deflate' }).end(deflateSync(`<#me> ${turtle} </inbox/>.`)),
      br: (response): unknown => response.writeHead(200, { 'content-type': 'text/turtle', 'content-encoding': 'br' }).end(brotliCompressSync(`<#me> ${turtle} </inbox/>.`)),
      bom: (response): unknown => response.writeHead(200, { 'content-type': 'application/ld+json' }).end(`\uFEFF{"@id":"#me","${LDP}inbox":{"@id":"/inbox/"}}`),
      ntriples: (response, origin): unknown => response.writeHead(200, { 'content-type': 'application/n-triples' }).end(`<${origin}/ntriples#me> ${turtle} <${origin}/inbox/> .\n`),
      n3: (response): unknown => response.writeHead(200, { 'content-type': 'text/n3' }).end(`{ <#a> <#b> <#c> } => { <#d> <#e> <#f> }. <#me> ${turtle} </inbox/>.`),
    };
    const broken: Record<string, (response: ServerResponse) => unknown> = {
      gone: (response): unknown => response.writeHead(410).end(),
      missing: (response): unknown => response.writeHead(404).end(),
      html: (response): unknown => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>Bob</p>'),
      syntax: (response): unknown => response.writeHead(200, { 'content-type': 'text/turtle' }).end('this is no Turtle'),
      bomb: (response): unknown => response.writeHead(200, { 'content-type': 'text/turtle', 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(2 ** 26, ' '))),
      garbage: (response): unknown => response.writeHead(200, { 'content-type': 'text/turtle', 'content-encoding': 'gzip' }).end('no gzip'),
      none: (response): unknown => response.writeHead(200, { 'content-type': 'text/turtle' }).end(''),
      twice: (response): unknown => response.writeHead(303, { location: '/second' }).end(),
      second: (response): unknown => response.writeHead(303, { location: '/gzip' }).end(),
      inside: (response): unknown => response.writeHead(303, { location: 'http://169.254.169.254/' }).end(),
    };

    it('are made where it can be read, and end at once where it cannot, of which a check tells.', async(): Promise<void> => {
      const accepted: (string | undefined)[] = [];
      const other: Sink = await sink((response, { path, headers }, request): unknown => {
        if (request.method === 'POST') {
          return response.writeHead(201).end();
        }
        const name = path.slice(1);
        if (name === 'person') {
          return response.writeHead(303, { location: '/about' }).end();
        }
        if (name === 'about') {
          return response.writeHead(200, { 'content-type': 'text/turtle' }).end(`</person> ${turtle} </inbox/>.`);
        }
        accepted.push(headers['accept-encoding']);
        return (forms[name] ?? broken[name])(response, other.origin);
      });
      const good = [ ...Object.keys(forms).map((name): string => `${other.origin}/${name}#me`), `${other.origin}/person` ];
      const bad = [ ...Object.keys(broken).filter((name): boolean => name !== 'twice' && name !== 'inside').map((name): string => `${other.origin}/${name}#me`), `${other.origin}/twice`, `${other.origin}/inside` ];
      const check = async(): Promise<any> =>
        (await post(scene.producer.fetch, `${scene.producer.pod}publish/check`, { recipient: [ ...good, ...bad ], topic: 'd7/hook#add', data: 'x' })).json();
      // What is not found in time is found by the next one.
      const checked = await eventually(async(): Promise<any> => {
        const found = await check();
        return found.events[0].unreachable?.length >= bad.length ? found : undefined;
      });
      expect(checked.events).toMatchObject([{ accepted: true, elsewhere: expect.arrayContaining(good) }]);
      expect(checked.events[0].unreachable.map(({ agent }: any): string => agent).sort()).toEqual([ ...bad ].sort());
      expect(checked.events[0].unreachable.every(({ reason }: any): boolean => reason.length > 20)).toBe(true);
      expect(other.got).toEqual([]);

      const { failures } = await scene.during(async(): Promise<void> => {
        const { status, body } = await publish('d7/hook#add', { recipient: [ ...good, ...bad ] });
        expect(status).toBe(201);
        const query = `event=${(body.id as string).split('/').at(-1)!}&limit=100`;
        const all = await untilDone(query, good.length + bad.length, scene.producer.pod, scene.producer);
        const states = Object.fromEntries(all.map((delivery): string[] => [ delivery.target ?? delivery.recipient ?? delivery.agent, delivery.state ]));
        expect(states).toEqual(Object.fromEntries([ ...good.map((one): string[] => [ one, 'delivered' ]), ...bad.map((one): string[] => [ one, 'dead' ]) ]));
        expect(all.filter(({ state }): boolean => state === 'dead').every(({ attempts }): boolean => attempts.at(-1).reason.length > 20)).toBe(true);
      });
      expect(failures).toEqual([]);
      expect(new Set(accepted)).toEqual(new Set([ 'identity' ]));
    });
  });

  describe('D9: while others publish', (): void => {
    it('go on, and do not hold them up.', async(): Promise<void> => {
      const hooks: Sink[] = [];
      for (let index = 0; index < 4; index += 1) {
        hooks.push(await sink((response): unknown => response.writeHead(204).end()));
        await follow('d9/hook', `${hooks[index].origin}/hook`);
      }
      const events = 120;
      const { failures, answered } = await scene.during(async(): Promise<void> => {
        await Promise.all(Array.from({ length: 4 }, async(): Promise<void> => {
          for (let index = 0; index < events / 4; index += 1) {
            expect(await publish('d9/hook#add')).toMatchObject({ status: 201 });
          }
        }));
        // Somebody always waits for an answer, and deliveries go on all the same.
        const state = { over: false };
        const busy = Array.from({ length: 4 }, async(): Promise<void> => {
          while (!state.over) {
            await publish('d9/nobody#add');
          }
        });
        await withTimeout((): boolean => hooks.every(({ got }): boolean => got.length >= events));
        state.over = true;
        await Promise.all(busy);
      });
      expect(hooks.map(({ got }): number => got.length)).toEqual([ events, events, events, events ]);
      expect(failures).toEqual([]);
      expect(answered).toBeGreaterThan(20);
    });
  });

  describe('G3: after a time in which the server was off, or its clock was wrong', (): void => {
    const shifted = (by: number): string => `
      UPDATE clocks SET time = time + (${by});
      UPDATE deliveries SET created = created + (${by}), due = due + (${by});
      UPDATE hosts SET next = next + (${by}), since = since + (${by}), rests = rests + (${by});
      UPDATE attempts SET at = at + (${by});
    `;

    it.each([
      [ 'nine days off', -9 * DAY ],
      [ 'a clock 40 days ahead', 40 * DAY ],
      [ 'a clock 40 days behind', -40 * DAY ],
    ])('are attempted, after %s.', async(name, by): Promise<void> => {
      let works = false;
      const { origin, got } = await sink((response): unknown => response.writeHead(works ? 204 : 500).end());
      const topic = `g3/${name.replaceAll(' ', '-')}`;
      const subscription = await follow(topic, `${origin}/hook`);
      await publish(`${topic}#add`);
      await publish(`${topic}#add`);
      await withTimeout((): boolean => got.length >= 2);
      await scene.restart(async(): Promise<void> => change(shifted(by)));
      await publish(`${topic}#add`);
      const before = got.length;
      await withTimeout((): boolean => got.length > before);
      works = true;
      expect((await untilDone(ofSubscription(subscription), 3)).map(({ state }): string => state)).toEqual(new Array(3).fill('delivered'));
      expect((await (await scene.subscriber.fetch(subscription.id)).json()).disabled).toBeUndefined();
      expect(scene.server.output()).toContain('clock');
    });
  });

  describe('G10: to a webhook that is dead', (): void => {
    it('do not keep the events of an owner, and say why they ended.', async(): Promise<void> => {
      const { user } = scene;
      const { origin } = await sink((response): unknown => response.destroy());
      const response = await post(scene.subscriber.fetch, `${user.pod}subscriptions/`, { topic: 'g10/hook', webhook: `${origin}/hook` });
      const subscription = await response.json() as { id: string };
      const batch = Array.from({ length: 300 }, (_, index): object => ({ recipient: user.webId, topic: 'g10/hook#add', data: { index }}));
      const { failures } = await scene.during(async(): Promise<void> => {
        for (let sent = 0; sent < 900; sent += 300) {
          expect((await post(scene.producer.fetch, `${scene.producer.pod}publish/`, batch.slice(0, 300))).status).toBe(201);
        }
        await eventually(async(): Promise<true | undefined> => {
          const listing = await (await scene.producer.fetch(`${scene.producer.pod}publish/`, { headers: { accept: 'application/n-triples' }})).text();
          return listing.match(/ldp#contains>/gu)!.length <= 200 || undefined;
        });
      });
      expect(failures).toEqual([]);
      const dead = await deliveriesOf(`${ofSubscription(subscription)}&state=dead&limit=10`);
      expect(dead.length).toBeGreaterThan(0);
      expect(dead[0]).toMatchObject({ topic: 'g10/hook#add', attempts: expect.arrayContaining([ expect.objectContaining({ reason: expect.stringContaining('removed by retention') }) ]) });
      expect((await post(scene.subscriber.fetch, `${dead[0].id}/redeliver`, '')).status).toBeGreaterThanOrEqual(400);
    });
  });
});
