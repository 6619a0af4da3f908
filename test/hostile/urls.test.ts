import { createServer, request as httpRequest } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { v7 } from 'uuid';
import { AS, EVENTS } from '../../src/event/vocabulary';
import { grant } from '../util/access';
import type { HostileScene } from '../util/hostile';
import { startHostileScene } from '../util/hostile';
import { killAll } from '../util/process';
import { members, post } from '../util/scene';
import { eventually } from '../util/wait';

/** Requests may leave for this address alone. */
const ALLOWED = '127.0.0.2';

describe('URLs, notifications and headers', (): void => {
  let scene: HostileScene | undefined;
  let base: string;
  const servers: Server[] = [];
  let consulted: string[];
  let forbidden: string;

  /** Starts a server on an address of this machine; returns its base URL. */
  async function listen(address: string, answer: (response: ServerResponse, path: string) => unknown): Promise<string> {
    const server = createServer((request, response): void => {
      request.resume().on('end', (): unknown => answer(response, `${request.method} ${request.url}`));
    });
    servers.push(server);
    await new Promise<void>((resolve): unknown => server.listen(0, address, resolve));
    return `http://${address}:${(server.address() as AddressInfo).port}/`;
  }
  const query = <T>(sql: string, ...parameters: unknown[]): T[] => {
    const db = new Database(join(scene!.data, '.events/events.sqlite'), { readonly: true });
    try {
      return db.prepare(sql).all(...parameters) as T[];
    } finally {
      db.close();
    }
  };
  const follow = async(agent: 'producer' | 'subscriber', inbox: string): Promise<Response> =>
    post(scene![agent].fetch, `${scene!.user.pod}subscriptions/`, { topic: 'box/*', inbox });
  const publish = async(more: object = {}): Promise<Response> => {
    const { producer, user } = scene!;
    return post(producer.fetch, `${producer.pod}publish/`, { recipient: user.webId, topic: 'a/b#c', data: 1, ...more });
  };
  const leave = async(body: string, type = 'application/ld+json', headers: Record<string, string> = {}): Promise<Response> =>
    post(scene!.producer.fetch, `${scene!.user.pod}inbox/`, body, { 'content-type': type, ...headers });
  const errorOf = async(response: Response): Promise<string> => `${response.status} ${(await response.json() as { error?: string }).error}`;

  beforeAll(async(): Promise<void> => {
    scene = await startHostileScene('test/config/file.json', [ '--eventsAllow', `${ALLOWED}/32` ]);
    base = scene.server.baseUrl;
    consulted = [];
    forbidden = await listen('127.0.0.1', (response, path): void => {
      consulted.push(path);
      response.writeHead(200, { 'content-type': 'application/ld+json' });
      response.end('{"@context":{"name":"http://schema.org/name"}}');
    });
    const { producer, user, subscriber } = scene;
    await grant(user, `${user.pod}topics/`, { [producer.webId]: [ 'Append', 'Read' ], [subscriber.webId]: [ 'Read' ]});
  });

  afterAll(async(): Promise<void> => {
    await scene?.end();
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
    await killAll();
  });

  it('B1: an alias of an inbox does not escape a revocation.', async(): Promise<void> => {
    const { subscriber, producer } = scene!;
    const box = `${subscriber.pod}box/`;
    await subscriber.fetch(box, { method: 'PUT' });
    await grant(subscriber, box, { [producer.webId]: [ 'Write' ]});
    expect((await follow('subscriber', `${subscriber.pod}inbox/`)).status).toBe(201);
    const aliases = [
      box, `${base}subscriber//box/`, `${subscriber.pod}%62ox/`, `${subscriber.pod}x/../box/`, `${subscriber.pod}x/%2e%2e/box/`, `${base}/subscriber/box//`,
      `${base}subscriber/./box/`, box.replace('localhost', 'LOCALHOST'), `${base}%73ubscriber/box/`,
    ];
    const made = new Set<string>();
    for (const inbox of aliases) {
      const response = await follow('producer', inbox);
      const text = await response.text();
      expect([ inbox, response.status === 201 || (response.status === 400 && text.includes(box)) ]).toEqual([ inbox, true ]);
      if (response.status === 201) {
        made.add((JSON.parse(text) as { id: string }).id);
        expect(JSON.parse(text)).toMatchObject({ inbox: box });
      }
    }
    expect(made.size).toBe(1);
    const received = async(count: number): Promise<void> => {
      expect((await publish({ topic: 'box/b#c' })).status).toBe(201);
      await eventually(async(): Promise<true | undefined> =>
        (await members(subscriber, `${subscriber.pod}inbox/`)).length >= count || undefined);
    };
    await received(1);
    await eventually(async(): Promise<true | undefined> => (await members(subscriber, box)).length > 0 || undefined);
    await grant(subscriber, box, {});
    await received(2);
    await received(3);
    expect(await members(subscriber, box)).toHaveLength(1);
    const stored = query<{ url: string }>('SELECT url FROM containers WHERE url LIKE ? ORDER BY url', '%ox/');
    expect(stored).toEqual([{ url: box }, { url: `${subscriber.pod}inbox/` }, { url: `${scene!.user.pod}inbox/` }]
      .filter(({ url }): boolean => stored.some((row): boolean => row.url === url)));
  });

  it.each([
    String.raw`/user\/inbox/`, String.raw`/\user/inbox/`, String.raw`/user/inbox/\/`,
  ])('B1: a request to the raw path %s does not get past the inbox.', async(path): Promise<void> => {
    const { hostname, port } = new URL(base);
    const status = await new Promise((resolve, reject): void => {
      const sent = httpRequest({ hostname, port, path: '/x', method: 'POST', headers: { 'content-type': 'application/ld+json' }}, (response): void => {
        response.resume().on('end', (): void => resolve(response.statusCode));
      });
      // Node's client would not send it, but its server takes it.
      Object.assign(sent, { path });
      sent.on('error', reject);
      sent.end(JSON.stringify({ '@type': `${EVENTS}Event` }));
    });
    expect(status).toBe(400);
  });

  it('B2: published events are no inbox, however they are spelled.', async(): Promise<void> => {
    const { producer, user } = scene!;
    const named = await errorOf(await follow('producer', `${producer.pod}publish/`));
    expect(named).toMatch(/^400 .*holds published events/u);
    for (const path of [ '%70ublish/', 'publis%68/', '/publish/', 'x/../publish/', './publish/', '%70%75%62lish//' ]) {
      const error = await errorOf(await follow('producer', `${producer.pod}${path}`));
      expect([ path, error ]).toEqual([ path, named ]);
    }
    expect((await follow('producer', `${user.pod}%70ublish/`)).status).toBe(400);
    for (const path of [ 'box%2Fpublish/', `${'x'.repeat(300)}/`, 'a%00b/', '%zz/', '%ff/' ]) {
      const { status } = await follow('producer', `${producer.pod}${path}`);
      expect([ path, [ 400, 403, 409 ].includes(status) ? 'refused' : status ]).toEqual([ path, 'refused' ]);
    }
  });

  it('B3: this server has one name.', async(): Promise<void> => {
    const { user } = scene!;
    const { port } = new URL(base);
    for (const webId of [ `http://LOCALHOST:${port}/user/profile/card#me`, `${base}user//profile/card#me`, `${base}%75ser/profile/card#me` ]) {
      const response = await publish({ recipient: webId });
      expect([ webId, response.status ]).toEqual([ webId, 201 ]);
      const { id } = await response.json() as { id: string };
      expect(await (await scene!.producer.fetch(id)).json()).toMatchObject({ recipient: user.webId });
    }
    for (const host of [ '127.0.0.1', '[::1]', 'localhost.', '0', '2130706433', '127.1', 'x.localhost', '[::ffff:127.0.0.1]' ]) {
      for (const field of [ 'recipient', 'source' ]) {
        const error = await errorOf(await publish({ [field]: `http://${host}:${port}/user/profile/card#me` }));
        expect([ host, error ]).toEqual([ host, expect.stringMatching(/^400 /u) ]);
        expect(error).toContain(`use ${user.webId}`);
        expect(error).toContain(`base URL ${base}`);
      }
    }
    for (const webId of [ `http://u:p@localhost:${port}/user/profile/card#me`, `http://u@localhost:${port}/user/profile/card#me`, 'https://u:p@other.example/card#me' ]) {
      const error = await errorOf(await publish({ recipient: [ user.webId, webId ]}));
      expect([ webId, error ]).toEqual([ webId, expect.stringMatching(/^400 .*user name or password/u) ]);
      expect(error).not.toContain('u:p');
    }
    const check = await post(scene!.producer.fetch, `${scene!.producer.pod}publish/check`, {
      recipient: `http://127.0.0.1:${port}/user/profile/card#me`, topic: 'a/b#c', data: 1,
    });
    expect(await check.text()).toContain(base);
    expect(query('SELECT url FROM targets')).toEqual([]);
    expect((await publish({ recipient: [ user.webId, `http://LOCALHOST:${port}/user/profile/card#me` ]})).status).toBe(201);
  });

  it('B4: a topic has a container that can be found, or is refused with 400.', async(): Promise<void> => {
    for (const text of [ '\u2028', '\u2029', '\u0085', '\u0000', '\u001F', '\u007F', '\u009F', '\uFFFE', '\uFFFF', '\uFDD0', '\u{1FFFE}', '\uD800' ]) {
      const topic = `a${text}b/c#d`;
      const { status } = await publish({ topic });
      expect([ topic, status ]).toEqual([ topic, 400 ]);
    }
    const topics = [
      '\uFEFF', '\u200B', '\u200D', '\u202E', '\u2066', '\u00A0', '\u00AD', 'é', 'e\u0301', '😀', '\u{E0001}', '\u{F0000}', '.', '..', '...', '', ' ', '%2f', '%2F', '%5c',
      '%25', '%2e%2e', '%00', ':', 'a:b', 'a%3Ab', '*', '\\', '~', '$', 'x$.ttl', '.acl', 'x.meta', 'CON', 'nul.', 'a ', '<', '>', '|', '"', '?', '&', '\'',
      'x'.repeat(300), 'é'.repeat(150), '__proto__',
    ].flatMap((text): string[] => [ `${text}/x`, `x/${text}#${text}`, `${text}#y` ]);
    for (const topic of topics) {
      const { status } = await publish({ topic });
      expect([ topic, status ]).toEqual([ topic, 201 ]);
    }
    // Whoever may publish to one of two topics may not publish to the other.
    const { producer, user } = scene!;
    await grant(user, `${user.pod}topics/lock/`, {});
    await grant(user, `${user.pod}topics/lock/%252F/`, { [producer.webId]: [ 'Append' ]});
    expect((await publish({ topic: 'lock/%2F' })).status).toBe(201);
    expect((await publish({ topic: 'lock/%2f' })).status).toBe(403);
    expect((await publish({ topic: 'lock//' })).status).toBe(403);
  });

  it('B4: a path with a malformed percent-encoding is refused with 400, at endpoints and elsewhere.', async(): Promise<void> => {
    const statusOf = async(path: string, method: string): Promise<[ number, string ]> => new Promise((resolve, reject): void => {
      const request = httpRequest(base, { path, method }, (response): void => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string): unknown => text += part).on('end', (): void => resolve([ response.statusCode!, text ]));
      });
      request.on('error', reject).end();
    });
    const escapes = [ '%', '%Z', '%ZZ', '%2', '%C3', '%C3%28', '%FF', '%E0%80%80', '%ED%A0%80', '%F8%88%80%80%80' ];
    for (const escape of escapes) {
      for (const path of [ escape, `user/publish/${escape}`, `user/inbox/${escape}?limit=1`, `user/event/${escape}/send`, `v1/${escape}/events/check`, `user/topics/a/${escape}` ]) {
        for (const method of [ 'GET', 'POST' ]) {
          const [ status, text ] = await statusOf(`/${path}`, method);
          expect([ path, method, status, text ]).toEqual([ path, method, 400, expect.stringContaining('invalid percent-encoding') ]);
        }
      }
    }
    expect((await fetch(`${base}user/profile/card`)).status).toBe(200);
  });

  it('E2: ordinary notifications reach the inbox, whatever contexts they name.', async(): Promise<void> => {
    const note = { id: 'urn:uuid:0370c0fb-bb78-4a9b-87f5-bed307a509dd', type: 'Offer', actor: 'https://other.example/#me' };
    const as = 'https://www.w3.org/ns/activitystreams';
    const bodies = [
      ...[ [ as, 'https://purl.org/coar/notify' ], [ as, 'https://coar-notify.net' ], [ as, 'https://w3id.org/security/v1' ], 'https://schema.org/', 'http://schema.org',
        [ as, 'https://w3id.org/security/v2' ], [ as, 'https://w3id.org/security/data-integrity/v1' ], [ 'https://www.w3.org/ns/did/v1', as ], 'http://www.w3.org/ns/ldp#',
        [ as, 'https://w3id.org/security/data-integrity/v2', 'https://w3id.org/security/multikey/v1', { '@language': 'en' }],
      ].map((context): string => JSON.stringify({ '@context': context, ...note })),
      `{"@context":"${as}","type":"Note","type":"Article","id":"urn:x"}`,
    ];
    const urls: string[] = [];
    for (const body of bodies) {
      for (const type of [ 'application/ld+json', 'application/activity+json', 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"' ]) {
        const response = await leave(body, type);
        expect([ body, type, response.status ]).toEqual([ body, type, 201 ]);
        urls.push(response.headers.get('location')!);
      }
    }
    const unread = [
      '{"@context":"https://unknown.example/context","type":"Note"}', '{"@context":{"@context":5},"a":{"@id":7}}', '5', '[]', 'null', '"text"', '{"__proto__":{}}',
      `{"content":"${'x'.repeat(400_000)}"}`, `${'['.repeat(200)}${']'.repeat(200)}`,
    ];
    for (const body of unread) {
      const { status } = await leave(body);
      expect([ body.slice(0, 100), status ]).toEqual([ body.slice(0, 100), 201 ]);
    }
    for (const url of urls.filter((_url, index): boolean => index % 3 === 0).slice(0, -1)) {
      const response = await scene!.user.fetch(url, { headers: { accept: 'text/turtle' }});
      expect([ url, response.status ]).toEqual([ url, 200 ]);
      expect(await response.text()).toMatch(/Offer|urn:uuid/u);
    }
  });

  it('E2: the contexts that a notification names are fetched by the guard alone.', async(): Promise<void> => {
    const allowed: string[] = [];
    const open = await listen(ALLOWED, (response, path): void => {
      allowed.push(path);
      if (path === 'GET /moved') {
        response.writeHead(302, { location: `${forbidden}context` });
      } else {
        response.writeHead(path === 'GET /redirect' ? 303 : 200, { 'content-type': 'application/ld+json', location: '/context' });
      }
      response.end(path === 'GET /evil' ?
        JSON.stringify({ '@context': { Note: `${EVENTS}Event` }}) :
        path === 'GET /large' ? `{"@context":{"a":"${'x'.repeat(300_000)}"}}` : '{"@context":{"name":"http://schema.org/name"}}');
    });
    const read = async(context: unknown): Promise<number> => {
      const left = await leave(JSON.stringify({ '@context': context, '@id': 'urn:x', '@type': 'urn:y', name: 'Ann' }));
      expect(left.status).toBe(201);
      const response = await scene!.user.fetch(left.headers.get('location')!, { headers: { accept: 'text/turtle' }});
      await response.text();
      return response.status;
    };
    expect(await read(`${open}context`)).toBe(200);
    expect(await read(`${open}context`)).toBe(200);
    expect(await read(`${open}redirect`)).toBe(200);
    expect(allowed).toEqual([ 'GET /context', 'GET /redirect', 'GET /context' ]);
    const { port } = new URL(forbidden);
    for (const context of [
      `${forbidden}context`, `http://localhost:${port}/context`, `http://[::ffff:127.0.0.1]:${port}/c`, `${base}user/profile/card`, 'http://169.254.169.254/latest',
      `${open}moved`, `${open}evil`, `${open}large`, [ { '@import': `${forbidden}context` } ], Array.from({ length: 20 }, (_, index): string => `${open}${index}`),
    ]) {
      expect([ context, await read(context) ]).toEqual([ context, 400 ]);
    }
    expect(consulted).toEqual([]);
    expect(allowed.length).toBeLessThan(20);
  });

  it('E2: nobody but a server leaves an event, however it is written.', async(): Promise<void> => {
    const { user } = scene!;
    const id = v7();
    const pod = 'https://victim.example/';
    const statements = {
      '@id': `${pod}publish/${id}`, [`${AS}actor`]: { '@id': `${pod}#me` }, [`${AS}to`]: { '@id': user.webId },
      [`${AS}origin`]: { '@id': pod }, [`${EVENTS}topic`]: 'a/b#c',
    };
    const plain = {
      id: `${pod}publish/${id}`, type: [ 'Activity', 'Event' ], topic: 'a/b#c', publisher: `${pod}#me`, recipient: user.webId, origin: pod, published: '2026-01-01T00:00:00Z',
    };
    const forged: unknown[] = [
      { '@type': `${EVENTS}Event`, ...statements }, [{ '@type': `${EVENTS}Event`, ...statements }], { '@graph': [{ '@type': [ `${EVENTS}Event` ], ...statements }]},
      { '@context': { '@vocab': EVENTS }, '@type': 'Event', ...statements }, { '@context': { u: 'urn:' }, '@type': 'u:solid-pod-events:vocab:Event', ...statements },
      { '@context': { a: { '@id': 'urn:solid', '@prefix': true }}, '@type': 'a:-pod-events:vocab:Event', ...statements },
      { '@context': [ 'https://unknown.example/', { E: `${EVENTS}Event` }], '@type': 'E', ...statements },
      { 'http://www.w3.org/1999/02/22-rdf-syntax-ns#type': { '@id': `${EVENTS}Event` }, ...statements },
      { '@context': { id: '@id', type: '@type', Event: 'urn:other' }, ...plain }, plain, { '@context': 'https://unknown.example/', ...plain },
    ];
    const texts = [
      ...forged.map((value): string => JSON.stringify(value)),
      JSON.stringify(forged[0]).replace('vocab', String.raw`\u0076ocab`).replace('solid', String.raw`s\u006Flid`),
      JSON.stringify(forged[0]).replace('{', '{"@type":"urn:x",'), JSON.stringify(forged[0]).replace(/\}$/u, ',"@type":"urn:x"}'),
      `${JSON.stringify(forged[0]).slice(0, -1)},"urn:x":"${'x'.repeat(300_000)}"}`,
    ];
    const before = (await listed(user.pod)).length;
    for (const text of texts) {
      for (const type of [ 'application/ld+json', 'application/activity+json' ]) {
        const { status } = await leave(text, type, { slug: id });
        expect([ text.slice(0, 300), type, [ 400, 403, 413 ].includes(status) ]).toEqual([ text.slice(0, 300), type, true ]);
      }
    }
    expect((await listed(user.pod)).length).toBe(before);
  });

  it.each([
    [ 'text/turtle', '<> a <urn:x> .', [ '<> a <urn:x>', '<> a x:y .', 'nonsense', '@prefix a: <b', '<a b> a <urn:x> .' ]],
    [ 'application/n-triples', '<urn:a> <urn:b> "c" .', [ '<urn:a> <urn:b> .', '<urn:a> <urn:b> "c"', '@prefix a: <urn:a> .', '_:a' ]],
    [ 'application/n-quads', '<urn:a> <urn:b> "c" <urn:g> .', [ '<urn:a> <urn:b> "c" "g" .', '<urn:a>' ]],
    [ 'application/trig', '<urn:g> { <urn:a> a <urn:b> }', [ '<urn:g> { <urn:a> a <urn:b>', '{{' ]],
    [ 'text/n3', '{ ?a a <urn:b> } => { ?a a <urn:c> } .', [ '{ ?a a <urn:b> =>' ]],
    [ 'application/rdf+xml', '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>', [ '<r:RDF', '<a></b>', '<r:RDF xmlns:r="urn:x"><r:a>' ]],
    [ 'application/ld+json', '{}', [ '{', '', '{"a":}', '{\'a\':1}', 'nonsense' ]],
    [ 'application/activity+json', '{}', [ '{', '[1,]', '\u0000' ]],
  ])('E3: %s that does not parse is refused on receipt.', async(type, good, bad): Promise<void> => {
    expect((await leave(good, type)).status).toBe(201);
    expect((await leave(good, `${type.toUpperCase()}; charset=utf-8`)).status).toBe(201);
    for (const text of bad) {
      const error = await errorOf(await leave(text, type));
      expect([ text, error ]).toEqual([ text, expect.stringMatching(/^400 .*not valid/u) ]);
    }
  });

  it('E3: a long notification is checked while others are served.', async(): Promise<void> => {
    const triples = '<urn:a> <urn:b> "some text that is a little longer than the rest of it" .\n'.repeat(10_000);
    const cases: [ string, string, number ][] = [
      [ 'text/turtle', triples, 201 ], [ 'application/n-triples', `${triples}<urn:a>`, 400 ], [ 'text/turtle', '<a> <b> ('.repeat(20_000), 400 ],
      [ 'application/ld+json', `{"a":[${'{"b":"c"},'.repeat(200_000)}1]}`, 201 ], [ 'application/activity+json', '['.repeat(1_000_000), 400 ],
      [ 'application/ld+json', `{${Array.from({ length: 100_000 }, (_, index): string => `"key${index}":${index}`).join(',')}`, 400 ],
    ];
    const { result, answered, failures } = await scene!.during(async(): Promise<number[]> =>
      Promise.all(cases.map(async([ type, text ]): Promise<number> => (await leave(text, type)).status)));
    expect(result).toEqual(cases.map(([ , , status ]): number => status));
    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThan(5);
  });

  it('G8: of two Retry-After the first valid one counts.', async(): Promise<void> => {
    const { subscriber, user } = scene!;
    const answers: Record<string, string[]> = { equal: [ '7200', '7200' ], first: [ '', '-1', 'soon', '7200', '60' ], none: [ 'soon', '-7200' ]};
    const hook = await listen(ALLOWED, (response, path): void => {
      const values = answers[path.slice(path.lastIndexOf('/') + 1)];
      response.writeHead(path.startsWith('OPTIONS') ? 200 : 503, [
        'WebHook-Allowed-Origin', 'localhost', 'WebHook-Allowed-Origin', 'evil.example', 'WebHook-Allowed-Rate', '*',
        ...values.flatMap((value): string[] => [ 'Retry-After', value ]),
      ]);
      response.end();
    });
    for (const name of Object.keys(answers)) {
      const response = await post(subscriber.fetch, `${user.pod}subscriptions/`, { topic: 'hooked/*', webhook: `${hook}${name}` });
      expect([ name, response.status ]).toEqual([ name, 201 ]);
      expect((await publish({ topic: `hooked/${name}` })).status).toBe(201);
      const row = await eventually(async(): Promise<{ wait: number } | undefined> => query<{ wait: number }>(`
        SELECT d.due - a.at AS wait FROM deliveries d JOIN targets t ON t.id = d.target JOIN attempts a ON a.delivery = d.id WHERE t.url = ? AND d.tries = 1
      `, `${hook}${name}`)[0]);
      expect([ name, row.wait > 3_600_000 ]).toEqual([ name, name !== 'none' ]);
      await subscriber.fetch((await response.json() as { id: string }).id, { method: 'DELETE' });
    }
  });

  async function listed(pod: string): Promise<string[]> {
    return members(scene!.user, `${pod}inbox/`);
  }
});
