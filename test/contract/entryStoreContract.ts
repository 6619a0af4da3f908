import type { Event } from '../../src/event/Event';
import { anEvent, PUBLISH } from './fixtures';
import type { EventStore, OpenStores } from './stores';
import { shared } from './stores';

/** Contract of `EntryStore`. */
export function describeEntryStoreContract(name: string, open: OpenStores<'events'>): void {
  describe(`${name}: entries of containers`, (): void => {
    let store: EventStore;

    beforeEach(async(): Promise<void> => {
      store = shared(await open()).events;
      await store.open();
    });

    afterEach(async(): Promise<void> => store.close());

    it('lists a container page by page, with what a listing shows.', async(): Promise<void> => {
      const events = Array.from({ length: 5 }, (): Event => anEvent());
      await store.accept(events.map((event): any => ({ event, forwards: []})));
      const first = await store.listEntries(PUBLISH, 0, 2);
      const second = await store.listEntries(PUBLISH, first[1].event, 2);
      const third = await store.listEntries(PUBLISH, second[1].event, 2);
      expect([ ...first, ...second, ...third ].map(({ id }): string => id)).toEqual(events.map(({ id }): string => id));
      const document = `{"@context":${events[0].context},${events[0].members.slice(1)}`;
      expect(first[0]).toMatchObject({ pod: events[0].pod, published: events[0].published, bytes: document.length });
    });

    it('tells when a container changed, with another time for each change.', async(): Promise<void> => {
      expect(await store.modifiedOf(PUBLISH)).toBeUndefined();
      const times: number[] = [];
      const event = anEvent();
      const before = Date.now();
      await store.accept([{ event, forwards: []}]);
      times.push((await store.modifiedOf(PUBLISH))!);
      expect(times[0]).toBeGreaterThanOrEqual(before);
      expect(times[0]).toBeLessThanOrEqual(Date.now());
      await store.accept([{ event: anEvent(), forwards: []}]);
      times.push((await store.modifiedOf(PUBLISH))!);
      await store.removeEntry(PUBLISH, event.id);
      times.push((await store.modifiedOf(PUBLISH))!);
      expect(new Set(times).size).toBe(3);
      expect(times).toEqual([ ...times ].sort((left, right): number => left - right));
      await store.removeEntry(PUBLISH, event.id);
      expect(await store.modifiedOf(PUBLISH)).toBe(times[2]);
    });

    it('shows a reader with a cursor each event once, in whatever order instances store them.', async(): Promise<void> => {
      const events = Array.from({ length: 60 }, (): Event => anEvent());
      const writes = Promise.all(events.map(async(event): Promise<unknown> => store.accept([{ event, forwards: []}])));
      const read: string[] = [];
      let isWritten = false;
      const end = writes.then((): void => {
        isWritten = true;
      });
      for (let place = 0, isLast = false; !isLast;) {
        isLast = isWritten;
        const page = await store.listEntries(PUBLISH, place, 7);
        read.push(...page.map(({ id }): string => id));
        place = page.at(-1)?.event ?? place;
        isLast &&= page.length === 0;
        await new Promise(setImmediate);
      }
      await end;
      expect([ ...read ].sort()).toEqual(events.map(({ id }): string => id).sort());
    });

    it('removes an entry once.', async(): Promise<void> => {
      const event = anEvent();
      await store.accept([{ event, forwards: []}]);
      const removed = await Promise.all([ 1, 2, 3 ].map(async(): Promise<boolean> => store.removeEntry(PUBLISH, event.id)));
      expect(removed.sort()).toEqual([ false, false, true ]);
    });
  });
}
