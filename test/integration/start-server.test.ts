import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../src/server-cli';
import { freePort, ROOT } from '../util/server';
import { eventually } from '../util/wait';

describe('The command of the server, without a command of its own', (): void => {
  it('starts a server, which a signal stops in order, and says in one sentence what it cannot do.', async(): Promise<void> => {
    const folder = await mkdtemp(join(tmpdir(), 'pod-events-start-'));
    const exit = jest.spyOn(process, 'exit').mockImplementation((): never => undefined as never);
    const signals = [ 'SIGTERM', 'SIGINT', 'uncaughtException' ] as const;
    const before = signals.map((signal): unknown[] => process.listeners(signal as NodeJS.Signals));
    let told = '';
    const io = { env: {}, cwd: ROOT, isTerminal: false, out: (): void => undefined, err: (text: string): unknown => told += text };
    const port = await freePort();
    const args = [ '-p', String(port), '-f', join(folder, 'data'), '-l', 'error' ];
    try {
      expect(await run(args, io)).toBeUndefined();
      expect((await fetch(`http://localhost:${port}/.events/health`)).status).toBe(200);
      expect(await run(args, io)).toBe(1);
      expect(told.trim().split('\n')).toHaveLength(1);
      process.emit('SIGTERM', 'SIGTERM');
      process.emit('SIGTERM', 'SIGTERM');
      await eventually(async(): Promise<true | undefined> => exit.mock.calls.length > 0 || undefined);
      expect(exit.mock.calls).toEqual([[ 0 ]]);
      await expect(fetch(`http://localhost:${port}/`)).rejects.toThrow('fetch failed');
    } finally {
      for (const [ index, signal ] of signals.entries()) {
        for (const listener of process.listeners(signal as NodeJS.Signals)) {
          if (!before[index].includes(listener)) {
            process.removeListener(signal, listener as () => void);
          }
        }
      }
      exit.mockRestore();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
