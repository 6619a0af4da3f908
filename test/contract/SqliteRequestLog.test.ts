import { v7 } from 'uuid';
import { IN_MEMORY, SqliteSession } from '../../src/store-sqlite/SqliteSession';
import type { PageRequest } from '../../src/store/Page';
import { anEvent, aSubscription, forwardAll, POD } from './fixtures';
import { describeRequestLogContract } from './requestLogContract';
import { scansOf } from './scansOf';
import { removeFolders, SQLITE, sqliteStores } from './sqlite';

const PAGE: PageRequest = { index: 0, size: 10, isDescending: false };

afterAll(removeFolders);

SQLITE.forEach(([ name, open ]): void => describeRequestLogContract(name, open));

describe('A SqliteRequestLog', (): void => {
  it('looks nothing up by reading a whole table, and sorts nothing.', async(): Promise<void> => {
    const session = new SqliteSession(IN_MEMORY);
    const { events, log } = sqliteStores(session);
    await events.addSubscription(aSubscription());
    await events.addSubscription(aSubscription({ inbox: undefined, webhook: 'https://a.example/' }), undefined, undefined, { kind: 'webhook', host: 'a.example' });
    const event = anEvent({ pod: POD });
    await events.accept([{ event, forwards: [{ pod: POD }], entry: 1 }]);
    await forwardAll(events);
    const scans = await scansOf(session, async(): Promise<void> => {
      for (const isDescending of [ true, false ]) {
        for (const filter of [{}, { system: 1, identifier: 'x', since: 1, until: 9, id: '01' }, { state: 'absent' }, { topics: [ '*' ]}] as const) {
          await log.listEvents(POD, filter, { ...PAGE, isDescending });
        }
      }
      await log.getEvent(POD, event.id);
      for (const { id } of await log.listOutcomes(POD, event.id, 10)) {
        await log.getOutcome(POD, id);
      }
    });
    expect(scans).toEqual([]);
    await events.close();
  });

  it('asks the same, however many subscriptions and events there are, and lets others have their turn.', async(): Promise<void> => {
    const session = new SqliteSession(IN_MEMORY);
    const { events, log } = sqliteStores(session);
    await events.accept([{ event: anEvent({ pod: POD }), forwards: []}]);
    // Rows are copied, because publishing so many events takes long.
    session.run(`
      WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 45000)
      INSERT INTO events (id, uuid, pod, topic, published, context, members, bytes)
      SELECT i, unhex(printf('%012x70008000%012x', i, i)), pod, CASE i % 3 WHEN 0 THEN 'lead' ELSE topic END, i, context, members, bytes
      FROM n CROSS JOIN events WHERE events.id = 1
    `);
    session.run('INSERT OR IGNORE INTO entries (container, event) SELECT n.container, e.id FROM entries n CROSS JOIN events e WHERE n.event = 1');
    let turns = 0;
    let runs = true;
    const count = (): void => {
      turns += 1;
      if (runs) {
        setImmediate(count);
      }
    };
    setImmediate(count);
    const keys = async(page: Partial<PageRequest>, filter = {}): Promise<[number[], number]> => {
      const { items, total } = await log.listEvents(POD, filter, { ...PAGE, ...page });
      return [ items.map(({ published }): number => published), total ];
    };
    expect(await keys({ index: 4_000, size: 2 })).toEqual([[ 8_001, 8_002 ], 45_000 ]);
    expect(await keys({ index: 9_999, size: 2 })).toEqual([[ 19_999, 20_000 ], 45_000 ]);
    expect(await keys({ index: 6_666, size: 3 })).toEqual([[ 19_999, 20_000, 20_001 ], 45_000 ]);
    expect(await keys({ index: 6_666, size: 3, isDescending: true })).toEqual([[ 25_002, 25_001, 25_000 ], 45_000 ]);
    expect(turns).toBeGreaterThan(8);
    turns = 0;
    expect(await keys({ index: 1_000, size: 2 }, { topics: [ 'lead' ]})).toEqual([[ 6_003, 6_006 ], 15_000 ]);
    expect(await keys({ index: 1_000, size: 2, isDescending: true }, { topics: [ 'lead' ], until: 44_999 })).toEqual([[ 38_997, 38_994 ], 14_999 ]);
    runs = false;
    expect(turns).toBeGreaterThan(30);
    for (const filter of [{}, { topics: [ 'lead' ]}]) {
      // In the middle of the walk, which needs further turns.
      const controller = new AbortController();
      setImmediate((): unknown => setImmediate((): void => controller.abort(new Error('gone'))));
      await expect(log.listEvents(POD, filter, PAGE, controller.signal)).rejects.toThrow('gone');
    }
    await events.close();
  });

  it('tells of what an older version has stored only what there is.', async(): Promise<void> => {
    const session = new SqliteSession(IN_MEMORY);
    const { events, log } = sqliteStores(session);
    await events.addSubscription(aSubscription());
    await events.addSubscription(aSubscription({ id: v7(), inbox: 'http://localhost/other/', agent: 'http://localhost/refused#me' }));
    const event = anEvent({ pod: POD });
    await events.accept([{ event, forwards: [{ pod: POD }]}]);
    session.run('UPDATE events SET forwarded = NULL');
    expect(await log.listOutcomes(POD, event.id, 10)).toMatchObject([{ state: 'waiting' }, { state: 'waiting' }]);
    await forwardAll(events, (agent): boolean => !agent.includes('refused'));
    expect(await log.listOutcomes(POD, event.id, 10)).toMatchObject([{ state: 'processed' }]);
    expect(await log.getEvent(POD, event.id)).toMatchObject({ states: [ 'processed' ]});
    await events.close();
  });
});
