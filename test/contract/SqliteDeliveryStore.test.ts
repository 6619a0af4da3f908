import { describeBatchContract } from './batchContract';
import { describeDeliveryClockContract } from './deliveryClockContract';
import { describeDeliveryLogContract } from './deliveryLogContract';
import { describeDeliveryQueueContract } from './deliveryQueueContract';
import { anEvent, aSubscription, forwardAll, POD, subscriptionsOf } from './fixtures';
import { describeRetentionContract } from './retentionContract';
import { describeSecretStoreContract } from './secretStoreContract';
import { IN_MEMORY, SqliteSession } from '../../src/store-sqlite/SqliteSession';
import { removeFolders, SQLITE, sqliteStores } from './sqlite';

afterAll(removeFolders);

for (const [ name, open ] of SQLITE) {
  describeDeliveryQueueContract(name, open);
  describeBatchContract(name, open);
  describeDeliveryClockContract(name, open);
  describeDeliveryLogContract(name, open);
  describeSecretStoreContract(name, open);
  describeRetentionContract(name, open);
}

describe('A SqliteDeliveryStore', (): void => {
  it('looks nothing up by reading a whole table.', async(): Promise<void> => {
    const { events, deliveries } = sqliteStores(new SqliteSession(IN_MEMORY));
    const session = (deliveries as unknown as { db: { prepare: (sql: string) => unknown; connect: () => any } }).db;
    const prepare = jest.spyOn(session, 'prepare');
    await events.addSubscription(
      aSubscription({ inbox: undefined, webhook: 'https://a.example/' }),
      undefined,
      undefined,
      { kind: 'webhook', host: 'a.example', secret: 'x', settings: '{}', batch: { maxEvents: 2, maxWaitMs: 0 }},
    );
    const [{ id, agent }] = await subscriptionsOf(events, POD);
    const event = anEvent();
    await events.accept([{ event, forwards: [{ pod: POD, inbox: `${POD}inbox/` }]}]);
    await forwardAll(events);
    prepare.mockClear();
    for (const filter of [{}, { agent }, { subscription: id }, { event: event.id }, { event: event.id, agent }, { state: 'dead', since: 1 }] as const) {
      await deliveries.listDeliveries(POD, filter, 1_000, 10);
    }
    const { events: [ held ] } = await deliveries.eventsBetween(POD, [ `${POD}inbox/` ], { pattern: '*', since: 0, until: Date.now() }, 0, 10);
    await deliveries.replay(POD, id, [ held.event ], 5);
    await deliveries.redeliver(POD, 1, 5);
    const [{ host }] = await deliveries.dueHosts(Date.now(), 10);
    const claimed = await deliveries.claim([{ host, limit: 1 }], Date.now(), Date.now());
    await deliveries.finish(claimed.map((one) => ({ ...one, state: 'dead' })), { hosts: new Map(), failing: new Map() });
    await deliveries.nextDue();
    const { db } = session.connect();
    for (const sql of new Set(prepare.mock.calls.map(([ text ]): string => text))) {
      const plan = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...Array.from({ length: sql.split('?').length - 1 }, (): number => 1));
      const scans = plan.map((row: { detail: string }): string => row.detail)
        .filter((detail: string): boolean => /^SCAN (?!CONSTANT|n\b|\(subquery)/u.test(detail) && !/USING (?:COVERING )?INDEX (?:due_hosts|waiting_deliveries)/u.test(detail));
      expect([ sql, scans ]).toEqual([ sql, []]);
    }
    await events.close();
  });
});
