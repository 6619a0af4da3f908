import type { AcceptedEvent, StoredIdentity } from '../../src/store/AcceptedEvent';
import { DuplicateEvent } from '../../src/store/DuplicateEvent';
import { AGENT, anEvent, idsIn, POD, PRODUCER, PUBLISH } from './fixtures';
import type { EventStore, OpenStores, Stores } from './stores';
import { shared } from './stores';

const hashOf = (one: number): string => one.toString(16).padStart(64, '0');
const identity = (fields: Partial<StoredIdentity> = {}): StoredIdentity => ({ hash: hashOf(1), fingerprint: hashOf(9), ...fields });

/** Contract of the identities of events that producers give, of `EventLog`. */
export function describeIdentityContract(name: string, open: OpenStores<'events' | 'lifecycle' | 'probe'>): void {
  describe(`${name}: identities of events`, (): void => {
    let instances: readonly Pick<Stores, 'events' | 'lifecycle' | 'probe'>[];
    let store: EventStore;
    let lifecycle: Stores['lifecycle'];

    beforeEach(async(): Promise<void> => {
      instances = await open();
      ({ events: store, lifecycle } = shared(instances));
      await store.open();
      await store.registerPod(PRODUCER);
      await store.registerPod(POD);
    });

    afterEach(async(): Promise<void> => store.close());

    const accepted = (fields: Partial<StoredIdentity> = {}, event: Parameters<typeof anEvent>[0] = {}): AcceptedEvent =>
      ({ event: anEvent({ publisher: AGENT, ...event }), forwards: [], identity: identity(fields) });
    const find = async(hashes = [ hashOf(1) ], agent = AGENT, pod = PRODUCER): Promise<unknown> =>
      Object.fromEntries(await store.findIdentified(pod, agent, hashes));

    it('finds the event of an identity.', async(): Promise<void> => {
      expect(await find()).toEqual({});
      const event = accepted();
      await store.accept([ event, accepted({ hash: hashOf(2), fingerprint: hashOf(8) }) ]);
      expect(await find([ hashOf(3), hashOf(1) ])).toEqual({ [hashOf(1)]: { id: event.event.id, fingerprint: hashOf(9) }});
      expect(await find([])).toEqual({});
    });

    it('stores nothing of a request with a known identity, whatever else it has.', async(): Promise<void> => {
      const first = accepted();
      await store.accept([ first ]);
      const once = { agent: AGENT, pod: PRODUCER, key: 'k', fingerprint: 'f', result: 'r' };
      for (const fields of [{}, { fingerprint: hashOf(8) }]) {
        await expect(store.accept([ accepted({ hash: hashOf(2) }), accepted(fields) ], once)).rejects.toThrow(DuplicateEvent);
      }
      await expect(store.accept([ accepted({ hash: hashOf(2) }), accepted({ hash: hashOf(2) }) ])).rejects.toThrow(DuplicateEvent);
      expect(await idsIn(store, PUBLISH)).toEqual([ first.event.id ]);
      expect(await find([ hashOf(1), hashOf(2) ])).toEqual({ [hashOf(1)]: { id: first.event.id, fingerprint: hashOf(9) }});
      expect(await store.findResponse(once)).toBeUndefined();
    });

    it('stores it once when it comes twice at the same time.', async(): Promise<void> => {
      const events = Array.from({ length: 4 }, (): AcceptedEvent => accepted());
      const results = await Promise.allSettled([ ...events, { event: anEvent(), forwards: []}]
        .map(async(event): Promise<unknown> => store.accept([ event ])));
      expect(results.map(({ status }): string => status).sort()).toEqual([ 'fulfilled', 'fulfilled', 'rejected', 'rejected', 'rejected' ]);
      for (const result of results.filter(({ status }): boolean => status === 'rejected')) {
        expect(result).toMatchObject({ reason: expect.any(DuplicateEvent) });
      }
      expect(await idsIn(store, PUBLISH)).toHaveLength(2);
    });

    it('is another one for another agent, pod or hash, and for the public.', async(): Promise<void> => {
      const other = 'http://localhost/other#me';
      await store.accept([
        accepted(), accepted({ hash: hashOf(2) }), accepted({}, { publisher: other }), accepted({}, { pod: POD }),
        accepted({}, { publisher: undefined }), accepted({}, { publisher: undefined }),
      ]);
      expect(await idsIn(store, PUBLISH)).toHaveLength(5);
      expect(await find([ hashOf(1) ], other)).not.toEqual(await find());
      expect(await find([ hashOf(1) ], AGENT, POD)).not.toEqual(await find());
      expect(await find([ hashOf(1) ], 'http://localhost/unknown#me')).toEqual({});
    });

    it('stays after the event was deleted from its container, as long as the event is stored.', async(): Promise<void> => {
      const event = accepted();
      await store.accept([ event ]);
      await store.removeEntry(PUBLISH, event.event.id);
      expect(await find()).not.toEqual({});
      await expect(store.accept([ accepted() ])).rejects.toThrow(DuplicateEvent);
    });

    it('ends with the event.', async(): Promise<void> => {
      await store.accept([ accepted() ]);
      await store.removeEventsBefore(Date.now(), 0, 10);
      expect(await find()).toEqual({});
      const event = accepted({ fingerprint: hashOf(8) });
      await store.accept([ event ]);
      expect(await find()).toEqual({ [hashOf(1)]: { id: event.event.id, fingerprint: hashOf(8) }});
      await store.removeEventsBeyond(PRODUCER, 0, 0, 10);
      expect(await find()).toEqual({});
      expect(instances[0].probe.countIdentities()).toBe(0);
    });

    it('ends with the pod, and the agent, also if a copy keeps the event.', async(): Promise<void> => {
      const agent = `${POD}profile/card#me`;
      const forwards = [{ pod: POD, inbox: `${POD}inbox/` }];
      await store.accept([{ ...accepted(), forwards }, { ...accepted({ hash: hashOf(2) }, { publisher: agent }), forwards: []}]);
      await lifecycle.endPod(PRODUCER);
      await store.registerPod(PRODUCER);
      expect(await find([ hashOf(1), hashOf(2) ])).toEqual({});
      for (let more = true; more;) {
        more = await lifecycle.sweep(1);
      }
      expect(instances[0].probe.countIdentities()).toBe(0);
      expect(await idsIn(store, `${POD}inbox/`)).toHaveLength(1);
      await store.accept([ accepted({}, { publisher: agent }) ]);
      await lifecycle.endPod(POD);
      expect(await find([ hashOf(1) ], agent)).toEqual({});
    });
  });
}
