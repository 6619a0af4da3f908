import { v7 } from 'uuid';
import { eventUrl } from '../../src/event/Event';
import type { Event } from '../../src/event/Event';
import type { AddedSubscription } from '../../src/subscription/ports';
import type { DeliveryFilter } from '../../src/delivery/ports';
import type { DeliveryScene } from './deliveryScene';
import { ALICE, MINUTE, NEWEST, openScene } from './deliveryScene';
import { anEvent, aSubscription, forwardAll, POD, PRODUCER, subscriptionsOf } from './fixtures';
import type { DeliveryStore, EventStore, OpenStores } from './stores';
import { shared } from './stores';

/** Contract of `DeliveryLogStore`. */
export function describeDeliveryLogContract(name: string, open: OpenStores<'deliveries' | 'events'>): void {
  describe(`${name}: log of deliveries`, (): void => {
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

    describe('the log', (): void => {
      it('is shown by agent, event, subscription, state, topic and time, newest first.', async(): Promise<void> => {
        const mine = await follow();
        const other = await follow({ agent: 'https://bob.example/card#me', pattern: '*' });
        const contact = await publish();
        const lead = await publish({ topic: 'realestate/lead#add' });
        const [ claimed ] = (await claimAll()).filter(({ agent }): boolean => agent === ALICE);
        await finish(claimed, 'dead');
        const all = await list();
        expect(all.map(({ id }): number => id)).toEqual(all.map(({ id }): number => id).sort((left, right): number => right - left));
        const shown = async(filter: DeliveryFilter): Promise<string[]> =>
          (await list(filter)).map(({ agent, event }): string => `${new URL(agent).host.split('.')[0]} ${event === eventUrl(lead) ? 'lead' : 'contact'}`);
        expect(await shown({})).toHaveLength(3);
        expect(await shown({ agent: ALICE })).toEqual([ 'alice contact' ]);
        expect(await shown({ agent: 'https://nobody.example/' })).toEqual([]);
        expect((await shown({ event: contact.id })).sort()).toEqual([ 'alice contact', 'bob contact' ]);
        expect(await shown({ event: contact.id, agent: ALICE })).toEqual([ 'alice contact' ]);
        expect(await shown({ event: lead.id, agent: ALICE })).toEqual([]);
        expect(await shown({ event: v7() })).toEqual([]);
        expect(await shown({ subscription: mine.id })).toEqual([ 'alice contact' ]);
        expect(await shown({ subscription: other.id })).toEqual([ 'bob lead', 'bob contact' ]);
        expect(await shown({ subscription: other.id, agent: ALICE })).toEqual([]);
        expect(await shown({ state: 'dead' })).toEqual([ 'alice contact' ]);
        expect(await shown({ state: 'waiting', agent: ALICE })).toEqual([]);
        expect(await shown({ topics: [ 'realestate/lead' ]})).toEqual([ 'bob lead' ]);
        expect(await shown({ topics: []})).toEqual([]);
        expect(await shown({ since: now })).toEqual([]);
        expect(await shown({ until: now })).toHaveLength(3);
        expect(await shown({ until: all.at(-1)!.created })).toEqual([]);
        expect(await shown({ since: all.at(-1)!.created })).toHaveLength(3);
        expect(await deliveries.listDeliveries(PRODUCER, {}, NEWEST, 10)).toEqual([]);
        expect(await deliveries.listDeliveries('http://localhost/nobody/', {}, NEWEST, 10)).toEqual([]);
      });

      it('is read in pages, also where few of many are shown.', async(): Promise<void> => {
        await follow();
        const batch = Array.from({ length: 1_200 }, (_, index): Event =>
          anEvent({ topic: index % 400 === 0 ? 'realestate/contact#remove' : 'realestate/contact#add' }));
        await events.accept(batch.map((event) => ({ event, forwards: [{ pod: POD }]})));
        while ((await events.pendingForwards(1)).length > 0) {
          await forwardAll(events);
        }
        const agents = [{ agent: ALICE }, {}, { subscription: (await subscriptionsOf(events, POD))[0].id }];
        for (const filter of agents) {
          const rare = await list({ ...filter, topics: [ 'realestate/contact#remove' ]});
          expect(rare.map(({ event }): string => event)).toEqual([ 800, 400, 0 ].map((index): string => eventUrl(batch[index])));
          const ids: number[] = [];
          for (let before = NEWEST; ;) {
            const page = await list(filter, before, 500);
            ids.push(...page.map(({ id }): number => id));
            if (page.length === 0) {
              break;
            }
            before = page.at(-1)!.id;
          }
          expect(ids).toHaveLength(1_200);
          expect(new Set(ids).size).toBe(1_200);
        }
      });

      it('shows one delivery, of its pod alone.', async(): Promise<void> => {
        await follow();
        await publish();
        const [ record ] = await list();
        expect(await deliveries.getDelivery(POD, record.id)).toEqual(record);
        expect(await deliveries.getDelivery(PRODUCER, record.id)).toBeUndefined();
        expect(await deliveries.getDelivery(POD, record.id + 1)).toBeUndefined();
      });

      it('loses what has ended, when it is old, and with the events that are removed.', async(): Promise<void> => {
        await follow();
        await publish();
        const kept = await publish();
        const [ claimed ] = await claimAll(1);
        await finish(claimed, 'delivered');
        expect(await deliveries.removeDeliveriesBefore(0, 10)).toBe(0);
        expect(await deliveries.removeDeliveriesBefore(now, 10)).toBe(1);
        expect(await list()).toMatchObject([{ event: eventUrl(kept), state: 'waiting' }]);
        expect((await events.removeEventsBefore(now, 0, 10)).removed).toBe(1);
        expect(await list()).toHaveLength(1);
        const [ last ] = await claimAll();
        await finish(last, 'delivered');
        expect((await events.removeEventsBefore(now, 0, 10)).removed).toBe(1);
        expect(await list()).toEqual([]);
      });
    });

    describe('a repetition', (): void => {
      it('makes a delivery wait again, with all attempts before it.', async(): Promise<void> => {
        await follow();
        await publish();
        const [ claimed ] = await claimAll();
        await finish(claimed, 'dead');
        expect(await deliveries.redeliver(PRODUCER, claimed.delivery, now)).toBe(false);
        expect(await deliveries.redeliver(POD, claimed.delivery + 1, now)).toBe(false);
        await deliveries.noteMoment(now, 7);
        expect(await deliveries.redeliver(POD, claimed.delivery, now)).toBe(true);
        expect(await list()).toMatchObject([{ id: claimed.delivery, state: 'waiting', due: now, attempts: [{ reason: 'no' }]}]);
        expect(await claimAll()).toMatchObject([{ delivery: claimed.delivery, tries: 0, begun: 7 }]);
      });

      it('overtakes an attempt that is under way.', async(): Promise<void> => {
        await follow();
        await publish();
        const [ claimed ] = await claimAll();
        await deliveries.redeliver(POD, claimed.delivery, now);
        await finish(claimed, 'dead');
        expect(await list()).toMatchObject([{ state: 'waiting', attempts: []}]);
        expect(await claimAll()).toHaveLength(1);
      });

      it('keeps nothing else in the log.', async(): Promise<void> => {
        await follow();
        await publish();
        await publish();
        for (const claimed of await claimAll()) {
          await finish(claimed, 'delivered');
        }
        await deliveries.noteMoment(now, 10);
        await deliveries.redeliver(POD, (await list())[1].id, now + 10);
        const [ again ] = await claimAll(1, now + 10);
        await finish(again, 'delivered');
        expect(await deliveries.removeDeliveriesBefore(5, 10)).toBe(1);
        expect(await deliveries.removeDeliveriesBefore(15, 10)).toBe(1);
      });
    });

    describe('a manual retry', (): void => {
      it('makes a dead delivery wait again, once.', async(): Promise<void> => {
        await follow();
        await publish();
        const [ claimed ] = await claimAll();
        const { delivery } = claimed;
        expect(await deliveries.retry(POD, delivery, now)).toBe(false);
        await finish(claimed, 'dead');
        expect(await deliveries.retry(PRODUCER, delivery, now)).toBe(false);
        expect(await deliveries.retry(POD, delivery + 1, now)).toBe(false);
        await deliveries.noteMoment(now, 7);
        expect(await deliveries.retry(POD, delivery, now)).toBe(true);
        expect(await list()).toMatchObject([{ id: delivery, state: 'waiting', due: now, attempts: [{ reason: 'no' }]}]);
        const [ again ] = await claimAll();
        expect(again).toMatchObject({ delivery, tries: 0, begun: 7 });
        await finish(again, 'dead');
        expect(await deliveries.retry(POD, delivery, now)).toBe(false);
        expect(await list()).toMatchObject([{ state: 'dead' }]);
      });

      it('is granted to one of several at the same time.', async(): Promise<void> => {
        await follow();
        await publish();
        const [ claimed ] = await claimAll();
        await finish(claimed, 'dead');
        const granted = await Promise.all([ 1, 2, 3, 4 ].map(async(): Promise<boolean> => deliveries.retry(POD, claimed.delivery, now)));
        expect(granted.filter(Boolean)).toHaveLength(1);
        expect(await claimAll()).toHaveLength(1);
      });

      it('does nothing for a delivered, ended or repeated delivery.', async(): Promise<void> => {
        await follow();
        for (const state of [ 'delivered', 'ended', 'refused' ] as const) {
          await publish();
          const [ claimed ] = await claimAll();
          await finish(claimed, state);
          expect(await deliveries.retry(POD, claimed.delivery, now)).toBe(false);
        }
        await publish();
        const [ claimed ] = await claimAll();
        await deliveries.redeliver(POD, claimed.delivery, now);
        const [ again ] = await claimAll();
        await finish(again, 'dead');
        expect(await deliveries.retry(POD, claimed.delivery, now)).toBe(false);
      });

      it('knows the publisher of the event, in the pod alone.', async(): Promise<void> => {
        await follow();
        await publish({ publisher: 'https://bob.example/card#me' });
        await publish({ publisher: undefined });
        const [ named, unnamed ] = await claimAll();
        expect(await deliveries.publisherOf(POD, named.delivery)).toBe('https://bob.example/card#me');
        expect(await deliveries.publisherOf(POD, unnamed.delivery)).toBeUndefined();
        expect(await deliveries.publisherOf(PRODUCER, named.delivery)).toBeUndefined();
        expect(await deliveries.publisherOf(POD, 9_999)).toBeUndefined();
      });
    });

    describe('a manual end', (): void => {
      it('ends a waiting and a dead delivery, with a reason, once.', async(): Promise<void> => {
        await follow();
        await publish();
        await publish();
        const [ dead, waiting ] = await claimAll();
        await finish(dead, 'dead');
        await finish(waiting, 'waiting', now + MINUTE);
        for (const { delivery } of [ dead, waiting ]) {
          expect(await deliveries.abort(PRODUCER, delivery, now + 1)).toBe(false);
          const ended = await Promise.all([ 1, 2, 3 ].map(async(): Promise<boolean> => deliveries.abort(POD, delivery, now + 1)));
          expect(ended.filter(Boolean)).toHaveLength(1);
          expect(await deliveries.getDelivery(POD, delivery)).toMatchObject({
            state: 'ended', due: null, attempts: [{ reason: 'no' }, { at: now + 1, duration: 0, reason: expect.stringContaining('by hand') }],
          });
          expect(await deliveries.retry(POD, delivery, now)).toBe(false);
        }
        expect(await deliveries.abort(POD, 9_999, now)).toBe(false);
        expect(await claimAll(10, now + 2 * MINUTE)).toEqual([]);
        expect(await deliveries.countWaiting(10)).toBe(0);
        expect(await deliveries.redeliver(POD, dead.delivery, now)).toBe(true);
        expect(await claimAll()).toMatchObject([{ delivery: dead.delivery }]);
      });

      it('discards the outcome of an attempt in progress, and does nothing for what was delivered.', async(): Promise<void> => {
        await follow();
        await publish();
        const [ claimed ] = await claimAll();
        expect(await deliveries.abort(POD, claimed.delivery, now)).toBe(true);
        await finish(claimed, 'delivered');
        expect(await list()).toMatchObject([{ state: 'ended' }]);
        await publish();
        const [ other ] = await claimAll();
        await finish(other, 'delivered');
        expect(await deliveries.abort(POD, other.delivery, now)).toBe(false);
      });

      it('ends the subscriptions of its pod, and leaves the delivery to those of other pods.', async(): Promise<void> => {
        await follow();
        await follow({ pattern: '*' });
        const event = await publish();
        const [ claimed ] = await claimAll();
        expect(await deliveries.abort(POD, claimed.delivery, now)).toBe(true);
        expect(await claimAll(10, now + 2 * MINUTE)).toEqual([]);
        expect(await list({ event: event.id })).toMatchObject([{ state: 'ended' }]);

        const theirs = await follow({ pod: PRODUCER, webhook: 'https://hooks.example/shared' });
        const ours = await follow({ webhook: 'https://hooks.example/shared' });
        const shared = anEvent({ pod: PRODUCER });
        await events.registerPod(PRODUCER);
        await events.accept([{ event: shared, forwards: [{ pod: POD, inbox: `${POD}inbox/` }, { pod: PRODUCER }]}]);
        await forwardAll(events);
        const [ first ] = (await deliveries.listDeliveries(POD, { subscription: ours.id }, NEWEST, 10)).concat(await deliveries.listDeliveries(PRODUCER, { subscription: theirs.id }, NEWEST, 10));
        const [ own, otherPod, other ] = first.subscription === ours.id ? [ POD, PRODUCER, theirs ] : [ PRODUCER, POD, ours ];
        expect(await deliveries.abort(own, first.id, now)).toBe(true);
        expect(await deliveries.getDelivery(own, first.id)).toBeUndefined();
        expect(await deliveries.getDelivery(otherPod, first.id)).toMatchObject({ state: 'waiting', subscription: other.id });
      });
    });

    it('keeps a delivery that waits for a subscription when it is replayed for another.', async(): Promise<void> => {
      const first = await follow();
      await publish();
      const [{ event }] = await claimAll();
      now += 2 * MINUTE;
      const second = await follow({ pattern: '*' });
      await deliveries.replay(POD, second.id, [ event ], now);
      const [ claimed ] = await claimAll(100, now);
      expect(claimed.subscription).toBe(second.id);
      await finish(claimed, 'ended');
      expect(await claimAll(100, now)).toMatchObject([{ subscription: first.id }]);
    });

    it('tells how many systems had passed on what was published here, and to whom it is addressed.', async(): Promise<void> => {
      await follow();
      const event = anEvent({ members: '{"recipient":"https://a.example/"}' });
      await events.accept([{ event, forwards: [{ pod: POD, inbox: `${POD}inbox/` }], hops: 2 }]);
      await forwardAll(events);
      const [ claimed ] = await claimAll();
      expect(await deliveries.eventOf(claimed.event)).toEqual({ ...event, hops: 2 });
      const range = { pattern: '*', since: 0, until: now };
      expect((await deliveries.eventsBetween(POD, [ `${POD}inbox/` ], range, 0, 10)).events)
        .toMatchObject([{ hops: 2, isPublishedHere: true, isReceived: false, addressees: [ 'https://a.example/' ]}]);
      const away = anEvent({ pod: 'https://away.example/' });
      await events.receive({ event: away, hops: 2, pod: POD, inbox: `${POD}inbox/`, isForwarded: true });
      await forwardAll(events);
      expect((await deliveries.eventsBetween(POD, [ `${POD}inbox/` ], range, 1, 10)).events)
        .toMatchObject([{ hops: 2, isPublishedHere: false, isReceived: true, addressees: []}]);
    });

    describe('a replay', (): void => {
      const looked = async(pattern = '*', since = 0, until = Date.now() + 1, after = 0, limit = 100, pod = POD): ReturnType<DeliveryStore['eventsBetween']> =>
        deliveries.eventsBetween(pod, [ `${pod}publish/`, `${pod}inbox/` ], { pattern, since, until }, after, limit);
      const keysOf = async(...range: Parameters<typeof looked>): Promise<number[]> =>
        (await looked(...range)).events.map(({ event }): number => event);
      /** Stores an event with recipients in its document, and a copy in the pod. */
      async function copied(fields: Partial<Event> = {}, more: object = {}): Promise<Event> {
        const id = v7();
        const members = JSON.stringify({ id: `${PRODUCER}publish/${id}`, ...more });
        const event = anEvent({ id, members, ...fields });
        await events.accept([{ event, forwards: [{ pod: POD, inbox: `${POD}inbox/` }]}]);
        await forwardAll(events);
        return event;
      }

      it('finds events of both containers in order, by pattern and time.', async(): Promise<void> => {
        await copied({ published: 10 }, { recipient: 'https://a.example/', source: [ 'https://b.example/', 'https://c.example/' ], data: { recipient: 'x' }});
        await copied({ published: 20, topic: 'other' }, { recipient: [ 'https://a.example/' ]});
        await events.accept([{ event: anEvent({ pod: POD, published: 30 }), forwards: []}]);
        await events.accept([{ event: anEvent({ published: 40 }), forwards: []}]);
        const { events: found, last } = await looked();
        expect(found).toEqual([
          { event: expect.any(Number), topic: 'realestate/contact#add', origin: PRODUCER, hops: 0, isPublishedHere: true, isReceived: false, addressees: [ 'https://a.example/', 'https://b.example/', 'https://c.example/' ]},
          { event: expect.any(Number), topic: 'other', origin: PRODUCER, hops: 0, isPublishedHere: true, isReceived: false, addressees: [ 'https://a.example/' ]},
          { event: expect.any(Number), topic: 'realestate/contact#add', origin: POD, hops: 0, isPublishedHere: true, isReceived: false, addressees: []},
        ]);
        const keys = found.map(({ event }): number => event);
        expect(last).toBe(keys[2]);
        expect(await keysOf('realestate/*')).toEqual([ keys[0], keys[2] ]);
        expect(await keysOf('*', 11)).toEqual(keys.slice(1));
        expect(await keysOf('*', 20, 30)).toEqual([ keys[1] ]);
        expect(await keysOf('*', 0, 100, keys[0])).toEqual(keys.slice(1));
        expect(await looked('nothing', 0, 100, 0, 2)).toEqual({ events: [], last: keys[1] });
        expect(await looked('*', 0, 100, keys[2])).toEqual({ events: [], last: undefined });
      });

      it('finds an event once that lies in both containers, and none that was removed.', async(): Promise<void> => {
        await events.addSubscription(aSubscription({ inbox: `${POD}inbox/`, pattern: '*' }));
        const event = anEvent({ pod: POD, published: 10 });
        await events.accept([{ event, forwards: [{ pod: POD }]}]);
        await forwardAll(events);
        expect(await events.getEntry(`${POD}inbox/`, event.id)).toBeDefined();
        expect(await keysOf()).toHaveLength(1);
        await events.removeEventsBefore(11, 0, 10);
        expect(await looked()).toEqual({ events: [], last: expect.any(Number) });
      });

      it('tells what a pod has taken from another server.', async(): Promise<void> => {
        const event = anEvent({ pod: 'https://far.example/', members: '{"id":"x","recipient":"http://localhost/user/profile/card#me"}' });
        await events.receive({ event, hops: 2, pod: POD, inbox: `${POD}inbox/`, isForwarded: true });
        expect((await looked()).events).toMatchObject([{ hops: 2, isReceived: true, origin: 'https://far.example/', addressees: []}]);
        await events.addSubscription(aSubscription({ inbox: `${PRODUCER}inbox/`, pattern: '*' }));
        const other = anEvent({ pod: 'https://far.example/' });
        await events.receive({ event: other, hops: 1, pod: POD, inbox: `${POD}inbox/`, isForwarded: true });
        await forwardAll(events);
        expect((await looked('*', 0, Date.now() + 1, 0, 100, PRODUCER)).events).toMatchObject([{ hops: 1, isReceived: false, addressees: []}]);
      });

      it('makes deliveries that were not made, and those that were once more.', async(): Promise<void> => {
        await copied({ published: 10 });
        const before = await follow({ pattern: 'realestate/*' });
        await copied({ published: 20 });
        await finish((await claimAll())[0], 'delivered');
        await events.removeSubscription(POD, before.id);
        const { id } = await follow({ pattern: '*' });
        const keys = await keysOf();
        expect(keys).toHaveLength(2);
        expect(await deliveries.replay(PRODUCER, id, keys, now)).toBeUndefined();
        expect(await deliveries.replay(POD, before.id, keys, now)).toBeUndefined();
        expect(await deliveries.replay(POD, id, [ ...keys, 999 ], now)).toEqual({ events: 2, watched: []});
        expect(await list({ state: 'waiting' })).toMatchObject([{ subscription: id, attempts: []}, { subscription: id, attempts: [{ status: 204 }]}]);
        expect(await claimAll()).toMatchObject([{ isWanted: true, tries: 0 }, { isWanted: true, tries: 0 }]);
      });

      it('writes the copies that an inbox of this server does not have, and tells of them where it is watched.', async(): Promise<void> => {
        const inbox = 'http://localhost/subscriber/inbox/';
        const early = await copied();
        const { subscription: { id }} = await events.addSubscription(aSubscription({ inbox, pattern: '*' })) as AddedSubscription;
        const late = await copied();
        const deleted = await copied();
        await events.removeEntry(inbox, deleted.id);
        const keys = await keysOf();
        const modified = (await events.modifiedOf(inbox))!;
        await events.watch(inbox, true);
        expect(await deliveries.replay(POD, id, keys, now)).toEqual({
          events: 2,
          watched: [ early, deleted ].map((event): object => ({ container: inbox, copy: `${inbox}${event.id}`, notice: expect.any(Number) })),
        });
        expect((await events.listEntries(inbox, 0, 10)).map((entry): string => entry.id)).toEqual([ early.id, late.id, deleted.id ]);
        expect(await events.modifiedOf(inbox)).toBeGreaterThan(modified);
        expect(await deliveries.replay(POD, id, keys, now)).toEqual({ events: 0, watched: []});
      });
    });
  });
}
