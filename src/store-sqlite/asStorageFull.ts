import { StorageFull } from '../store/StorageFull';

/**
 * What SQLite says where it cannot write: the disk is full; a quota or a limit on the size of files is reached, which
 * is a write that fails like any other; or the index of the write-ahead log cannot grow.
 */
const CODES: ReadonlySet<unknown> = new Set([ 'SQLITE_FULL', 'SQLITE_IOERR_WRITE', 'SQLITE_IOERR_SHMSIZE' ]);

/**
 * An error of SQLite as {@link StorageFull}, if that is what it says; any other error as it is.
 *
 * @param error - What was thrown.
 * @param path - The path of the database.
 *
 * @see https://www.sqlite.org/rescode.html#full
 */
export function asStorageFull(error: unknown, path: string): unknown {
  const { code, message } = error as { code?: unknown; message: string };
  return CODES.has(code) ? new StorageFull(`There is no room for ${path}: ${message}`) : error;
}
