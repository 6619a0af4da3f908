import { createServer } from 'node:http';
import { connect } from 'node:net';
import { grant } from '../../util/access';
import type { Scene } from '../../util/scene';
import { members, post, setScene } from '../../util/scene';
import { eventually } from '../../util/wait';

const JSON_TYPE = { 'content-type': 'application/json' };

describe('An endpoint', (): void => {
  let scene: Scene;
  let publish: string;
  let external: string;
  const example = (fields: object = {}): Record<string, unknown> => ({
    recipient: scene.user.webId,
    topic: 'realestate/contact#add',
    data: { type: 'AddAction', object: { type: 'Contact', name: 'Bruce Wayne' }},
    ...fields,
  });
  /** All that is stored of the producer's and user's events. */
  const stored = async(): Promise<string[]> => [
    ...await members(scene.producer, publish),
    ...await members(scene.user, scene.user.inbox),
  ];

  beforeAll(async(): Promise<void> => {
    scene = await setScene();
    publish = `${scene.producer.pod}publish/`;
    external = `${scene.producer.pod}__event`;
  });

  afterAll(async(): Promise<void> => scene.end());

  describe('for publishing', (): void => {
    it('accepts an array of events, and answers with their URLs in order.', async(): Promise<void> => {
      const events = [ example({ data: { n: 1 }}), example({ data: { n: 2 }, recipient: [ scene.user.webId ]}) ];
      const response = await post(scene.producer.fetch, publish, events);
      const { id, ids } = await response.json();
      expect(response.status).toBe(201);
      expect(response.headers.get('location')).toBe(id);
      expect(ids[0]).toBe(id);
      const bodies = await Promise.all(ids.map(async(url: string): Promise<any> =>
        (await scene.producer.fetch(url, { headers: { accept: 'application/ld+json' }})).json()));
      expect(bodies.map(({ data }): object => data)).toEqual([{ n: 1 }, { n: 2 }]);
      expect((await members(scene.producer, publish)).slice(-2)).toEqual(ids);
    });

    it('copies to recipient and source alike, once where they are the same.', async(): Promise<void> => {
      await grant(scene.subscriber, `${scene.subscriber.pod}topics/`, { [scene.producer.webId]: [ 'Append' ]});
      const response = await post(scene.producer.fetch, publish, example({
        recipient: [ scene.user.webId, scene.user.webId ], source: [ scene.subscriber.webId, scene.user.webId ],
      }));
      const { id } = await response.json();
      const name = id.slice(publish.length);
      for (const agent of [ scene.user, scene.subscriber ]) {
        await eventually(async(): Promise<true | undefined> => {
          const copies = (await members(agent, agent.inbox)).filter((url): boolean => url.endsWith(name));
          return copies.length === 1 || undefined;
        });
      }
    });

    it('copies to the inbox of the producing pod if its owner is a recipient or source, once.', async(): Promise<void> => {
      const { producer } = scene;
      const named = async(id: string): Promise<string[]> =>
        (await members(producer, producer.inbox)).filter((url): boolean => url.endsWith(id.slice(publish.length)));
      const send = async(fields: object, headers?: Record<string, string>): Promise<string> => {
        const response = await post(producer.fetch, publish, example({ topic: 'self/note', ...fields }), headers);
        expect(response.status).toBe(201);
        return (await response.json()).id;
      };
      const checked = await post(producer.fetch, `${publish}check`, example({ recipient: producer.webId, topic: 'self/note' }));
      expect(await checked.json()).toEqual({ accepted: true, events: [{ accepted: true, subscriptions: 0, excluded: 0 }]});
      const alone = await send({ recipient: producer.webId });
      const both = await send({ recipient: producer.webId, source: producer.webId });
      const source = await send({ recipient: scene.user.webId, source: producer.webId, topic: 'realestate/contact' });
      for (const id of [ alone, both, source ]) {
        expect(await named(id)).toEqual([ `${producer.inbox}${id.slice(publish.length)}` ]);
      }
      expect(await named(await send({ recipient: scene.user.webId, topic: 'realestate/contact' }))).toEqual([]);
      const followed = await post(producer.fetch, `${producer.pod}subscriptions/`, { topic: 'self/*', inbox: producer.inbox });
      expect(followed.status).toBe(201);
      const key = { ...JSON_TYPE, 'idempotency-key': 'own-copy' };
      const repeated = await send({ recipient: producer.webId }, key);
      await expect(send({ recipient: producer.webId }, key)).resolves.toBe(repeated);
      const external = await post(producer.fetch, `${producer.pod}__event`, { Type: 'self/note' });
      expect(external.status).toBe(200);
      // A pod forwards in order: after the subscription's copy of the second event, the first is complete.
      await eventually(async(): Promise<true | undefined> =>
        (await members(producer, publish)).at(-1)!.endsWith((await members(producer, producer.inbox)).at(-1)!.slice(-36)) || undefined);
      expect(await named(repeated)).toHaveLength(1);
      expect((await fetch(followed.headers.get('location')!, { method: 'DELETE' })).status).toBe(401);
      expect((await producer.fetch(followed.headers.get('location')!, { method: 'DELETE' })).status).toBe(204);
      const before = await members(producer, producer.inbox);
      expect((await post(producer.fetch, `${producer.pod}__event`, { Type: 'self/note' })).status).toBe(200);
      const last = await send({ recipient: producer.webId });
      expect(await members(producer, producer.inbox)).toEqual([ ...before, `${producer.inbox}${last.slice(publish.length)}` ]);
    });

    it('ignores a Slug.', async(): Promise<void> => {
      const response = await post(scene.producer.fetch, publish, example(), { ...JSON_TYPE, slug: 'mine' });
      expect(response.headers.get('location')).not.toContain('mine');
    });

    it.each([ 'text/turtle', 'application/ld+json', 'application/n-triples' ])(
      'has its events read as %s.',
      async(accept): Promise<void> => {
        const { id } = await (await post(scene.producer.fetch, publish, example())).json();
        const response = await scene.producer.fetch(id, { headers: { accept }});
        expect(response.headers.get('content-type')).toBe(accept);
        const text = await response.text();
        expect(text).toContain('Bruce Wayne');
        expect(text).toContain('realestate/contact#add');
      },
    );

    it('answers a wrong method with 405.', async(): Promise<void> => {
      for (const method of [ 'PUT', 'PATCH', 'DELETE' ]) {
        const response = await scene.producer.fetch(publish, { method });
        expect([ method, response.status, response.headers.get('allow') ]).toEqual([ method, 405, 'GET, HEAD, OPTIONS, POST' ]);
        expect(await response.json()).toEqual({ error: expect.stringContaining(`${method} is not allowed`) });
      }
    });

    it('answers an unknown pod with 404.', async(): Promise<void> => {
      const response = await post(scene.producer.fetch, `${scene.server.baseUrl}nobody/publish/`, example());
      expect([ response.status, await response.json() ])
        .toEqual([ 404, { error: `There is no pod at ${scene.server.baseUrl}nobody/` }]);
    });

    it('asks whoever is not logged in to do so.', async(): Promise<void> => {
      const response = await post(fetch, publish, example());
      expect([ response.status, await response.json() ]).toEqual([ 401, { error: expect.stringContaining('log in') }]);
      expect(response.headers.get('www-authenticate')).toContain('Bearer');
    });

    it.each([ 'Bearer abc', 'DPoP abc', 'Basic abc', 'spe_123' ])('answers the invalid credentials %j with 401.', async(authorization): Promise<void> => {
      await grant(scene.producer, publish, { public: [ 'Append' ]});
      const response = await post(fetch, publish, example(), { ...JSON_TYPE, authorization });
      expect([ response.status, await response.json() ]).toEqual([ 401, { error: expect.stringContaining('not valid') }]);
      await grant(scene.producer, publish, {});
    });

    it('refuses who may not publish through the pod.', async(): Promise<void> => {
      const response = await post(scene.subscriber.fetch, publish, example());
      expect([ response.status, await response.json() ])
        .toEqual([ 403, { error: `Not authorized to publish through ${scene.producer.pod}: the owner of the pod has to grant acl:Append on ${publish}` }]);
    });

    it('names the first recipient to whom may not be published, and stores nothing.', async(): Promise<void> => {
      const before = await stored();
      const topic = 'medical/record#add';
      const response = await post(scene.producer.fetch, publish, [ example(), example({ topic }) ]);
      expect([ response.status, await response.json() ])
        .toEqual([ 403, { error: `Not authorized to publish to ${scene.user.webId} on topic ${topic}` }]);
      expect(await stored()).toEqual(before);
    });

    it('lets the public publish where it may.', async(): Promise<void> => {
      await grant(scene.producer, publish, { public: [ 'Append' ]});
      await grant(scene.producer, `${scene.producer.pod}topics/`, { public: [ 'Append' ]});
      const response = await post(fetch, publish, example({ recipient: scene.producer.webId }));
      expect(response.status).toBe(201);
      const { id } = await response.json();
      const event = await (await scene.producer.fetch(id, { headers: { accept: 'application/ld+json' }})).json();
      expect(event.publisher).toBeUndefined();
      expect((await post(fetch, publish, example())).status).toBe(403);
      await grant(scene.producer, publish, {});
    });

    it('refuses bad input, says why, and stores nothing.', async(): Promise<void> => {
      const requests: string[] = [];
      const remote = createServer((request, response): void => {
        requests.push(request.url!);
        response.end('{}');
      });
      await new Promise<void>((resolve): unknown => remote.listen(0, 'localhost', resolve));
      const remoteContext = `http://localhost:${(remote.address() as { port: number }).port}/context`;
      const { webId } = scene.user;
      const nested = `${'['.repeat(65)}${']'.repeat(65)}`;
      const cases: [string | object, number, string, Record<string, string>?][] = [
        [ '{"recipient":', 400, 'not valid JSON' ],
        [ '', 400, 'No request body was sent' ],
        [ '"text"', 400, 'An event is a JSON object' ],
        [ '5', 400, 'An event is a JSON object' ],
        [ 'null', 400, 'An event is a JSON object' ],
        [ '[]', 400, 'holds no event' ],
        [ '[[]]', 400, '[0]: An event is a JSON object' ],
        [ example(), 415, 'Content-Type text/plain is not supported', { 'content-type': 'text/plain' }],
        [ example(), 415, 'Content-Type application/ld+json is not supported', { 'content-type': 'application/ld+json' }],
        [ example({ recipient: undefined }), 400, 'No recipient found' ],
        [ example({ recipient: []}), 400, 'No recipient found' ],
        [ example({ recipient: undefined, source: webId }), 400, 'No recipient found' ],
        [ example({ topic: undefined }), 400, 'No topic found' ],
        [ example({ topic: '' }), 400, 'No topic found' ],
        [ example({ data: undefined }), 400, 'No data found' ],
        [ example({ data: null }), 400, 'No data found' ],
        [[ example(), example({ data: undefined }) ], 400, '[1]: No data found' ],
        [ example({ recipient: 'profile/card#me' }), 400, 'Invalid recipient: "profile/card#me"' ],
        [ example({ recipient: 5 }), 400, 'Invalid recipient: 5' ],
        [ example({ recipient: [[ webId ]]}), 400, 'Invalid recipient' ],
        [ example({ recipient: 'ftp://localhost/#me' }), 400, 'Invalid recipient' ],
        [ example({ recipient: 'http://local host/' }), 400, 'Invalid recipient' ],
        [ example({ source: 'x' }), 400, 'Invalid source: "x"' ],
        [ example({ recipient: `http://localhost/${'x'.repeat(2_100)}` }), 400, 'Invalid recipient' ],
        [ example({ recipient: `${scene.server.baseUrl}nobody/profile/card#me` }), 400, 'has no pod on this server' ],
        [ example({ recipient: `${scene.user.pod}profile/card#you` }), 400, 'has no pod on this server' ],
        [ example({ recipient: scene.server.baseUrl }), 400, 'has no pod on this server' ],
        [[ example(), example({ source: `${scene.user.pod}you` }) ], 400, '[1]: Recipient' ],
        [ Array.from({ length: 6 }, (): unknown => example({
          recipient: Array.from({ length: 100 }, (_, index): string => `https://away.example/${index}`),
        })), 400, 'at most 500 are accepted' ],
        [ example({ recipient: Array.from({ length: 101 }, (_, index): string => `${webId}${index}`) }), 400, 'More than 100' ],
        [ example({ topic: 'a\u0001b' }), 400, 'Invalid topic' ],
        [ example({ topic: 'x'.repeat(1_025) }), 400, 'Invalid topic' ],
        [ example({ topic: 'a/'.repeat(20) }), 400, 'Invalid topic' ],
        [ example({ topic: 5 }), 400, 'Invalid topic' ],
        [ example({ data: JSON.parse(nested) }), 400, 'more than 64 levels' ],
        [ Array.from({ length: 1_001 }, (): object => ({})), 400, 'at most 1000' ],
        [ example({ data: { '@context': remoteContext, a: 1 }}), 400, 'remote contexts are never fetched' ],
        [ JSON.stringify(example({ data: { x: 1 }})).replace('"x"', '"__proto__"'), 400, '__proto__' ],
        [ JSON.stringify(example()).replace('{', '{"topic":"a",'), 400, 'the key "topic" twice' ],
        [ JSON.stringify(example()).replace('Bruce', '\\uD800'), 400, 'unpaired surrogate' ],
      ];
      const before = await stored();
      for (const [ body, status, message, headers ] of cases) {
        const response = await post(scene.producer.fetch, publish, body, headers);
        expect([ body, response.status, await response.json() ])
          .toEqual([ body, status, { error: expect.stringContaining(message) }]);
      }
      const bytes = await scene.producer.fetch(publish, { method: 'POST', headers: JSON_TYPE, body: Buffer.from([ 0x22, 0xFF, 0x22 ]) });
      expect([ bytes.status, await bytes.json() ]).toEqual([ 400, { error: 'The request body is not valid UTF-8' }]);
      expect(await stored()).toEqual(before);
      expect(requests).toEqual([]);
      remote.close();
    });

    it('reads a body no further than the limit.', async(): Promise<void> => {
      const before = await stored();
      const big = JSON.stringify(example({ data: 'x'.repeat(4 * 1_024 * 1_024) }));
      const declared = await post(scene.producer.fetch, publish, big);
      expect([ declared.status, await declared.json() ]).toEqual([ 413, { error: expect.stringContaining('4194304 bytes') }]);
      // Chunked, without end: were it read on, there would be no answer.
      const { port } = new URL(publish);
      const headers = await authorizationOf(scene);
      const socket = connect(Number(port), 'localhost');
      socket.on('error', (): void => undefined);
      socket.write(`POST ${new URL(publish).pathname} HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: application/json\r\n` +
        `Authorization: ${headers}\r\nTransfer-Encoding: chunked\r\n\r\n`);
      const chunk = `10000\r\n${' '.repeat(65_536)}\r\n`;
      let sent = 0;
      let answer = '';
      socket.on('data', (data): void => { answer += data.toString(); });
      while (!answer && sent < 400) {
        sent += 1;
        socket.write(chunk);
        await new Promise((resolve): unknown => setTimeout(resolve, 2));
      }
      expect(answer).toMatch(/^HTTP\/1\.1 413 /u);
      expect(answer).toMatch(/connection: close/iu);
      socket.destroy();
      expect(await stored()).toEqual(before);
    });

    it('stores nothing of a body that ends too early.', async(): Promise<void> => {
      const before = await stored();
      const { port, pathname } = new URL(publish);
      const socket = connect(Number(port), 'localhost');
      socket.write(`POST ${pathname} HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: application/json\r\n` +
        `Authorization: ${await authorizationOf(scene)}\r\nContent-Length: 1000\r\n\r\n{"recipient":`);
      await new Promise((resolve): unknown => setTimeout(resolve, 300));
      socket.destroy();
      await new Promise((resolve): unknown => setTimeout(resolve, 300));
      expect(await stored()).toEqual(before);
    });
  });

  describe('for external events', (): void => {
    const latest = async(): Promise<any> => {
      const url = (await members(scene.producer, publish)).at(-1)!;
      return (await scene.producer.fetch(url, { headers: { accept: 'application/ld+json' }})).json();
    };

    it('accepts an event without a body, with the headers of its dialect.', async(): Promise<void> => {
      const body = { Type: 'authSchema', Object: 'https://a.example/', Info: 'i' };
      const response = await post(scene.producer.fetch, external, body);
      expect([ response.status, await response.text() ]).toEqual([ 200, '' ]);
      expect(response.headers.get('access-control-allow-origin')).toBe('*');
      expect(response.headers.get('x-personium-version')).toBe('1.8.4');
      expect(await latest()).toMatchObject({
        topic: 'authSchema',
        subject: 'https://a.example/',
        data: 'i',
        recipient: scene.producer.pod,
        publisher: scene.producer.webId,
        requestKey: expect.stringMatching(/^[\w-]{4}_[\w-]{22}$/u),
      });
    });

    it('takes any content type, null as absent, unknown fields, and a request key.', async(): Promise<void> => {
      const response = await post(
        scene.producer.fetch,
        external,
        '{"Type":null,"Extra":1}',
        { 'content-type': 'application/x-www-form-urlencoded', 'x-personium-requestkey': 'key_01-A' },
      );
      expect(response.status).toBe(200);
      const event = await latest();
      expect(event).toMatchObject({ topic: 'event', requestKey: 'key_01-A' });
      expect([ event.data, event.subject, event.eventType ]).toEqual([ undefined, undefined, undefined ]);
    });

    it.each([ 'x'.repeat(1_025), 'a\nb', '', 'x'.repeat(51_200) ])('keeps in full a type that is no topic (%#).', async(type): Promise<void> => {
      expect((await post(scene.producer.fetch, external, { Type: type })).status).toBe(200);
      expect(await latest()).toMatchObject({ topic: 'event', eventType: type });
    });

    it('gives the event to the subscribers of the pod.', async(): Promise<void> => {
      await grant(scene.producer, `${scene.producer.pod}topics/`, { [scene.subscriber.webId]: [ 'Read' ]});
      const subscribed = await post(scene.subscriber.fetch, `${scene.producer.pod}subscriptions/`, { topic: 'door', inbox: scene.subscriber.inbox });
      expect(subscribed.status).toBe(201);
      await post(scene.producer.fetch, external, { Type: 'door', Info: 'opened' });
      const name = (await members(scene.producer, publish)).at(-1)!.slice(publish.length);
      await eventually(async(): Promise<true | undefined> =>
        (await members(scene.subscriber, scene.subscriber.inbox)).some((url): boolean => url.endsWith(name)) || undefined);
      expect((await members(scene.producer, scene.producer.inbox)).some((url): boolean => url.endsWith(name))).toBe(false);
      await scene.subscriber.fetch(subscribed.headers.get('location')!, { method: 'DELETE' });
    });

    it('takes events of whom has acl:Append on it.', async(): Promise<void> => {
      expect((await post(scene.subscriber.fetch, external, {})).status).toBe(403);
      await grant(scene.producer, external, { [scene.subscriber.webId]: [ 'Append' ]});
      expect((await post(scene.subscriber.fetch, external, {})).status).toBe(200);
      await grant(scene.producer, external, {});
    });

    it.each([
      [ '', {}, 400, 'PR400-CM-0004' ],
      [ '[]', {}, 400, 'PR400-CM-0004' ],
      [ 'null', {}, 400, 'PR400-CM-0004' ],
      [ '{"Type":', {}, 400, 'PR400-CM-0004' ],
      [ '{"Type":"a","Type":"b"}', {}, 400, 'PR400-CM-0004' ],
      [ '{"Type":5,"Info":6}', {}, 400, 'PR400-EV-0004' ],
      [ `{"Object":"${'é'.repeat(25_601)}"}`, {}, 400, 'PR400-EV-0004' ],
      [ '{}', { 'x-personium-requestkey': 'a b' }, 400, 'PR400-EV-0002' ],
      [ '{}', { 'x-personium-requestkey': 'x'.repeat(129) }, 400, 'PR400-EV-0002' ],
      [ '{}', { authorization: 'Bearer x' }, 401, 'PR401-AU-0006' ],
    ])('refuses bad input with its own error (%#).', async(body, headers, status, code): Promise<void> => {
      const fetcher = 'authorization' in headers ? fetch : scene.producer.fetch;
      const before = await stored();
      const response = await post(fetcher, external, body, { ...JSON_TYPE, ...headers as Record<string, string> });
      expect([ response.status, await response.json() ])
        .toEqual([ status, { code, message: { lang: 'en', value: expect.any(String) }}]);
      expect(response.headers.get('x-personium-version')).toBe('1.8.4');
      expect(await stored()).toEqual(before);
    });

    it('refuses the rest with its own errors too.', async(): Promise<void> => {
      const anonymous = await post(fetch, external, {});
      expect([ anonymous.status, (await anonymous.json()).code ]).toEqual([ 401, 'PR401-AU-0001' ]);
      const get = await scene.producer.fetch(external);
      expect([ get.status, (await get.json()).code, get.headers.get('allow') ]).toEqual([ 405, 'PR405-MC-0001', 'OPTIONS, POST' ]);
      const nobody = await post(scene.producer.fetch, `${scene.server.baseUrl}nobody/__event`, {});
      expect([ nobody.status, (await nobody.json()).code ]).toEqual([ 404, 'PR404-DV-0003' ]);
      const big = await post(scene.producer.fetch, external, { Info: 'x'.repeat(5_000_000) });
      expect([ big.status, (await big.json()).code ]).toEqual([ 413, 'PR413-CM-0001' ]);
    });
  });
});

/** The Authorization header that the producer's fetch sends. */
async function authorizationOf(scene: Scene): Promise<string> {
  return new Promise((resolve, reject): void => {
    const echo = createServer((request, response): void => {
      resolve(request.headers.authorization!);
      response.end();
      echo.close();
    }).listen(0, 'localhost', (): void => {
      scene.producer.fetch(`http://localhost:${(echo.address() as { port: number }).port}/`).catch(reject);
    });
  });
}
