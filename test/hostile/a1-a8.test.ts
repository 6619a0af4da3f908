import { parseExposition } from '../util/exposition';
import type { HostileScene, Observed } from '../util/hostile';
import { startHostileScene } from '../util/hostile';
import { killAll } from '../util/process';
import { members, post } from '../util/scene';
import { freePort } from '../util/server';
import { eventually } from '../util/wait';

const KIB = 1_024;
const MIB = 1_024 * KIB;
const JSON_LD = 'application/ld+json';

/** JSON-LD data with many nodes, of about this length. */
const manyNodes = (length: number): object =>
  ({ '@context': { '@vocab': 'http://x.example/' }, p: Array.from({ length: length / 14 }, (): object => ({ '@id': 'u:a' })) });

/** Contexts within contexts, each of which a JSON-LD processor validates with all that it contains. */
function nestedContexts(depth: number): object {
  let context: object = { '@vocab': 'http://x.example/' };
  for (let level = 0; level < depth; level += 1) {
    context = { a: { '@id': 'http://x.example/a', '@context': context }, b: { '@id': 'http://x.example/b', '@context': context }};
  }
  return { '@context': context, a: 1 };
}

/** An object with this many distinct keys. */
const manyKeys = (count: number): object =>
  Object.fromEntries(Array.from({ length: count }, (_, index): [string, number] => [ `k${index}`, 1 ]));

/** Arrays within arrays, 60 levels deep, side by side. */
const deepAndWide = (count: number): unknown => Array.from({ length: count }, (): unknown => {
  let value: unknown = 1;
  for (let level = 0; level < 60; level += 1) {
    value = [ value ];
  }
  return value;
});

describe('Content that takes long to process', (): void => {
  let scene: HostileScene;
  let metrics: string;

  const publish = async(data: unknown, path = ''): Promise<Response> => post(
    scene.producer.fetch,
    `${scene.producer.pod}publish/${path}`,
    { recipient: scene.user.webId, topic: 'a/b#c', data },
  );
  const jobs = async(): Promise<Record<string, number>> => {
    const samples = parseExposition(await (await fetch(metrics)).text()).get('pod_events_jobs_total')!.samples;
    return Object.fromEntries([ ...samples ].map(([ name, count ]): [string, number] => [ /"(.*)"/u.exec(name)![1], count ]));
  };
  const assertServed = ({ answered, failures, turns }: Observed<unknown>): void => {
    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThan(3);
    // Each answer takes several.
    expect(turns).toBeGreaterThan(10);
  };

  beforeAll(async(): Promise<void> => {
    const port = await freePort();
    metrics = `http://127.0.0.1:${port}/metrics`;
    scene = await startHostileScene('test/config/no-budget.json', [ '--eventsMetrics', `${port}` ]);
  });

  afterAll(async(): Promise<void> => {
    await (scene as HostileScene | undefined)?.end();
    await killAll();
  });

  /** A status that says that content was processed, or that it takes too long; which of them depends on the machine. */
  const assertAnswered = async(response: Response, done: number): Promise<void> => {
    const text = await response.text();
    expect([ done, 400 ]).toContain(response.status);
    if (response.status === 400) {
      expect(text).toContain('too complex to be processed within 5 s');
    }
  };

  it.each([ 256 * KIB, MIB, 3.9 * MIB ])('A1: JSON-LD of %d bytes is published or refused.', async(length): Promise<void> => {
    const before = (await members(scene.producer, `${scene.producer.pod}publish/`)).length;
    const published = await scene.during(async(): Promise<Response> => publish(manyNodes(length)));
    await assertAnswered(published.result, 201);
    assertServed(published);
    const stored = published.result.status === 201 ? 1 : 0;
    expect(await members(scene.producer, `${scene.producer.pod}publish/`)).toHaveLength(before + stored);
    const checked = await scene.during(async(): Promise<Response> => publish(manyNodes(length), 'check'));
    await assertAnswered(checked.result, 200);
    assertServed(checked);
  });

  it('A1: small JSON-LD whose cost does not follow from its length.', async(): Promise<void> => {
    const before = await jobs();
    await assertAnswered(await publish(nestedContexts(7)), 201);
    await assertAnswered(await publish(manyNodes(8 * KIB)), 201);
    await assertAnswered(await publish([ 1, 2 ].map((): object => ({ '@context': { '@vocab': 'http://x.example/' }}))), 201);
    const after = await jobs();
    expect(after.done + after['too-complex']).toBe(before.done + before['too-complex'] + 3);
  });

  it('A1: JSON-LD of subscriptions and notifications.', async(): Promise<void> => {
    const { subscriber, user, during } = scene;
    const headers = { 'content-type': JSON_LD };
    const observed = await during(async(): Promise<Response[]> => [
      await post(subscriber.fetch, `${user.pod}subscriptions/`, JSON.stringify(manyNodes(60 * KIB)), headers),
      await post(user.fetch, user.inbox, JSON.stringify(manyNodes(250 * KIB)), headers),
    ]);
    expect(observed.result.map(({ status }): number => status)).toEqual([ 400, expect.any(Number) ]);
    expect([ 201, 400 ]).toContain(observed.result[1].status);
    assertServed(observed);
  });

  it.each([
    [ 'many keys', manyKeys(300_000) ],
    [ 'many levels', deepAndWide(20_000) ],
    [ 'many elements', Array.from({ length: 300_000 }, (): object => ({})) ],
  ])('A8: plain JSON with %s.', async(_name, data): Promise<void> => {
    for (const [ path, done ] of [[ '', 201 ], [ 'check', 200 ]] as const) {
      const observed = await scene.during(async(): Promise<Response> => publish(data, path));
      await assertAnswered(observed.result, done);
      assertServed(observed);
    }
  });

  it('A8: what is small needs no worker thread.', async(): Promise<void> => {
    const before = await jobs();
    for (const data of [ 'x', manyKeys(1_000), { '@context': { '@vocab': 'http://x.example/' }, '@id': 'u:a', name: 'Bruce' }]) {
      expect((await publish(data)).status).toBe(201);
    }
    expect(await jobs()).toEqual(before);
  });

  describe('A2: a conversion', (): void => {
    let large: string;

    beforeAll(async(): Promise<void> => {
      large = `${scene.producer.pod}large.jsonld`;
      const headers = { 'content-type': JSON_LD };
      const put = await scene.producer.fetch(large, { method: 'PUT', headers, body: JSON.stringify(manyNodes(4 * MIB)) });
      expect(put.status).toBe(201);
    });

    /** Asks for a resource in another format; `end` disconnects. */
    const read = (url: string): { end: () => void; ended: Promise<number> } => {
      const controller = new AbortController();
      const ended = scene.producer.fetch(url, { headers: { accept: 'text/turtle' }, signal: controller.signal })
        .then(async(response): Promise<number> => {
          await response.text();
          return response.status;
        }, (): number => 0);
      return { end: (): void => controller.abort(), ended };
    };

    it.each([ 'text/turtle', 'application/n-triples' ])('of 20,000 numbers to %s.', async(accept): Promise<void> => {
      const response = await publish(Array.from({ length: 20_000 }, (): number => 1));
      expect(response.status).toBe(201);
      const { id } = await response.json() as { id: string };
      // One is over before somebody else has asked for anything.
      const observed = await scene.during(async(): Promise<void> => {
        for (let read = 0; read < 10; read += 1) {
          const answer = await scene.producer.fetch(id, { headers: { accept }});
          expect(answer.status).toBe(200);
          expect(await answer.text()).toContain('a/b#c');
        }
      });
      assertServed(observed);
    });

    it('that takes too long is answered with 406, which names the format that works.', async(): Promise<void> => {
      const observed = await scene.during(async(): Promise<Response> =>
        scene.producer.fetch(large, { headers: { accept: 'text/turtle' }}));
      const text = await observed.result.text();
      expect(observed.result.status).toBe(406);
      expect(text).toContain(JSON_LD);
      assertServed(observed);
      expect((await scene.producer.fetch(large, { headers: { accept: JSON_LD }})).status).toBe(200);
    });

    it('ends when its client disconnects.', async(): Promise<void> => {
      const before = await jobs();
      const readers = [ read(large), read(large) ];
      await new Promise((resolve): unknown => setTimeout(resolve, 1_000));
      for (const { end, ended } of readers) {
        end();
        expect(await ended).toBe(0);
      }
      await eventually(async(): Promise<true | undefined> => (await jobs()).disconnected >= before.disconnected + 2 || undefined);
    });

    it('is refused with 503 while too many are under way, and all are answered.', async(): Promise<void> => {
      const observed = await scene.during(async(): Promise<number[]> =>
        Promise.all(Array.from({ length: 6 }, async(): Promise<number> => read(large).ended)));
      expect(observed.result.filter((status): boolean => status !== 406 && status !== 503)).toEqual([]);
      expect(observed.result).toContain(503);
      assertServed(observed);
    });

    // The last one, because it ends the server.
    it('does not delay the end of the server.', async(): Promise<void> => {
      const requests = [
        ...Array.from({ length: 3 }, async(): Promise<number> => read(large).ended),
        publish(manyNodes(3.9 * MIB)).then(({ status }): number => status, (): number => 0),
      ];
      await new Promise((resolve): unknown => setTimeout(resolve, 1_000));
      const exit = await scene.server.kill('SIGTERM');
      expect(exit).toEqual({ code: 0, signal: null });
      // Each was answered, or cut off with its connection.
      expect((await Promise.all(requests)).filter((status): boolean => ![ 0, 406, 503 ].includes(status))).toEqual([]);
    });
  });
});
