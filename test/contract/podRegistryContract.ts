import { aSubscription, POD, PRODUCER } from './fixtures';
import type { EventStore, OpenStores } from './stores';
import { shared } from './stores';

/** Contract of `PodRegistry` and `PodList`. */
export function describePodRegistryContract(name: string, open: OpenStores<'events'>): void {
  describe(`${name}: registry of pods`, (): void => {
    let store: EventStore;

    beforeEach(async(): Promise<void> => {
      store = shared(await open()).events;
      await store.open();
    });

    afterEach(async(): Promise<void> => store.close());

    it('knows the pods that were registered.', async(): Promise<void> => {
      expect(await store.hasPod(POD)).toBe(false);
      await store.addSubscription(aSubscription());
      expect(await store.hasPod(POD)).toBe(false);
      await store.registerPod(POD);
      await store.registerPod(PRODUCER);
      await store.registerPod(POD);
      expect(await store.hasPod(POD)).toBe(true);
      expect(await store.listPods('', 10)).toEqual([ PRODUCER, POD ]);
    });
  });
}
