import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteApiKeyStore } from '../../src/store-sqlite/SqliteApiKeyStore';
import { SqliteDeliveryStore } from '../../src/store-sqlite/SqliteDeliveryStore';
import { SqliteEventStore } from '../../src/store-sqlite/SqliteEventStore';
import { SqlitePodLifecycle } from '../../src/store-sqlite/SqlitePodLifecycle';
import { IN_MEMORY, SqliteSession } from '../../src/store-sqlite/SqliteSession';
import type { LifecycleStores } from './podLifecycleContract';
import { describePodLifecycle } from './podLifecycleContract';

function open(folder: string): LifecycleStores {
  const session = new SqliteSession(folder);
  return {
    events: new SqliteEventStore(session),
    deliveries: new SqliteDeliveryStore(session),
    keys: new SqliteApiKeyStore(session),
    lifecycle: new SqlitePodLifecycle(session),
    count: (): number => session.get<{ count: number }>(
      'SELECT (SELECT COUNT(*) FROM events) + (SELECT COUNT(*) FROM entries) AS count',
    )!.count,
  };
}

describePodLifecycle('SQLite in memory', async(): Promise<LifecycleStores> => open(IN_MEMORY));

describe('A SqlitePodLifecycle on disk', (): void => {
  let folder: string;

  beforeAll(async(): Promise<void> => {
    folder = await mkdtemp(join(tmpdir(), 'pod-events-'));
  });

  afterAll(async(): Promise<void> => rm(folder, { recursive: true, force: true }));

  let count = 0;
  describePodLifecycle('SQLite on disk', async(): Promise<LifecycleStores> => open(join(folder, String(count += 1))));
});
