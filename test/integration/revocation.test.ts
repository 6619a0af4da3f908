import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { v7 } from 'uuid';
import { SqliteEventStore } from '../../src/store-sqlite/SqliteEventStore';
import { SqliteSession } from '../../src/store-sqlite/SqliteSession';
import { grant } from '../util/access';
import type { TestAgent } from '../util/accounts';
import { logIn, seedFile } from '../util/accounts';
import { amount } from '../util/effort';
import type { ServerProcess } from '../util/process';
import { killAll, startProcess } from '../util/process';
import { post } from '../util/scene';
import { freePort, ROOT } from '../util/server';
import { eventually } from '../util/wait';

/** Subscriptions, each with an inbox of its own, of the agents in turn. */
const INBOXES = amount(10_000, 3_000);
/** How many of them lie in a container of their own, and are reached last. */
const LATE = INBOXES / 20;
const TOPIC = 'realestate/contact#add';

describe('Who loses access', (): void => {
  let folder: string;
  let start: () => Promise<ServerProcess>;
  let server: ServerProcess;
  let producer: TestAgent;
  let user: TestAgent;
  let loyal: TestAgent;
  let revoked: TestAgent;
  let topics: string;

  beforeAll(async(): Promise<void> => {
    folder = await mkdtemp(join(tmpdir(), 'pod-events-revocation-'));
    const port = await freePort();
    const baseUrl = `http://localhost:${port}/`;
    const names = [ 'producer', 'user', 'loyal', 'revoked' ];
    const config = join(folder, 'slow-fan-out.json');
    // A fan-out to fewer inboxes has as many transactions.
    const text = await readFile(join(ROOT, 'test/config/slow-fan-out.json'), 'utf8');
    await writeFile(config, text.replace('"chunk": 20', `"chunk": ${INBOXES / 500}`));
    const options = {
      config,
      port,
      data: join(folder, 'data'),
      seedConfig: await seedFile(folder, names),
    };
    start = async(): Promise<ServerProcess> => startProcess(options);
    server = await start();
    [ producer, user, loyal, revoked ] = await Promise.all(names.map(async(name): Promise<TestAgent> =>
      logIn(baseUrl, name, 'Bearer')));
    // Put into the database by another process, as it were, because 10,000 requests take their time.
    const store = new SqliteEventStore(new SqliteSession(options.data));
    await store.open();
    const paths = Array.from({ length: INBOXES }, (_, index): string =>
      `${index % 2 === 0 ? 'loyal' : 'revoked'}/inboxes/${index < INBOXES - LATE ? 'early' : 'late'}/${index}/`);
    // Nothing is copied to a container that does not exist.
    await Promise.all(paths.map(async(path): Promise<unknown> => mkdir(join(options.data, path), { recursive: true })));
    // In this order: copies are written in that of the inboxes.
    await Promise.all(paths.map(async(path): Promise<unknown> => {
      const [ name ] = path.split('/');
      return store.addSubscription({
        id: v7(),
        pod: `${baseUrl}user/`,
        pattern: 'realestate/contact',
        agent: `${baseUrl}${name}/profile/card#me`,
        url: `${baseUrl}${path}`,
        created: Date.now(),
      });
    }));
    await store.close();
    topics = `${user.pod}topics/realestate/`;
  });

  beforeEach(async(): Promise<void> => allow(true));

  afterAll(async(): Promise<void> => {
    await Promise.all([ producer, user, loyal, revoked ].map(async(agent): Promise<void> => agent.logout()));
    await killAll();
    await rm(folder, { recursive: true, force: true });
  });

  const readers = (both: boolean): Record<string, string[]> => ({
    [producer.webId]: [ 'Append' ],
    [loyal.webId]: [ 'Read' ],
    ...both && { [revoked.webId]: [ 'Read' ]},
  });

  /** Lets the agent read the topic, or not any more; access has changed when this is fulfilled. */
  async function allow(both: boolean): Promise<void> {
    await grant(user, topics, readers(both));
  }

  function look(sql: string, ...parameters: unknown[]): number {
    const db = new Database(join(folder, 'data/.events/events.sqlite'), { readonly: true });
    try {
      return (db.prepare(sql).get(...parameters) as { count: number }).count;
    } finally {
      db.close();
    }
  }

  /** How many copies an agent has in all its inboxes. */
  const copiesOf = ({ pod }: TestAgent): number => look(
    'SELECT COUNT(*) AS count FROM containers c JOIN entries n ON n.container = c.id WHERE c.url LIKE ?',
    `${pod}inboxes/%`,
  );
  const pending = (): number => look('SELECT COUNT(*) AS count FROM forwards');
  const publish = async(): Promise<void> => {
    const response = await post(producer.fetch, `${producer.pod}publish/`, { recipient: user.webId, topic: TOPIC, data: {}});
    expect(response.status).toBe(201);
  };
  const untilIdle = async(): Promise<unknown> =>
    eventually(async(): Promise<true | undefined> => pending() === 0 || undefined);
  const untilCopies = async(count: number): Promise<unknown> =>
    eventually(async(): Promise<true | undefined> => copiesOf(loyal) >= count || undefined);

  it('gets nothing more, even of what was accepted before.', async(): Promise<void> => {
    for (let round = 0; round < 5; round += 1) {
      await allow(true);
      const before = copiesOf(loyal);
      await publish();
      await allow(false);
      const atRevocation = copiesOf(revoked);
      await untilIdle();
      expect(copiesOf(revoked)).toBe(atRevocation);
      expect(copiesOf(loyal)).toBe(before + (INBOXES / 2));
    }
  });

  it('gets nothing more in the middle of a fan-out to very many inboxes.', async(): Promise<void> => {
    const before = { loyal: copiesOf(loyal), revoked: copiesOf(revoked) };
    await publish();
    await untilCopies(before.loyal + 200);
    await allow(false);
    const atRevocation = copiesOf(revoked);
    // It was in the middle: some had theirs, some not.
    expect(atRevocation).toBeGreaterThan(before.revoked);
    expect(atRevocation).toBeLessThan(before.revoked + (INBOXES / 2));
    expect(pending()).toBe(1);
    await untilIdle();
    expect(copiesOf(revoked)).toBe(atRevocation);
    expect(copiesOf(loyal)).toBe(before.loyal + (INBOXES / 2));
  });

  it('gets nothing more when the server comes back, though it was killed in the middle.', async(): Promise<void> => {
    const before = { loyal: copiesOf(loyal), revoked: copiesOf(revoked) };
    await publish();
    await untilCopies(before.loyal + 200);
    await server.kill('SIGKILL');
    const atKill = copiesOf(revoked);
    expect(atKill).toBeLessThan(before.revoked + (INBOXES / 2));
    // Changed behind the back of the server, while there is none.
    await writeFile(join(folder, 'data/user/topics/realestate/.acl'), `@prefix acl: <http://www.w3.org/ns/auth/acl#>.
<#owner> a acl:Authorization; acl:agent <${user.webId}>; acl:accessTo <./>; acl:default <./>; acl:mode acl:Read, acl:Write, acl:Control.
<#producer> a acl:Authorization; acl:agent <${producer.webId}>; acl:accessTo <./>; acl:default <./>; acl:mode acl:Append.
<#loyal> a acl:Authorization; acl:agent <${loyal.webId}>; acl:accessTo <./>; acl:default <./>; acl:mode acl:Read.`);
    server = await start();
    await untilIdle();
    expect(copiesOf(revoked)).toBe(atKill);
    expect(copiesOf(loyal)).toBe(before.loyal + (INBOXES / 2));
  });

  it('gets nothing more that is revoked just when the server is up again.', async(): Promise<void> => {
    const before = { loyal: copiesOf(loyal), revoked: copiesOf(revoked) };
    await publish();
    await untilCopies(before.loyal + 200);
    await server.kill('SIGKILL');
    server = await start();
    await allow(false);
    const atRevocation = copiesOf(revoked);
    await untilIdle();
    expect(copiesOf(revoked)).toBe(atRevocation);
    expect(copiesOf(loyal)).toBe(before.loyal + (INBOXES / 2));
  });

  it('to some inboxes gets nothing more in them, and again what comes once it has it back.', async(): Promise<void> => {
    const inboxes = `${revoked.pod}inboxes/late/`;
    const before = { loyal: copiesOf(loyal), revoked: copiesOf(revoked) };
    await publish();
    await untilCopies(before.loyal + 200);
    // The subscriber may only read its inboxes any more; the owner of the pod is another from now on.
    const acl = async(mode: string): Promise<void> => {
      const body = `@prefix acl: <http://www.w3.org/ns/auth/acl#>.
<#subscriber> a acl:Authorization; acl:agent <${revoked.webId}>; acl:accessTo <./>; acl:default <./>; acl:mode acl:${mode}.
<#owner> a acl:Authorization; acl:agent <${loyal.webId}>; acl:accessTo <./>; acl:default <./>; acl:mode acl:Control.`;
      const response = await revoked.fetch(`${inboxes}.acl`, { method: 'PUT', headers: { 'content-type': 'text/turtle' }, body });
      expect([ 201, 205 ]).toContain(response.status);
    };
    await acl('Read');
    expect(copiesOf(revoked)).toBeLessThan(before.revoked + ((INBOXES - LATE) / 2));
    await untilIdle();
    expect(copiesOf(revoked)).toBe(before.revoked + ((INBOXES - LATE) / 2));
    expect(copiesOf(loyal)).toBe(before.loyal + (INBOXES / 2));
    await acl('Write');
    await publish();
    await untilIdle();
    expect(copiesOf(revoked)).toBe(before.revoked + ((INBOXES - LATE) / 2) + (INBOXES / 2));
  });

  it('by the end of its subscriptions gets nothing more.', async(): Promise<void> => {
    const list = await (await revoked.fetch(`${user.pod}subscriptions/`)).json();
    // The last ones: those that are not reached yet.
    const last: { id: string; inbox: string }[] = list.contains.slice(-10);
    const before = copiesOf(loyal);
    await publish();
    await untilCopies(before + 100);
    for (const { id } of last) {
      expect((await revoked.fetch(id, { method: 'DELETE' })).status).toBe(204);
    }
    const countIn = (): number => last.reduce((sum, { inbox }): number => sum + look(
      'SELECT COUNT(*) AS count FROM containers c JOIN entries n ON n.container = c.id WHERE c.url = ?',
      inbox,
    ), 0);
    const atEnd = countIn();
    await untilIdle();
    expect(countIn()).toBe(atEnd);
  });
});
