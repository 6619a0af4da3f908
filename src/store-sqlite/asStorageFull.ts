import { StorageFull } from '../store/StorageFull';

/**
 * Result codes of SQLite for a write without space: the disk is full; a quota or a limit of file sizes is reached,
 * which SQLite reports as a failed write; or the index of the write-ahead log cannot grow.
 */
const CODES: ReadonlySet<unknown> = new Set([ 'SQLITE_FULL', 'SQLITE_IOERR_WRITE', 'SQLITE_IOERR_SHMSIZE' ]);

/**
 * Converts an error of SQLite about missing space to {@link StorageFull}. Returns any other error unchanged.
 *
 * @param error - The thrown value.
 * @param path - Path of the database.
 *
 * @see https://www.sqlite.org/rescode.html#full
 */
export function asStorageFull(error: unknown, path: string): unknown {
  const { code, message } = error as { code?: unknown; message: string };
  return CODES.has(code) ? new StorageFull(`No space is left for ${path}: ${message}`) : error;
}
