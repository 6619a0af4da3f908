import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import { isOfServer, normalBaseUrl } from '../store/baseUrl';
import type { Openable } from '../store/Openable';
import { getSetting, hasTable, setSetting } from './settings';
import { IN_MEMORY } from './SqliteSession';
import type { SqliteSession } from './SqliteSession';
import { eventsEver, readMarker, writeMarker } from './storeFile';

/** The time between two checkpoints, in milliseconds. */
const INTERVAL = 30_000;

/** The move of a store that was interrupted, or is under way. */
export interface Move {
  readonly from: string;
  readonly to: string;
  /** The key of the last event that was rewritten. */
  readonly after: number;
}

/** The move that a store is in, if it is in one. */
export function moveOf(db: Database): Move | undefined {
  const text = getSetting(db, 'move');
  return text === undefined ? undefined : JSON.parse(text) as Move;
}

/** The URLs of the pods of this server that are in a store. */
export function registeredPods(db: Database): string[] {
  return hasTable(db, 'pods') ?
    db.prepare('SELECT url FROM pods WHERE registered = 1 ORDER BY url').pluck().all() as string[] :
    [];
}

/**
 * Why a server with a base URL may not use a store, if it may not: what the store holds names another base URL, so all
 * that waits in it would be refused for good.
 */
export function baseUrlProblem(db: Database, baseUrl: string, folder: string): string | undefined {
  const move = moveOf(db);
  if (move) {
    return `The move of the event store in ${folder} from ${move.from} to ${move.to} was interrupted. Run ` +
      `\`${moveCommand(move.from, move.to, folder)}\` again.`;
  }
  const base = normalBaseUrl(baseUrl);
  const known = getSetting(db, 'base_url');
  if (known !== undefined) {
    return known === base ?
      undefined :
      `The event store in ${folder} belongs to the base URL ${known}, and this server has ${base}. Start it with ` +
      `--baseUrl ${known}, or move the store with \`${moveCommand(known, base, folder)}\`.`;
  }
  const other = registeredPods(db).find((pod): boolean => !isOfServer(pod, base));
  return other === undefined ?
    undefined :
    `The event store in ${folder} has the pod ${other}, which is not on this server (${base}). Start it with the base URL ` +
    `that it had, or move the store with \`${moveCommand('OLD_BASE_URL', base, folder)}\`.`;
}

function moveCommand(from: string, to: string, folder: string): string {
  return `solid-pod-events-server move --from ${from} --to ${to} -f ${folder}`;
}

/**
 * Keeps a store with its server: it has one base URL, its loss is noticed, and its write-ahead log stays short.
 *
 * To be opened after the store and before anything uses it, and closed before the store.
 */
export class StoreGuard implements Openable {
  private readonly session: SqliteSession;
  private readonly folder: string;
  private readonly baseUrl: string;
  private timer?: NodeJS.Timeout;
  private checkpointed?: string;

  /**
   * @param session - The connection to the database.
   * @param folder - The folder of the pods' data, or `:memory:`.
   * @param baseUrl - The base URL of the server.
   */
  public constructor(session: SqliteSession, folder: string, baseUrl: string) {
    this.session = session;
    this.folder = folder;
    this.baseUrl = baseUrl;
  }

  /**
   * @throws Error that names the remedy if the store belongs to another base URL, or its move was interrupted; the
   * store is left as it was.
   */
  public async open(): Promise<void> {
    if (this.folder === IN_MEMORY) {
      return;
    }
    this.session.direct((db): void => {
      const problem = baseUrlProblem(db, this.baseUrl, this.folder);
      if (problem !== undefined) {
        throw new Error(problem);
      }
      db.transaction((): void => {
        setSetting(db, 'base_url', normalBaseUrl(this.baseUrl));
        setSetting(db, 'store_id', getSetting(db, 'store_id') ?? randomUUID());
      })();
      // Whoever copies the main file alone gets one that says so.
      db.pragma('wal_checkpoint(PASSIVE)');
      mark(db);
    });
    this.timer = setInterval((): void => this.checkpoint(), INTERVAL).unref();
  }

  /** Moves what is in the write-ahead log to the main file, and notes how much that is; waits for nobody. */
  public checkpoint(): void {
    try {
      this.session.direct((db): void => {
        const log = statSync(`${db.name}-wal`, { throwIfNoEntry: false });
        const state = `${log?.size} ${log?.mtimeMs}`;
        if (state !== this.checkpointed) {
          db.pragma('wal_checkpoint(PASSIVE)');
          mark(db);
          this.checkpointed = state;
        }
      });
    } catch {
      // It is tried again, and nothing is lost meanwhile; writes report what is wrong with the disk.
    }
  }

  public async close(): Promise<void> {
    clearInterval(this.timer);
    if (this.timer) {
      this.timer = undefined;
      try {
        this.session.direct(mark);
      } catch {
        // A full disk does not keep the server from stopping; the marker then tells of fewer events.
      }
    }
  }
}

/** Writes the marker beside a store, as the store is now. */
export function mark(db: Database): void {
  const id = getSetting(db, 'store_id');
  if (id !== undefined) {
    const before = readMarker(db.name);
    const created = before?.id === id ? before.created : new Date().toISOString();
    writeMarker(db.name, { id, created, events: eventsEver(db) });
  }
}
