import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import { isOfServer, normalBaseUrl } from '../store/baseUrl';
import type { Openable } from '../store/Openable';
import { getSetting, hasTable, setSetting } from './settings';
import { IN_MEMORY } from './SqliteSession';
import type { SqliteSession } from './SqliteSession';
import { eventsEver, readMarker, writeMarker } from './storeFile';

/** Time between two checkpoints, in milliseconds. */
const INTERVAL = 30_000;

/** State of an unfinished move of a store to another base URL. */
export interface Move {
  readonly from: string;
  readonly to: string;
  /** Key of the last rewritten event. */
  readonly after: number;
}

/** Returns the unfinished move of a store, if there is one. */
export function moveOf(db: Database): Move | undefined {
  const text = getSetting(db, 'move');
  return text === undefined ? undefined : JSON.parse(text) as Move;
}

/** Returns the base URLs of the registered pods in a store. */
export function registeredPods(db: Database): string[] {
  return hasTable(db, 'pods') ?
    db.prepare('SELECT url FROM pods WHERE registered = 1 ORDER BY url').pluck().all() as string[] :
    [];
}

/**
 * Returns a problem that forbids a server with a base URL to use a store, in one sentence with the remedy.
 *
 * With another base URL, the server would permanently refuse all waiting events and deliveries of the store.
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
 * Checks the base URL of a store, maintains its marker against data loss, and keeps its write-ahead log short.
 *
 * It is opened after the store and before all users of the store, and closed before the store.
 */
export class StoreGuard implements Openable {
  private readonly session: SqliteSession;
  private readonly folder: string;
  private readonly baseUrl: string;
  private timer?: NodeJS.Timeout;
  private checkpointed?: string;

  /**
   * @param session - The connection to the database.
   * @param folder - Data folder of the server, or `:memory:`.
   * @param baseUrl - Base URL of the server.
   */
  public constructor(session: SqliteSession, folder: string, baseUrl: string) {
    this.session = session;
    this.folder = folder;
    this.baseUrl = baseUrl;
  }

  /**
   * @throws Error with the remedy if the store belongs to another base URL, or its move was interrupted. The store
   * stays unchanged.
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
      // A copy of the main file alone can then be recognised.
      db.pragma('wal_checkpoint(PASSIVE)');
      mark(db);
    });
    this.timer = setInterval((): void => this.checkpoint(), INTERVAL).unref();
  }

  /** Copies the write-ahead log to the main file, and updates the marker. Does not wait for other connections. */
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
      // The next interval retries without data loss; writes report problems of the disk.
    }
  }

  public async close(): Promise<void> {
    clearInterval(this.timer);
    if (this.timer) {
      this.timer = undefined;
      try {
        this.session.direct(mark);
      } catch {
        // A full disk does not prevent the stop; the marker then has a smaller number of events.
      }
    }
  }
}

/** Writes the marker of a store, from its current state. */
export function mark(db: Database): void {
  const id = getSetting(db, 'store_id');
  if (id !== undefined) {
    const before = readMarker(db.name);
    const created = before?.id === id ? before.created : new Date().toISOString();
    writeMarker(db.name, { id, created, events: eventsEver(db) });
  }
}
