import { createHash } from 'node:crypto';
import type { ReplayGuard } from '../../src/identity/ReplayGuard';
import type { Openable } from '../../src/store/Openable';
import { joined } from './stores';

const hash = (text: string | number): Buffer => createHash('sha256').update(String(text)).digest();

/** Contract of `ReplayGuard`. `open` returns one or more instances over the same new, empty data. */
export function describeReplayGuardContract(
  name: string,
  open: () => Promise<readonly (Openable & ReplayGuard)[]>,
): void {
  describe(`${name}: used proofs`, (): void => {
    let instances: readonly (Openable & ReplayGuard)[];
    let guard: Openable & ReplayGuard;

    beforeEach(async(): Promise<void> => {
      instances = await open();
      let calls = 0;
      guard = joined(instances, (): number => {
        calls += 1;
        return calls % instances.length;
      });
      await guard.open();
    });

    afterEach(async(): Promise<void> => guard.close());

    it('accepts each proof once.', async(): Promise<void> => {
      const soon = Date.now() + 60_000;
      for (const text of [ 'a', 'b' ]) {
        expect(await guard.use(hash(text), soon)).toBe(true);
        expect(await guard.use(hash(text), soon)).toBe(false);
        expect(await guard.use(hash(text), soon)).toBe(false);
      }
    });

    it('accepts one of several uses at the same time.', async(): Promise<void> => {
      const soon = Date.now() + 60_000;
      for (let index = 0; index < 20; index += 1) {
        const uses = await Promise.all(Array.from({ length: 4 }, async(): Promise<boolean> => guard.use(hash(index), soon)));
        expect(uses.filter((isFirst): boolean => isFirst)).toHaveLength(1);
      }
    });

    it('remembers a proof among many others.', async(): Promise<void> => {
      const soon = Date.now() + 60_000;
      await guard.use(hash('first'), soon);
      for (let index = 0; index < 500; index += 1) {
        await guard.use(hash(index), index % 2 ? soon : 1);
      }
      expect(await guard.use(hash('first'), soon)).toBe(false);
      expect(await guard.use(hash(499), soon)).toBe(false);
    });
  });
}
