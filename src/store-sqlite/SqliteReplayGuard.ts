import type { Database, Statement } from 'better-sqlite3';
import type { ReplayGuard } from '../identity/ReplayGuard';
import type { Openable } from '../store/Openable';
import { databasePath, openFile } from './SqliteSession';
import { asStoreError } from './storeErrors';
import { whenFree } from './whenFree';

interface Statements {
  readonly db: Database;
  readonly add: Statement;
  readonly forget: Statement;
}

/** After how many uses expired entries are forgotten, and how many then: more than were added, so none pile up. */
const FORGET_AFTER = 32;
const FORGET = 128;

/**
 * Remembers what was used in a SQLite file of its own, which all processes of the server share.
 *
 * It survives a restart of the server, but is not flushed to the disk each time:
 * what was used in the last moment before a power cut may be forgotten.
 */
export class SqliteReplayGuard implements ReplayGuard, Openable {
  private readonly path: string;
  private statements?: Statements;
  private uses = 0;

  /**
   * @param folder - The folder of the pods' data, or `:memory:`.
   */
  public constructor(folder: string) {
    this.path = databasePath(folder, 'replays.sqlite');
  }

  public async open(): Promise<void> {
    this.statements ??= openDatabase(this.path);
  }

  public async use(hash: Buffer, expires: number): Promise<boolean> {
    this.uses += 1;
    const forgets = this.uses % FORGET_AFTER === 0;
    try {
      return await whenFree((): boolean => {
        this.statements ??= openDatabase(this.path);
        if (forgets) {
          this.statements.forget.run(Date.now(), FORGET);
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
    // Takes the write lock, so that a file that cannot be written is refused now.
    opened.prepare('DELETE FROM used WHERE hash = ?').run(Buffer.alloc(0));
  });
  return {
    db,
    add: db.prepare('INSERT OR IGNORE INTO used (hash, expires) VALUES (?, ?)'),
    forget: db.prepare('DELETE FROM used WHERE hash IN (SELECT hash FROM used WHERE expires < ? ORDER BY expires LIMIT ?)'),
  };
}
