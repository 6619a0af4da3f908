import { ContainerWatch } from '../../../../src/http/listing/ContainerWatch';

describe('The watch of containers', (): void => {
  it('asks for commits by one timer, also if all watches end during a check and others begin.', async(): Promise<void> => {
    jest.useFakeTimers();
    try {
      const answers: (() => void)[] = [];
      let calls = 0;
      const watch = new ContainerWatch({
        changes: async(): Promise<string> => {
          calls += 1;
          await new Promise<void>((resolve): unknown => answers.push(resolve));
          return 'same';
        },
        modifiedOf: async(): Promise<number> => 1,
      });
      const answer = async(): Promise<void> => {
        answers.splice(0).forEach((resolve): void => resolve());
        await jest.advanceTimersByTimeAsync(0);
      };
      let end = watch.watch('c', 1, (): void => {});
      await jest.advanceTimersByTimeAsync(0);
      for (let round = 0; round < 5; round += 1) {
        end();
        end = watch.watch('c', 1, (): void => {});
        await answer();
      }
      await answer();
      calls = 0;
      for (let round = 0; round < 10; round += 1) {
        await jest.advanceTimersByTimeAsync(100);
        await answer();
      }
      expect(calls).toBe(10);
      end();
    } finally {
      jest.useRealTimers();
    }
  });
});
