/**
 * Cause of a {@link StoreUnavailable}: another process holds the write lock; the file, its folder or its file system is
 * read-only; the file cannot be opened, read or written; or its content is damaged.
 */
export type StoreProblem = 'busy' | 'readOnly' | 'unreachable' | 'damaged';

/** Seconds until a retry is useful: another program's lock ends soon, everything else needs an operator. */
const RETRY_AFTER: Readonly<Record<StoreProblem, number>> = { busy: 5, readOnly: 60, unreachable: 30, damaged: 120 };

/**
 * The store cannot be read or written now. Nothing of the rejected operation is stored.
 */
export class StoreUnavailable extends Error {
  /** Seconds after which the operation can be tried again. */
  public readonly retryAfter: number;

  /**
   * @param problem - Problem that prevents the operation.
   * @param message - Names the file; for the operator's log, not for clients.
   * @param cause - The original error, if there is one.
   */
  public constructor(public readonly problem: StoreProblem, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'StoreUnavailable';
    this.retryAfter = RETRY_AFTER[problem];
  }
}
