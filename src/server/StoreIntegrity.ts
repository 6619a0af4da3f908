import { getLoggerFor } from '../css';
import type { IntegrityState } from '../http/health/Readiness';
import type { Openable } from '../store/Openable';
import { quickCheck } from '../store-sqlite/quickCheck';
import type { SqliteSession } from '../store-sqlite/SqliteSession';
import { IN_MEMORY } from '../store-sqlite/SqliteSession';

/** Maximum time, in milliseconds, that startup waits for the check. */
const MAX_STARTUP_WAIT = 2_000;

/**
 * Checks the integrity of the database after an unclean stop, in a separate process.
 *
 * Startup waits at most 2 seconds for the result. Damage found later by any operation also counts.
 */
export class StoreIntegrity implements Openable {
  protected readonly logger = getLoggerFor(this);
  private readonly session: SqliteSession;
  private readonly abort = new AbortController();
  private result: IntegrityState = 'unchecked';
  private running?: Promise<void>;

  /**
   * @param session - Connection to the database.
   */
  public constructor(session: SqliteSession) {
    this.session = session;
  }

  /** Current integrity state of the database. */
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
      'checking the integrity of the store');
    this.result = 'checking';
    this.running = this.check(file);
    const timeout = new Promise((resolve): unknown => setTimeout(resolve, MAX_STARTUP_WAIT).unref());
    await Promise.race([ this.running, timeout ]);
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
        this.logger.info(`The integrity check of ${file} found no damage`);
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
