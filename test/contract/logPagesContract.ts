import type { Event } from '../../src/event/Event';
import { START } from '../../src/http/listing/ports';
import { anEvent, POD, PUBLISH } from './fixtures';
import type { EventStore, OpenStores } from './stores';
import { shared } from './stores';

const MIB = 1_024 * 1_024;

/** Contract of `LogPages`, and of times of arrival. */
export function describeLogPagesContract(name: string, open: OpenStores<'events' | 'lifecycle'>): void {
  describe(`${name}: pages of logs`, (): void => {
    let store: EventStore;
    let instances: Awaited<ReturnType<typeof open>>;

    beforeEach(async(): Promise<void> => {
      instances = await open();
      store = shared(instances).events;
      await store.open();
    });

    afterEach(async(): Promise<void> => {
      jest.restoreAllMocks();
      await store.close();
    });

    async function publish(count: number, fields: Partial<Event> = {}): Promise<string[]> {
      const events = Array.from({ length: count }, (): Event => anEvent(fields));
      await store.accept(events.map((event): any => ({ event, forwards: []})));
      return events.map(({ id }): string => id);
    }

    /** Names of the events of each page, from the first page. */
    async function pages(container = PUBLISH): Promise<string[][]> {
      const all: string[][] = [];
      let first = await store.logPageAt(container, 0);
      while (first !== undefined) {
        const page = (await store.logPage(container, first))!;
        const { items } = await store.listStep(container, { ...START, event: first - 1 }, 1_000, false);
        const own = items.filter(({ event }): boolean => event!.key < (page.next?.first ?? Infinity));
        expect(own.every(({ time }): boolean => time >= page.time && time <= (page.next?.time ?? Infinity))).toBe(true);
        all.push(own.map((item): string => item.name));
        first = page.next?.first;
      }
      return all;
    }

    it('has no page before the first event.', async(): Promise<void> => {
      expect(await store.logPageAt(PUBLISH, 0)).toBeUndefined();
      expect(await store.logPage(PUBLISH, 1)).toBeUndefined();
    });

    it('fills pages with 100 events, whatever the requests.', async(): Promise<void> => {
      const ids = [ ...await publish(150), ...await publish(49), ...await publish(1), ...await publish(1) ];
      const found = await pages();
      expect(found.map(({ length }): number => length)).toEqual([ 100, 100, 1 ]);
      expect(found.flat()).toEqual(ids);
    });

    it('keeps the pages of each pod apart.', async(): Promise<void> => {
      for (let round = 0; round < 3; round += 1) {
        await publish(40);
        await publish(40, { pod: POD });
      }
      expect((await pages()).map(({ length }): number => length)).toEqual([ 100, 20 ]);
      expect((await pages(`${POD}publish/`)).map(({ length }): number => length)).toEqual([ 100, 20 ]);
    });

    it('limits the size of pages with more than one event.', async(): Promise<void> => {
      const members = JSON.stringify({ data: 'x'.repeat(0.4 * MIB) });
      await publish(3, { members });
      await publish(1, { members: JSON.stringify({ data: 'x'.repeat(3 * MIB) }) });
      await publish(2);
      expect((await pages()).map(({ length }): number => length)).toEqual([ 2, 1, 1, 2 ]);
    });

    it('finds the page of an event.', async(): Promise<void> => {
      await publish(250);
      const first = (await store.logPageAt(PUBLISH, 0))!;
      expect(await Promise.all([ 0, first, first + 99, first + 100, first + 249, 1e9 ].map(async(key): Promise<unknown> =>
        store.logPageAt(PUBLISH, key)))).toEqual([ 0, 0, 0, 100, 200, 200 ].map((offset): number => first + offset));
      expect(await store.logPage(PUBLISH, first + 1)).toBeUndefined();
    });

    it('never moves an event to another page, whatever is removed.', async(): Promise<void> => {
      const ids = await publish(250);
      const before = await pages();
      const removed = new Set([ 0, 50, 99, 100, 101, 249 ].map((index): string => ids[index]));
      for (const id of removed) {
        await store.removeEntry(PUBLISH, id);
      }
      await publish(1);
      const after = await pages();
      expect(after.slice(0, 2)).toEqual(before.slice(0, 2).map((page): string[] => page.filter((id): boolean => !removed.has(id))));
    });

    it('removes leading pages with their last event, and never the last page.', async(): Promise<void> => {
      const ids = await publish(250);
      const first = (await store.logPageAt(PUBLISH, 0))!;
      await store.removeEventsBeyond(PUBLISH.replace('publish/', ''), 60, 0, 1_000);
      expect(await store.logPage(PUBLISH, first)).toBeUndefined();
      expect(await store.logPageAt(PUBLISH, 0)).toBe(first + 100);
      expect((await pages()).flat()).toEqual(ids.slice(190));
      for (const id of ids.slice(190)) {
        await store.removeEntry(PUBLISH, id);
      }
      expect(await pages()).toEqual([[]]);
      const [ next ] = await publish(1);
      expect(await pages()).toEqual([[ next ]]);
    });

    it('begins anew in a container that was deleted and created again.', async(): Promise<void> => {
      await store.registerPod(PUBLISH.replace('publish/', ''));
      await publish(150);
      const { lifecycle } = instances[0];
      await lifecycle.closeContainer(PUBLISH, true);
      expect(await store.logPageAt(PUBLISH, 0)).toBeUndefined();
      await lifecycle.openContainer(PUBLISH);
      expect(await store.logPageAt(PUBLISH, 0)).toBeUndefined();
      const [ id ] = await publish(1);
      expect(await pages()).toEqual([[ id ]]);
    });

    it('has times of arrival that never go back, also with the clock, across requests and processes.', async(): Promise<void> => {
      const real = Date.now();
      const clock = jest.spyOn(Date, 'now');
      for (const offset of [ 0, 5_000, -60_000, -3_600_000, 10, 5_000, 5_001, -1 ]) {
        clock.mockReturnValue(real + offset);
        await publish(1);
        await publish(2, { pod: POD });
      }
      for (const container of [ PUBLISH, `${POD}publish/` ]) {
        const times = (await store.listStep(container, START, 1_000, false)).items.map(({ time }): number => time);
        expect(times).toEqual([ ...times ].sort((one, other): number => one - other));
        expect([ times[0], times.at(-1) ]).toEqual([ real, real + 5_001 ]);
      }
    });

    it('returns a copy that is added after the position of a later time was taken.', async(): Promise<void> => {
      const inbox = `${POD}inbox/`;
      const event = anEvent();
      await store.watch(inbox, true);
      await store.accept([{ event, forwards: [{ pod: POD, inbox }]}]);
      await new Promise((resolve): unknown => setTimeout(resolve, 5));
      const places = [ await store.placeAt(inbox, Date.now()), await store.placeAtEnd(inbox) ];
      const [ forward ] = await store.pendingForwards(1);
      const scope = await store.openScope(POD);
      await store.fanOutStep(forward, scope, 10);
      await store.closeScope(scope);
      for (const place of places) {
        expect((await store.listStep(inbox, place, 10, true)).items.map((item): string => item.name)).toEqual([ event.id ]);
      }
      expect((await store.listStep(inbox, await store.placeAtEnd(inbox), 10, true)).items).toEqual([]);
    });
  });
}
