import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../../src/server-cli/index';
import { SqliteEventStore } from '../../../src/store-sqlite/SqliteEventStore';
import { SqliteSession } from '../../../src/store-sqlite/SqliteSession';
import { StoreGuard } from '../../../src/store-sqlite/StoreGuard';
import { blocksOf } from '../../util/markdown';
import { ROOT } from '../../util/server';

describe('docs/operate.md', (): void => {
  let folder: string;

  beforeAll(async(): Promise<void> => {
    folder = mkdtempSync(join(tmpdir(), 'pod-events-operate-'));
    const session = new SqliteSession(join(folder, 'data'));
    const store = new SqliteEventStore(session);
    const guard = new StoreGuard(session, join(folder, 'data'), 'http://localhost:3000/');
    await store.open();
    await guard.open();
    await store.registerPod('http://localhost:3000/alice/');
    await guard.close();
    await store.close();
  });

  afterAll((): void => rmSync(folder, { recursive: true }));

  const commands = blocksOf(readFileSync(join(ROOT, 'docs/operate.md'), 'utf8')).filter(({ language }): boolean => language === 'sh')
    .flatMap(({ text }): string[] => text.trim().split('\n'));

  it('shows commands.', (): void => expect(commands).toHaveLength(7));

  it.each(commands)('is right about %s', async(command): Promise<void> => {
    let told = '';
    const io = { env: {}, cwd: folder, isTerminal: false, out: (): void => {}, err: (text: string): unknown => told += text };
    const [ name, ...args ] = command.split(' ');
    expect([ name, await run(args, io), told ]).toEqual([ 'solid-pod-events-server', 0, '' ]);
  });
});
