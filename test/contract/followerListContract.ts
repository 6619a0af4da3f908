import type { AddedSubscription } from '../../src/subscription/ports';
import type { UnconfirmedConsent } from '../../src/delivery/ports';
import type { Follower, FollowerPlace } from '../../src/access/ports';
import { AGENT, anEvent, aSubscription, inboxOf, POD, PRODUCER, subscriptionsOf } from './fixtures';
import type { EventStore, OpenStores } from './stores';
import { shared } from './stores';

/** Contract of `FollowerList`. */
export function describeFollowerListContract(name: string, open: OpenStores<'events'>): void {
  describe(`${name}: followers`, (): void => {
    let store: EventStore;

    beforeEach(async(): Promise<void> => {
      store = shared(await open()).events;
      await store.open();
    });

    afterEach(async(): Promise<void> => store.close());

    describe('the followers of a topic', (): void => {
      const topic = 'realestate/contact#add';
      const agentOf = (index: number): string => `http://localhost/${index}#me`;
      const all = async(limit = 100, pod = POD): Promise<Follower[]> => {
        const found: Follower[] = [];
        let place: FollowerPlace | undefined;
        do {
          const { followers, next } = await store.followersOf(pod, topic, place, limit);
          found.push(...followers);
          place = next;
        } while (place);
        return found;
      };
      const unconfirmedOf = async(): Promise<readonly UnconfirmedConsent[]> => {
        await store.accept([{ event: anEvent({ topic }), forwards: [{ pod: POD }]}]);
        const [ forward ] = await store.pendingForwards(1);
        const scope = await store.openScope(POD);
        await store.learn(scope, new Map([[ AGENT, true ]]));
        return (await store.fanOutStep(forward, scope, 10)).unconfirmed;
      };

      it('are those of all patterns that match it, and of no other pod.', async(): Promise<void> => {
        expect(await all()).toEqual([]);
        const patterns = [ 'realestate/*', topic, '*', 'realestate/contact', 'realestate/contact#remove', 'realestate', 'estate/*' ];
        for (const [ index, pattern ] of patterns.entries()) {
          await store.addSubscription(aSubscription({ pattern, agent: agentOf(index) }));
        }
        await store.addSubscription(aSubscription({ pattern: '*', pod: PRODUCER, agent: agentOf(9) }));
        expect((await all()).map(({ agent }): string => agent)).toEqual([ 1, 3, 0, 2 ].map(agentOf));
        expect(await all(100, PRODUCER)).toEqual([{ id: expect.any(String), agent: agentOf(9) }]);
      });

      it.each([ 1, 2, 3, 7, 100 ])('are the same in steps of %d, where those of one inbox stay together.', async(limit): Promise<void> => {
        for (let index = 0; index < 12; index += 1) {
          await store.addSubscription(aSubscription({ agent: agentOf(index), inbox: inboxOf(Math.floor(index / 3)), pattern: index < 6 ? '*' : topic }));
        }
        const first = await store.followersOf(POD, topic, undefined, limit);
        expect(first.followers).toHaveLength(limit === 100 ? 12 : Math.ceil(limit / 3) * 3);
        expect(first.next === undefined).toBe(limit === 100);
        expect((await all(limit)).map(({ agent }): string => agent).sort())
          .toEqual(Array.from({ length: 12 }, (_, index): string => agentOf(index)).sort());
      });

      it('are none whose webhook takes no events.', async(): Promise<void> => {
        const webhook = aSubscription({ inbox: undefined, webhook: 'https://a.example/' });
        await store.addSubscription(webhook, undefined, undefined, { kind: 'webhook', host: 'a.example', secret: 'x' });
        expect(await all()).toEqual([{ id: expect.any(String), agent: AGENT }]);
      });

      it('are told with the inbox that is unconfirmed, and left out once it is known to be somebody else\'s.', async(): Promise<void> => {
        await store.addSubscription(aSubscription());
        await store.raiseEpoch(`${inboxOf('subscriber')}.acl`);
        expect(await all()).toEqual([{ id: expect.any(String), agent: AGENT, unconfirmedInbox: inboxOf('subscriber') }]);
        await store.confirm(new Map([[ (await unconfirmedOf())[0], false ]]));
        expect(await all()).toEqual([]);
        await store.raiseEpoch(`${inboxOf('subscriber')}.acl`);
        await store.confirm(new Map([[ (await unconfirmedOf())[0], true ]]));
        expect(await all()).toEqual([{ id: expect.any(String), agent: AGENT }]);
      });

      it('are told with their filters.', async(): Promise<void> => {
        const filters = '[{"exact":{"type":"a"}}]';
        const { subscription } = await store.addSubscription(aSubscription({ filters })) as AddedSubscription;
        expect(await all()).toEqual([{ id: subscription.id, agent: AGENT, filters }]);
        const before = (await store.revisionOf(POD))!;
        await store.changeSubscription({ ...subscription, filters: '[{"exact":{"type":"b"}}]' }, subscription);
        expect(await store.revisionOf(POD)).toBeGreaterThan(before);
        expect(await all()).toEqual([{ id: subscription.id, agent: AGENT, filters: '[{"exact":{"type":"b"}}]' }]);
      });

      it('may have changed when the revision of the pod has risen, and never otherwise.', async(): Promise<void> => {
        expect(await store.revisionOf(POD)).toBeUndefined();
        await store.registerPod(POD);
        await store.registerPod(PRODUCER);
        let last = (await store.revisionOf(POD))!;
        const rises = async(change: () => Promise<unknown>): Promise<void> => {
          await change();
          const now = (await store.revisionOf(POD))!;
          expect(now).toBeGreaterThan(last);
          last = now;
        };
        const { subscription } = await store.addSubscription(aSubscription({ pod: PRODUCER })) as AddedSubscription;
        await store.accept([{ event: anEvent(), forwards: [{ pod: POD }]}]);
        expect(await store.revisionOf(POD)).toBe(last);
        await rises(async(): Promise<unknown> => store.addSubscription(aSubscription()));
        await rises(async(): Promise<unknown> => store.raiseEpoch(`${inboxOf('subscriber')}.acl`));
        const [ consent ] = await unconfirmedOf();
        await rises(async(): Promise<unknown> => store.confirm(new Map([[ consent, false ]])));
        await rises(async(): Promise<unknown> => store.raiseEpoch(`${inboxOf('subscriber')}.acl`));
        const [ another ] = await unconfirmedOf();
        await rises(async(): Promise<unknown> => store.confirm(new Map([[ another, true ]])));
        const [{ id }] = await subscriptionsOf(store, POD);
        await rises(async(): Promise<unknown> => store.removeSubscription(POD, id));
        const before = await store.revisionOf(PRODUCER);
        expect(before).toBeGreaterThan(0);
        await store.removeSubscription(PRODUCER, subscription.id);
        expect(await store.revisionOf(PRODUCER)).toBeGreaterThan(before!);
        expect(await store.revisionOf(POD)).toBe(last);
      });
    });
  });
}
