import cluster from 'node:cluster';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import type { Database } from 'better-sqlite3';
import DatabaseConstructor from 'better-sqlite3';
import type { Openable } from '../store/Openable';
import { databasePath, IN_MEMORY } from './SqliteSession';

/** Maximum time to wait for another holder, in milliseconds; commands that only check hold the lock briefly. */
const LOCK_TIMEOUT = 500;

/** The process that holds the lock of a data folder. */
export interface LockHolder {
  readonly pid: number;
  /** Start of the process, as an ISO 8601 date-time. */
  readonly started: string;
  readonly host: string;
}

/** Thrown if another process, or another server of this process, holds the lock of a data folder. */
export class FolderInUse extends Error {
  public constructor(folder: string, public readonly holder: LockHolder | undefined) {
    const machine = holder && holder.host !== hostname() ? ` on ${holder.host}` : '';
    const name = holder ? `process ${holder.pid}${machine}, started ${holder.started}` : 'another process';
    super(`The data folder ${folder} is in use by ${name}. Stop that process first, or use another folder (-f).`);
    this.name = 'FolderInUse';
  }
}

/**
 * Locks a data folder for one server, or for a command that changes the store of a stopped server.
 *
 * The lock is an open transaction on `.events/lock.sqlite`, so the operating system releases it at any end of the
 * process. That file stays empty; `lock.json` names the holder, for messages only. Workers of a cluster share the lock
 * of their primary process.
 *
 * @see https://www.sqlite.org/lockingv3.html#locking
 */
export class FolderLock implements Openable {
  private readonly folder: string;
  private db?: Database;

  /**
   * @param folder - Data folder of the server, or `:memory:`, which needs no lock.
   */
  public constructor(folder: string) {
    this.folder = folder;
  }

  /** @throws {@link FolderInUse} if another process or server holds the lock. */
  public async open(): Promise<void> {
    this.acquire();
  }

  /** Acquires the lock, unless this object already holds it. */
  public acquire(): void {
    if (this.folder === IN_MEMORY || cluster.isWorker || this.db) {
      return;
    }
    const path = databasePath(this.folder, 'lock.sqlite');
    mkdirSync(dirname(path), { recursive: true });
    const db = new DatabaseConstructor(path, { timeout: LOCK_TIMEOUT });
    try {
      db.exec('BEGIN IMMEDIATE');
    } catch (error: unknown) {
      db.close();
      throw isBusy(error) ? new FolderInUse(this.folder, readHolder(this.folder)) : error;
    }
    this.db = db;
    const holder: LockHolder = {
      pid: process.pid,
      started: new Date(Date.now() - (process.uptime() * 1_000)).toISOString(),
      host: hostname(),
    };
    const file = databasePath(this.folder, 'lock.json');
    writeFileSync(`${file}.new`, JSON.stringify(holder));
    renameSync(`${file}.new`, file);
  }

  public async close(): Promise<void> {
    this.release();
  }

  /** Releases the lock. Can be called more than once. */
  public release(): void {
    if (this.db) {
      rmSync(databasePath(this.folder, 'lock.json'), { force: true });
      this.db.close();
      this.db = undefined;
    }
  }
}

function isBusy(error: unknown): boolean {
  return String((error as { code?: unknown }).code).startsWith('SQLITE_BUSY');
}

/** Returns the last process that acquired the lock. */
function readHolder(folder: string): LockHolder | undefined {
  try {
    return JSON.parse(readFileSync(databasePath(folder, 'lock.json'), 'utf8')) as LockHolder;
  } catch {
    return undefined;
  }
}
