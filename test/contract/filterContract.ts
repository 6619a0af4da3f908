import type { FanOutStepResult, PendingForward } from '../../src/delivery/ports';
import type { Event } from '../../src/event/Event';
import type { Subscription } from '../../src/subscription/Subscription';
import type { AddedSubscription, SubscriptionBounds } from '../../src/subscription/ports';
import type { SubscriptionFields } from './fixtures';
import { AGENT, anEvent, aSubscription, FILTERS, forwardAll, idsIn, inboxOf, POD, subscriptionsOf } from './fixtures';
import type { DeliveryStore, EventStore, OpenStores } from './stores';
import { shared } from './stores';

const BOUNDS = { ofAgent: 100, ofPod: 100, filtersOfPod: 2 };
export const ofType = (type: string): string => JSON.stringify([{ exact: { type }}]);
const [ ADD, REMOVE ] = [ 'realestate/contact#add', 'realestate/contact#remove' ];

/** Contract of filters: in `SubscriptionStore`, `FanOutQueue`, `FilterDecisionStore`, and the deliveries they make. */
export function describeFilterContract(name: string, open: OpenStores<'deliveries' | 'events'>): void {
  describe(`${name}: filters`, (): void => {
    let store: EventStore;
    let deliveries: DeliveryStore;

    beforeEach(async(): Promise<void> => {
      ({ events: store, deliveries } = shared(await open()));
      await store.open();
      await store.registerPod(POD);
    });

    afterEach(async(): Promise<void> => {
      await store.close();
      await deliveries.close();
    });

    const add = async(fields: SubscriptionFields, bounds?: SubscriptionBounds): ReturnType<EventStore['addSubscription']> =>
      store.addSubscription(aSubscription(fields), bounds, undefined, fields.webhook === undefined ?
        undefined :
        { kind: 'webhook', host: 'hooks.example', secret: 'x' });
    const follow = async(fields: SubscriptionFields): Promise<Subscription> => (await add(fields) as AddedSubscription).subscription;
    const publish = async(topic = ADD, fields: Partial<Event> = {}): Promise<Event> => {
      const event = anEvent({ topic, ...fields });
      await store.accept([{ event, forwards: [{ pod: POD }]}]);
      return event;
    };
    const drain = async(limit?: number): Promise<FanOutStepResult[]> => {
      const results: FanOutStepResult[] = [];
      while ((await store.pendingForwards(10)).length > 0) {
        results.push(...await forwardAll(store, undefined, limit));
      }
      return results;
    };
    const change = async(
      subscription: Subscription,
      fields: Partial<Subscription>,
      bounds?: SubscriptionBounds,
    ): ReturnType<EventStore['changeSubscription']> => store.changeSubscription({ ...subscription, ...fields }, subscription, bounds);
    const changed = async(subscription: Subscription, fields: Partial<Subscription>): Promise<Subscription> =>
      (await change(subscription, fields) as AddedSubscription).subscription;

    describe('of subscriptions', (): void => {
      it('are stored, shown and listed.', async(): Promise<void> => {
        const one = await follow({ filters: ofType('a') });
        expect(one.filters).toBe(ofType('a'));
        expect(await store.getSubscription(POD, one.id)).toEqual(one);
        expect(await subscriptionsOf(store, POD)).toEqual([ one ]);
      });

      it('do not make another subscription of the same agent, pattern and target.', async(): Promise<void> => {
        const one = await follow({ filters: ofType('a') });
        expect(await add({ filters: ofType('a') })).toMatchObject({ subscription: one });
        expect(await add({ filters: ofType('b') })).toEqual({ other: one });
        expect(await add({})).toEqual({ other: one });
        const two = await follow({ inbox: inboxOf(2) });
        expect(await add({ inbox: inboxOf(2), filters: ofType('a') })).toEqual({ other: two });
      });

      it('are bounded in number by distinct texts, until their last subscription ends.', async(): Promise<void> => {
        const one = await follow({ inbox: inboxOf(1), filters: ofType('a') });
        const two = await follow({ inbox: inboxOf(2), filters: ofType('b') });
        const three = await follow({ inbox: inboxOf(3), filters: ofType('b') });
        expect(await add({ inbox: inboxOf(4), filters: ofType('c') }, BOUNDS)).toBe('filtersOfPod');
        expect(await add({ inbox: inboxOf(4) }, BOUNDS)).toHaveProperty('subscription');
        expect(await add({ inbox: inboxOf(5), filters: ofType('a') }, BOUNDS)).toHaveProperty('subscription');
        expect(await add({ inbox: inboxOf(6), filters: ofType('c'), pod: 'http://localhost/other/' }, BOUNDS)).toHaveProperty('subscription');
        await store.removeSubscription(POD, two.id);
        expect(await add({ inbox: inboxOf(7), filters: ofType('c') }, BOUNDS)).toBe('filtersOfPod');
        await store.removeSubscription(POD, three.id);
        expect(await add({ inbox: inboxOf(7), filters: ofType('c') }, BOUNDS)).toHaveProperty('subscription');
        // The filters of a subscription make room for those that replace them, unless another one has them.
        expect(await change(one, { filters: ofType('d') }, BOUNDS)).toBe('filtersOfPod');
        const [ last ] = (await subscriptionsOf(store, POD)).filter(({ filters }): boolean => filters === ofType('c'));
        expect(await change(last, { filters: ofType('d') }, BOUNDS)).toMatchObject({ subscription: { filters: ofType('d') }});
        expect(await add({ inbox: inboxOf(8), filters: ofType('c') }, BOUNDS)).toBe('filtersOfPod');
      });

      it('keep their bound when several are added at the same time.', async(): Promise<void> => {
        const added = await Promise.all(Array.from({ length: 8 }, async(_, index): Promise<unknown> =>
          add({ inbox: inboxOf(index), filters: ofType(`${index}`) }, BOUNDS)));
        expect(added.filter((one): boolean => one === 'filtersOfPod')).toHaveLength(6);
      });
    });

    describe('in a fan-out', (): void => {
      it('exclude copies and deliveries.', async(): Promise<void> => {
        await follow({ inbox: inboxOf(1), filters: ofType(ADD) });
        await follow({ inbox: inboxOf(2), filters: ofType('other') });
        await follow({ inbox: inboxOf(3) });
        await follow({ webhook: 'https://hooks.example/1', filters: ofType(ADD) });
        await follow({ webhook: 'https://hooks.example/2', filters: ofType('other') });
        const event = await publish();
        await drain();
        expect(await idsIn(store, inboxOf(1))).toEqual([ event.id ]);
        expect(await idsIn(store, inboxOf(2))).toEqual([]);
        expect(await store.modifiedOf(inboxOf(2))).toBeUndefined();
        expect(await idsIn(store, inboxOf(3))).toEqual([ event.id ]);
        expect((await deliveries.listDeliveries(POD, {}, Number.MAX_SAFE_INTEGER, 10)).map(({ url }): string => url)).toEqual([ 'https://hooks.example/1' ]);
      });

      it('do not exclude the copy in the pod\'s own inbox.', async(): Promise<void> => {
        await store.watch(inboxOf('user'), true);
        await follow({ inbox: inboxOf('user'), filters: ofType('other') });
        const event = anEvent();
        await store.accept([{ event, forwards: [{ pod: POD, inbox: inboxOf('user') }]}]);
        await drain();
        expect(await idsIn(store, inboxOf('user'))).toEqual([ event.id ]);
      });

      it('ask about access of no agent whose filters exclude the event.', async(): Promise<void> => {
        await follow({ inbox: inboxOf(1), agent: 'http://localhost/excluded#me', filters: ofType('other') });
        await follow({ inbox: inboxOf(2), filters: ofType(ADD) });
        await publish();
        const [ forward ] = await store.pendingForwards(1);
        const scope = await store.openScope(POD);
        const first = await store.fanOutStep(forward, scope, 10);
        expect(first).toMatchObject({ outcome: 'unknown', isUndecided: true });
        const [{ event, filters }] = await store.undecided(forward);
        expect(filters.map(({ text }): string => text).sort()).toEqual([ ofType('other'), ofType(ADD) ].sort());
        await store.decide({ pod: POD, event }, new Map(filters.map(({ id, text }): [number, boolean] => [ id, text === ofType(ADD) ])));
        const second = await store.fanOutStep(forward, scope, 10);
        expect(second).toMatchObject({ outcome: 'unknown', unknown: [ AGENT ]});
        expect(second).not.toHaveProperty('isUndecided');
      });

      it('are decided for each event of a step apart, and once for equal filters.', async(): Promise<void> => {
        const matching = jest.spyOn(FILTERS, 'matching');
        for (let index = 0; index < 40; index += 1) {
          await follow({ inbox: inboxOf(index), filters: JSON.stringify([{ exact: { subject: index % 2 ? 'odd' : 'even' }}]) });
        }
        const events: Event[] = [];
        for (const subject of [ 'odd', 'even', 'odd', 'neither' ]) {
          events.push(await publish(ADD, { members: JSON.stringify({ subject }) }));
        }
        await drain(7);
        expect(await idsIn(store, inboxOf(1))).toEqual([ events[0].id, events[2].id ]);
        expect(await idsIn(store, inboxOf(38))).toEqual([ events[1].id ]);
        expect(matching.mock.calls.map(([{ id }, filters ]): unknown => [ id, filters.length ])).toEqual(events.map(({ id }): unknown => [ id, 2 ]));
        matching.mockRestore();
      });

      it('are decided only if a subscription with a matching pattern has them, a bounded number of events at a time.', async(): Promise<void> => {
        for (let index = 0; index < 300; index += 1) {
          await follow({ inbox: inboxOf(index), pattern: index < 3 ? '*' : 'other', filters: ofType(`${index}`) });
        }
        for (let index = 0; index < 3; index += 1) {
          await publish();
        }
        await publish('other');
        const [ forward ] = await store.pendingForwards(1);
        expect((await store.undecided(forward)).map(({ filters }): number => filters.length)).toEqual([ 3, 3, 3 ]);
        await publish('other');
        const other: PendingForward = { ...forward, topic: 'other', event: forward.event + 3 };
        expect((await store.undecided(other)).map(({ filters }): number => filters.length)).toEqual([ 300, 300 ]);
        for (let index = 0; index < 10; index += 1) {
          await publish('other');
        }
        expect(await store.undecided(other)).toHaveLength(6);
      });

      it('are decided again by another process, and for filters that are added in between.', async(): Promise<void> => {
        const inboxes = Array.from({ length: 6 }, (_, index): string => inboxOf(index));
        for (const inbox of inboxes) {
          await follow({ inbox, filters: ofType(ADD) });
        }
        const event = await publish();
        const [ forward ] = await store.pendingForwards(1);
        const scope = await store.openScope(POD);
        await store.learn(scope, new Map([[ AGENT, true ]]));
        const [ undecided ] = await store.undecided(forward);
        await store.decide({ pod: POD, event: undecided.event }, new Map(undecided.filters.map(({ id }): [number, boolean] => [ id, true ])));
        expect(await store.fanOutStep(forward, scope, 3)).toMatchObject({ outcome: 'more' });
        await follow({ inbox: inboxOf('new'), filters: ofType('other') });
        expect(await store.fanOutStep(forward, scope, 10)).toMatchObject({ outcome: 'unknown', isUndecided: true });
        await drain();
        for (const inbox of inboxes) {
          expect(await idsIn(store, inbox)).toEqual([ event.id ]);
        }
        expect(await idsIn(store, inboxOf('new'))).toEqual([]);
      });

      it('never have the decisions of earlier filters.', async(): Promise<void> => {
        const { id } = await follow({ filters: ofType('other') });
        await publish();
        const [ forward ] = await store.pendingForwards(1);
        const [{ event, filters }] = await store.undecided(forward);
        await store.decide({ pod: POD, event }, new Map([[ filters[0].id, false ]]));
        await store.removeSubscription(POD, id);
        await follow({ filters: ofType(ADD) });
        await drain();
        expect(await idsIn(store, inboxOf('subscriber'))).toHaveLength(1);
      });

      it('are alternatives of a delivery only if they match.', async(): Promise<void> => {
        const webhook = 'https://hooks.example/1';
        const first = await follow({ webhook, pattern: ADD });
        await follow({ webhook, pattern: 'realestate/*', filters: ofType('other') });
        await publish();
        await drain();
        await store.removeSubscription(POD, first.id);
        const [ claimed ] = await deliveries.claim(
          (await deliveries.dueHosts(Date.now() + 60_000, 10)).map(({ host }) => ({ host, limit: 5 })),
          Date.now() + 60_000,
          Date.now() + 120_000,
        );
        expect(claimed.isWanted).toBe(false);
        await deliveries.finish([{ ...claimed, state: 'ended' }], { hosts: new Map(), failing: new Map() });
        expect(await deliveries.listDeliveries(POD, {}, Number.MAX_SAFE_INTEGER, 10)).toMatchObject([{ state: 'ended' }]);
      });
    });

    describe('and patterns that change', (): void => {
      it('keep id, agent and target.', async(): Promise<void> => {
        const one = await follow({ filters: ofType('a') });
        const two = await changed(one, { pattern: 'shop', filters: ofType('b') });
        expect(two).toEqual({ ...one, pattern: 'shop', filters: ofType('b') });
        const three = await changed(two, { filters: undefined });
        expect(three).not.toHaveProperty('filters');
        expect(await store.getSubscription(POD, one.id)).toEqual(three);
        expect(await subscriptionsOf(store, POD)).toEqual([ three ]);
      });

      it('change nothing if the subscription ended or changed in between, or another one is the same.', async(): Promise<void> => {
        const one = await follow({});
        const other = await follow({ pattern: 'shop', filters: ofType('a') });
        expect(await change(one, { pattern: 'shop' })).toEqual({ other });
        expect(await change({ ...one, pattern: 'former' }, { pattern: 'new' })).toBe('stale');
        expect(await change({ ...one, filters: ofType('a') }, { pattern: 'new' })).toBe('stale');
        expect(await subscriptionsOf(store, POD)).toEqual([ one, other ]);
        const results = await Promise.all([ 1, 2, 3 ].map(async(index): Promise<unknown> => change(one, { pattern: `x/${index}` })));
        expect(results.filter((result): boolean => result === 'stale')).toHaveLength(2);
        await store.removeSubscription(POD, one.id);
        expect(await change(one, { pattern: 'new' })).toBeUndefined();
      });

      it('apply to events that are accepted later.', async(): Promise<void> => {
        const inbox = inboxOf(1);
        const webhook = 'https://hooks.example/1';
        const [ local, remote ] = [ await follow({ inbox, filters: ofType(ADD) }), await follow({ webhook, filters: ofType(ADD) }) ];
        const before = [ await publish(ADD), await publish(REMOVE) ];
        for (const subscription of [ local, remote ]) {
          await changed(subscription, { pattern: 'realestate/*', filters: ofType(REMOVE) });
        }
        const after = [ await publish(REMOVE), await publish(ADD) ];
        await drain(1);
        expect(await idsIn(store, inbox)).toEqual([ before[0].id, after[0].id ]);
        const urls = (await deliveries.listDeliveries(POD, {}, Number.MAX_SAFE_INTEGER, 10)).map(({ event }): string => event);
        expect(urls.sort()).toEqual([ before[0], after[0] ].map(({ id }): string => `${anEvent().pod}publish/${id}`).sort());
      });

      it('apply to events by their versions, also in the middle of a fan-out.', async(): Promise<void> => {
        const subscriptions: Subscription[] = [];
        for (let index = 0; index < 9; index += 1) {
          subscriptions.push(await follow({ inbox: inboxOf(index) }));
        }
        const first = await publish();
        const [ forward ] = await store.pendingForwards(1);
        const scope = await store.openScope(POD);
        await store.learn(scope, new Map([[ AGENT, true ]]));
        expect(await store.fanOutStep(forward, scope, 4)).toMatchObject({ outcome: 'more' });
        for (const subscription of subscriptions) {
          await changed(subscription, { pattern: 'shop' });
        }
        const [ second, third ] = [ await publish(), await publish('shop') ];
        await drain(2);
        for (let index = 0; index < 9; index += 1) {
          expect(await idsIn(store, inboxOf(index))).toEqual([ first.id, third.id ]);
        }
        expect(await idsIn(store, inboxOf(0))).not.toContain(second.id);
        await store.removeEntry(inboxOf(0), third.id);
        // Nothing of the former versions is left.
        await changed((await store.getSubscription(POD, subscriptions[0].id))!, { pattern: 'realestate/*' });
        const fourth = await publish();
        await drain();
        expect(await idsIn(store, inboxOf(0))).toEqual([ first.id, fourth.id ]);
      });

      it('are kept for ten changes while events wait, each with its own events.', async(): Promise<void> => {
        let subscription = await follow({ filters: ofType('0') });
        const expected: string[] = [];
        for (let index = 0; index < 10; index += 1) {
          const topic = index % 3 ? ADD : REMOVE;
          const event = await publish(topic);
          expected.push(...subscription.filters === ofType(topic) ? [ event.id ] : []);
          subscription = await changed(subscription, { filters: ofType(index % 2 ? REMOVE : ADD) });
        }
        expect(await change(subscription, { filters: ofType('10') })).toHaveProperty('subscription');
        await publish();
        const [ current ] = await subscriptionsOf(store, POD);
        expect(await change(current, { filters: ofType('11') })).toBe('busy');
        await drain();
        expect(expected.length).toBeGreaterThan(2);
        expect(await idsIn(store, inboxOf('subscriber'))).toEqual(expected);
        expect(await change(current, { filters: ofType('11') })).toHaveProperty('subscription');
      });

      it('count as filters of the pod until their events are forwarded.', async(): Promise<void> => {
        const one = await follow({ filters: ofType('a') });
        await follow({ inbox: inboxOf(2), filters: ofType('b') });
        await publish();
        expect(await change(one, { filters: ofType('c') }, BOUNDS)).toBe('filtersOfPod');
        expect(await change(one, { filters: undefined }, BOUNDS)).toHaveProperty('subscription');
        expect(await add({ inbox: inboxOf(3), filters: ofType('c') }, BOUNDS)).toBe('filtersOfPod');
        await drain();
        expect(await add({ inbox: inboxOf(3), filters: ofType('c') }, BOUNDS)).toHaveProperty('subscription');
      });

      it('end with their subscription.', async(): Promise<void> => {
        const one = await follow({});
        await publish();
        await changed(one, { pattern: 'shop' });
        await store.removeSubscription(POD, one.id);
        await drain();
        expect(await idsIn(store, inboxOf('subscriber'))).toEqual([]);
      });

      it('confirm consent again, and enable a disabled target.', async(): Promise<void> => {
        const local = await follow({});
        await store.raiseEpoch(`${inboxOf('subscriber')}.acl`);
        const epoch = await store.epochOf('http://localhost/subscriber/');
        await store.changeSubscription({ ...local, pattern: 'shop' }, local, undefined, { pod: 'http://localhost/subscriber/', epoch });
        await publish('shop');
        expect((await forwardAll(store)).flatMap(({ unconfirmed }): unknown[] => [ ...unconfirmed ])).toEqual([]);
        expect(await idsIn(store, inboxOf('subscriber'))).toHaveLength(1);
        const remote = await follow({ webhook: 'https://hooks.example/1' });
        await publish();
        await drain();
        const hosts = (await deliveries.dueHosts(Date.now() + 60_000, 10)).map(({ host }) => ({ host, limit: 5 }));
        const [{ target }] = await deliveries.claim(hosts, Date.now() + 60_000, Date.now() + 120_000);
        await deliveries.disable(target, Date.now());
        expect(await store.changeSubscription({ ...remote, pattern: 'shop' }, remote, undefined, undefined, { kind: 'webhook', host: 'hooks.example' }))
          .toMatchObject({ isResumed: true, subscription: { pattern: 'shop' }});
      });
    });
  });
}
