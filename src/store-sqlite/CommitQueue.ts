import type { Database, Statement, Transaction } from 'better-sqlite3';
import { StoreUnavailable } from '../store/StoreUnavailable';
import { problemOf } from './storeErrors';

interface Work {
  readonly run: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** Approximate number of bytes that the work holds in memory. */
  readonly bytes: number;
  /** Time, on the clock of `performance`, after which the work is no longer begun. */
  readonly deadline: number;
  result?: unknown;
  error?: unknown;
}

/** Limits of one piece of work. */
export interface WorkLimits {
  /** Approximate number of bytes that it holds in memory. Default 0. */
  readonly bytes?: number;
  /** Maximum time, in milliseconds, to wait for another process's write lock. Default {@link DEFAULT_TIMEOUT}. */
  readonly timeout?: number;
}

/**
 * Default maximum time, in milliseconds, that work waits for another process's write lock. It is below the 6 s after
 * which the server's resource locks expire.
 */
export const DEFAULT_TIMEOUT = 4_000;

/** Time after which the queue commits and leaves the rest to the next turn of the event loop, in milliseconds. */
const TURN = 6;
/** Maximum time to gather work, in milliseconds, and the number of turns without new work that ends it earlier. */
const GATHER = 2;
const QUIET = 3;
/** First and longest delay between two attempts to get the write lock, in milliseconds. */
const FIRST_RETRY = 1;
const LAST_RETRY = 50;
/** Maximum number of waiting pieces of work, and of the bytes that they hold. */
const MAX_WAITING = 10_000;
const MAX_BYTES = 64 * 1024 * 1024;

/** Hooks of the connection to which a queue writes. */
export interface QueueHooks {
  /** Called inside each transaction, before its first work. */
  readonly onBegin?: () => void;
  /** Called after writes were rolled back. */
  readonly onUndo?: () => void;
}

/**
 * Groups the writes of a few turns of the event loop in one transaction, so that they share one disk flush.
 *
 * Each piece of work is written or rolled back as a whole, independently of the others. Its promise is settled after
 * the commit. While another process holds the write lock, work waits off the event loop, for a bounded time and in
 * bounded number.
 */
export class CommitQueue {
  private queue: Work[] = [];
  private bytes = 0;
  private scheduled?: NodeJS.Immediate;
  private retry?: NodeJS.Timeout;
  private delay = FIRST_RETRY;
  private readonly begin: Statement;
  private readonly commit: Statement;
  private readonly piece: Transaction<(work: Work) => void>;

  /**
   * @param db - The connection, whose `busy_timeout` is 0.
   * @param hooks - See {@link QueueHooks}.
   */
  public constructor(private readonly db: Database, private readonly hooks: QueueHooks = {}) {
    this.begin = db.prepare('BEGIN IMMEDIATE');
    this.commit = db.prepare('COMMIT');
    this.piece = db.transaction((work: Work): void => {
      work.result = work.run();
    });
  }

  /**
   * Runs work inside the next transaction.
   *
   * @param run - Synchronous writes. The promise has the result of this function; an error rolls back its writes.
   * @param limits - See {@link WorkLimits}.
   *
   * @throws {@link StoreUnavailable} if another process holds the write lock for too long, or the queue is full.
   */
  public async add<T>(run: () => T, { bytes = 0, timeout = DEFAULT_TIMEOUT }: WorkLimits = {}): Promise<T> {
    if (this.queue.length >= MAX_WAITING || (this.queue.length > 0 && this.bytes + bytes > MAX_BYTES)) {
      throw new StoreUnavailable('busy', `${this.db.name}: too many writes wait`);
    }
    return new Promise<T>((resolve, reject): void => {
      const deadline = performance.now() + timeout;
      this.queue.push({ run, resolve: resolve as (value: unknown) => void, reject, bytes, deadline });
      this.bytes += bytes;
      this.schedule();
    });
  }

  /**
   * Writes all waiting work now.
   *
   * @param timeout - Maximum time, in milliseconds, to wait for the write lock; blocks the event loop. Default 2,000.
   */
  public drain(timeout = 2_000): void {
    this.db.pragma(`busy_timeout = ${timeout}`);
    while (this.queue.length > 0) {
      this.flush(true);
    }
    clearTimeout(this.retry);
    clearImmediate(this.scheduled);
  }

  private flush(isLast = false): void {
    clearImmediate(this.scheduled);
    this.scheduled = undefined;
    const done: Work[] = [];
    try {
      this.begin.run();
    } catch (error: unknown) {
      this.notBegun(error, isLast);
      return;
    }
    this.delay = FIRST_RETRY;
    try {
      this.hooks.onBegin?.();
      const end = performance.now() + TURN;
      do {
        const work = this.queue.shift()!;
        this.bytes -= work.bytes;
        done.push(work);
        this.attempt(work);
      } while (this.queue.length > 0 && performance.now() < end);
      this.commit.run();
    } catch (error: unknown) {
      if (this.db.inTransaction) {
        this.db.exec('ROLLBACK');
      }
      this.hooks.onUndo?.();
      if (done.length === 0) {
        done.push(...this.queue.splice(0));
        this.bytes = 0;
      }
      for (const work of done) {
        work.error = error;
      }
    }
    for (const work of done) {
      if (work.error === undefined) {
        work.resolve(work.result);
      } else {
        work.reject(work.error);
      }
    }
    if (this.queue.length > 0) {
      this.schedule();
    }
  }

  /** Rejects work after its deadline. Retries the rest if another process holds the write lock. */
  private notBegun(error: unknown, isLast: boolean): void {
    const now = performance.now();
    const waits = problemOf(error) === 'busy' && !isLast;
    const all = this.queue;
    this.queue = all.filter(({ deadline }): boolean => waits && deadline > now);
    for (const work of this.queue.length < all.length ? all : []) {
      if (!waits || work.deadline <= now) {
        this.bytes -= work.bytes;
        work.reject(error);
      }
    }
    if (this.queue.length > 0) {
      // The random part keeps two processes from retrying at the same times.
      this.retry = setTimeout((): void => {
        this.retry = undefined;
        this.flush();
      }, this.delay * (0.5 + (Math.random() / 2)));
      this.delay = Math.min(this.delay * 2, LAST_RETRY);
    }
  }

  private schedule(): void {
    if (this.retry === undefined) {
      this.scheduled ??= this.whenQuiet(this.queue.length, 0, performance.now() + GATHER);
    }
  }

  /** Flushes after some turns without new work, because a commit costs as much as several pieces of work. */
  private whenQuiet(known: number, quiet: number, latest: number): NodeJS.Immediate {
    return setImmediate((): void => {
      const { length } = this.queue;
      const turns = length > known ? 0 : quiet + 1;
      if (turns < QUIET && performance.now() < latest) {
        this.scheduled = this.whenQuiet(length, turns, latest);
      } else {
        this.flush();
      }
    });
  }

  /** Runs one piece of work inside a savepoint. Throws only if the whole transaction failed. */
  private attempt(work: Work): void {
    try {
      this.piece(work);
    } catch (error: unknown) {
      if (!this.db.inTransaction) {
        throw error;
      }
      this.hooks.onUndo?.();
      work.error = error;
    }
  }
}
