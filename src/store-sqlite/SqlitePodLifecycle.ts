import type { CloseResult, PodLifecycle, PodRecord, RegisteredPod } from '../pod/PodLifecycle';
import { removeEntries } from './entries';
import { beginEnding, endingState, endKeys, endNamed, isKnown, NAMED, rangeOf } from './podEndings';
import type { SqliteSession } from './SqliteSession';
import { Sweeping } from './Sweeping';

/** Maximum number of entries that one transaction removes. */
const MAX_ENTRIES = 1_000;
/** Paths of the containers of every pod. */
const POD_CONTAINER = /\/(?:inbox|publish)\/$/u;

/**
 * Ends pods and containers in the database of the events: hides their data, and frees the space later.
 */
export class SqlitePodLifecycle implements PodLifecycle {
  private readonly session: SqliteSession;
  private readonly sweeping = new Sweeping();

  /**
   * @param session - The connection to the database.
   */
  public constructor(session: SqliteSession) {
    this.session = session;
  }

  public async recordOf(pod: string): Promise<RegisteredPod | undefined> {
    const row = this.session.get<{ id: number; identity: string | null; laid: number }>(
      'SELECT id, identity, laid FROM pods WHERE url = ? AND registered = 1',
      pod,
    );
    return row && { key: row.id, ...row.identity !== null && { identity: row.identity }, hasLayout: row.laid === 1 };
  }

  public async setRecord(pod: string, { identity, hasLayout }: PodRecord, key?: number): Promise<void> {
    return this.session.write((): void => {
      const parameters = [ identity ?? null, Number(hasLayout), pod, key ?? null ];
      this.session.run('UPDATE pods SET identity = ?, laid = ? WHERE url = ? AND id = IFNULL(?, id) AND registered = 1', ...parameters);
    });
  }

  public async podsAfter(url: string, limit: number): Promise<string[]> {
    return this.session.all<{ url: string }>(
      'SELECT url FROM pods WHERE url > ? AND registered = 1 ORDER BY url LIMIT ?',
      url,
      limit,
    ).map((row): string => row.url);
  }

  public async endPod(pod: string, key?: number): Promise<boolean> {
    const seen = endingState(this.session, pod);
    if (key !== undefined && seen.begun === undefined && seen.pod !== key) {
      return false;
    }
    if (seen.begun === undefined && !isKnown(this.session, pod)) {
      return false;
    }
    const now = Date.now();
    const begun = await this.session.write((): number | undefined => beginEnding(this.session, pod, now, seen));
    if (begun !== undefined) {
      for (const named of NAMED) {
        await this.inSteps(pod, begun, (after): string | undefined => endNamed(this.session, named, pod, after, now));
      }
      await this.inSteps(pod, begun, (after): string | undefined => endKeys(this.session, pod, after));
      await this.session.write((): void => {
        this.session.run('DELETE FROM endings WHERE url = ? AND at = ?', pod, begun);
      });
    }
    return true;
  }

  public async unfinishedEndings(): Promise<string[]> {
    return this.session.all<{ url: string }>('SELECT url FROM endings').map(({ url }): string => url);
  }

  public async isEnding(pod: string): Promise<boolean> {
    return this.session.get('SELECT 1 FROM endings WHERE url = ?', pod) !== undefined;
  }

  public async sweep(limit: number): Promise<boolean> {
    return this.session.write((): boolean => this.sweeping.next(this.session, limit));
  }

  public async closeContainer(container: string, evenIfOccupied = false): Promise<CloseResult> {
    const closing = await this.session.write((): CloseResult => {
      if (!evenIfOccupied && this.session.get(`
        SELECT 1 FROM containers c CROSS JOIN entries n CROSS JOIN events e
        WHERE c.url = ? AND n.container = c.id AND e.id = n.event LIMIT 1
      `, container)) {
        return 'occupied';
      }
      const isOwn = POD_CONTAINER.test(container) &&
        this.session.get('SELECT 1 FROM pods WHERE url = ? AND registered = 1', container.replace(POD_CONTAINER, '/')) !== undefined;
      const id = isOwn ?
        this.session.key('containers', 'url', container) :
        this.session.get<{ id: number }>('SELECT id FROM containers WHERE url = ?', container)?.id;
      if (id === undefined) {
        return 'unused';
      }
      this.session.run('UPDATE containers SET gone = 1 WHERE id = ?', id);
      const isUsed = isOwn || this.session.get('SELECT 1 FROM subscriptions WHERE inbox = ? LIMIT 1', id) !== undefined;
      return isUsed ? 'closed' : 'unused';
    });
    if (evenIfOccupied) {
      await this.empty(container);
    }
    return closing;
  }

  public async openContainer(container: string): Promise<void> {
    if (!await this.isClosed(container)) {
      return;
    }
    await this.empty(container);
    return this.session.write((): void => {
      const row = this.session.get<{ id: number }>('UPDATE containers SET gone = 0 WHERE url = ? RETURNING id', container);
      if (row) {
        this.session.touch(row.id);
      }
    });
  }

  public async isClosed(container: string): Promise<boolean> {
    return this.session.get('SELECT 1 FROM containers WHERE url = ? AND gone = 1', container) !== undefined;
  }

  public async containersIn(pod: string, after: string, limit: number): Promise<string[]> {
    return this.session.all<{ url: string }>(`
      SELECT c.url FROM containers c WHERE c.url >= ? AND c.url < ? AND c.url > ? AND c.gone = 0 ORDER BY c.url LIMIT ?
    `, ...rangeOf(pod), after, limit).map(({ url }): string => url);
  }

  /** Runs the steps of an ending in one transaction each, until the last step or until the ending is finished. */
  private async inSteps(pod: string, begun: number, step: (after: string) => string | undefined): Promise<void> {
    for (let after: string | undefined = ''; after !== undefined;) {
      const from: string = after;
      after = await this.session.write((): string | undefined =>
        endingState(this.session, pod).begun === begun ? step(from) : undefined);
    }
  }

  /** Removes all entries of a container, as long as it is closed. */
  private async empty(container: string): Promise<void> {
    const step = (): boolean => {
      const row = this.session.get<{ id: number }>('SELECT id FROM containers WHERE url = ? AND gone = 1', container);
      return row !== undefined && removeEntries(this.session, row.id, MAX_ENTRIES) > 0;
    };
    while (await this.session.write(step)) {
      // Each call removes one part of the entries.
    }
  }
}
