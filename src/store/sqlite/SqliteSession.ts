import { join } from 'node:path';
import type { Database, Statement } from 'better-sqlite3';
import DatabaseConstructor from 'better-sqlite3';
import type { CopyMeter } from '../CopyMeter';
import { asNoRoom } from './asNoRoom';
import { CommitQueue } from './CommitQueue';
import { assertKnown, migrate } from './schema';
import { createStoreFile, lossCheck } from './storeFile';

/** The name by which SQLite knows a database without a file. */
export const IN_MEMORY = ':memory:';

interface Connection {
  readonly db: Database;
  readonly commits: CommitQueue;
  readonly statements: Map<string, Statement>;
  /** The keys of texts of each table, which stay the same once they are written. */
  readonly keys: Map<string, Map<string, number>>;
}

/** How many keys of a table are kept; then all are forgotten, which is cheaper than to tell which are old. */
const MOST_KEYS = 50_000;

/** The path of a database in the folder of the pods' data, or {@link IN_MEMORY}. */
export function databasePath(folder: string, name: string): string {
  return folder === IN_MEMORY ? IN_MEMORY : join(folder, '.events', name);
}

/**
 * A connection to the database, opened at its first use, whose statements are prepared once.
 */
export class SqliteSession {
  private readonly path: string;
  private readonly meter?: CopyMeter;
  /** How many copies the piece of work that is being done has written. */
  private copies = 0;
  private connection?: Connection;
  private closed = false;
  private lostEpochs = 0;

  /**
   * @param folder - The folder of the pods' data, in which `.events/events.sqlite` is made if it does not exist,
   *                 or `:memory:` for a database that ends with the process.
   * @param meter - Counts the copies that are written.
   */
  public constructor(folder: string, meter?: CopyMeter) {
    this.path = databasePath(folder, 'events.sqlite');
    this.meter = meter;
  }

  /** Opens the database, if it is not open; otherwise its first use does. */
  public open(): void {
    this.closed = false;
    this.connect();
  }

  /** Writes all that waits, and closes the database. */
  public close(): void {
    this.closed = true;
    this.connection?.commits.drain();
    this.connection?.keys.clear();
    this.connection?.db.close();
    this.connection = undefined;
  }

  /**
   * Does writes in a transaction that is shared with others, see {@link CommitQueue.add}.
   *
   * @throws `NoRoom` if the disk is full.
   */
  public async write<T>(run: () => T): Promise<T> {
    let copies = 0;
    try {
      const result = await this.connect().commits.add((): T => {
        this.copies = 0;
        const value = run();
        copies = this.copies;
        return value;
      });
      if (copies > 0) {
        this.meter?.copied(copies);
      }
      return result;
    } catch (error: unknown) {
      throw asNoRoom(error, this.path);
    }
  }

  /** Does writes in a transaction of their own, at once. */
  public writeNow(run: () => void): void {
    const { db, keys } = this.connect();
    try {
      db.transaction(run)();
    } catch (error: unknown) {
      keys.clear();
      throw asNoRoom(error, this.path);
    }
  }

  /** Does something on the connection itself, at once: what the statements above do not offer. */
  public direct<T>(run: (db: Database) => T): T {
    return run(this.connect().db);
  }

  /** The first row of a query. */
  public get<T>(sql: string, ...parameters: unknown[]): T | undefined {
    return this.prepare(sql).get(...parameters) as T | undefined;
  }

  /** All rows of a query. */
  public all<T>(sql: string, ...parameters: unknown[]): T[] {
    return this.prepare(sql).all(...parameters) as T[];
  }

  /** Runs a statement that writes. */
  public run(sql: string, ...parameters: unknown[]): { changes: number; lastInsertRowid: number | bigint } {
    return this.prepare(sql).run(...parameters);
  }

  /**
   * The key of a text in a table of unique texts, to which it is added if it is new.
   */
  public key(table: string, column: string, text: string): number {
    const { keys } = this.connect();
    let ofTable = keys.get(table);
    if (!ofTable) {
      ofTable = new Map();
      keys.set(table, ofTable);
    }
    let key = ofTable.get(text);
    if (key === undefined) {
      key = this.findOrAdd(table, column, text);
      if (ofTable.size >= MOST_KEYS) {
        ofTable.clear();
      }
      ofTable.set(text, key);
    }
    return key;
  }

  /** Tells that the work that is being done writes copies; they count once that is committed. */
  public noteCopies(count: number): void {
    this.copies += count;
  }

  /** Tells that something entered or left a container; no two such moments are the same. */
  public touch(container: number): void {
    this.run('UPDATE containers SET modified = MAX(IFNULL(modified, 0) + 1, ?) WHERE id = ?', Date.now(), container);
  }

  /** The access epoch of a pod, if it is known. */
  public epoch(pod: string): number | undefined {
    const row = this.get<{ epoch: number }>('SELECT epoch FROM pods WHERE url = ?', pod);
    return row && row.epoch + this.lostEpochs;
  }

  /** A number that rises with the access epoch of a pod, and with each change of its subscriptions, if it is known. */
  public revision(pod: string): number | undefined {
    const row = this.get<{ revision: number }>('SELECT epoch + revision AS revision FROM pods WHERE url = ?', pod);
    return row && row.revision + this.lostEpochs;
  }

  /** Tells that a row of such a table was removed. */
  public forgetKey(table: string, text: string): void {
    this.connect().keys.get(table)?.delete(text);
  }

  /** Raises all epochs in this process, for a change that could not be written. */
  public loseEpochs(): void {
    this.lostEpochs += 1;
  }

  /** The same, without remembering it. */
  public findOrAdd(table: string, column: string, text: string): number {
    const row = this.get<{ id: number }>(`SELECT id FROM ${table} WHERE ${column} = ?`, text);
    return row ? row.id : Number(this.run(`INSERT INTO ${table} (${column}) VALUES (?)`, text).lastInsertRowid);
  }

  private prepare(sql: string): Statement {
    const { db, statements } = this.connect();
    let statement = statements.get(sql);
    if (!statement) {
      statement = db.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  }

  private connect(): Connection {
    if (!this.connection) {
      if (this.closed) {
        throw new Error(`The event store ${this.path} is closed.`);
      }
      const db = openDatabase(this.path);
      const keys: Connection['keys'] = new Map();
      // A key that was added by what is undone is none.
      const commits = new CommitQueue(db, (): void => keys.clear());
      this.connection = { db, commits, statements: new Map(), keys };
    }
    return this.connection;
  }
}

/**
 * @throws An error that names the file, if it is none of SQLite's.
 */
function assertDatabase(db: Database): void {
  try {
    db.pragma('schema_version');
  } catch (error: unknown) {
    throw new Error(`The event store ${db.name} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

function openDatabase(path: string): Database {
  const isFile = path !== IN_MEMORY;
  if (isFile) {
    createStoreFile(path);
  }
  const lossOf = isFile ? lossCheck(path) : undefined;
  const db = new DatabaseConstructor(path);
  try {
    db.pragma('busy_timeout = 5000');
    assertDatabase(db);
    assertKnown(db);
    const loss = lossOf?.(db);
    if (loss !== undefined) {
      throw new Error(loss);
    }
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma('cache_size = -32000');
    db.pragma('temp_store = MEMORY');
    migrate(db);
    return db;
  } catch (error: unknown) {
    db.close();
    throw error;
  }
}
