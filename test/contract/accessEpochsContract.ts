import { POD, PRODUCER } from './fixtures';
import type { EventStore, OpenStores } from './stores';
import { shared } from './stores';

/** Contract of the ports `AccessEpochs` and `AccessDependencies`, and of the changes of access in `OverlayStore`. */
export function describeAccessEpochsContract(name: string, open: OpenStores<'events'>): void {
  describe(`${name}: access epochs`, (): void => {
    let store: EventStore;

    beforeEach(async(): Promise<void> => {
      store = shared(await open()).events;
      await store.open();
    });

    afterEach(async(): Promise<void> => store.close());

    it('knows on what access depends.', async(): Promise<void> => {
      await store.registerPod(POD);
      await store.registerPod(PRODUCER);
      const group = 'http://localhost/other/friends';
      await store.noteDependency(group, `${POD}topics/`);
      await store.noteDependency(group, `${POD}topics/`);
      await store.raiseDependents('http://localhost/other/enemies');
      expect(await store.epochOf(POD)).toBe(0);
      await store.raiseDependents(group);
      expect([ await store.epochOf(POD), await store.epochOf(PRODUCER) ]).toEqual([ 1, 0 ]);
    });

    it('counts each change, whichever instances note changes at the same time.', async(): Promise<void> => {
      await store.registerPod(POD);
      await store.registerPod(PRODUCER);
      const group = 'http://localhost/other/friends';
      await store.noteDependency(group, `${POD}topics/`);
      await Promise.all(Array.from({ length: 10 }, async(_, index): Promise<void> =>
        index % 2 ? store.raiseEpoch(`${POD}${index}/.acl`) : store.raiseDependents(group)));
      for (let read = 0; read < 2; read += 1) {
        expect([ await store.epochOf(POD), await store.epochOf(PRODUCER) ]).toEqual([ 10, 0 ]);
      }
    });

    it('shows each change to all instances once it is acknowledged.', async(): Promise<void> => {
      await store.registerPod(POD);
      for (let epoch = 1; epoch <= 6; epoch += 1) {
        await store.raiseEpoch(`${POD}.acl`);
        expect([ await store.epochOf(POD), await store.epochOf(POD) ]).toEqual([ epoch, epoch ]);
      }
    });
  });
}
