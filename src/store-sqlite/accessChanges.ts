import { containersOf } from '../url/containers';
import { StoreUnavailable } from '../store/StoreUnavailable';
import type { SqliteSession } from './SqliteSession';

/** Maximum number of pods, and of containers, that one transaction looks at. */
const CHUNK = 500;
/** Maximum number of dependents of one document that are changed in one transaction. */
const DEPENDENTS = 100;

/** What is left to change below a container: the URL of the last pod, then of the last container, that was reached. */
interface Place {
  readonly container: string;
  readonly pods?: string;
  readonly containers?: string;
}

/**
 * Notes that access control was changed, as `OverlayStore.raiseEpoch` says.
 *
 * The pods and subscriptions concerned are found by index, and changed in transactions of a bounded size. A change that
 * cannot be written is remembered: until it is, all answers learned by this process count as stale, and
 * {@link settle} makes no fan-out step go ahead of it.
 */
export class AccessChanges {
  private readonly owed = new Set<string>();

  /**
   * @param session - The connection to the database.
   */
  public constructor(private readonly session: SqliteSession) {}

  /**
   * Notes a change of access to resources.
   *
   * @throws `StorageFull` or `StoreUnavailable` if it cannot be written.
   */
  public async note(resources: readonly string[]): Promise<void> {
    let left: Place[] = [];
    const first = (): void => {
      left = resources.flatMap((resource): Place[] => this.begin(resource));
    };
    try {
      await this.soon(first);
      while (left.length > 0) {
        left = await this.session.write((): Place[] => [ ...this.goOn(left[0]), ...left.slice(1) ]);
      }
      resources.forEach((resource): unknown => this.owed.delete(resource));
    } catch (error: unknown) {
      // Access has changed, even if that cannot be noted now.
      resources.forEach((resource): unknown => this.owed.add(resource));
      this.session.loseEpochs();
      throw error;
    }
  }

  /** Notes a change of a document on which access to resources depends. */
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

  /** Notes what could not be noted before. */
  public async settle(): Promise<void> {
    if (this.owed.size > 0) {
      await this.note([ ...this.owed ]);
    }
  }

  /** At once where possible: a change is to be in force before anything else is written. */
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

  private begin(resource: string): Place[] {
    const container = resource.slice(0, resource.lastIndexOf('/') + 1);
    this.session.run(`
      UPDATE pods SET epoch = epoch + 1 WHERE url IN (SELECT value FROM json_each(?))
    `, JSON.stringify(containersOf(resource)));
    return this.goOn({ container, pods: container });
  }

  private goOn({ container, pods, containers }: Place): Place[] {
    // '0' is the character behind '/', so this is the end of the range of all that begins with the container.
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

  /** The next URLs of a table in a range: the last one, and how many there are. */
  private chunk(table: string, from: string, after: string, end: string): { last: string | null; count: number } {
    return this.session.get(`
      SELECT MAX(url) AS last, COUNT(*) AS count
      FROM (SELECT url FROM ${table} WHERE url ${from} ? AND url < ? ORDER BY url LIMIT ${CHUNK})
    `, after, end)!;
  }
}
