import { isDeepStrictEqual } from 'node:util';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getContainedResourceUrlAll, getSolidDataset, getThing, getUrl } from '@inrupt/solid-client';
import Database from 'better-sqlite3';
import { stringify } from 'uuid';
import { listen } from '../../src/client';
import { ContextLoader } from '../../src/event/ContextLoader';
import { eventDocument } from '../../src/event/Event';
import { parseJsonLd } from '../../src/event/rdf';
import { grant } from '../util/access';
import type { TestAgent } from '../util/accounts';
import { logIn, seedFile } from '../util/accounts';
import { KILLS, KILLS_TIMEOUT } from '../util/effort';
import type { ServerProcess, StreamData } from '../util/process';
import { KILL_POINT, killAll, PublishStream, startProcess } from '../util/process';
import { members } from '../util/scene';
import { freePort } from '../util/server';
import { eventually } from '../util/wait';

const CONNECTIONS = 2;
const SUBSCRIBERS = [ 'north', 'east', 'south', 'west' ];
const INBOXES = 200;
const TOPIC = 'realestate/contact#add';
const PATTERNS = [ TOPIC, 'realestate/contact', 'realestate/*', '*' ];

/** An event as the database has it. */
interface Stored {
  readonly url: string;
  readonly document: string;
  readonly data: StreamData;
  readonly bytes: number;
  /** The containers that hold it. */
  readonly containers: readonly string[];
}

/** Random numbers from 0 to 1 that are the same for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return (): number => {
    state = (state + 0x6D2B79F5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('A server that is killed again and again', (): void => {
  const seed = Number(process.env.CRASH_SEED ?? Math.floor(Math.random() * 2 ** 31));
  const random = randomFrom(seed);
  let folder: string;
  let server: ServerProcess;
  let start: () => Promise<ServerProcess>;
  let producer: TestAgent;
  let recipients: TestAgent[];
  let subscribers: TestAgent[];
  let inboxes: string[];
  let stream: PublishStream;
  let stored: Stored[];
  /** URLs of the events that a client has got by a stream over all kills. */
  const streamed: string[] = [];
  const listening = new AbortController();
  let listener: Promise<void>;

  beforeAll(async(): Promise<void> => {
    folder = await mkdtemp(join(tmpdir(), 'pod-events-crash-'));
    const pods = [ 'producer', 'user', 'other', ...SUBSCRIBERS ];
    const options = {
      config: 'test/config/crash.json',
      port: await freePort(),
      data: join(folder, 'data'),
      seedConfig: await seedFile(folder, pods),
      preload: KILL_POINT,
    };
    start = async(): Promise<ServerProcess> => startProcess(options);
    server = await start();
    const agents = await Promise.all(pods.map(async(name): Promise<TestAgent> => logIn(server.baseUrl, name, 'Bearer')));
    producer = agents[0];
    recipients = agents.slice(1, 3);
    subscribers = agents.slice(3);
    inboxes = Array.from({ length: INBOXES }, (_, index): string => `${subscribers[index % 4].pod}inboxes/${index}/`);
    await Promise.all(recipients.map(async(recipient): Promise<void> => grant(recipient, `${recipient.pod}topics/`, {
      [producer.webId]: [ 'Append' ],
      ...Object.fromEntries(subscribers.map(({ webId }): [string, string[]] => [ webId, [ 'Read' ]])),
    })));
    await Promise.all(subscribers.map(async(subscriber, owner): Promise<void> => {
      for (let index = owner; index < INBOXES; index += subscribers.length) {
        await follow(subscriber, index);
      }
    }));
    stream = new PublishStream(producer, recipients.map(({ webId }): string => webId), TOPIC);
    listener = listenAgainAndAgain();
  });

  afterAll(async(): Promise<void> => {
    listening.abort();
    await listener;
    await Promise.all([ producer, ...recipients, ...subscribers ].map(async(agent): Promise<void> => agent.logout()));
    await killAll();
    await rm(folder, { recursive: true, force: true });
  });

  /** Every inbox follows one recipient, by one of the patterns; some follow the other one as well. */
  async function follow(subscriber: TestAgent, index: number): Promise<void> {
    const created = await subscriber.fetch(inboxes[index], { method: 'PUT', headers: { 'content-type': 'text/turtle' }});
    expect(created.status).toBe(201);
    for (const recipient of index % 5 === 0 ? recipients : [ recipients[index % 2] ]) {
      const followed = await subscriber.fetch(`${recipient.pod}subscriptions/`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ topic: PATTERNS[Math.floor(index / 4) % 4], inbox: inboxes[index] }),
      });
      expect(followed.status).toBe(201);
    }
  }

  /** Reads the stream of the log, and often begins again behind the last event, as a client that ends does. */
  async function listenAgainAndAgain(): Promise<void> {
    let position: string | undefined = '0';
    while (!listening.signal.aborted) {
      try {
        for await (const item of listen(`${producer.pod}publish/`, { fetch: producer.fetch, from: position, signal: listening.signal })) {
          streamed.push(item.event.eventurl);
          ({ position } = item);
          if (random() < 0.05) {
            break;
          }
        }
      } catch {
        // The server does not run now.
        await new Promise((resolve): unknown => setTimeout(resolve, 50));
      }
    }
  }

  /** Opens the database beside the server, only to look. */
  function look<T>(read: (db: Database.Database) => T): T {
    const db = new Database(join(folder, 'data/.events/events.sqlite'), { readonly: true });
    try {
      return read(db);
    } finally {
      db.close();
    }
  }

  function count(sql: string): number {
    return look((db): number => db.prepare(`SELECT COUNT(*) ${sql}`).pluck().get() as number);
  }

  function readStored(): Stored[] {
    return look((db): Stored[] => {
      const containers = db.prepare('SELECT c.url FROM entries n JOIN containers c ON c.id = n.container WHERE n.event = ?').pluck();
      const events = db.prepare(`
        SELECT e.id, e.uuid, p.url AS pod, x.text AS context, e.members, e.bytes
        FROM events e JOIN pods p ON p.id = e.pod JOIN contexts x ON x.id = e.context ORDER BY e.id
      `).all() as { id: number; uuid: Buffer; pod: string; context: string; members: string; bytes: number }[];
      return events.map(({ id, uuid, pod, bytes, ...event }): Stored => {
        const document = eventDocument(event);
        return {
          url: `${pod}publish/${stringify(uuid)}`,
          document,
          data: JSON.parse(document).data,
          bytes,
          containers: [ ...containers.all(id) as string[] ].sort(),
        };
      });
    });
  }

  it('starts again on the same data each time, and finishes what was under way.', async(): Promise<void> => {
    let unfinished = 0;
    for (let kill = 0; kill < KILLS; kill += 1) {
      if (kill % 4 > 0) {
        // The first answers of a process are slow; one time in four the kill is to hit these too.
        await stream.publish();
      }
      stream.start(CONNECTIONS);
      await new Promise((resolve): unknown => setTimeout(resolve, 20 + random() ** 6 * 780));
      // Every other kill comes between a commit and its answer.
      await expect(server.kill(kill % 2 === 0 ? 'SIGUSR2' : 'SIGKILL')).resolves.toEqual({ code: null, signal: 'SIGKILL' });
      await stream.stop();
      unfinished += count('FROM forwards');
      server = await start();
    }
    // As long as it gets on it may take its time.
    for (let left = count('FROM forwards'); left > 0; left = count('FROM forwards')) {
      const before = left;
      await eventually(async(): Promise<true | undefined> => count('FROM forwards') < before || undefined)
        .catch((): never => {
          throw new Error(`${before} events are not forwarded any more; the server says: ${server.output().slice(-2_000)}`);
        });
    }
    stored = readStored();
    process.stdout.write(`CRASH_SEED=${seed}: ${KILLS} kills, ${stream.attempts.length} requests, ` +
      `${stream.acknowledged.length} acknowledged, ${stored.length} events stored, ${unfinished} fan-outs cut off\n`);
    expect(stream.acknowledged.length).toBeGreaterThanOrEqual(Math.floor(KILLS * 3 / 4));
    expect([ ...new Set(stream.attempts.map(({ status }): unknown => status)) ].sort()).toEqual([ 201, undefined ]);
  }, KILLS_TIMEOUT);

  it('has stored every acknowledged event, as it was posted.', async(): Promise<void> => {
    const byUrl = new Map(stored.map((event): [string, Stored] => [ event.url, event ]));
    for (const { ids, data } of stream.acknowledged) {
      expect(ids!.map((id): unknown => byUrl.get(id)?.data)).toEqual(data);
    }
  });

  it('has stored the other events of a request all or not at all, and nothing twice.', async(): Promise<void> => {
    const places = new Map<number, StreamData[]>();
    for (const { data } of stored) {
      places.set(data.request, [ ...places.get(data.request) ?? [], data ]);
    }
    const partial = [ ...places ].filter(([ request, data ]): boolean =>
      !isDeepStrictEqual(data, stream.attempts[request].data));
    expect(partial).toEqual([]);
    expect(places.size).toBeGreaterThanOrEqual(stream.acknowledged.length + Math.ceil(KILLS / 2));
  });

  it('has a copy of each stored event in every inbox, exactly once, and nowhere else.', async(): Promise<void> => {
    const expected = [ `${producer.pod}publish/`, ...recipients.map(({ inbox }): string => inbox), ...inboxes ].sort();
    expect(stored.filter(({ containers }): boolean => !isDeepStrictEqual(containers, expected))).toEqual([]);
    expect(count('FROM entries')).toBe(stored.length * expected.length);
  });

  it('has sent each stored event once, in the order of the log, to a client of the stream.', async(): Promise<void> => {
    await eventually(async(): Promise<true | undefined> => streamed.length >= stored.length || undefined);
    expect(streamed).toEqual(stored.map(({ url }): string => url));
  });

  it('has nothing that is half-written.', async(): Promise<void> => {
    expect(look((db): unknown => db.pragma('integrity_check', { simple: true }))).toBe('ok');
    expect(look((db): unknown => db.pragma('foreign_key_check'))).toEqual([]);
    expect(count('FROM entries WHERE event NOT IN (SELECT id FROM events) OR container NOT IN (SELECT id FROM containers)')).toBe(0);
    expect(count('FROM removed')).toBe(0);
    const loader = new ContextLoader();
    for (const { document, bytes, url } of stored) {
      expect(Buffer.byteLength(document)).toBe(bytes);
      const quads = await parseJsonLd(document, loader, url);
      expect(quads.filter(({ subject }): boolean => subject.value === url).length).toBeGreaterThan(5);
    }
  });

  it('shows every acknowledged event at its URL and in publish/.', async(): Promise<void> => {
    const rest = stream.acknowledged.flatMap(({ ids, data }): [string, StreamData][] =>
      ids!.map((id, place): [string, StreamData] => [ id, data[place] ]));
    await Promise.all(Array.from({ length: CONNECTIONS }, async(): Promise<void> => {
      for (let next = rest.pop(); next; next = rest.pop()) {
        const response = await producer.fetch(next[0]);
        expect([ response.status, (await response.json() as { data: unknown }).data ]).toEqual([ 200, next[1] ]);
      }
    }));
    expect((await members(producer, `${producer.pod}publish/`)).sort()).toEqual(stored.map(({ url }): string => url).sort());
  });

  it('shows the subscribers their copies by LDP.', async(): Promise<void> => {
    const ids = stored.map(({ url }): string => url.split('/').at(-1)!);
    for (const [ index, subscriber ] of subscribers.slice(0, 2).entries()) {
      const inbox = inboxes[index + 4 * Math.floor(random() * 50)];
      const copies = getContainedResourceUrlAll(await getSolidDataset(inbox, { fetch: subscriber.fetch }));
      expect(copies.sort()).toEqual(ids.map((id): string => `${inbox}${id}`).sort());
      // To parse so much takes longer than the server keeps a connection; it is to be seen that it was closed.
      await new Promise((resolve): unknown => setTimeout(resolve, 100));
      const last = getThing(await getSolidDataset(copies.at(-1)!, { fetch: subscriber.fetch }), stored.at(-1)!.url)!;
      expect(getUrl(last, 'https://www.w3.org/ns/activitystreams#actor')).toBe(producer.webId);
    }
  });

  it('still ends in order.', async(): Promise<void> => {
    await expect(server.kill('SIGTERM')).resolves.toEqual({ code: 0, signal: null });
  });
});
