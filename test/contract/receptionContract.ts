import type { Event } from '../../src/event/Event';
import { anEvent, forwardAll, idsIn, POD, PRODUCER, PUBLISH } from './fixtures';
import type { EventStore, OpenStores } from './stores';
import { shared } from './stores';

/** Contract of `ReceptionStore`. */
export function describeReceptionContract(name: string, open: OpenStores<'events'>): void {
  describe(`${name}: received events`, (): void => {
    let store: EventStore;

    beforeEach(async(): Promise<void> => {
      store = shared(await open()).events;
      await store.open();
    });

    afterEach(async(): Promise<void> => store.close());

    describe('an event of another server', (): void => {
      const inbox = `${POD}inbox/`;
      const receive = async(event: Event, pod = POD): Promise<string> =>
        store.receive({ event, hops: 1, pod, inbox: `${pod}inbox/`, isForwarded: true });

      it('is received once by each pod.', async(): Promise<void> => {
        const event = anEvent({ pod: 'https://away.example/ann/' });
        expect(await receive(event)).toBe('new');
        expect(await receive(event)).toBe('known');
        expect(await receive(event, PRODUCER)).toBe('new');
        expect(await store.getEntry(inbox, event.id)).toEqual(event);
        await store.removeEntry(inbox, event.id);
        expect(await receive(event)).toBe('known');
        expect(await idsIn(store, inbox)).toEqual([]);
      });

      it('is another one where it says something else, or its place is taken.', async(): Promise<void> => {
        const event = anEvent({ pod: 'https://away.example/ann/' });
        await receive(event);
        expect(await receive({ ...event, members: event.members.replace('}', ',"more":1}') })).toBe('other');
        expect(await receive({ ...event, context: '{}' })).toBe('known');
        expect(await receive({ ...event, pod: 'https://evil.example/' })).toBe('other');
      });

      it('does not take the id of an event that is published here.', async(): Promise<void> => {
        const event = anEvent();
        expect(await receive({ ...event, pod: 'https://evil.example/' })).toBe('new');
        await store.accept([{ event, forwards: []}]);
        expect(await store.getEntry(PUBLISH, event.id)).toEqual(event);
      });

      it('goes with its context when it is old.', async(): Promise<void> => {
        const event = anEvent({ pod: 'https://away.example/ann/', context: '{"own":"urn:of-its-own"}', published: 1 });
        await receive(event);
        await forwardAll(store);
        expect(await store.removeEventsBefore(2, 0, 10)).toEqual({ removed: 1 });
        expect(await receive(event)).toBe('new');
        expect(await store.getEntry(inbox, event.id)).toEqual(event);
      });
    });

    it('stores an event once that several servers bring at the same time.', async(): Promise<void> => {
      for (let index = 0; index < 5; index += 1) {
        const event = anEvent({ pod: 'https://away.example/ann/', context: `{"own":"urn:${index}"}` });
        const received = { event, hops: 1, pod: POD, inbox: `${POD}inbox/`, isForwarded: true };
        const other = { ...received, event: { ...event, members: '{"other":1}' }};
        const results = await Promise.all([ received, received, received ].map(async(each): Promise<string> => store.receive(each)));
        expect(results.sort()).toEqual([ 'known', 'known', 'new' ]);
        expect(await Promise.all([ store.receive(other), store.receive(received) ])).toEqual([ 'other', 'known' ]);
        expect(await store.getEntry(`${POD}inbox/`, event.id)).toEqual(event);
      }
      expect(await idsIn(store, `${POD}inbox/`)).toHaveLength(5);
    });
  });
}
