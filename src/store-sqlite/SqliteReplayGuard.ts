import type { Database, Statement } from 'better-sqlite3';
import type { ReplayGuard } from '../identity/ReplayGuard';
import type { Openable } from '../store/Openable';
import { databasePath, openFile } from './SqliteSession';
import { asStoreError } from './storeErrors';
import { retryWhileLocked } from './lockRetries';

interface Statements {
  readonly db: Database;
  readonly add: Statement;
  readonly removeExpired: Statement;
}

/**
 * Number of uses between removals of expired entries, and maximum number of entries of one removal, which is higher.
 */
const REMOVE_AFTER = 32;
const MAX_REMOVED = 128;

/**
 * Stores hashes of used proofs in a separate SQLite file, which all processes of the server share.
 *
 * The file survives a restart of the server, but is not flushed at each use: a power failure can lose the last uses.
 */
export class SqliteReplayGuard implements ReplayGuard, Openable {
  private readonly path: string;
  private statements?: Statements;
  private uses = 0;

  /**
   * @param folder - Data folder of the server, or `:memory:`.
   */
  public constructor(folder: string) {
    this.path = databasePath(folder, 'replays.sqlite');
  }

  public async open(): Promise<void> {
    this.statements ??= openDatabase(this.path);
  }

  public async use(hash: Buffer, expires: number): Promise<boolean> {
    this.uses += 1;
    const isRemoving = this.uses % REMOVE_AFTER === 0;
    try {
      return await retryWhileLocked((): boolean => {
        this.statements ??= openDatabase(this.path);
        if (isRemoving) {
          this.statements.removeExpired.run(Date.now(), MAX_REMOVED);
        }
        return this.statements.add.run(hash, expires).changes > 0;
      });
    } catch (error: unknown) {
      throw asStoreError(error, this.path);
    }
  }

  public async close(): Promise<void> {
    this.statements?.db.close();
    this.statements = undefined;
  }
}

function openDatabase(path: string): Statements {
  const db = openFile(path, 'OFF', (opened): void => {
    opened.exec(`
      CREATE TABLE IF NOT EXISTS used (hash BLOB PRIMARY KEY, expires INTEGER NOT NULL) STRICT, WITHOUT ROWID;
      CREATE INDEX IF NOT EXISTS expiring ON used (expires);
    `);
    // This takes the write lock, so that opening fails if the file cannot be written.
    opened.prepare('DELETE FROM used WHERE hash = ?').run(Buffer.alloc(0));
  });
  return {
    db,
    add: db.prepare('INSERT OR IGNORE INTO used (hash, expires) VALUES (?, ?)'),
    removeExpired: db.prepare('DELETE FROM used WHERE hash IN (SELECT hash FROM used WHERE expires < ? ORDER BY expires LIMIT ?)'),
  };
}
