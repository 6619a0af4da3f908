import type { ServerUrls } from '../url/ServerUrls';
import { addEntry } from './entries';
import type { SqliteSession } from './SqliteSession';
import { deleteSubscription } from './subscriptions';

/** Result of a repair of rows with aliases of URLs of this server. */
export interface AliasRepair {
  /** Number of copies that moved to their container, where they can be read. */
  readonly movedCopies: number;
  /** Number of removed copies: they were in their container already, or may not be in any container. */
  readonly removedCopies: number;
  /** Number of subscriptions that got the canonical URL of their inbox; they are unconfirmed. */
  readonly movedSubscriptions: number;
  /** Number of ended subscriptions: the same subscription exists, or their inbox is no longer accepted. */
  readonly endedSubscriptions: number;
}

/** Number of rows to read in one query. */
const PAGE = 10_000;
/** Cursor of a fan-out without remaining subscriptions, and lower limit of all such cursors. */
const AFTER_ALL_PATTERNS = 1_000_000;

/**
 * Repairs rows of earlier versions, which stored URLs of this server in the form that the client sent.
 */
export class SqliteAliases {
  private readonly session: SqliteSession;

  /**
   * @param session - The connection to the database.
   */
  public constructor(session: SqliteSession) {
    this.session = session;
  }

  /**
   * Converts the URLs of inboxes, and of documents on which access depends, to canonical form.
   *
   * One process does this in one transaction, once in the lifetime of a database. Rows with URLs of other servers stay.
   * Does nothing if the pods of the database are not on this server.
   *
   * @param urls - Canonical form of URLs of this server.
   *
   * @returns The result; `undefined` if the database was repaired before, or cannot be repaired.
   */
  public repair(urls: ServerUrls): AliasRepair | undefined {
    let repair: AliasRepair | undefined;
    this.session.writeNow((): void => {
      const pod = this.session.get<{ url: string }>('SELECT url FROM pods WHERE registered = 1 LIMIT 1')?.url;
      if (pod !== undefined && !urls.isLocal(pod)) {
        return;
      }
      // Only one process inserts this row.
      if (this.session.run('INSERT OR IGNORE INTO alias_repairs (id, at) VALUES (1, ?)', Date.now()).changes > 0) {
        this.repairDependencies(urls);
        repair = this.repairContainers(urls);
      }
    });
    return repair;
  }

  private repairContainers(urls: ServerUrls): AliasRepair {
    const sum = { movedCopies: 0, removedCopies: 0, movedSubscriptions: 0, endedSubscriptions: 0 };
    for (let after = 0, rows = this.containersAfter(0); rows.length > 0; rows = this.containersAfter(after)) {
      after = rows.at(-1)!.id;
      for (const { id, url } of rows) {
        const canonical = urls.targetOf(url);
        if (canonical === undefined || canonical === url) {
          continue;
        }
        const done = this.repairContainer(id, this.isInbox(canonical) ? canonical : undefined);
        for (const name of Object.keys(sum) as (keyof AliasRepair)[]) {
          sum[name] += done[name];
        }
        this.session.forgetKey('containers', url);
      }
    }
    return sum;
  }

  private containersAfter(id: number): { id: number; url: string }[] {
    return this.session.all('SELECT id, url FROM containers WHERE id > ? ORDER BY id LIMIT ?', id, PAGE);
  }

  /** Whether a container may hold copies; a container of published events may not. */
  private isInbox(url: string): boolean {
    return !this.session.get(`SELECT 1 FROM pods WHERE registered = 1 AND url || 'publish/' = ?`, url);
  }

  /** Moves entries, and references to a container, to its canonical container. Removes them if there is none. */
  private repairContainer(alias: number, canonical?: string): AliasRepair {
    const { session } = this;
    const to = canonical === undefined ? undefined : session.findOrAdd('containers', 'url', canonical);
    const movedCopies = to === undefined ?
      0 :
      session.all<{ event: number }>(`
        SELECT n.event FROM entries n
        WHERE n.container = ? AND NOT EXISTS (SELECT 1 FROM removed x WHERE x.event = n.event AND x.container = ?)
      `, alias, to).filter(({ event }): boolean => addEntry(session, to, event)).length;
    const copies = session.run('DELETE FROM entries WHERE container = ?', alias).changes;
    if (to !== undefined && movedCopies > 0) {
      session.touch(to);
    }
    let movedSubscriptions = 0;
    const subscriptions = session.all<{ id: number; pod: number; pattern: string; agent: number }>(
      'SELECT id, pod, pattern, agent FROM subscriptions WHERE inbox = ?',
      alias,
    );
    for (const { id, pod, pattern, agent } of subscriptions) {
      movedSubscriptions += Number(to !== undefined && this.moveSubscription(id, [ pod, pattern, to, agent ]));
    }
    const ended = session.all<{ id: number }>('SELECT id FROM subscriptions WHERE inbox = ?', alias);
    ended.forEach((row): void => deleteSubscription(session, row.id));
    const endedSubscriptions = ended.length;
    session.run('DELETE FROM removed WHERE container = ?', alias);
    session.run('UPDATE forwards SET inbox = ? WHERE inbox = ?', to ?? null, alias);
    session.run('DELETE FROM inbox_notifications WHERE container = ?', alias);
    session.run('DELETE FROM log_pages WHERE container = ?', alias);
    session.run('DELETE FROM containers WHERE id = ?', alias);
    return { movedCopies, removedCopies: copies - movedCopies, movedSubscriptions, endedSubscriptions };
  }

  /** Changes the inbox of a subscription, unless the same subscription with that inbox exists. */
  private moveSubscription(
    id: number,
    same: readonly [pod: number, pattern: string, inbox: number, agent: number],
  ): boolean {
    const { session } = this;
    if (session.get('SELECT 1 FROM subscriptions WHERE pod = ? AND pattern = ? AND inbox = ? AND agent = ?', ...same)) {
      return false;
    }
    const [ pod, , inbox ] = same;
    session.run('UPDATE subscriptions SET inbox = ?, target = NULL WHERE id = ?', inbox, id);
    session.run('UPDATE former_subscriptions SET inbox = ? WHERE subscription = ?', inbox, id);
    session.run('INSERT OR REPLACE INTO doubts (subscription, pod, mark) VALUES (?, ?, hex(randomblob(8)))', id, pod);
    // The cursors of pending fan-outs may be after the new inbox, so they start again; written copies stay.
    session.run('UPDATE forwards SET pattern = 0, after = 0 WHERE pod = ? AND pattern < ?', pod, AFTER_ALL_PATTERNS);
    return true;
  }

  private repairDependencies(urls: ServerUrls): void {
    const { session } = this;
    for (const { document } of session.all<{ document: string }>('SELECT DISTINCT document FROM dependencies')) {
      const target = urls.targetOf(document);
      if (target !== undefined && target !== document) {
        session.run(`
          INSERT OR IGNORE INTO dependencies (document, resource) SELECT ?, resource FROM dependencies WHERE document = ?
        `, target, document);
        session.run('DELETE FROM dependencies WHERE document = ?', document);
      }
    }
  }
}
