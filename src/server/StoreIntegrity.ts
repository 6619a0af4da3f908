import { getLoggerFor } from '@solid/community-server';
import type { Openable } from '../store/Openable';
import { quickCheck } from '../store-sqlite/quickCheck';
import type { SqliteSession } from '../store-sqlite/SqliteSession';
import { IN_MEMORY } from '../store-sqlite/SqliteSession';

/**
 * Result of the integrity check: not needed, because the last stop was clean; under way; without a finding; with one;
 * or it could not be made.
 */
export type IntegrityState = 'unchecked' | 'checking' | 'ok' | 'damaged' | 'unknown';

/** Maximum time, in milliseconds, that the start waits for the check. */
const WAIT = 2_000;

/**
 * Checks the database after a stop that was not clean, in a process of its own. The start waits 2 seconds for the
 * result at most. Damage that any operation comes across later counts too.
 */
export class StoreIntegrity implements Openable {
  protected readonly logger = getLoggerFor(this);
  private readonly session: SqliteSession;
  private readonly abort = new AbortController();
  private result: IntegrityState = 'unchecked';
  private running?: Promise<void>;

  /**
   * @param session - The connection to the database.
   */
  public constructor(session: SqliteSession) {
    this.session = session;
  }

  /** What is known of the content of the database. */
  public get state(): IntegrityState {
    return this.session.isDamaged ? 'damaged' : this.result;
  }

  public async open(): Promise<void> {
    this.session.open();
    const { unclean, file } = this.session;
    if (unclean === undefined || file === IN_MEMORY || this.running) {
      return;
    }
    this.logger.warn(`The process that opened ${file} at ${new Date(unclean).toISOString()} was not stopped cleanly; ` +
      'the content of the store is being checked');
    this.result = 'checking';
    this.running = this.check(file);
    await Promise.race([ this.running, new Promise((resolve): unknown => setTimeout(resolve, WAIT).unref()) ]);
  }

  public async close(): Promise<void> {
    this.abort.abort();
    await this.running;
  }

  private async check(file: string): Promise<void> {
    try {
      const problems = await quickCheck(file, this.abort.signal);
      this.result = problems.length === 0 ? 'ok' : 'damaged';
      if (problems.length === 0) {
        this.logger.info(`The check of ${file} found no damage`);
      } else {
        this.logger.error(`${file} is damaged: ${problems.join('; ')}. Stop the server and restore a backup`);
      }
    } catch (error: unknown) {
      this.result = 'unknown';
      if (!this.abort.signal.aborted) {
        this.logger.warn(`${file} could not be checked: ${(error as Error).message}`);
      }
    }
  }
}
