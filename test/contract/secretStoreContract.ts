import { v7 } from 'uuid';
import type { AddedSubscription } from '../../src/subscription/ports';
import type { DeliveryScene } from './deliveryScene';
import { ALICE, MINUTE, openScene } from './deliveryScene';
import { aSubscription, POD, PRODUCER } from './fixtures';
import type { DeliveryStore, EventStore, OpenStores } from './stores';
import { shared } from './stores';

/** Contract of `SecretStore`. */
export function describeSecretStoreContract(name: string, open: OpenStores<'deliveries' | 'events'>): void {
  describe(`${name}: secrets of webhooks`, (): void => {
    let scene: DeliveryScene;
    let events: EventStore;
    let deliveries: DeliveryStore;
    let now: number;
    let follow: DeliveryScene['follow'];
    let publish: DeliveryScene['publish'];
    let claimAll: DeliveryScene['claimAll'];

    beforeEach(async(): Promise<void> => {
      scene = await openScene(shared(await open()));
      ({ events, deliveries, now, follow, publish, claimAll } = scene);
    });

    afterEach(async(): Promise<void> => scene.close());

    describe('the secret of a webhook', (): void => {
      const DAY = 24 * 60 * MINUTE;
      const rotated = { outcome: 'rotated' };
      const missing = { outcome: 'missing' };
      let leases: number;
      const secrets = async(): Promise<readonly string[]> => {
        leases += 2 * MINUTE;
        return (await claimAll(1, leases))[0].secrets;
      };

      beforeEach((): void => {
        leases = now;
      });

      it('signs beside each that it has replaced within a day.', async(): Promise<void> => {
        const { id } = await follow();
        await publish();
        expect(await deliveries.rotateSecret(POD, id, 'whsec_2')).toEqual(rotated);
        expect(await deliveries.rotateSecret(POD, v7(), 'whsec_x')).toEqual(missing);
        expect(await deliveries.rotateSecret(PRODUCER, id, 'whsec_x')).toEqual(missing);
        const local = await events.addSubscription(aSubscription()) as AddedSubscription;
        expect(await deliveries.rotateSecret(POD, local.subscription.id, 'whsec_x')).toEqual(missing);
        expect(await secrets()).toEqual([ 'whsec_2', 'whsec_1' ]);
        expect(await deliveries.rotateSecret(POD, id, 'whsec_3')).toEqual(rotated);
        expect(await secrets()).toEqual([ 'whsec_3', 'whsec_2', 'whsec_1' ]);
        // The noted time has no effect: only work time counts.
        await deliveries.noteMoment(now + (40 * DAY), DAY - 1);
        expect(await secrets()).toEqual([ 'whsec_3', 'whsec_2', 'whsec_1' ]);
        await deliveries.noteMoment(now, 10);
        expect(await secrets()).toEqual([ 'whsec_3' ]);
      });

      it('is replaced a few times a day.', async(): Promise<void> => {
        const { id } = await follow();
        await publish();
        for (let index = 2; index <= 6; index += 1) {
          expect(await deliveries.rotateSecret(POD, id, `whsec_${index}`)).toEqual(rotated);
        }
        await deliveries.noteMoment(now, 1_000);
        expect(await deliveries.rotateSecret(POD, id, 'whsec_7')).toEqual({ outcome: 'full', wait: DAY - 1_000 });
        expect(await secrets()).toEqual([ 6, 5, 4, 3, 2, 1 ].map((index): string => `whsec_${index}`));
        await deliveries.noteMoment(now, DAY - 1_000);
        expect(await deliveries.rotateSecret(POD, id, 'whsec_7')).toEqual(rotated);
      });

      it('is made once by a request with a key.', async(): Promise<void> => {
        const { id } = await follow();
        await publish();
        const once = { pod: POD, agent: ALICE, key: 'k', fingerprint: 'f' };
        const requests = [ 'whsec_2', 'whsec_3' ].map(async(secret): Promise<unknown> => deliveries.rotateSecret(POD, id, secret, once));
        expect(await Promise.allSettled(requests)).toEqual([
          { status: 'fulfilled', value: rotated },
          { status: 'rejected', reason: expect.objectContaining({ response: { fingerprint: 'f', result: 'whsec_2' }}) },
        ]);
        expect(await secrets()).toEqual([ 'whsec_2', 'whsec_1' ]);
        expect(await deliveries.rotateSecret(POD, id, 'whsec_4', { ...once, agent: 'https://bob.example/card#me' })).toEqual(rotated);
      });
    });

    it('keeps the bound on former secrets when several rotate at the same time.', async(): Promise<void> => {
      const { id } = await follow();
      await publish();
      const outcomes = await Promise.all(Array.from({ length: 8 }, async(_, index): Promise<string> =>
        (await deliveries.rotateSecret(POD, id, `whsec_new${index}`)).outcome));
      expect(outcomes.filter((outcome): boolean => outcome === 'rotated')).toHaveLength(5);
      expect(new Set((await claimAll())[0].secrets).size).toBe(6);
    });
  });
}
