import { DuplicateRequest } from '../../src/store/DuplicateRequest';
import type { IdempotencyKey, StoredResponse } from '../../src/store/idempotency';
import { AGENT, anEvent, idsIn, POD, PRODUCER, PUBLISH } from './fixtures';
import type { EventStore, OpenStores } from './stores';
import { shared } from './stores';

/** Contract of the idempotency keys of `EventLog`. */
export function describeIdempotencyContract(name: string, open: OpenStores<'events'>): void {
  describe(`${name}: idempotency keys`, (): void => {
    let store: EventStore;

    beforeEach(async(): Promise<void> => {
      store = shared(await open()).events;
      await store.open();
    });

    afterEach(async(): Promise<void> => store.close());

    describe('a request that makes its events once', (): void => {
      const once = (fields: Partial<IdempotencyKey & StoredResponse> = {}): IdempotencyKey & Pick<StoredResponse, 'result'> =>
        ({ agent: AGENT, pod: PRODUCER, key: 'k', fingerprint: 'f', result: 'r', ...fields });
      const publish = async(fields?: Partial<IdempotencyKey & StoredResponse>): Promise<boolean> =>
        store.accept([{ event: anEvent(), forwards: []}], once(fields));
      const count = async(): Promise<number> => (await idsIn(store, PUBLISH)).length;

      it('stores nothing when it is repeated, and tells what it made.', async(): Promise<void> => {
        expect(await store.findResponse(once())).toBeUndefined();
        await publish();
        expect(await store.findResponse(once({ fingerprint: 'other' }))).toEqual({ fingerprint: 'f', result: 'r' });
        const before = await store.modifiedOf(PUBLISH);
        for (const fields of [{}, { fingerprint: 'other', result: 'other' }]) {
          await expect(publish(fields)).rejects.toThrow(DuplicateRequest);
          await expect(publish(fields)).rejects.toMatchObject({ response: { fingerprint: 'f', result: 'r' }});
        }
        expect(await count()).toBe(1);
        expect(await store.modifiedOf(PUBLISH)).toBe(before);
        expect(await store.findResponse(once())).toEqual({ fingerprint: 'f', result: 'r' });
      });

      it('is another one for another agent, pod or key, and for the public.', async(): Promise<void> => {
        const others = [{ agent: 'http://localhost/new#me' }, { agent: undefined }, { pod: POD }, { key: 'K' }, { key: 'k ' }];
        await publish();
        for (const [ index, fields ] of others.entries()) {
          expect(await store.findResponse(once(fields))).toBeUndefined();
          await publish({ ...fields, result: `${index}` });
        }
        for (const [ index, fields ] of others.entries()) {
          expect(await store.findResponse(once(fields))).toEqual({ fingerprint: 'f', result: `${index}` });
          await expect(publish(fields)).rejects.toThrow(DuplicateRequest);
        }
        expect(await count()).toBe(6);
      });

      it('is stored once when it is made twice at once, whatever else is written with it.', async(): Promise<void> => {
        const results = await Promise.allSettled([ publish({ result: '1' }), publish({ result: '2' }), store.accept([{ event: anEvent(), forwards: []}]) ]);
        expect(results.map(({ status }): string => status).sort()).toEqual([ 'fulfilled', 'fulfilled', 'rejected' ]);
        expect(results[2].status).toBe('fulfilled');
        const [ refused, made ] = results[0].status === 'rejected' ? [ results[0], '2' ] : [ results[1], '1' ];
        expect(refused).toMatchObject({ reason: { response: { result: made }}});
        expect(await count()).toBe(2);
      });

      it('is not noted if its events are not stored.', async(): Promise<void> => {
        const event = anEvent();
        const twice = [{ event, forwards: []}, { event, forwards: []}];
        await expect(store.accept(twice, once({ agent: 'http://localhost/new#me' }))).rejects
          .toMatchObject({ message: expect.stringContaining('UNIQUE') });
        expect(await store.findResponse(once({ agent: 'http://localhost/new#me' }))).toBeUndefined();
        await publish({ agent: 'http://localhost/new#me' });
        expect(await count()).toBe(1);
      });
    });
  });
}
