import type { AddedSubscription } from '../../src/subscription/ports';
import type { SubscriptionFields } from './fixtures';
import type { Subscription } from '../../src/subscription/Subscription';
import { AGENT, aSubscription, inboxOf, POD, PRODUCER, subscriptionsOf } from './fixtures';
import type { EventStore, OpenStores } from './stores';
import { shared } from './stores';

/** Contract of `SubscriptionStore`. */
export function describeSubscriptionStoreContract(name: string, open: OpenStores<'events'>): void {
  describe(`${name}: subscriptions`, (): void => {
    let store: EventStore;

    beforeEach(async(): Promise<void> => {
      store = shared(await open()).events;
      await store.open();
    });

    afterEach(async(): Promise<void> => store.close());

    it('takes no more subscriptions than there may be, but again those that are there.', async(): Promise<void> => {
      const bounds = { ofAgent: 2, ofPod: 3 };
      const add = async(changes: SubscriptionFields): Promise<unknown> => {
        const added = await store.addSubscription(aSubscription(changes), bounds);
        return typeof added === 'string' ? added : (added as AddedSubscription).subscription.url;
      };
      expect(await add({ inbox: inboxOf(1) })).toBe(inboxOf(1));
      expect(await add({ inbox: inboxOf(2) })).toBe(inboxOf(2));
      expect(await add({ inbox: inboxOf(2) })).toBe(inboxOf(2));
      expect(await add({ inbox: inboxOf(3) })).toBe('ofAgent');
      expect(await add({ inbox: inboxOf(3), pod: PRODUCER })).toBe('ofAgent');
      expect(await add({ inbox: inboxOf(3), agent: 'http://localhost/other#me' })).toBe(inboxOf(3));
      expect(await add({ inbox: inboxOf(4), agent: 'http://localhost/other#me' })).toBe('ofPod');
      expect(await subscriptionsOf(store, POD)).toHaveLength(3);
    });

    it('adds, shows, lists and ends subscriptions.', async(): Promise<void> => {
      const one = aSubscription();
      const two = aSubscription({ pattern: '*', agent: 'http://localhost/other#me' });
      expect(await store.addSubscription(one)).toEqual({ subscription: one, isResumed: false, isSecretNew: false });
      expect(await store.addSubscription(two)).toMatchObject({ subscription: two });
      expect(await store.getSubscription(POD, one.id)).toEqual(one);
      expect(await store.getSubscription(PRODUCER, one.id)).toBeUndefined();
      expect(await subscriptionsOf(store, POD)).toEqual([ one, two ]);
      expect(await subscriptionsOf(store, POD, AGENT)).toEqual([ one ]);
      expect(await subscriptionsOf(store, PRODUCER)).toEqual([]);
      const first = await store.subscriptionsAfter(POD, 0, 1);
      expect(first).toEqual({ items: [ one ], next: expect.any(Number) });
      expect(await store.subscriptionsAfter(POD, first.next!, 1)).toEqual({ items: [ two ]});
      expect(await store.subscriptionsAfter(POD, 0, 2)).toEqual({ items: [ one, two ]});
      expect(await store.subscriptionsAfter(POD, 0, 1, AGENT)).toEqual({ items: [ one ]});
      expect(await store.subscriptionsAfter(PRODUCER, 0, 5)).toEqual({ items: []});
      expect(await store.removeSubscription(PRODUCER, one.id)).toBe(false);
      expect(await store.removeSubscription(POD, one.id)).toBe(true);
      expect(await store.removeSubscription(POD, one.id)).toBe(false);
      expect(await subscriptionsOf(store, POD)).toEqual([ two ]);
    });

    it('keeps one subscription of an agent, pattern and inbox.', async(): Promise<void> => {
      const one = await store.addSubscription(aSubscription());
      expect(await store.addSubscription(aSubscription())).toEqual(one);
      expect(await store.addSubscription(aSubscription({ inbox: inboxOf(2) }))).not.toEqual(one);
      expect(await subscriptionsOf(store, POD)).toHaveLength(2);
    });

    it('keeps bounds exact, and subscriptions unique, when several are added at the same time.', async(): Promise<void> => {
      const bounds = { ofAgent: 5, ofPod: 8 };
      const add = async(fields: Partial<Subscription>): Promise<unknown> => store.addSubscription(aSubscription(fields), bounds);
      const same = await Promise.all([ 1, 2, 3, 4 ].map(async(): Promise<unknown> => add({ pattern: 'same' })));
      expect(new Set(same.map((added): string => (added as AddedSubscription).subscription.id)).size).toBe(1);
      const ofAgent = await Promise.all(Array.from({ length: 8 }, async(_, index): Promise<unknown> => add({ pattern: `a/${index}` })));
      expect(ofAgent.filter((added): boolean => added === 'ofAgent')).toHaveLength(4);
      const ofPod = await Promise.all(Array.from({ length: 8 }, async(_, index): Promise<unknown> => add({ agent: `http://localhost/${index}#me` })));
      expect(ofPod.filter((added): boolean => added === 'ofPod')).toHaveLength(5);
      expect(await subscriptionsOf(store, POD)).toHaveLength(8);
    });

    it('ends a subscription once.', async(): Promise<void> => {
      const { subscription } = await store.addSubscription(aSubscription()) as AddedSubscription;
      const ended = await Promise.all([ 1, 2, 3 ].map(async(): Promise<boolean> => store.removeSubscription(POD, subscription.id)));
      expect(ended.sort()).toEqual([ false, false, true ]);
    });
  });
}
