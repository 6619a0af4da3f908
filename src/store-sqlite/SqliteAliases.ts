import type { ServerUrls } from '../url/ServerUrls';
import type { SqliteSession } from './SqliteSession';

/** What was done to rows that had been stored under an alias of a URL of this server. */
export interface AliasRepair {
  /** Copies that are in the container they belong to now, where they can be read. */
  readonly movedCopies: number;
  /** Copies that were there already, or that no container may hold. */
  readonly removedCopies: number;
  /** Subscriptions that name their inbox by its canonical URL now; their consent is unconfirmed. */
  readonly movedSubscriptions: number;
  /** Subscriptions that are ended, because the same one exists or their inbox is not accepted any more. */
  readonly endedSubscriptions: number;
}

/** How many rows are looked at in one query. */
const PAGE = 10_000;
/** A forward at this place or behind it has no subscriptions left to look at. */
const BEHIND_ALL_PATTERNS = 1_000_000;

/**
 * Repairs rows of versions that stored URLs of this server as clients spelled them.
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
   * Brings inboxes, and the documents on which access depends, into canonical form: all in one transaction, and once
   * in the life of a database, whichever process is first. A row that the base URL does not make a URL of this server
   * is left alone, and nothing is done while no pod of the database is on this server.
   *
   * @param urls - Canonical form of URLs of this server.
   *
   * @returns What was done; `undefined` if it had been done before, or cannot be done.
   */
  public repair(urls: ServerUrls): AliasRepair | undefined {
    let repair: AliasRepair | undefined;
    this.session.writeNow((): void => {
      const pod = this.session.get<{ url: string }>('SELECT url FROM pods WHERE registered = 1 LIMIT 1')?.url;
      if (pod !== undefined && !urls.isLocal(pod)) {
        return;
      }
      // Only one process gets past this.
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

  /** Whether copies may lie in a container: not in one of published events. */
  private isInbox(url: string): boolean {
    return !this.session.get(`SELECT 1 FROM pods WHERE registered = 1 AND url || 'publish/' = ?`, url);
  }

  /** Moves all that lies in a container, and all that points to it, to another one; without one it ends. */
  private repairContainer(alias: number, canonical?: string): AliasRepair {
    const { session } = this;
    const to = canonical === undefined ? undefined : session.findOrAdd('containers', 'url', canonical);
    const movedCopies = to === undefined ?
      0 :
      session.run(`
        INSERT OR IGNORE INTO entries (container, event) SELECT ?, n.event FROM entries n
        WHERE n.container = ? AND NOT EXISTS (SELECT 1 FROM removed x WHERE x.event = n.event AND x.container = ?)
      `, to, alias, to).changes;
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
    session.run('DELETE FROM doubts WHERE subscription IN (SELECT id FROM subscriptions WHERE inbox = ?)', alias);
    const endedSubscriptions = session.run('DELETE FROM subscriptions WHERE inbox = ?', alias).changes;
    session.run('DELETE FROM removed WHERE container = ?', alias);
    session.run('UPDATE forwards SET inbox = ? WHERE inbox = ?', to ?? null, alias);
    session.run('DELETE FROM containers WHERE id = ?', alias);
    return { movedCopies, removedCopies: copies - movedCopies, movedSubscriptions, endedSubscriptions };
  }

  /** Points a subscription to another inbox, unless there is the same one with that inbox. */
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
    session.run('INSERT OR REPLACE INTO doubts (subscription, pod, mark) VALUES (?, ?, hex(randomblob(8)))', id, pod);
    // Events under way may have passed the place where the subscription is now; what they have copied is kept.
    session.run('UPDATE forwards SET pattern = 0, after = 0 WHERE pod = ? AND pattern < ?', pod, BEHIND_ALL_PATTERNS);
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
