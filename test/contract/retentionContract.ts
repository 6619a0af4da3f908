import { eventUrl } from '../../src/event/Event';
import type { Event } from '../../src/event/Event';
import type { Removal } from '../../src/server/ports';
import type { DeliveryScene } from './deliveryScene';
import { ALICE, MINUTE, NEWEST, NOTHING, openScene, WEBHOOK } from './deliveryScene';
import { anEvent, forwardAll, POD } from './fixtures';
import type { DeliveryStore, EventStore, OpenStores } from './stores';
import { shared } from './stores';

/** Contract of `RetentionStore`. */
export function describeRetentionContract(name: string, open: OpenStores<'deliveries' | 'events'>): void {
  describe(`${name}: retention`, (): void => {
    let scene: DeliveryScene;
    let events: EventStore;
    let deliveries: DeliveryStore;
    let now: number;
    let follow: DeliveryScene['follow'];
    let publish: DeliveryScene['publish'];
    let list: DeliveryScene['list'];
    let claimAll: DeliveryScene['claimAll'];
    let finish: DeliveryScene['finish'];

    beforeEach(async(): Promise<void> => {
      scene = await openScene(shared(await open()));
      ({ events, deliveries, now, follow, publish, list, claimAll, finish } = scene);
    });

    afterEach(async(): Promise<void> => scene.close());

    describe('retention', (): void => {
      const HELD = 10 * MINUTE;
      const remove = async(): Promise<number> => (await events.removeEventsBeyond(POD, 0, 0, 100)).removed;

      /** Runs all steps. Returns the number of removed events of each. */
      const removeAll = async(limit: number): Promise<number[]> => {
        const steps: number[] = [];
        for (let place: number | undefined = 0; place !== undefined;) {
          const { removed, next }: Removal = await events.removeEventsBefore(now, place, limit);
          steps.push(removed);
          place = next;
        }
        return steps;
      };

      it('looks at no event again that is held, and changes no more rows in a step than it may.', async(): Promise<void> => {
        await follow();
        for (let index = 0; index < 30; index += 1) {
          await publish({ pod: POD });
        }
        expect(await removeAll(10)).toEqual([ 0, 0, 0, 0 ]);
        await deliveries.noteMoment(now, HELD);
        // Each event and each delivery counts as one row.
        expect(await removeAll(10)).toEqual([ 5, 5, 5, 5, 5, 5 ]);
      });

      it('ends an event with many deliveries in several steps, and each delivery is in the log once.', async(): Promise<void> => {
        for (let index = 0; index < 25; index += 1) {
          await follow({ agent: `https://${index}.example/card#me` });
        }
        const event = await publish({ pod: POD });
        await finish((await claimAll())[0], 'delivered');
        await deliveries.noteMoment(now, HELD);
        expect(await removeAll(10)).toEqual([ 0, 0, 1 ]);
        const log = await list({ event: event.id });
        expect(log.map(({ state, isEventRemoved }): unknown => [ state, isEventRemoved ])).toEqual(Array.from({ length: 24 }, () => [ 'dead', true ]));
        expect(await deliveries.queue(now)).toMatchObject({ waiting: 0 });
      });

      it('waits for a delivery that can still be made, for a while.', async(): Promise<void> => {
        await follow();
        await publish({ pod: POD });
        expect(await remove()).toBe(0);
        await deliveries.noteMoment(now, HELD - 1);
        expect(await remove()).toBe(0);
        await deliveries.noteMoment(now, 1);
        expect(await remove()).toBe(1);
        expect(await list()).toMatchObject([{ state: 'dead', due: null, isEventRemoved: true, attempts: [{ reason: expect.stringContaining('removed by retention') }]}]);
      });

      it('does not wait for one that has failed, or whose host rests, and shows why it has ended.', async(): Promise<void> => {
        await follow();
        await follow({ agent: 'https://bob.example/card#me', webhook: 'https://good.example/' }, 'good.example');
        const event = await publish({ pod: POD });
        const [ bad, good ] = (await claimAll()).sort((left): number => left.url === WEBHOOK ? -1 : 1);
        await finish(good, 'delivered');
        await finish(bad, 'waiting', now + 5);
        expect(await remove()).toBe(0);
        const [ again ] = await claimAll(1, now + 5);
        await finish(again, 'waiting', now + 10);
        expect(await remove()).toBe(1);
        const record = { event: eventUrl(event), topic: event.topic, url: WEBHOOK, state: 'dead', isEventRemoved: true };
        expect(await list()).toMatchObject([ record ]);
        expect(await list({ event: event.id })).toMatchObject([ record ]);
        expect(await list({ event: event.id, agent: ALICE })).toMatchObject([ record ]);
        expect((await list())[0].attempts).toHaveLength(2);
        expect(await deliveries.redeliver(POD, again.delivery, now)).toBe(false);
        expect(await deliveries.queue(now)).toMatchObject({ waiting: 0 });
        expect(await claimAll(1, now + MINUTE)).toEqual([]);

        await publish({ pod: POD });
        const [ last, other ] = (await claimAll()).sort((left): number => left.url === WEBHOOK ? -1 : 1);
        await finish(other, 'delivered');
        await finish(last, 'waiting', now + 5, { ...NOTHING, hosts: new Map([[ last.host, { failures: 5, since: now, openUntil: now + 50 }]]) });
        expect(await remove()).toBe(1);
        expect(await deliveries.removeDeliveriesBefore(1, 100)).toBeGreaterThan(0);
        expect(await list({ event: event.id })).toEqual([]);
      });

      it('keeps only the last of what it has ended in the log.', async(): Promise<void> => {
        await follow();
        const batch = Array.from({ length: 1_100 }, (): Event => anEvent({ pod: POD }));
        await events.accept(batch.map((event) => ({ event, forwards: [{ pod: POD }]})));
        while ((await events.pendingForwards(1)).length > 0) {
          await forwardAll(events);
        }
        await deliveries.noteMoment(now, HELD);
        await removeAll(500);
        expect((await list({}, NEWEST, 2_000)).map(({ event }): string => event)).toEqual(batch.slice(100).map(eventUrl).reverse());
        expect(await deliveries.queue(now)).toMatchObject({ waiting: 0 });
      });
    });
  });
}
