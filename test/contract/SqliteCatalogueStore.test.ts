import { SqliteCatalogueStore } from '../../src/store-sqlite/SqliteCatalogueStore';
import { SqliteEventStore } from '../../src/store-sqlite/SqliteEventStore';
import { IN_MEMORY, SqliteSession } from '../../src/store-sqlite/SqliteSession';
import type { CatalogueEntry, System } from '../../src/catalogue/CatalogueStore';
import { aCatalogueEntry, aSystem, describeCatalogueStoreContract } from './catalogueStoreContract';
import { anEvent, POD, PRODUCER } from './fixtures';
import { scansOf } from './scansOf';
import { newFolder, removeFolders, SQLITE } from './sqlite';

afterAll(removeFolders);

SQLITE.forEach(([ name, open ]): void => describeCatalogueStoreContract(name, open));

describe('A SqliteCatalogueStore', (): void => {
  it('survives a restart.', async(): Promise<void> => {
    const folder = newFolder();
    const first = new SqliteCatalogueStore(new SqliteSession(folder));
    const { id } = await first.addSystem(POD, aSystem(), 10) as System;
    const entry = await first.addEntry(POD, 'contact', aCatalogueEntry(id), 10);
    await first.close();
    const second = new SqliteCatalogueStore(new SqliteSession(folder));
    expect(await second.findEntry(POD, 'contact')).toEqual(entry);
    await second.close();
  });

  it('frees the room of what was removed when the last event of it is gone.', async(): Promise<void> => {
    const session = new SqliteSession(IN_MEMORY);
    const store = new SqliteCatalogueStore(session);
    const events = new SqliteEventStore(session);
    const rows = (): unknown[] => [ 'systems', 'entries_of_catalogue' ].map((table): unknown =>
      session.get<{ count: number }>(`SELECT COUNT(*) AS count FROM ${table}`)!.count);
    const { id: system } = await store.addSystem(POD, aSystem(), 10) as System;
    const entries = [
      await store.addEntry(POD, 'one', aCatalogueEntry(system), 10),
      await store.addEntry(POD, 'two', aCatalogueEntry(system), 10),
      await store.addEntry(POD, 'three', aCatalogueEntry(system), 10),
    ] as CatalogueEntry[];
    await events.accept([{ event: anEvent({ published: 1 }), forwards: [], entry: entries[1].id }]);
    await events.accept([ 1, 2 ].map((published): any => ({ event: anEvent({ published }), forwards: [], entry: entries[0].id })));
    await store.removeEntry(POD, entries[0].id);
    expect(rows()).toEqual([ 1, 3 ]);
    await store.removeEntry(POD, entries[2].id);
    expect(rows()).toEqual([ 1, 2 ]);
    await events.removeEventsBefore(2, 0, 10);
    expect(rows()).toEqual([ 1, 2 ]);
    await store.removeEntry(POD, entries[1].id);
    await store.removeSystem(POD, system);
    expect(rows()).toEqual([ 1, 1 ]);
    await events.removeEventsBefore(3, 0, 10);
    expect(rows()).toEqual([ 0, 0 ]);
    await store.close();
  });

  it('looks through any number of entries for those of some topics.', async(): Promise<void> => {
    const store = new SqliteCatalogueStore(new SqliteSession(IN_MEMORY));
    const { id } = await store.addSystem(POD, aSystem(), 10) as System;
    await Promise.all(Array.from({ length: 1_203 }, async(_, index): Promise<unknown> =>
      store.addEntry(POD, `${index}`, aCatalogueEntry(id, { topic: index % 2 ? 'lead' : 'contact' }), 2_000)));
    const { items, total } = await store.listEntries(POD, [ 'lead' ], { index: 300, size: 2, isDescending: false });
    expect([ items.map(({ identifier }): string => identifier), total ]).toEqual([[ '1201' ], 601 ]);
    await store.close();
  });

  it('looks nothing up by reading a whole table, and sorts nothing.', async(): Promise<void> => {
    const session = new SqliteSession(IN_MEMORY);
    const store = new SqliteCatalogueStore(session);
    const scans = await scansOf(session, async(): Promise<void> => {
      const { id } = await store.addSystem(POD, aSystem(), 10) as System;
      await store.changeSystem(POD, id, aSystem({ identifier: 'other' }));
      const entry = await store.addEntry(POD, 'contact', aCatalogueEntry(id), 10) as CatalogueEntry;
      for (const isDescending of [ true, false ]) {
        await store.listSystems(POD, { index: 0, size: 10, isDescending });
        await store.listEntries(POD, undefined, { index: 0, size: 10, isDescending });
        await store.listEntries(PRODUCER, [ '*' ], { index: 0, size: 10, isDescending });
      }
      await store.findEntry(POD, 'contact');
      await store.changeEntry(POD, entry.id, aCatalogueEntry(id));
      await store.removeEntry(POD, entry.id);
      await store.removeSystem(POD, id);
    });
    expect(scans).toEqual([]);
    await store.close();
  });
});
