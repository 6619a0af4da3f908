import type { ClientRequest, IncomingMessage } from 'node:http';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { Parser } from 'n3';
import { v7 } from 'uuid';
import { SqliteEventStore } from '../../src/store-sqlite/SqliteEventStore';
import { SqliteSession } from '../../src/store-sqlite/SqliteSession';
import { grant } from '../util/access';
import { createApiKey } from '../util/accounts';
import type { HostileScene } from '../util/hostile';
import { startHostileScene } from '../util/hostile';
import { killAll } from '../util/process';
import { post } from '../util/scene';

/** An answer to a request that may not have been sent completely. */
interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
}

/** Topics of 16 segments, none of which exists, and no two of which share their first segment. */
const deepTopics = (count: number, name: string): string[] =>
  Array.from({ length: count }, (_, at): string => `${name}${at}/${'s/'.repeat(14)}x#add`);

describe('Requests that are made to cost much', (): void => {
  let scene: HostileScene;
  let publishTo: (url: string, body: unknown, headers?: Record<string, string>) => Promise<Response>;

  beforeAll(async(): Promise<void> => {
    scene = await startHostileScene();
    publishTo = async(url, body, headers): Promise<Response> => post(scene.producer.fetch, url, body, headers);
  });

  afterAll(async(): Promise<void> => {
    await (scene as HostileScene | undefined)?.end();
    await killAll();
  });

  /** Sends headers and the beginning of a body, and waits for the answer without ending the body. */
  const begin = (url: string, headers: Record<string, string | number>, beginning: Buffer): {
    readonly request: ClientRequest;
    readonly answer: Promise<RawAnswer>;
  } => {
    const request = httpRequest(url, { method: 'POST', headers, agent: false });
    const answer = new Promise<RawAnswer>((resolve): void => {
      request.on('response', (response): void => {
        response.resume();
        resolve({ status: response.statusCode!, headers: response.headers });
      });
      request.on('error', (): void => resolve({ status: 0, headers: {}}));
      request.on('close', (): void => resolve({ status: 0, headers: {}}));
    });
    request.write(beginning);
    return { request, answer };
  };

  describe('A3: the subscriptions of a pod', (): void => {
    const COUNT = 2_500;

    it('are shown in pages, whatever the format, while others are served.', async(): Promise<void> => {
      const { user, subscriber, data, during } = scene;
      const store = new SqliteEventStore(new SqliteSession(data));
      for (let at = 0; at < COUNT; at += 500) {
        await Promise.all(Array.from({ length: 500 }, async(_, index): Promise<unknown> => store.addSubscription({
          id: v7(), pod: user.pod, agent: subscriber.webId, created: Date.now(), pattern: `p${at + index}`, url: subscriber.inbox,
        })));
      }
      await store.close();
      const list = `${user.pod}subscriptions/`;
      const { result, answered, failures } = await during(async(): Promise<{ sizes: number[]; topics: Set<string> }> => {
        const sizes: number[] = [];
        const topics = new Set<string>();
        let url: string | undefined = `${list}?limit=1000`;
        while (url !== undefined) {
          const response: Response = await subscriber.fetch(url, { headers: { accept: 'text/turtle' }});
          expect(response.status).toBe(200);
          const quads = new Parser({ baseIRI: url }).parse(await response.text());
          const found = quads.filter(({ predicate }): boolean => predicate.value.endsWith('topic'));
          sizes.push(found.length);
          found.forEach(({ object }): unknown => topics.add(object.value));
          url = /^<([^>]*)>; rel="next"$/u.exec(response.headers.get('link') ?? '')?.[1];
        }
        return { sizes, topics };
      });
      expect(result.sizes).toEqual([ 1_000, 1_000, 500 ]);
      expect(result.topics.size).toBe(COUNT);
      expect(failures).toEqual([]);
      expect(answered).toBeGreaterThan(0);
      const json = await (await subscriber.fetch(list)).json();
      expect(json.contains).toHaveLength(100);
      expect(json.next).toMatch(/\?cursor=\d+$/u);
      for (const query of [ 'limit=0', 'limit=1001', 'limit=x', 'cursor=-1', 'size=5', 'limit=5&limit=6' ]) {
        expect([ query, (await subscriber.fetch(`${list}?${query}`)).status ]).toEqual([ query, 400 ]);
      }
    });
  });

  describe('A4: topics of 16 segments', (): void => {
    it('that share nothing delay nobody, whether they are published, refused or checked.', async(): Promise<void> => {
      const { user, subscriber, producer, during } = scene;
      const { key } = await createApiKey(scene.server.baseUrl, producer.webId);
      const events = (recipient: string, name: string): object[] =>
        deepTopics(1_000, name).map((topic): object => ({ recipient, topic, data: {}}));
      const sources = deepTopics(1_000, 'd').map((topic): object => ({ channel_id: topic.split('/')[0], source_name: topic.replace(/^[^/]*\//u, '') }));
      const { result, answered, failures } = await during(async(): Promise<number[]> => [
        (await publishTo(`${producer.pod}publish/`, events(user.webId, 'a'))).status,
        (await publishTo(`${producer.pod}publish/`, events(subscriber.webId, 'b'))).status,
        (await publishTo(`${producer.pod}publish/check`, events(user.webId, 'c'))).status,
        (await post(fetch, `${scene.server.baseUrl}v1/user/events/check`, { sources }, {
          'content-type': 'application/json', 'x-auth-token': key,
        })).status,
      ]);
      expect(result).toEqual([ 201, 403, 200, 200 ]);
      expect(failures).toEqual([]);
      expect(answered).toBeGreaterThan(0);
    });

    it('that differ in their actions alone, too.', async(): Promise<void> => {
      const { user, producer, during } = scene;
      const events = Array.from({ length: 1_000 }, (_, at): object =>
        ({ recipient: user.webId, topic: `e/${'s/'.repeat(14)}x#${at}`, data: {}}));
      const { result, failures } = await during(async(): Promise<number> =>
        (await publishTo(`${producer.pod}publish/`, events)).status);
      expect(result).toBe(201);
      expect(failures).toEqual([]);
    });
  });

  describe('A5: bodies that never end', (): void => {
    const CONNECTIONS = 100;
    const PART = Buffer.alloc(1_048_576, ' ');

    /** What is answered within some seconds; the rest waits for its body. */
    const flood = async(url: string, least: number): Promise<{ answers: RawAnswer[]; end: () => void }> => {
      const begun = Array.from({ length: CONNECTIONS }, (): ReturnType<typeof begin> =>
        begin(url, { 'content-type': 'application/ld+json', 'content-length': 4_600_000 }, PART));
      const answers: RawAnswer[] = [];
      begun.forEach(({ answer }): unknown => answer.then((raw): unknown => answers.push(raw)));
      for (let at = 0; at < 600 && answers.length < least; at += 1) {
        await new Promise((resolve): unknown => setTimeout(resolve, 50));
      }
      return { answers: [ ...answers ], end: (): void => begun.forEach(({ request }): unknown => request.destroy()) };
    };

    it('are not read before it is known that their sender may append.', async(): Promise<void> => {
      const { user, during } = scene;
      await grant(user, user.inbox, {});
      const { result, failures } = await during(async(): Promise<RawAnswer[]> => {
        const { answers, end } = await flood(user.inbox, CONNECTIONS);
        end();
        return answers;
      });
      expect(result.filter(({ status }): boolean => status === 401)).toHaveLength(CONNECTIONS);
      expect(failures).toEqual([]);
    });

    it('take a bounded part of the memory, and leave room for others.', async(): Promise<void> => {
      const { user, producer, during } = scene;
      await grant(user, user.inbox, { public: [ 'Append' ]});
      const before = (await during(async(): Promise<void> => undefined)).rss;
      const { result, failures, rss } = await during(async(): Promise<{ answers: RawAnswer[]; published: number }> => {
        const { answers, end } = await flood(user.inbox, CONNECTIONS - 8);
        const event = { recipient: user.webId, topic: 'a/b#c', data: 'x'.repeat(1_000_000) };
        const published = (await publishTo(`${producer.pod}publish/`, event)).status;
        end();
        return { answers, published };
      });
      const refused = result.answers.filter(({ status }): boolean => status === 503);
      expect(refused.length).toBeGreaterThanOrEqual(CONNECTIONS - 8);
      expect(refused.every(({ headers }): boolean => Number(headers['retry-after']) > 0)).toBe(true);
      expect(result.published).toBe(201);
      expect(failures).toEqual([]);
      // All of what was sent would be 100 MiB.
      expect(rss - before).toBeLessThan(80 * 1_048_576);
    });
  });

  describe('A9: fabricated DPoP proofs', (): void => {
    it('leave nothing in the store.', async(): Promise<void> => {
      const { user, data, during } = scene;
      const url = `${user.pod}publish/`;
      const file = join(data, '.events', 'replays.sqlite');
      const rows = (): number => {
        const db = new Database(file, { readonly: true });
        const { count } = db.prepare('SELECT count(*) AS count FROM used').get() as { count: number };
        db.close();
        return count;
      };
      const { publicKey, privateKey } = await generateKeyPair('ES256');
      const jwk = await exportJWK(publicKey);
      const token = await new SignJWT({ webid: user.webId }).setProtectedHeader({ alg: 'ES256' }).setIssuer(scene.server.baseUrl)
        .setIssuedAt().setExpirationTime('1h').sign(privateKey);
      const before = rows();
      const { result, failures } = await during(async(): Promise<number[]> => {
        const statuses: number[] = [];
        for (let at = 0; at < 300; at += 10) {
          statuses.push(...await Promise.all(Array.from({ length: 10 }, async(): Promise<number> => {
            const dpop = await new SignJWT({ htm: 'POST', htu: url, jti: v7() })
              .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk }).setIssuedAt().sign(privateKey);
            return (await post(fetch, url, {}, { authorization: `DPoP ${token}`, dpop, 'content-type': 'application/json' })).status;
          })));
        }
        return statuses;
      });
      expect(new Set(result)).toEqual(new Set([ 401 ]));
      expect(rows()).toBe(before);
      expect(failures).toEqual([]);
    });
  });

  describe('F7: a body with a content coding', (): void => {
    it('is refused by each endpoint, in its form.', async(): Promise<void> => {
      const { producer, user, server } = scene;
      const { key } = await createApiKey(server.baseUrl, user.webId);
      await grant(user, user.inbox, { public: [ 'Append' ]});
      const own = { 'x-api-key': key };
      const asks: [string, string, Record<string, string>, RegExp][] = [
        [ 'POST', `${user.pod}publish/`, own, /"error":/u ],
        [ 'POST', `${user.pod}publish/check`, own, /"error":/u ],
        [ 'POST', `${user.pod}__event`, own, /"code":"PR415/u ],
        [ 'POST', `${user.pod}event/send?event-identifier=x`, { ...own, 'idempotency-key': 'k' }, /"errorUUID":/u ],
        [ 'POST', `${user.pod}system`, own, /"errorUUID":/u ],
        [ 'PUT', `${user.pod}event/1`, own, /"errorUUID":/u ],
        [ 'POST', `${user.pod}subscriptions/`, own, /"error":/u ],
        [ 'POST', `${user.pod}subscriptions/${v7()}/replay`, own, /"error":/u ],
        [ 'POST', `${user.pod}auth/token`, {}, /"errorUUID":/u ],
        [ 'POST', `${user.pod}__token`, {}, /"error_description":/u ],
        [ 'POST', `${server.baseUrl}v1/user/events/check`, { 'x-auth-token': key }, /"error_msg":/u ],
        [ 'POST', user.inbox, { 'content-type': 'application/ld+json' }, /"error":/u ],
      ];
      for (const [ method, url, headers, body ] of asks) {
        const response = await fetch(url, {
          method, headers: { 'content-type': 'application/json', 'content-encoding': 'gzip', ...headers }, body: '{}',
        });
        expect([ url, response.status, response.headers.get('accept-encoding'), await response.text() ])
          .toEqual([ url, 415, 'identity', expect.stringMatching(body) ]);
      }
      const plain = await producer.fetch(`${producer.pod}publish/`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-encoding': 'identity' },
        body: JSON.stringify({ recipient: user.webId, topic: 'a/b#c', data: {}}),
      });
      expect(plain.status).toBe(201);
    });
  });

  describe('A budget of cost', (): void => {
    it('ends for the client that floods, and for nobody else.', async(): Promise<void> => {
      const { user, producer, during } = scene;
      await grant(user, user.inbox, { public: [ 'Append' ]});
      // It claims to be an event, so a JSON-LD processor has to read it.
      const notification = JSON.stringify({
        '@context': { '@vocab': 'http://x.example/' }, '@type': 'https://w3id.org/pod-events#Event', p: 'x'.repeat(200_000),
      });
      const { result, failures } = await during(async(): Promise<RawAnswer[]> => {
        const answers: RawAnswer[] = [];
        for (let at = 0; at < 30 && answers.at(-1)?.status !== 429; at += 1) {
          const response = await post(fetch, user.inbox, notification, { 'content-type': 'application/ld+json' });
          await response.text();
          answers.push({ status: response.status, headers: { 'retry-after': response.headers.get('retry-after') ?? undefined }});
        }
        return answers;
      });
      expect(result.at(-1)?.status).toBe(429);
      expect(Number(result.at(-1)!.headers['retry-after'])).toBeGreaterThan(0);
      expect(failures).toEqual([]);
      const event = { recipient: user.webId, topic: 'a/b#c', data: {}};
      expect((await publishTo(`${producer.pod}publish/`, event)).status).toBe(201);
      // The public at another pod has its own budget, and is told to log in.
      expect((await post(fetch, producer.inbox, { '@id': '' }, { 'content-type': 'application/ld+json' })).status).toBe(401);
    });
  });
});
