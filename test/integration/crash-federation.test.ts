import { mkdtemp, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { Webhook } from 'standardwebhooks';
import { stringify, v7 } from 'uuid';
import { ContextLoader } from '../../src/event/ContextLoader';
import { eventDocument } from '../../src/event/Event';
import { parseJsonLd } from '../../src/event/rdf';
import { SqliteEventStore } from '../../src/store-sqlite/SqliteEventStore';
import { SqliteSession } from '../../src/store-sqlite/SqliteSession';
import { grant } from '../util/access';
import type { TestAgent } from '../util/accounts';
import { logIn, seedFile } from '../util/accounts';
import { KILLS, KILLS_TIMEOUT } from '../util/effort';
import { flatten } from '../util/flat';
import type { GotRequest, OtherServer } from '../util/outgoing';
import { startOther } from '../util/outgoing';
import type { ProcessOptions, ServerProcess } from '../util/process';
import { KILL_POINT, killAll, PublishStream, spawnServer, untilReady } from '../util/process';
import { members, post } from '../util/scene';
import { freePort } from '../util/server';
import { eventually } from '../util/wait';

const LOCAL = 50;
const REMOTE = 50;
const WEBHOOKS = 20;
const OWNERS = [ 'north', 'south' ];
const TOPIC = 'realestate/contact#add';
const PATTERNS = [ TOPIC, 'realestate/contact', 'realestate/*' ];

/** How targets behave: `flaky` ones fail every other time, `lossy` ones sometimes take what comes without an answer. */
const BEHAVIOURS = [ 'live', 'flaky', 'lossy', 'broken', 'hanging', 'gone', 'missing', 'away' ] as const;
type Behaviour = typeof BEHAVIOURS[number];
const LIVE: readonly Behaviour[] = [ 'live', 'flaky', 'lossy' ];

/** Of each kind of target some fail. */
const behaviourOf = (index: number): Behaviour => BEHAVIOURS[index] ?? 'live';

interface Target {
  readonly url: string;
  readonly isLive: boolean;
  /** What verifies its deliveries, if it is a webhook. */
  verifier?: Webhook;
}

interface Stored { readonly id: string; readonly url: string; readonly document: string; readonly containers: string[] }

/** In milliseconds. */
async function timeOf(run: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await run();
  return performance.now() - begun;
}

const pause = async(milliseconds: number): Promise<void> => new Promise((resolve): unknown => setTimeout(resolve, milliseconds));

describe('A server that is killed while it delivers', (): void => {
  let folder: string;
  let options: ProcessOptions;
  let server: ServerProcess;
  let hosts: OtherServer[];
  let producer: TestAgent;
  let user: TestAgent;
  let owners: TestAgent[];
  let inboxes: string[];
  let remotes: Target[];
  let webhooks: Target[];
  let stream: PublishStream;
  let stored: Stored[];
  const counts = new Map<string, number>();
  let output = '';

  /** Answers as the first part of the path says. */
  function answer({ method, path }: GotRequest, response: ServerResponse): void {
    const behaviour = path.split('/')[1] as Behaviour;
    if (method === 'OPTIONS') {
      response.writeHead(204, { 'webhook-allowed-origin': '*', 'webhook-allowed-rate': '*' }).end();
      return;
    }
    const count = (counts.get(path) ?? 0) + 1;
    counts.set(path, count);
    if (behaviour === 'lossy' && count % 4 === 0) {
      response.destroy();
    } else if (behaviour !== 'hanging') {
      const failures = { broken: 500, gone: 410, missing: 404, flaky: count % 2 === 0 ? 201 : 503 };
      response.writeHead({ ...failures }[behaviour as string] ?? 201, { location: `${path}${count}` }).end();
    }
  }

  /** Those that fail are on hosts of their own, but for one that shares the host of those that are well. */
  function targetsOf(kind: string, count: number): Target[] {
    return Array.from({ length: count }, (_, index): Target => {
      const behaviour = behaviourOf(index);
      const isLive = LIVE.includes(behaviour);
      const host = isLive || behaviour === 'gone' ? hosts[index % 2] : hosts[2 + BEHAVIOURS.indexOf(behaviour)];
      return { isLive, url: `${host.url}${behaviour}/${kind}/${index}/` };
    });
  }

  beforeAll(async(): Promise<void> => {
    folder = await mkdtemp(join(tmpdir(), 'pod-events-crash-'));
    hosts = await Promise.all(Array.from({ length: 2 + BEHAVIOURS.length }, async(): Promise<OtherServer> => startOther(answer)));
    remotes = targetsOf('inbox', REMOTE);
    webhooks = targetsOf('webhook', WEBHOOKS);
    const pods = [ 'producer', 'user', ...OWNERS ];
    options = {
      ...await flatten('test/config/crash-federation.json'),
      port: await freePort(),
      data: join(folder, 'data'),
      preload: KILL_POINT,
    };
    server = await untilReady(spawnServer({ ...options, seedConfig: await seedFile(folder, pods) }));
    [ producer, user, ...owners ] = await Promise.all(pods.map(async(name): Promise<TestAgent> => logIn(server.baseUrl, name, 'Bearer')));
    await grant(user, `${user.pod}topics/`, { public: [ 'Read' ], [producer.webId]: [ 'Append' ]});
    inboxes = Array.from({ length: LOCAL }, (_, index): string => `${owners[index % OWNERS.length].pod}inboxes/${index}/`);
    await Promise.all(owners.map(async(owner, place): Promise<void> => {
      for (let index = place; index < LOCAL; index += OWNERS.length) {
        await owner.fetch(inboxes[index], { method: 'PUT', headers: { 'content-type': 'text/turtle' }});
        await follow(owner, { topic: PATTERNS[index % 3], inbox: inboxes[index] });
      }
    }));
    for (const [ index, target ] of webhooks.entries()) {
      const { secret } = await follow(owners[index % 2], { topic: PATTERNS[index % 3], webhook: target.url });
      target.verifier = new Webhook(secret!);
    }
    // It has consented, and is never heard of again.
    await hosts[2 + BEHAVIOURS.indexOf('away')].stop();
    await followFromElsewhere();
    stream = new PublishStream(producer, [ user.webId ], TOPIC);
  });

  afterAll(async(): Promise<void> => {
    await killAll();
    await Promise.all(hosts.map(async(host): Promise<unknown> => host.stop()));
    await rm(folder, { recursive: true, force: true });
  });

  async function follow(agent: TestAgent, body: object): Promise<{ secret?: string }> {
    const response = await post(agent.fetch, `${user.pod}subscriptions/`, body);
    const answered = await response.json();
    expect([ response.status, answered ]).toEqual([ 201, expect.anything() ]);
    return answered;
  }

  /** Each remote inbox has an agent of its own, whose profile does not matter any more; so it is written beside the server. */
  async function followFromElsewhere(): Promise<void> {
    const store = new SqliteEventStore(new SqliteSession(options.data));
    await Promise.all(remotes.map(async({ url }, index): Promise<unknown> => store.addSubscription({
      id: v7(), pod: user.pod, pattern: PATTERNS[index % 3], url: url, agent: `${url}card#me`, created: Date.now(),
    }, undefined, undefined, { kind: 'inbox', host: new URL(url).host })));
    await store.close();
  }

  /** Opens the database beside the server, only to look. */
  function look<T>(read: (db: Database.Database) => T): T {
    const db = new Database(join(options.data, '.events/events.sqlite'), { readonly: true });
    try {
      return read(db);
    } finally {
      db.close();
    }
  }

  function count(sql: string): number {
    return look((db): number => db.prepare(`SELECT COUNT(*) ${sql}`).pluck().get() as number);
  }

  /** How many deliveries to targets that work are not made yet, and how many fan-outs not done. */
  function rest(): number {
    return count('FROM forwards') + count(`
      FROM deliveries d JOIN targets t ON t.id = d.target WHERE d.state = 0 AND (
        ${LIVE.map((behaviour): string => `t.url LIKE '%/${behaviour}/%'`).join(' OR ')}
      )`);
  }

  function readStored(): Stored[] {
    return look((db): Stored[] => {
      const containers = db.prepare('SELECT c.url FROM entries n JOIN containers c ON c.id = n.container WHERE n.event = ?').pluck();
      const events = db.prepare(`
        SELECT e.id, e.uuid, p.url AS pod, x.text AS context, e.members
        FROM events e JOIN pods p ON p.id = e.pod JOIN contexts x ON x.id = e.context WHERE e.topic = ? ORDER BY e.id
      `).all(TOPIC) as { id: number; uuid: Buffer; pod: string; context: string; members: string }[];
      return events.map(({ id, uuid, pod, context, members: text }): Stored => ({
        id: stringify(uuid),
        url: `${pod}publish/${stringify(uuid)}`,
        document: eventDocument({ context, members: text }),
        containers: (containers.all(id) as string[]).sort(),
      }));
    });
  }

  /** What came to a target. */
  function arrivals({ url }: Target): GotRequest[] {
    const { origin, pathname } = new URL(url);
    return hosts.filter((host): boolean => host.url === `${origin}/`)
      .flatMap(({ requests }): GotRequest[] => requests.filter(({ method, path }): boolean => method === 'POST' && path === pathname));
  }

  const idOf = ({ body }: GotRequest): string => (JSON.parse(body).id as string).split('/').at(-1)!;

  async function restart(): Promise<void> {
    await server.kill('SIGKILL');
    server = spawnServer(options);
    await untilReady(server);
  }

  /** The first answers of a process are slow; some kills hit these too, the others come behind them. */
  async function killWhilePublishing(isWarm: boolean, signal: 'SIGKILL' | 'SIGUSR2'): Promise<void> {
    if (isWarm) {
      await stream.publish();
    }
    const publishing = (async(): Promise<void> => {
      for (;;) {
        await stream.publish();
        await pause(40);
      }
    })().catch((): void => {
      // Nobody answers any more; what was under way stays without an answer.
    });
    await pause(20 + Math.random() ** 2 * 480);
    await server.kill(signal);
    await publishing;
  }

  it('starts again each time, and makes what deliveries can be made.', async(): Promise<void> => {
    let unfinished = 0;
    const startUp = await timeOf(restart);
    for (let kill = 0; kill < KILLS; kill += 1) {
      if (kill % 3 === 0) {
        await pause(Math.random() * startUp);
        await server.kill('SIGKILL');
      } else {
        await untilReady(server);
        // Every other kill comes between a commit and its answer.
        await killWhilePublishing(kill % 4 > 0, kill % 2 === 0 ? 'SIGUSR2' : 'SIGKILL');
      }
      output += server.output();
      unfinished += rest();
      server = spawnServer(options);
    }
    await untilReady(server);
    // As long as it gets on it may take its time.
    const begun = rest();
    for (let left = begun; left > 0; left = rest()) {
      const before = left;
      await eventually(async(): Promise<true | undefined> => rest() < before || undefined)
        .catch((): never => {
          throw new Error(`${before} deliveries are not made any more; the server says: ${server.output().slice(-2_000)}`);
        });
    }
    stored = readStored();
    const came = hosts.flatMap(({ requests }): GotRequest[] => requests).length;
    process.stdout.write(`${KILLS} kills, ${stream.attempts.length} requests, ${stream.acknowledged.length} acknowledged, ` +
      `${stored.length} events stored, ${unfinished / KILLS} left at a kill, ${begun} at the last, ${came} requests came\n`);
    expect(stream.acknowledged.length).toBeGreaterThan(KILLS / 3);
    expect([ ...new Set(stream.attempts.map(({ status }): unknown => status)) ].sort()).toEqual([ 201, undefined ]);
  }, KILLS_TIMEOUT);

  it('has stored every acknowledged event, and each request whole or not at all.', async(): Promise<void> => {
    const byRequest = new Map<number, unknown[]>();
    for (const { document } of stored) {
      const { data } = JSON.parse(document);
      byRequest.set(data.request, [ ...byRequest.get(data.request) ?? [], data ]);
    }
    const urls = new Set(stored.map(({ url }): string => url));
    for (const { ids } of stream.acknowledged) {
      expect(ids!.filter((id): boolean => !urls.has(id))).toEqual([]);
    }
    for (const [ request, data ] of byRequest) {
      expect(data).toEqual(stream.attempts[request].data);
    }
  });

  it('has a copy of each event in every inbox of its own, exactly once, and nowhere else.', async(): Promise<void> => {
    const expected = [ `${producer.pod}publish/`, user.inbox, ...inboxes ].sort();
    for (const { containers } of stored) {
      expect(containers).toEqual(expected);
    }
    const ids = stored.map(({ id }): string => id);
    for (const [ place, owner ] of owners.entries()) {
      expect(await members(owner, inboxes[place])).toEqual(ids.map((id): string => `${inboxes[place]}${id}`));
    }
  });

  it('has brought each event to every inbox elsewhere that works, as it is, and no other.', async(): Promise<void> => {
    const ids = stored.map(({ id }): string => id).sort();
    const documents = new Map(stored.map(({ id, document }): [string, any] => [ id, JSON.parse(document) ]));
    for (const target of remotes.filter(({ isLive }): boolean => isLive)) {
      const came = arrivals(target);
      expect([ ...new Set(came.map(idOf)) ].sort()).toEqual(ids);
    }
    for (const request of remotes.flatMap(arrivals)) {
      expect(JSON.parse(request.body)).toEqual({ ...documents.get(idOf(request)), 'events:hops': 1 });
    }
  });

  it('has brought each event to every webhook that works, signed, and with the same id and body each time.', async(): Promise<void> => {
    const ids = stored.map(({ id }): string => id).sort();
    for (const target of webhooks) {
      const came = arrivals(target);
      for (const { headers, body, at } of came) {
        const { 'webhook-id': id, 'webhook-timestamp': seconds, 'webhook-signature': signature } = headers as Record<string, string>;
        // As a receiver verifies it, but with the time at which it came.
        const sent = new Date(Number(seconds) * 1_000);
        expect(signature).toBe(target.verifier!.sign(id, sent, body));
        expect(Math.abs(sent.getTime() - at)).toBeLessThan(5 * 60_000);
        expect(JSON.parse(body)).toMatchObject({ id });
      }
      const bodies = new Map(came.map(({ headers, body }): [unknown, string] => [ headers['webhook-id'], body ]));
      expect(came.filter(({ headers, body }): boolean => bodies.get(headers['webhook-id']) !== body)).toEqual([]);
      if (target.isLive) {
        expect([ ...bodies.keys() ].sort()).toEqual(ids);
      }
    }
  });

  it('has made no more requests than the kills, and the targets that fail, account for.', async(): Promise<void> => {
    const live = [ ...remotes, ...webhooks ].filter(({ url }): boolean => url.includes('/live/'));
    const repeated = live.map((target): number => arrivals(target).length - stored.length);
    process.stdout.write(`${repeated.reduce((sum, one): number => sum + one, 0)} repeated of ${live.length * stored.length}\n`);
    expect(Math.max(...repeated)).toBeLessThanOrEqual(KILLS);
  });

  it('has nothing that is half-written.', async(): Promise<void> => {
    expect(look((db): unknown => db.pragma('integrity_check', { simple: true }))).toBe('ok');
    expect(look((db): unknown => db.pragma('foreign_key_check'))).toEqual([]);
    expect(count('FROM entries WHERE event NOT IN (SELECT id FROM events) OR container NOT IN (SELECT id FROM containers)')).toBe(0);
    expect(count('FROM attempts WHERE delivery NOT IN (SELECT id FROM deliveries)')).toBe(0);
    expect(count('FROM deliveries WHERE state = 1 AND (claim IS NOT NULL OR tries = 0)')).toBe(0);
    const loader = new ContextLoader();
    const listed = await members(producer, `${producer.pod}publish/`);
    expect(listed).toEqual(stored.map(({ url }): string => url));
    for (const url of listed) {
      const quads = await parseJsonLd(await (await producer.fetch(url)).text(), loader, url);
      expect(quads.filter(({ subject }): boolean => subject.value === url).length).toBeGreaterThan(5);
    }
  });

  it('still ends in order.', async(): Promise<void> => {
    await expect(server.kill('SIGTERM')).resolves.toEqual({ code: 0, signal: null });
    expect(output).not.toMatch(/Error:|SQLITE|failed \(/u);
  });
});
