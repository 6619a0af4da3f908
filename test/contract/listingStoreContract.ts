import type { Event } from '../../src/event/Event';
import type { ListingPlace, ListingStep } from '../../src/http/listing/ports';
import { START } from '../../src/http/listing/ports';
import type { IndexedNotification } from '../../src/pod/ports';
import { anEvent, aSubscription, forwardAll, inboxOf, POD, PUBLISH } from './fixtures';
import type { EventStore, OpenStores } from './stores';
import { shared } from './stores';

const INBOX = inboxOf('subscriber');
const OTHER = 'http://localhost/other/';

/** Contract of `ListingStore` and `NotificationIndex`. */
export function describeListingStoreContract(name: string, open: OpenStores<'events'>): void {
  describe(`${name}: listings`, (): void => {
    let store: EventStore;

    beforeEach(async(): Promise<void> => {
      store = shared(await open()).events;
      await store.open();
    });

    afterEach(async(): Promise<void> => store.close());

    /** Reads to the end, in steps. */
    async function read(container: string, from: ListingPlace, limit = 2, withNotifications = true): Promise<{ names: string[]; place: ListingPlace }> {
      const names: string[] = [];
      let place = from;
      for (let isEnd = false; !isEnd;) {
        const step: ListingStep = await store.listStep(container, place, limit, withNotifications);
        expect(step.items.length).toBeLessThanOrEqual(limit);
        names.push(...step.items.map((item): string => item.name));
        ({ place, isEnd } = step);
      }
      return { names, place };
    }

    async function publish(count: number, fields: Partial<Event> = {}): Promise<string[]> {
      const events = Array.from({ length: count }, (): Event => anEvent(fields));
      await store.accept(events.map((event): any => ({ event, forwards: []})));
      return events.map(({ id }): string => id);
    }

    /** Publishes an event that a pod forwards to its subscribers later. */
    async function publishTo(pod: string): Promise<string> {
      const event = anEvent();
      await store.accept([{ event, forwards: [{ pod }]}]);
      return event.id;
    }

    it('returns the items of a container step by step, with their topics, sizes and times.', async(): Promise<void> => {
      const before = Date.now();
      const ids = await publish(5);
      expect((await read(PUBLISH, START)).names).toEqual(ids);
      const { items: [ first ], isEnd } = await store.listStep(PUBLISH, START, 1, false);
      expect(first).toMatchObject({ name: ids[0], event: { topic: 'realestate/contact#add' }});
      expect(first.event!.bytes).toBeGreaterThan(0);
      expect(first.time).toBeGreaterThanOrEqual(before);
      expect(isEnd).toBe(false);
      expect(await store.listedEvent(first.event!.key)).toMatchObject({ event: { id: ids[0] }, hops: 0 });
    });

    it('returns an empty end for an unknown container, and undefined for an unknown event.', async(): Promise<void> => {
      expect(await store.listStep(PUBLISH, START, 2, true)).toEqual({ items: [], place: START, isEnd: true });
      expect(await store.listedEvent(99)).toBeUndefined();
      expect(await store.podsFollowedBy(INBOX, 10)).toEqual([]);
    });

    it('continues behind deleted items.', async(): Promise<void> => {
      const ids = await publish(4);
      const { place } = await store.listStep(PUBLISH, START, 2, false);
      await store.removeEntry(PUBLISH, ids[1]);
      await store.removeEntry(PUBLISH, ids[2]);
      expect((await read(PUBLISH, place)).names).toEqual([ ids[3] ]);
    });

    it('returns a copy that is written after later ones, once, also if these were deleted.', async(): Promise<void> => {
      await store.addSubscription(aSubscription());
      await store.addSubscription(aSubscription({ pod: OTHER }));
      const first = await publishTo(POD);
      const second = await publishTo(OTHER);
      // The fan-out of the second event is faster.
      const forwards = await store.pendingForwards(10);
      const forward = forwards.find(({ pod }): boolean => pod === OTHER)!;
      const scope = await store.openScope(OTHER);
      let result = await store.fanOutStep(forward, scope, 100);
      await store.confirm(new Map(result.unconfirmed.map((one): any => [ one, true ])));
      await store.learn(scope, new Map(result.unknown.map((one): any => [ one, true ])));
      result = await store.fanOutStep(forward, scope, 100);
      await store.closeScope(scope);
      const { names, place } = await read(INBOX, START);
      expect(names).toEqual([ second ]);
      await store.removeEntry(INBOX, second);
      await forwardAll(store);
      expect((await read(INBOX, place)).names).toEqual([ first ]);
      expect((await read(INBOX, (await read(INBOX, place)).place)).names).toEqual([]);
      // A reader that begins now reads it once, in its order.
      expect((await read(INBOX, START)).names).toEqual([ first ]);
    });

    it('shows a reader each copy once, in whatever order pods forward to it.', async(): Promise<void> => {
      const pods = Array.from({ length: 4 }, (_, index): string => `http://localhost/pod${index}/`);
      for (const pod of pods) {
        await store.addSubscription(aSubscription({ pod }));
      }
      const published: string[] = [];
      for (let round = 0; round < 5; round += 1) {
        for (const pod of pods) {
          published.push(await publishTo(pod));
        }
      }
      const read: string[] = [];
      let place = START;
      for (let idle = 0; idle < 2;) {
        // A step of two pods only, so that the others are behind.
        for (const forward of (await store.pendingForwards(2))) {
          const scope = await store.openScope(forward.pod);
          const { unknown, unconfirmed } = await store.fanOutStep(forward, scope, 1);
          await store.confirm(new Map(unconfirmed.map((one): any => [ one, true ])));
          await store.learn(scope, new Map(unknown.map((one): any => [ one, true ])));
          await store.fanOutStep(forward, scope, 1);
          await store.closeScope(scope);
        }
        const step: ListingStep = await store.listStep(INBOX, place, 3, true);
        read.push(...step.items.map((item): string => item.name));
        ({ place } = step);
        idle = step.isEnd && (await store.pendingForwards(1)).length === 0 ? idle + 1 : 0;
      }
      expect([ ...read ].sort()).toEqual([ ...published ].sort());
    });

    it('returns the position of a time.', async(): Promise<void> => {
      const early = await publish(3);
      await new Promise((resolve): unknown => setTimeout(resolve, 20));
      const time = Date.now();
      const late = await publish(3);
      expect((await read(PUBLISH, await store.placeAt(PUBLISH, time))).names).toEqual(late);
      expect((await read(PUBLISH, await store.placeAt(PUBLISH, 0))).names).toEqual([ ...early, ...late ]);
      expect((await read(PUBLISH, await store.placeAt(PUBLISH, time + 1e9))).names).toEqual([]);
      expect(await store.placeAt(PUBLISH, 0)).toEqual(START);
    });

    it('changes its text with each commit.', async(): Promise<void> => {
      const seen = new Set<string>();
      for (let round = 0; round < 4; round += 1) {
        // Two calls, so that with two connections each is asked.
        seen.add(JSON.stringify([ await store.changes(), await store.changes() ].sort()));
        await publish(1);
        await store.hasPod(POD);
      }
      expect(seen.size).toBe(4);
    });

    it('returns the pods with subscriptions to an inbox.', async(): Promise<void> => {
      await store.addSubscription(aSubscription());
      await store.addSubscription(aSubscription({ pod: OTHER, inbox: inboxOf('other') }));
      expect(await store.podsFollowedBy(INBOX, 10)).toEqual([ POD ]);
    });

    it('merges notifications by time, and without them keeps their position.', async(): Promise<void> => {
      await publish(1);
      await store.noteNotification(PUBLISH, 'note', true);
      await new Promise((resolve): unknown => setTimeout(resolve, 20));
      const [ second ] = await publish(1);
      const { names } = await read(PUBLISH, START);
      expect(names.slice(1)).toEqual([ 'note', second ]);
      const { place, names: events } = await read(PUBLISH, START, 2, false);
      expect(events).toHaveLength(2);
      expect(place.notification).toBe(0);
      expect((await read(PUBLISH, place)).names).toEqual([ 'note' ]);
    });

    it('lists a container with notifications of equal times only, in steps.', async(): Promise<void> => {
      const notes = Array.from({ length: 7 }, (_, index): IndexedNotification => ({ name: `n${index}`, modified: 1_000 }));
      await store.addNotifications(INBOX, notes.slice(0, 4), false);
      await store.addNotifications(INBOX, notes.slice(4), true);
      expect((await read(INBOX, START)).names).toEqual(notes.map((note): string => note.name));
      expect(await store.notificationNames(INBOX, 'n1', 3)).toEqual([ 'n2', 'n3', 'n4' ]);
    });

    it('adds a notification that is found later behind every position.', async(): Promise<void> => {
      await store.addNotifications(INBOX, [{ name: 'first', modified: Date.now() }], true);
      const { place } = await read(INBOX, START);
      await store.addNotifications(INBOX, [{ name: 'first', modified: 1 }, { name: 'old', modified: 1 }], true);
      expect((await read(INBOX, place)).names).toEqual([ 'old' ]);
    });

    it('keeps the place of a notification that changes, and removes one that is deleted.', async(): Promise<void> => {
      await store.noteNotification(INBOX, 'one', true);
      await store.noteNotification(INBOX, 'two', true);
      const { place } = await read(INBOX, START);
      const modified = await store.modifiedOf(INBOX);
      await store.noteNotification(INBOX, 'one', true);
      expect(await store.modifiedOf(INBOX)).toBeGreaterThan(modified!);
      expect((await read(INBOX, place)).names).toEqual([]);
      await store.noteNotification(INBOX, 'one', false);
      await store.noteNotification(INBOX, 'none', false);
      expect((await read(INBOX, START)).names).toEqual([ 'two' ]);
    });
  });
}
