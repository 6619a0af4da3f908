import type { Database, Statement, Transaction } from 'better-sqlite3';

interface Work {
  readonly run: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  result?: unknown;
  error?: unknown;
}

/** After how many milliseconds a commit is made and the rest is left to the next turn of the event loop. */
const TURN = 6;
/** For how many milliseconds work is gathered at most, and how many turns without any end that before. */
const GATHER = 2;
const QUIET = 3;

/**
 * Writes everything that arrives in one turn of the event loop in one transaction, so that it shares one disk flush.
 *
 * Each piece of work is whole or undone, whatever becomes of the others, and its promise is settled after the commit.
 */
export class CommitQueue {
  private queue: Work[] = [];
  private scheduled?: NodeJS.Immediate;
  private readonly begin: Statement;
  private readonly commit: Statement;
  private readonly piece: Transaction<(work: Work) => void>;

  /**
   * @param db - The connection.
   * @param onUndo - Is called whenever writes were undone.
   */
  public constructor(private readonly db: Database, private readonly onUndo: () => void) {
    this.begin = db.prepare('BEGIN IMMEDIATE');
    this.commit = db.prepare('COMMIT');
    this.piece = db.transaction((work: Work): void => {
      work.result = work.run();
    });
  }

  /**
   * Does the work inside the next transaction.
   *
   * @param run - Synchronous writes; what it returns is returned, what it throws is thrown and undoes its writes.
   */
  public async add<T>(run: () => T): Promise<T> {
    return new Promise<T>((resolve, reject): void => {
      this.queue.push({ run, resolve: resolve as (value: unknown) => void, reject });
      this.schedule();
    });
  }

  /** Writes all that waits, now. */
  public drain(): void {
    while (this.queue.length > 0) {
      this.flush();
    }
  }

  private flush(): void {
    clearImmediate(this.scheduled);
    this.scheduled = undefined;
    const done: Work[] = [];
    try {
      this.begin.run();
      const end = performance.now() + TURN;
      do {
        const work = this.queue.shift()!;
        done.push(work);
        this.attempt(work);
      } while (this.queue.length > 0 && performance.now() < end);
      this.commit.run();
    } catch (error: unknown) {
      if (this.db.inTransaction) {
        this.db.exec('ROLLBACK');
      }
      this.onUndo();
      if (done.length === 0) {
        done.push(...this.queue.splice(0));
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

  private schedule(): void {
    this.scheduled ??= this.whenQuiet(this.queue.length, 0, performance.now() + GATHER);
  }

  /** Flushes when some turns have brought no more work, for a commit costs as much as several pieces of work. */
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

  /** Does one piece inside a savepoint; only a failure of the whole transaction is thrown. */
  private attempt(work: Work): void {
    try {
      this.piece(work);
    } catch (error: unknown) {
      if (!this.db.inTransaction) {
        throw error;
      }
      this.onUndo();
      work.error = error;
    }
  }
}
