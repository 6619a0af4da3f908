import { Retention } from '../../../src/server/Retention';
import { SqliteEventStore } from '../../../src/store-sqlite/SqliteEventStore';
import { IN_MEMORY, SqliteSession } from '../../../src/store-sqlite/SqliteSession';
import { anEvent, aSubscription, forwardAll, POD, PRODUCER } from '../../contract/fixtures';
import { eventually } from '../../util/wait';

const DAY = 24 * 60 * 60 * 1_000;

describe('Retention', (): void => {
  let session: SqliteSession;
  let store: SqliteEventStore;
  const publish = async(age: number, count = 1, forward = true): Promise<void> => {
    for (let index = 0; index < count; index += 1) {
      await store.accept([{
        event: anEvent({ published: Date.now() - (age * DAY) }),
        forwards: forward ? [{ pod: POD, inbox: `${POD}inbox/` }] : [],
      }]);
    }
    await forwardAll(store, undefined, 1_000);
    while ((await store.pendingForwards(1)).length > 0) {
      await forwardAll(store, undefined, 1_000);
    }
  };
  const count = async(container: string): Promise<number> => (await store.listEntries(container, 0, 1_000)).length;

  beforeEach(async(): Promise<void> => {
    session = new SqliteSession(IN_MEMORY);
    store = new SqliteEventStore(session);
    await store.registerPod(PRODUCER);
    await store.addSubscription(aSubscription());
  });

  afterEach(async(): Promise<void> => {
    jest.useRealTimers();
    await store.close();
  });

  it('removes what is too old, with all copies.', async(): Promise<void> => {
    await publish(3, 2);
    await publish(1);
    const modified = await store.modifiedOf(`${POD}inbox/`);
    await new Retention(store, 2).apply();
    for (const container of [ `${PRODUCER}publish/`, `${POD}inbox/`, aSubscription().url ]) {
      expect(await count(container)).toBe(1);
    }
    expect(await store.modifiedOf(`${POD}inbox/`)).toBeGreaterThan(modified!);
    expect(session.get('SELECT COUNT(*) AS count FROM entries')).toEqual({ count: 3 });
  });

  it('removes what is too much, the oldest first.', async(): Promise<void> => {
    await publish(0, 5);
    const ids = (await store.listEntries(`${PRODUCER}publish/`, 0, 10)).map(({ id }): string => id);
    await new Retention(store, 0, 2).apply();
    expect((await store.listEntries(`${PRODUCER}publish/`, 0, 10)).map(({ id }): string => id)).toEqual(ids.slice(3));
    expect(await count(`${POD}inbox/`)).toBe(2);
    await new Retention(store, 0, 2).apply();
    expect(await count(`${PRODUCER}publish/`)).toBe(2);
  });

  it('leaves what still has to be forwarded.', async(): Promise<void> => {
    await store.accept([{ event: anEvent({ published: 0 }), forwards: [{ pod: POD }]}]);
    await new Retention(store, 1, 1).apply();
    await store.accept([{ event: anEvent({ published: 0 }), forwards: [{ pod: POD }]}]);
    await new Retention(store, 1, 1).apply();
    expect(await count(`${PRODUCER}publish/`)).toBe(2);
  });

  it('is off by default, and else runs until the server stops.', async(): Promise<void> => {
    const off = new Retention(store);
    await off.handle();
    await off.finalize();
    await publish(3);
    const retention = new Retention(store, 1, 0, 0.02);
    await retention.handle();
    await eventually(async(): Promise<true | undefined> => await count(`${POD}inbox/`) === 0 ? true : undefined);
    await retention.finalize();
    await publish(3);
    await new Promise((resolve): unknown => setTimeout(resolve, 60));
    expect(await count(`${POD}inbox/`)).toBe(1);
    await retention.apply();
    expect(await count(`${POD}inbox/`)).toBe(1);
  });

  it('tries again after a failure.', async(): Promise<void> => {
    await publish(3);
    jest.spyOn(store, 'removeEventsBefore').mockRejectedValueOnce(new Error('disk full'));
    const retention = new Retention(store, 1, 0, 0.02);
    await retention.handle();
    await eventually(async(): Promise<true | undefined> => await count(`${POD}inbox/`) === 0 ? true : undefined);
    await retention.finalize();
  });
});
