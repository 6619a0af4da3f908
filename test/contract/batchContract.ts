import type { ClaimedDelivery } from '../../src/delivery/ports';
import type { BatchLimits, RemoteTarget } from '../../src/subscription/ports';
import type { Subscription } from '../../src/subscription/Subscription';
import type { DeliveryScene } from './deliveryScene';
import { ALICE, HOST, MINUTE, NOTHING, openScene, WEBHOOK } from './deliveryScene';
import { aSubscription, POD } from './fixtures';
import type { DeliveryStore, EventStore, OpenStores } from './stores';
import { shared } from './stores';

const UUID = /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[\da-f]{4}-[\da-f]{12}$/u;

/** Contract of `ClaimStore` for targets with batches. */
export function describeBatchContract(name: string, open: OpenStores<'deliveries' | 'events'>): void {
  describe(`${name}: batches of deliveries`, (): void => {
    let scene: DeliveryScene;
    let events: EventStore;
    let deliveries: DeliveryStore;
    let now: number;
    let publish: DeliveryScene['publish'];
    let list: DeliveryScene['list'];
    let claimAll: DeliveryScene['claimAll'];

    beforeEach(async(): Promise<void> => {
      scene = await openScene(shared(await open()));
      ({ events, deliveries, now, publish, list, claimAll } = scene);
    });

    afterEach(async(): Promise<void> => scene.close());

    async function follow(batch?: BatchLimits, pattern = '*', fields: Partial<RemoteTarget> = {}): Promise<Subscription> {
      const target = { kind: 'webhook', host: HOST, secret: 'whsec_1', settings: JSON.stringify({ batch }), ...batch && { batch }, ...fields };
      const added = await events.addSubscription(aSubscription({ webhook: WEBHOOK, agent: ALICE, pattern }), undefined, undefined, target);
      return (added as { subscription: Subscription }).subscription;
    }
    const many = async(count: number): Promise<void> => {
      for (let index = 0; index < count; index += 1) {
        await publish();
      }
    };
    const keysOf = ({ delivery, batch }: ClaimedDelivery): number[] => [ delivery, ...batch!.others.map((other): number => other.delivery) ];
    const batches = async(most = 100, at = now): Promise<number[][]> => (await claimAll(most, at)).map(keysOf);
    const finishAll = async(claimed: ClaimedDelivery, state: 'waiting' | 'delivered', due?: number): Promise<void> =>
      deliveries.finish([ claimed, ...claimed.batch!.others ].map((one) =>
        ({ delivery: one.delivery, claim: one.claim, host: one.host, state, due, attempt: { at: now, duration: 1 }})), NOTHING);

    it('wait for further deliveries, and are due when they are full.', async(): Promise<void> => {
      await follow({ maxEvents: 3, maxWaitMs: MINUTE });
      await many(2);
      expect(await batches()).toEqual([]);
      await many(2);
      expect(await batches()).toEqual([[ 1, 2, 3 ]]);
      expect(await batches()).toEqual([]);
      expect(await batches(100, now + MINUTE - 1)).toEqual([[ 4 ]]);
    });

    it('are due after their wait, with what there is.', async(): Promise<void> => {
      await follow({ maxEvents: 100, maxWaitMs: MINUTE });
      await many(3);
      expect(await batches(100, now + MINUTE)).toEqual([[ 1, 2, 3 ]]);
    });

    it('that are full follow each other without a wait, each claimed as one.', async(): Promise<void> => {
      await follow({ maxEvents: 2, maxWaitMs: MINUTE });
      await many(7);
      const found: number[][] = [];
      for (let more = await batches(1); more.length > 0; more = await batches(1)) {
        found.push(...more);
      }
      expect(found).toEqual([[ 1, 2 ], [ 3, 4 ], [ 5, 6 ]]);
    });

    it('hold at most a mebibyte of events; a larger event is alone.', async(): Promise<void> => {
      await follow({ maxEvents: 10, maxWaitMs: 0 });
      const half = `{"id":"https://a.example/","data":"${'x'.repeat(500_000)}"}`;
      const large = `{"id":"https://a.example/","data":"${'x'.repeat(1_500_000)}"}`;
      for (const members of [ half, half, half, large, large, half ]) {
        await publish({ members });
      }
      expect(await batches()).toEqual([[ 1, 2 ], [ 3 ], [ 4 ], [ 5 ], [ 6 ]]);
    });

    it('keep id and members in each attempt and after each lease, whatever arrives meanwhile.', async(): Promise<void> => {
      await follow({ maxEvents: 3, maxWaitMs: 0 });
      await many(2);
      const [ first ] = await claimAll();
      const { id } = first.batch!;
      expect(id).toMatch(UUID);
      expect((await list()).map(({ batch }): unknown => batch)).toEqual([ id, id ]);
      await many(2);
      // The lease ends without an outcome, as after a crash.
      const expired = (await claimAll(100, now + MINUTE)).sort((left, right): number => left.delivery - right.delivery);
      expect(expired.map(keysOf)).toEqual([[ 1, 2 ], [ 3, 4 ]]);
      expect(expired[0].batch!.id).toBe(id);
      await finishAll(first, 'delivered');
      expect((await list({ state: 'delivered' }))).toEqual([]);
      await finishAll(expired[0], 'waiting', now + 2 * MINUTE);
      await finishAll(expired[1], 'delivered');
      await many(1);
      const [ other, again ] = (await claimAll(100, now + 2 * MINUTE + 1)).sort((left, right): number => right.delivery - left.delivery);
      expect([ keysOf(other), keysOf(again), again.batch!.id, again.tries ]).toEqual([[ 5 ], [ 1, 2 ], id, 1 ]);
      await finishAll(again, 'delivered');
      expect((await list({ state: 'delivered' })).filter(({ batch }): boolean => batch === id)).toHaveLength(2);
    });

    it('are formed once by concurrent claims.', async(): Promise<void> => {
      await follow({ maxEvents: 2, maxWaitMs: 0 });
      await many(6);
      const [{ host }] = await deliveries.dueHosts(now, 10);
      const claims = await Promise.all([ 1, 2, 3, 4 ].map(async(): Promise<ClaimedDelivery[]> =>
        deliveries.claim([{ host, limit: 1 }], now, now + MINUTE)));
      expect(claims.flat().map(keysOf).sort()).toEqual([[ 1, 2 ], [ 3, 4 ], [ 5, 6 ]]);
    });

    it('lose a member that ends, is refused, aborted or requested again; none joins.', async(): Promise<void> => {
      await follow({ maxEvents: 4, maxWaitMs: 0 });
      await many(4);
      const [ first ] = await claimAll();
      const { id } = first.batch!;
      const [ second, third, fourth ] = first.batch!.others;
      await deliveries.finish([
        { delivery: first.delivery, claim: first.claim, host: first.host, state: 'refused' },
        ...[ second, third, fourth ].map(({ delivery, claim, host }) => ({ delivery, claim, host, state: 'waiting' as const, due: now })),
      ], NOTHING);
      expect(await deliveries.abort(POD, second.delivery, now)).toBe(true);
      expect(await deliveries.redeliver(POD, third.delivery, now)).toBe(true);
      await publish();
      const claimed = await claimAll();
      const old = claimed.find(({ batch }): boolean => batch!.id === id)!;
      const fresh = claimed.find(({ batch }): boolean => batch!.id !== id)!;
      expect([ claimed.length, keysOf(old), keysOf(fresh) ]).toEqual([ 2, [ 4 ], [ 3, 5 ]]);
    });

    it('lose a member that another subscription takes over.', async(): Promise<void> => {
      await follow({ maxEvents: 4, maxWaitMs: 0 }, 'realestate/contact');
      const other = await follow({ maxEvents: 4, maxWaitMs: 0 }, '*');
      await many(2);
      const [ first ] = await claimAll();
      await deliveries.finish([
        { delivery: first.delivery, claim: first.claim, host: first.host, state: 'ended' },
        ...first.batch!.others.map(({ delivery, claim, host }) => ({ delivery, claim, host, state: 'waiting' as const, due: now + MINUTE })),
      ], NOTHING);
      const [ passedOn, ...others ] = await claimAll();
      expect([ keysOf(passedOn), passedOn.subscription, others ]).toEqual([[ 1 ], other.id, []]);
      expect(passedOn.batch!.id).not.toBe(first.batch!.id);
    });

    it('are those of one target, and of settings at the first claim.', async(): Promise<void> => {
      await follow({ maxEvents: 10, maxWaitMs: 0 });
      await scene.follow({ agent: 'https://bob.example/card#me' });
      await many(2);
      const claimed = await claimAll();
      expect(claimed.map(({ agent, batch }): unknown => [ agent, batch?.others.length ]).sort())
        .toEqual([[ ALICE, 1 ], ...Array.from({ length: 2 }, (): unknown[] => [ 'https://bob.example/card#me', undefined ]) ]);
      // Without batches, waiting deliveries are sent alone, and those of a batch together.
      await many(2);
      await follow();
      const later = (await claimAll(100, now + MINUTE)).filter(({ agent }): boolean => agent === ALICE);
      expect(later.map(({ batch }): unknown => batch?.others.length).sort()).toEqual([ 1, undefined, undefined ]);
      // With batches again, a delivery that waited alone takes new ones along.
      await many(1);
      await follow({ maxEvents: 10, maxWaitMs: 0 });
      await many(1);
      const last = (await claimAll(100, now + MINUTE)).filter(({ agent }): boolean => agent === ALICE);
      expect(last.map(({ batch }): unknown => batch?.others.length)).toEqual([ 1 ]);
      expect(last[0].settings).toBe('{"batch":{"maxEvents":10,"maxWaitMs":0}}');
    });

    it('are also those of a replay.', async(): Promise<void> => {
      const { id } = await follow({ maxEvents: 10, maxWaitMs: 0 });
      await many(3);
      const [ first ] = await claimAll();
      await finishAll(first, 'delivered');
      expect(await deliveries.replay(POD, id, [ first, ...first.batch!.others ].map(({ event }): number => event), now)).toMatchObject({ events: 3 });
      const [ again ] = await claimAll();
      expect(keysOf(again)).toEqual([ 1, 2, 3 ]);
      expect(again.batch!.id).not.toBe(first.batch!.id);
    });
  });
}
