import type { AddedSubscription } from '../../src/subscription/ports';
import { v7 } from 'uuid';
import { anEvent, aSubscription, idsIn, inboxOf, POD, PUBLISH } from './fixtures';
import type { EventStore, OpenStores } from './stores';
import { shared } from './stores';

/** Contract of `EventLog`, without its idempotency keys. */
export function describeEventLogContract(name: string, open: OpenStores<'events'>): void {
  describe(`${name}: event log`, (): void => {
    let store: EventStore;

    beforeEach(async(): Promise<void> => {
      store = shared(await open()).events;
      await store.open();
    });

    afterEach(async(): Promise<void> => store.close());

    it('stores events in the containers of their pods, in order.', async(): Promise<void> => {
      const events = [ anEvent(), anEvent({ publisher: undefined }), anEvent({ context: '{"b":"@id"}' }) ];
      await store.accept(events.map((event): any => ({ event, forwards: []})));
      expect(await idsIn(store, PUBLISH)).toEqual(events.map(({ id }): string => id));
      for (const event of events) {
        expect(await store.getEntry(PUBLISH, event.id)).toEqual(event);
      }
      expect(await store.getEntry(inboxOf('user'), events[0].id)).toBeUndefined();
      expect(await store.getEntry(PUBLISH, v7())).toBeUndefined();
      expect(await store.pendingForwards(10)).toEqual([]);
    });

    it('accepts all events of a request or none.', async(): Promise<void> => {
      const event = anEvent();
      await store.addSubscription(aSubscription());
      await expect(store.accept([ event, event ].map((same): any => ({ event: same, forwards: []})))).rejects
        .toMatchObject({ message: expect.stringContaining('UNIQUE') });
      expect(await idsIn(store, PUBLISH)).toEqual([]);
      const other = anEvent();
      const refused = store.accept([{ event: other, forwards: [{ pod: POD }, { pod: POD }]}]);
      const accepted = store.accept([{ event, forwards: []}]);
      await expect(refused).rejects.toMatchObject({ message: expect.stringContaining('UNIQUE') });
      await accepted;
      expect(await idsIn(store, PUBLISH)).toEqual([ event.id ]);
      expect(await store.pendingForwards(10)).toEqual([]);
    });

    it('fans out each event that is accepted after the first subscription, or the first watcher, is known.', async(): Promise<void> => {
      const inbox = inboxOf('user');
      const accept = async(): Promise<boolean> => store.accept([{ event: anEvent(), forwards: [{ pod: POD, inbox }]}]);
      expect([ await accept(), await accept() ]).toEqual([ false, false ]);
      await store.watch(inbox, true);
      expect([ await accept(), await accept() ]).toEqual([ true, true ]);
      await store.watch(inbox, false);
      expect([ await accept(), await accept() ]).toEqual([ false, false ]);
      const { subscription } = await store.addSubscription(aSubscription()) as AddedSubscription;
      expect([ await accept(), await accept() ]).toEqual([ true, true ]);
      await store.removeSubscription(POD, subscription.id);
      expect([ await accept(), await accept() ]).toEqual([ false, false ]);
    });
  });
}
