import { spawnCommand } from '../util/process';
import { ROOT } from '../util/server';

describe('A run of the tests that fails during set-up', (): void => {
  it('ends by itself, though a server has started.', async(): Promise<void> => {
    const run = spawnCommand('npx', [
      'jest', '--testRegex', 'util/failingSetUp\\.ts$', '--coverage=false', '--runInBand',
    ], ROOT, 0);
    await expect(run.exit).resolves.toEqual({ code: 1, signal: null });
    expect(run.output()).toContain('the set-up fails after http://localhost:');
    expect(run.output()).not.toContain('did not exit');
  });
});
