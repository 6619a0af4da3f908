import { v7 } from 'uuid';
import { SqliteDeliveryStore } from '../../../src/store-sqlite/SqliteDeliveryStore';
import { SqliteEventStore } from '../../../src/store-sqlite/SqliteEventStore';
import { IN_MEMORY, SqliteSession } from '../../../src/store-sqlite/SqliteSession';
import { anEvent, aSubscription, forwardAll, POD, PRODUCER } from '../../contract/fixtures';

describe('The store counts', (): void => {
  let session: SqliteSession;
  let store: SqliteEventStore;
  let counts: number[];
  const inbox = `${POD}inbox/`;
  const agent = (name: string): string => `http://localhost/${name}/profile/card#me`;
  const subscribe = async(...names: string[]): Promise<void> => {
    for (const name of names) {
      await store.addSubscription(aSubscription({ agent: agent(name), inbox: `http://localhost/${name}/inbox/` }));
    }
  };

  beforeEach((): void => {
    counts = [];
    session = new SqliteSession(IN_MEMORY, { copied: (count): unknown => counts.push(count) });
    store = new SqliteEventStore(session);
  });

  afterEach(async(): Promise<void> => store.close());

  it('copies that are written with their events, and no others.', async(): Promise<void> => {
    await store.accept([
      { event: anEvent(), forwards: [{ pod: POD, inbox }, { pod: PRODUCER }]},
      { event: anEvent(), forwards: [{ pod: POD, inbox }]},
    ]);
    expect(counts).toEqual([ 2 ]);
    await store.accept([{ event: anEvent(), forwards: [{ pod: PRODUCER }]}]);
    await store.registerPod(POD);
    expect(counts).toEqual([ 2 ]);
  });

  it('copies that the fan-out writes, also those in an inbox that is watched.', async(): Promise<void> => {
    await store.watch(inbox, true);
    await subscribe('a', 'b', 'c');
    await store.accept([{ event: anEvent(), forwards: [{ pod: POD, inbox }]}]);
    expect(counts).toEqual([]);
    await forwardAll(store, (webId): boolean => webId !== agent('b'));
    expect(counts.reduce((sum, count): number => sum + count, 0)).toBe(3);
  });

  it('copies of events that come from elsewhere, once.', async(): Promise<void> => {
    const received = { event: anEvent({ pod: 'https://away.example/alice/' }), hops: 1, pod: POD, inbox, isForwarded: true };
    expect([ await store.receive(received), await store.receive(received) ]).toEqual([ 'new', 'known' ]);
    expect(counts).toEqual([ 1 ]);
  });

  it('copies that are written again.', async(): Promise<void> => {
    const id = v7();
    const copies = 'http://localhost/a/inbox/';
    await store.addSubscription(aSubscription({ id, agent: agent('a'), inbox: copies }));
    const event = anEvent();
    await store.accept([{ event, forwards: [{ pod: POD }]}]);
    await forwardAll(store);
    const [ entry ] = await store.listEntries(copies, 0, 1);
    const replay = async(): Promise<unknown> => new SqliteDeliveryStore(session).replay(POD, id, [ entry.event ], 0);
    await replay();
    expect(counts).toEqual([ 1 ]);
    await store.removeEntry(copies, event.id);
    await replay();
    expect(counts).toEqual([ 1, 1 ]);
  });

  it('no copies that are undone, whatever is written with them.', async(): Promise<void> => {
    const event = anEvent();
    const writes = [
      store.accept([{ event, forwards: [{ pod: POD, inbox }]}]),
      store.accept([{ event: anEvent(), forwards: [{ pod: POD, inbox }]}, { event, forwards: [{ pod: POD, inbox }]}]),
      store.accept([{ event: anEvent(), forwards: []}]),
    ];
    expect((await Promise.allSettled(writes)).map(({ status }): string => status)).toEqual([ 'fulfilled', 'rejected', 'fulfilled' ]);
    expect(counts).toEqual([ 1 ]);
    expect(await store.listEntries(inbox, 0, 10)).toHaveLength(1);
  });
});
