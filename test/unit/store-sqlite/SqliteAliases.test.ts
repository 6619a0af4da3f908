import { v7 } from 'uuid';
import { AliasRepairer } from '../../../src/server/AliasRepairer';
import type { AddedSubscription } from '../../../src/subscription/ports';
import type { Entry } from '../../../src/pod/ports';
import { SqliteAliases } from '../../../src/store-sqlite/SqliteAliases';
import { SqliteEventStore } from '../../../src/store-sqlite/SqliteEventStore';
import { IN_MEMORY, SqliteSession } from '../../../src/store-sqlite/SqliteSession';
import { ServerUrls } from '../../../src/url/ServerUrls';
import { anEvent, aSubscription, forwardAll } from '../../contract/fixtures';
import { subscriptionsOf } from '../../contract/fixtures';

const BASE = 'http://localhost/';
const AGENT = `${BASE}subscriber/profile/card#me`;
const POD = `${BASE}user/`;
const BOX = `${BASE}subscriber/box/`;
const ALIAS = `${BASE}subscriber//box/`;
const PUBLISH = `${POD}%70ublish/`;
const AWAY = 'https://away.example//inbox/';

describe('Rows that were stored under aliases', (): void => {
  let session: SqliteSession;
  let store: SqliteEventStore;
  let aliases: SqliteAliases;
  const urls = new ServerUrls(BASE);

  const follow = async(inbox: string, more: object = {}): Promise<string> => {
    const added = await store.addSubscription(aSubscription({ pod: POD, inbox, id: v7(), ...more })) as AddedSubscription;
    return added.subscription.id;
  };
  const publish = async(): Promise<void> => {
    await store.accept([{ event: anEvent({ pod: POD }), forwards: [{ pod: POD }]}]);
  };
  const copies = async(inbox: string): Promise<number> => (await store.listEntries(inbox, 0, 100)).length;
  const inboxes = async(): Promise<unknown[]> =>
    (await subscriptionsOf(store, POD)).map(({ pattern, url }): string => `${pattern} ${url}`).sort();
  const inDoubt = (): number => session.get<{ count: number }>('SELECT COUNT(*) AS count FROM doubts')!.count;

  beforeEach(async(): Promise<void> => {
    session = new SqliteSession(IN_MEMORY);
    store = new SqliteEventStore(session);
    aliases = new SqliteAliases(session);
    await store.registerPod(POD);
  });

  afterEach((): void => session.close());

  it('are moved, removed or ended, and counted, once.', async(): Promise<void> => {
    for (const inbox of [ BOX, ALIAS, PUBLISH, AWAY ]) {
      await follow(inbox);
    }
    const moved = await follow(ALIAS, { pattern: '*' });
    await publish();
    await forwardAll(store);
    await session.write((): unknown => session.run('DELETE FROM entries WHERE container = (SELECT id FROM containers WHERE url = ?)', BOX));
    await publish();
    await forwardAll(store);
    expect([ await copies(BOX), await copies(ALIAS), await copies(PUBLISH), await copies(AWAY) ]).toEqual([ 1, 2, 2, 2 ]);

    expect(aliases.repair(urls)).toEqual({ movedCopies: 1, removedCopies: 3, movedSubscriptions: 1, endedSubscriptions: 2 });
    expect([ await copies(BOX), await copies(ALIAS), await copies(PUBLISH), await copies(AWAY) ]).toEqual([ 2, 0, 0, 2 ]);
    expect(await inboxes()).toEqual([ `* ${BOX}`, `realestate/contact ${BOX}`, `realestate/contact ${AWAY}` ]);
    expect(await store.getSubscription(POD, moved)).toMatchObject({ url: BOX, agent: AGENT });
    expect(inDoubt()).toBe(1);
    expect(session.all('PRAGMA foreign_key_check')).toEqual([]);
    expect(session.all('SELECT url FROM containers WHERE url IN (?, ?)', ALIAS, PUBLISH)).toEqual([]);
    expect(aliases.repair(urls)).toBeUndefined();
  });

  it('are moved to a container that is new, with the time of the change.', async(): Promise<void> => {
    await follow(ALIAS);
    await publish();
    await forwardAll(store);
    expect(aliases.repair(urls)).toMatchObject({ movedCopies: 1, removedCopies: 0, movedSubscriptions: 1, endedSubscriptions: 0 });
    const [ copy ]: Entry[] = await store.listEntries(BOX, 0, 100);
    expect(await store.getEntry(BOX, copy.id)).toBeDefined();
    expect(await store.modifiedOf(BOX)).toBeGreaterThan(0);
  });

  it('get events that are under way, and none that its owner has deleted meanwhile.', async(): Promise<void> => {
    await follow(BOX, { agent: `${BASE}other#me` });
    await follow(ALIAS);
    await publish();
    const [ forward ] = await store.pendingForwards(1);
    const scope = await store.openScope(POD);
    await store.learn(scope, new Map([[ AGENT, true ], [ `${BASE}other#me`, true ]]));
    await store.fanOutStep(forward, scope, 1);
    expect(await copies(BOX)).toBe(1);
    const [{ id }] = await store.listEntries(BOX, 0, 1);
    await store.removeEntry(BOX, id);
    expect(aliases.repair(urls)).toMatchObject({ movedSubscriptions: 1 });
    await store.confirm(new Map((await store.fanOutStep(forward, scope, 100)).unconfirmed.map((doubt): [ typeof doubt, boolean ] => [ doubt, true ])));
    await store.fanOutStep(forward, scope, 100);
    await store.fanOutStep(forward, scope, 100);
    expect(await store.pendingForwards(1)).toEqual([]);
    expect(await copies(BOX)).toBe(0);
    await publish();
    await forwardAll(store);
    expect(await copies(BOX)).toBe(1);
  });

  it('are also documents on which access depends.', async(): Promise<void> => {
    const epoch = await store.epochOf(POD);
    await store.noteDependency(`${BASE}subscriber//groups`, `${POD}topics/`);
    await store.noteDependency('https://away.example//groups', `${POD}topics/`);
    expect(aliases.repair(urls)).toEqual({ movedCopies: 0, removedCopies: 0, movedSubscriptions: 0, endedSubscriptions: 0 });
    await store.raiseDependents(`${BASE}subscriber/groups`);
    expect(await store.epochOf(POD)).toBe(epoch! + 1);
    await store.raiseDependents('https://away.example//groups');
    expect(await store.epochOf(POD)).toBe(epoch! + 2);
  });

  it('are left alone while the server has another base URL, and repaired when it has its own again.', async(): Promise<void> => {
    await follow(ALIAS);
    await publish();
    await forwardAll(store);
    for (const base of [ 'http://localhost:3000/', 'http://127.0.0.1/', 'https://localhost/' ]) {
      expect(aliases.repair(new ServerUrls(base))).toBeUndefined();
    }
    expect(await copies(ALIAS)).toBe(1);
    expect(aliases.repair(urls)).toMatchObject({ movedCopies: 1 });
  });

  it('are logged when the server starts, if there are any.', async(): Promise<void> => {
    await follow(ALIAS);
    const repairer = new AliasRepairer(aliases, urls);
    const warn = jest.spyOn((repairer as unknown as { logger: { warn: (text: string) => void } }).logger, 'warn').mockReturnValue(undefined);
    await repairer.open();
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('0 copies moved to their container, 0 copies removed, 1 subscriptions'));
    await repairer.open();
    expect(warn).toHaveBeenCalledTimes(1);
    await repairer.close();
  });
});
