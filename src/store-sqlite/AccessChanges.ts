import { containersOf } from '../url/containers';
import { StorageFull } from '../store/StorageFull';
import { StoreUnavailable } from '../store/StoreUnavailable';
import type { SqliteSession } from './SqliteSession';

/** Maximum number of pods, and of containers, that one transaction examines. */
const CHUNK = 500;
/** Maximum number of dependents of one document that one transaction changes. */
const DEPENDENTS = 100;

/** Cursor of a change below a container: the URL of the last changed pod, then of the last changed container. */
interface Cursor {
  readonly container: string;
  readonly pods?: string;
  readonly containers?: string;
}

/**
 * Records changes of access control, as `OverlayStore.raiseEpoch` specifies.
 *
 * Affected pods and subscriptions are found by index, and changed in transactions of bounded size. If a change cannot
 * be written, all decisions cached by this process become stale, and {@link settle} writes the change before the next
 * fan-out step.
 */
export class AccessChanges {
  private readonly unrecorded = new Set<string>();

  /**
   * @param session - The connection to the database.
   */
  public constructor(private readonly session: SqliteSession) {}

  /**
   * Records a change of access to resources.
   *
   * @throws `StorageFull` or `StoreUnavailable` if it cannot be written now.
   */
  public async note(resources: readonly string[]): Promise<void> {
    let left: Cursor[] = [];
    const first = (): void => {
      left = resources.flatMap((resource): Cursor[] => this.changeAbove(resource));
    };
    try {
      await this.soon(first);
      while (left.length > 0) {
        left = await this.session.write((): Cursor[] => [ ...this.changeBelow(left[0]), ...left.slice(1) ]);
      }
      resources.forEach((resource): unknown => this.unrecorded.delete(resource));
    } catch (error: unknown) {
      // Access has changed, even if the change cannot be written now.
      resources.forEach((resource): unknown => this.unrecorded.add(resource));
      this.session.loseEpochs();
      throw error;
    }
  }

  /**
   * Records that access to a resource depends on a document.
   *
   * Does not wait for another writer: if the dependency cannot be written, cached decisions of this process become
   * stale, so that the decision in progress is not cached.
   */
  public noteDependency(document: string, resource: string): void {
    const pods = this.session.all<{ url: string }>(`
      SELECT url FROM pods WHERE url IN (SELECT value FROM json_each(?))
    `, JSON.stringify(containersOf(resource)));
    if (pods.length === 0) {
      return;
    }
    const pod = pods.map(({ url }): string => url)
      .reduce((one, other): string => other.length > one.length ? other : one);
    const place = [ document, pod ];
    if (!this.session.get('SELECT 1 FROM dependencies WHERE document = ? AND resource = ?', ...place)) {
      try {
        this.session.writeNow((): void => {
          this.session.run('INSERT OR IGNORE INTO dependencies (document, resource) VALUES (?, ?)', ...place);
        });
      } catch (error: unknown) {
        if (!(error instanceof StoreUnavailable || error instanceof StorageFull)) {
          throw error;
        }
        this.session.loseEpochs();
      }
    }
  }

  /** Records a change of a document on which access to resources depends. */
  public async noteDependents(document: string): Promise<void> {
    const sql = 'SELECT resource FROM dependencies WHERE document = ? AND resource > ? ORDER BY resource LIMIT ?';
    for (let after: string | undefined = ''; after !== undefined;) {
      const rows: { resource: string }[] = this.session.all(sql, document, after, DEPENDENTS);
      if (rows.length > 0) {
        await this.note(rows.map(({ resource }): string => resource));
      }
      after = rows.length < DEPENDENTS ? undefined : rows.at(-1)!.resource;
    }
  }

  /** Whether access to anything depends on a document. */
  public hasDependents(document: string): boolean {
    return this.session.get('SELECT 1 FROM dependencies WHERE document = ? LIMIT 1', document) !== undefined;
  }

  /** Writes the changes that could not be written before. */
  public async settle(): Promise<void> {
    if (this.unrecorded.size > 0) {
      await this.note([ ...this.unrecorded ]);
    }
  }

  /** Writes at once if possible, so that the change takes effect before other writes. */
  private async soon(run: () => void): Promise<void> {
    try {
      this.session.writeNow(run);
    } catch (error: unknown) {
      if (!(error instanceof StoreUnavailable && error.problem === 'busy')) {
        throw error;
      }
      this.session.loseEpochs();
      await this.session.write(run);
    }
  }

  private changeAbove(resource: string): Cursor[] {
    const container = resource.slice(0, resource.lastIndexOf('/') + 1);
    this.session.run(`
      UPDATE pods SET epoch = epoch + 1 WHERE url IN (SELECT value FROM json_each(?))
    `, JSON.stringify(containersOf(resource)));
    return this.changeBelow({ container, pods: container });
  }

  private changeBelow({ container, pods, containers }: Cursor): Cursor[] {
    // '0' is the character after '/', so this ends the range of URLs that begin with the container.
    const end = `${container.slice(0, -1)}0`;
    if (pods !== undefined) {
      const chunk = this.chunk('pods', '>', pods, end);
      if (chunk.last !== null) {
        this.session.run('UPDATE pods SET epoch = epoch + 1 WHERE url > ? AND url <= ?', pods, chunk.last);
      }
      if (chunk.count === CHUNK) {
        return [{ container, pods: chunk.last! }];
      }
    }
    const from = containers === undefined ? '>=' : '>';
    const chunk = this.chunk('containers', from, containers ?? container, end);
    if (chunk.last === null) {
      return [];
    }
    this.session.run(`
      INSERT OR REPLACE INTO doubts (subscription, pod, mark)
      SELECT s.id, s.pod, hex(randomblob(8)) FROM containers c CROSS JOIN subscriptions s
      WHERE c.url ${from} ? AND c.url <= ? AND s.inbox = c.id
    `, containers ?? container, chunk.last);
    return chunk.count < CHUNK ? [] : [{ container, containers: chunk.last }];
  }

  /** Returns the last and the number of the next URLs of a table in a range. */
  private chunk(table: string, from: string, after: string, end: string): { last: string | null; count: number } {
    return this.session.get(`
      SELECT MAX(url) AS last, COUNT(*) AS count
      FROM (SELECT url FROM ${table} WHERE url ${from} ? AND url < ? ORDER BY url LIMIT ${CHUNK})
    `, after, end)!;
  }
}
