import { describeAccessEpochsContract } from './accessEpochsContract';
import { describeApiKeyStoreContract } from './apiKeyStoreContract';
import { describeEntryStoreContract } from './entryStoreContract';
import { describeEventLogContract } from './eventLogContract';
import { describeFanOutContract } from './fanOutContract';
import { describeFilterContract } from './filterContract';
import { describeFollowerListContract } from './followerListContract';
import { describeIdempotencyContract } from './idempotencyContract';
import { describeIdentityContract } from './identityContract';
import { describeListingStoreContract } from './listingStoreContract';
import { describeLogPagesContract } from './logPagesContract';
import { describePodRegistryContract } from './podRegistryContract';
import { describeReceptionContract } from './receptionContract';
import { describeRefreshTokenStoreContract } from './refreshTokenStoreContract';
import { describeReplayGuardContract } from './replayGuardContract';
import { describeSubscriptionStoreContract } from './subscriptionStoreContract';
import { SqliteReplayGuard } from '../../src/store-sqlite/SqliteReplayGuard';
import { IN_MEMORY } from '../../src/store-sqlite/SqliteSession';
import { newFolder, removeFolders, SQLITE } from './sqlite';

afterAll(removeFolders);

for (const [ name, open ] of SQLITE) {
  describePodRegistryContract(name, open);
  describeAccessEpochsContract(name, open);
  describeEventLogContract(name, open);
  describeIdempotencyContract(name, open);
  describeIdentityContract(name, open);
  describeEntryStoreContract(name, open);
  describeListingStoreContract(name, open);
  describeLogPagesContract(name, open);
  describeReceptionContract(name, open);
  describeSubscriptionStoreContract(name, open);
  describeFollowerListContract(name, open);
  describeFanOutContract(name, open);
  describeFilterContract(name, open);
  describeApiKeyStoreContract(name, open);
  describeRefreshTokenStoreContract(name, open);
}

describeReplayGuardContract('SQLite in memory', async(): Promise<SqliteReplayGuard[]> => [ new SqliteReplayGuard(IN_MEMORY) ]);
describeReplayGuardContract('SQLite on disk by two connections', async(): Promise<SqliteReplayGuard[]> => {
  const folder = newFolder();
  return [ new SqliteReplayGuard(folder), new SqliteReplayGuard(folder) ];
});
