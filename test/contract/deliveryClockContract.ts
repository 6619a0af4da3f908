import type { DeliveryScene } from './deliveryScene';
import { MINUTE, openScene } from './deliveryScene';
import type { DeliveryStore, OpenStores } from './stores';
import { shared } from './stores';

/** Contract of `DeliveryClock`. */
export function describeDeliveryClockContract(name: string, open: OpenStores<'deliveries' | 'events'>): void {
  describe(`${name}: clock of deliveries`, (): void => {
    let scene: DeliveryScene;
    let deliveries: DeliveryStore;
    let now: number;
    let follow: DeliveryScene['follow'];
    let publish: DeliveryScene['publish'];
    let claimAll: DeliveryScene['claimAll'];
    let finish: DeliveryScene['finish'];

    beforeEach(async(): Promise<void> => {
      scene = await openScene(shared(await open()));
      ({ deliveries, now, follow, publish, claimAll, finish } = scene);
    });

    afterEach(async(): Promise<void> => scene.close());

    it('remembers the latest moment.', async(): Promise<void> => {
      expect(await deliveries.moment()).toBe(0);
      await deliveries.noteMoment(5);
      await deliveries.noteMoment(3);
      expect(await deliveries.moment()).toBe(5);
    });

    it('counts for how long it was worked.', async(): Promise<void> => {
      expect(await deliveries.workTime()).toBe(0);
      await deliveries.noteMoment(5, 10);
      await deliveries.noteMoment(3, 5);
      await deliveries.noteMoment(6);
      expect(await deliveries.workTime()).toBe(15);
    });

    it('brings forward what waits after the clock was ahead.', async(): Promise<void> => {
      const ahead = 40 * 24 * 60 * MINUTE;
      await follow();
      await follow({ webhook: 'https://other.example/' }, 'other.example');
      await publish();
      await deliveries.noteMoment(now + ahead);
      const claimed = await claimAll();
      for (const [ index, each ] of claimed.entries()) {
        await finish(each, 'waiting', now + ahead + 5_000, {
          hosts: new Map(index === 0 ? [[ each.host, { failures: 5, since: now + ahead, openUntil: now + ahead + 9_000 }]] : []),
          failing: new Map(),
          pauses: new Map([[ each.target, now + ahead + 7_000 ]]),
        });
      }
      await deliveries.noteDead(claimed[0].target, now + ahead, 0);
      await deliveries.turnBack(now, ahead);
      expect(await deliveries.moment()).toBe(now);
      expect(await deliveries.dueHosts(now + 4_999, 10)).toEqual([]);
      expect(await deliveries.dueHosts(now + 9_000, 10)).toEqual(expect.arrayContaining([
        { host: claimed[0].host, name: expect.any(String), failures: 5, since: now, openUntil: now + 9_000 },
      ]));
      expect(await claimAll(10, now + 9_000)).toEqual([ expect.objectContaining({ pausedUntil: now + 7_000 }), expect.objectContaining({ pausedUntil: now + 7_000 }) ]);
      expect(await deliveries.noteDead(claimed[0].target, now + 2, now + 1)).toBeDefined();
    });

    it('adds up the work of all instances.', async(): Promise<void> => {
      await Promise.all(Array.from({ length: 10 }, async(_, index): Promise<void> => deliveries.noteMoment(100 - index, index)));
      expect([ await deliveries.moment(), await deliveries.workTime() ]).toEqual([ 100, 45 ]);
    });
  });
}
