import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Database, Statement } from 'better-sqlite3';
import DatabaseConstructor from 'better-sqlite3';
import type { CopyMeter } from '../store/CopyMeter';
import { StoreUnavailable } from '../store/StoreUnavailable';
import type { WorkLimits } from './CommitQueue';
import { CommitQueue } from './CommitQueue';
import { defaultKeyFile } from './keyFile';
import { assertKnown, migrate } from './schema';
import { openCipher } from './sealing';
import type { SecretCipher } from './SecretCipher';
import { asOpenError, asStoreError, problemOf } from './storeErrors';
import { createStoreFile, lossCheck } from './storeFile';

/** Name of an SQLite database without a file. */
export const IN_MEMORY = ':memory:';

interface Connection {
  readonly db: Database;
  readonly commits: CommitQueue;
  readonly statements: Map<string, Statement>;
  /** Its value changes after a commit of another connection. */
  readonly dataVersion: Statement;
  /** Keys of texts, by table. Valid until a rollback, or a commit of another connection. */
  readonly keys: Map<string, Map<string, number>>;
  /** Encrypts secrets. */
  readonly cipher: SecretCipher;
  /** Value of `dataVersion` at which `keys` are valid. */
  version?: unknown;
}

/** Maximum number of cached keys of a table; then all are dropped, which is cheaper than tracking their ages. */
const MAX_KEYS = 50_000;

/** Maximum time, in milliseconds, that opening waits for another process's lock; no request waits for it yet. */
const OPEN_TIMEOUT = 5_000;
/** Maximum time, in milliseconds, that a read waits while another process recovers the database after a crash. */
const READ_TIMEOUT = 20;

/** Returns the path of a database in the data folder of the server, or {@link IN_MEMORY}. */
export function databasePath(folder: string, name: string): string {
  return folder === IN_MEMORY ? IN_MEMORY : join(folder, '.events', name);
}

/**
 * A connection to the database. It opens at its first use, and prepares each statement once.
 */
export class SqliteSession {
  private readonly path: string;
  private readonly meter?: CopyMeter;
  private readonly keyFile?: string;
  private readonly createsKey: boolean;
  /** Number of copies that the current piece of work has written. */
  private copies = 0;
  private connection?: Connection;
  private closed = false;
  private lostEpochs = 0;
  private uncleanSince?: number;
  private foundDamage = false;

  /**
   * @param folder - Data folder of the server, in which `.events/events.sqlite` is created if it does not exist, or
   *                 `:memory:` for a database that ends with the process.
   * @param meter - Counts written copies.
   * @param keyFile - Path of the file with the keys that encrypt secrets. Default: `.events/secret.key` in the folder.
   * @param createsKey - Whether a missing key file is created. A store shared by machines requires an existing one.
   *                     Default true.
   */
  public constructor(folder: string, meter?: CopyMeter, keyFile = '', createsKey = true) {
    this.path = databasePath(folder, 'events.sqlite');
    this.meter = meter;
    this.keyFile = folder === IN_MEMORY ? undefined : keyFile || defaultKeyFile(folder);
    this.createsKey = createsKey;
  }

  /** Opens the database, also after {@link close}. */
  public open(): void {
    this.closed = false;
    this.connect();
  }

  /** Path of the file of the database, or {@link IN_MEMORY}. */
  public get file(): string {
    return this.path;
  }

  /** Encrypts and decrypts secrets of the store. */
  public get cipher(): SecretCipher {
    return this.connect().cipher;
  }

  /** Version of the schema. */
  public get schema(): number {
    return this.connect().db.pragma('user_version', { simple: true }) as number;
  }

  /** Start of the last process, in milliseconds since 1970, if it did not close the database. */
  public get unclean(): number | undefined {
    this.connect();
    return this.uncleanSince;
  }

  /** Whether an operation of this process found damaged content. */
  public get isDamaged(): boolean {
    return this.foundDamage;
  }

  /**
   * Checks by a write that the database is writable.
   *
   * @param timeout - Maximum time, in milliseconds, to wait for another process's lock.
   *
   * @throws `StoreUnavailable` or `StorageFull`.
   */
  public async probe(timeout: number): Promise<void> {
    await this.write((): void => {
      this.run('UPDATE runs SET begun = begun');
    }, { timeout: timeout });
  }

  /** Writes all waiting work, and closes the database. */
  public close(): void {
    this.closed = true;
    if (this.connection) {
      const { db, commits, keys } = this.connection;
      commits.drain();
      this.connection = undefined;
      keys.clear();
      try {
        db.pragma('busy_timeout = 100');
        db.exec('DELETE FROM runs');
      } catch {
        // The next start treats this as an unclean stop, and checks the database.
      }
      db.close();
    }
  }

  /**
   * Writes in a transaction shared with other writes, see {@link CommitQueue.add}.
   *
   * @throws `StorageFull` if the disk is full, `StoreUnavailable` if the database cannot be written now.
   */
  public async write<T>(run: () => T, limits?: WorkLimits): Promise<T> {
    let copies = 0;
    try {
      const result = await this.connect().commits.add((): T => {
        this.copies = 0;
        const value = run();
        copies = this.copies;
        return value;
      }, limits);
      if (copies > 0) {
        this.meter?.copied(copies);
      }
      return result;
    } catch (error: unknown) {
      throw this.failure(error);
    }
  }

  /**
   * Writes at once, in a separate transaction. Never waits.
   *
   * @throws `StorageFull` if the disk is full, `StoreUnavailable` if the database cannot be written now.
   */
  public writeNow(run: () => void): void {
    const connection = this.connect();
    try {
      connection.db.transaction((): void => {
        dropStaleKeys(connection);
        run();
      }).immediate();
    } catch (error: unknown) {
      connection.keys.clear();
      throw this.failure(error);
    }
  }

  /** Uses the connection itself, for operations that this class does not offer. */
  public direct<T>(run: (db: Database) => T): T {
    return run(this.connect().db);
  }

  /** Returns the first row of a query. */
  public get<T>(sql: string, ...parameters: unknown[]): T | undefined {
    return this.read((): T | undefined => this.prepare(sql).get(...parameters) as T | undefined);
  }

  /** Returns all rows of a query. */
  public all<T>(sql: string, ...parameters: unknown[]): T[] {
    return this.read((): T[] => this.prepare(sql).all(...parameters) as T[]);
  }

  /** Runs reads of one snapshot of the database. */
  public snapshot<T>(run: () => T): T {
    return this.read((): T => this.connect().db.transaction(run).deferred());
  }

  /** A text that changes with each commit of any connection. */
  public get changes(): string {
    const { dataVersion } = this.connect();
    return `${String(dataVersion.get())} ${String(this.get<{ total: number }>('SELECT total_changes() AS total')!.total)}`;
  }

  /** Runs a writing statement. */
  public run(sql: string, ...parameters: unknown[]): { changes: number; lastInsertRowid: number | bigint } {
    return this.prepare(sql).run(...parameters);
  }

  /**
   * Returns the key of a text in a table of unique texts, and caches it. Adds a new text; inside a transaction.
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
      if (ofTable.size >= MAX_KEYS) {
        ofTable.clear();
      }
      ofTable.set(text, key);
    }
    return key;
  }

  /** Reports copies that the current piece of work writes. They are counted after its commit. */
  public noteCopies(count: number): void {
    this.copies += count;
  }

  /**
   * Sets the modification time of a container after a change of its entries, and the largest key of an event that it
   * has had. Each change has a distinct time.
   */
  public touch(container: number): void {
    this.run(`
      UPDATE containers SET modified = MAX(IFNULL(modified, 0) + 1, ?),
        newest = MAX(newest, IFNULL((SELECT MAX(event) FROM entries WHERE container = containers.id), 0))
      WHERE id = ?
    `, Date.now(), container);
  }

  /** Returns the access epoch of a pod, if the pod is known. */
  public epoch(pod: string): number | undefined {
    const row = this.get<{ epoch: number }>('SELECT epoch FROM pods WHERE url = ?', pod);
    return row && row.epoch + this.lostEpochs;
  }

  /** Returns a number that rises with the access epoch, and with each change of subscriptions, if the pod is known. */
  public revision(pod: string): number | undefined {
    const row = this.get<{ revision: number }>('SELECT epoch + revision AS revision FROM pods WHERE url = ?', pod);
    return row && row.revision + this.lostEpochs;
  }

  /** Drops the cached key of a text, after its row was removed or renamed. */
  public forgetKey(table: string, text: string): void {
    this.connect().keys.get(table)?.delete(text);
  }

  /** Raises all epochs in this process, after a change that could not be written. */
  public loseEpochs(): void {
    this.lostEpochs += 1;
  }

  /** Returns the key of a text as {@link key} does, without caching it. */
  public findOrAdd(table: string, column: string, text: string): number {
    const row = this.get<{ id: number }>(`SELECT id FROM ${table} WHERE ${column} = ?`, text);
    return row ? row.id : Number(this.run(`INSERT INTO ${table} (${column}) VALUES (?)`, text).lastInsertRowid);
  }

  /** Runs a read. Reads do not wait for writers, but wait briefly while another process recovers the database. */
  private read<T>(run: () => T): T {
    try {
      return run();
    } catch (error: unknown) {
      const { db } = this.connect();
      if (problemOf(error) !== 'busy' || db.inTransaction) {
        throw this.failure(error);
      }
      try {
        db.pragma(`busy_timeout = ${READ_TIMEOUT}`);
        return run();
      } catch (again: unknown) {
        throw this.failure(again);
      } finally {
        db.pragma('busy_timeout = 0');
      }
    }
  }

  private failure(error: unknown): unknown {
    const failure = asStoreError(error, this.path);
    this.foundDamage ||= failure instanceof StoreUnavailable && failure.problem === 'damaged';
    return failure;
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
      const { db, unclean, cipher } = openDatabase(this.path, this.keyFile, this.createsKey);
      this.uncleanSince = unclean;
      const connection: Connection = {
        db,
        commits: new CommitQueue(db, {
          onBegin: (): void => dropStaleKeys(connection),
          // A rollback also removes the rows of keys that it added.
          onUndo: (): void => connection.keys.clear(),
        }),
        statements: new Map(),
        dataVersion: db.prepare('PRAGMA data_version').pluck(),
        keys: new Map(),
        cipher,
      };
      this.connection = connection;
    }
    return this.connection;
  }
}

/** Drops the cached keys if another connection may have removed their rows; inside a transaction. */
function dropStaleKeys(connection: Connection): void {
  const version = connection.dataVersion.get();
  if (version !== connection.version) {
    connection.keys.clear();
    connection.version = version;
  }
}

/**
 * Opens a database with a `busy_timeout` of 0, so that its writes never block.
 *
 * @param path - Path of the file, or {@link IN_MEMORY}.
 * @param synchronous - Value of the pragma `synchronous`.
 * @param prepare - Migrates the database, and writes to it, so that opening fails if it is not writable.
 * @param check - Returns a problem of the content, before the first write.
 *
 * @throws Error with one sentence for the operator.
 */
export function openFile(
  path: string,
  synchronous: 'FULL' | 'OFF',
  prepare: (db: Database) => void,
  check?: (db: Database) => string | undefined,
): Database {
  let db: Database | undefined;
  try {
    if (path !== IN_MEMORY) {
      mkdirSync(dirname(path), { recursive: true });
    }
    db = new DatabaseConstructor(path);
    db.pragma(`busy_timeout = ${OPEN_TIMEOUT}`);
    // This only reads, so that a database of a newer version stays unchanged.
    assertKnown(db);
    const fault = check?.(db);
    if (fault !== undefined) {
      throw new Error(fault);
    }
    db.pragma('journal_mode = WAL');
    db.pragma(`synchronous = ${synchronous}`);
    prepare(db);
    db.pragma('busy_timeout = 0');
    return db;
  } catch (error: unknown) {
    db?.close();
    throw asOpenError(error, path);
  }
}

function openDatabase(
  path: string,
  keyFile: string | undefined,
  createsKey: boolean,
): { db: Database; unclean?: number; cipher: SecretCipher } {
  let unclean: number | undefined;
  let cipher: SecretCipher | undefined;
  const isFile = path !== IN_MEMORY;
  if (isFile) {
    createStoreFile(path);
  }
  const check = isFile ? lossCheck(path) : undefined;
  const db = openFile(path, 'FULL', (opened): void => {
    opened.pragma('cache_size = -32000');
    opened.pragma('temp_store = MEMORY');
    migrate(opened);
    cipher = openCipher(opened, keyFile, createsKey);
    // The row exists until the database is closed.
    opened.transaction((): void => {
      unclean = opened.prepare('SELECT begun FROM runs').pluck().get() as number | undefined;
      opened.prepare('INSERT OR REPLACE INTO runs (id, begun) VALUES (1, ?)').run(Date.now());
    }).immediate();
  }, check);
  return { db, unclean, cipher: cipher! };
}
