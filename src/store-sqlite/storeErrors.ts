import { StorageFull } from '../store/StorageFull';
import type { StoreProblem } from '../store/StoreUnavailable';
import { StoreUnavailable } from '../store/StoreUnavailable';

/** Problems by result codes of SQLite without extension (`SQLITE_IOERR_READ` is an `SQLITE_IOERR`). */
const PROBLEMS: Readonly<Record<string, StoreProblem>> = {
  SQLITE_BUSY: 'busy',
  SQLITE_LOCKED: 'busy',
  SQLITE_PROTOCOL: 'busy',
  SQLITE_READONLY: 'readOnly',
  SQLITE_PERM: 'readOnly',
  SQLITE_IOERR: 'unreachable',
  SQLITE_CANTOPEN: 'unreachable',
  SQLITE_CORRUPT: 'damaged',
  SQLITE_NOTADB: 'damaged',
};

/**
 * Result codes of SQLite for a write without space: the disk is full; a quota or a limit of file sizes is reached,
 * which SQLite reports as a failed write; or the index of the write-ahead log cannot grow.
 */
const FULL_CODES: ReadonlySet<unknown> = new Set([ 'SQLITE_FULL', 'SQLITE_IOERR_WRITE', 'SQLITE_IOERR_SHMSIZE' ]);

/** Descriptions of problems, after the path of the database. */
const DESCRIPTIONS: Readonly<Record<StoreProblem, string>> = {
  busy: 'is locked by another process',
  readOnly: 'is read-only',
  unreachable: 'cannot be accessed',
  damaged: 'is damaged',
};

/** Remedies of problems at start, for the operator. */
const REMEDIES: Readonly<Record<StoreProblem, string>> = {
  busy: 'Wait until that process (a backup tool, VACUUM or a restore) has ended, and start again.',
  readOnly: 'Give the user that runs the server write access to the file and to its folder, and start again.',
  unreachable: 'Check the disk, and the access of the user that runs the server to the file and its folder.',
  damaged: 'Restore it from a backup.',
};

/** Error codes of the file system for a read-only file or folder. */
const READ_ONLY: ReadonlySet<unknown> = new Set([ 'EACCES', 'EPERM', 'EROFS' ]);

/**
 * Returns the problem that an error of SQLite reports.
 *
 * @returns `undefined` for any other error, such as a failed constraint.
 *
 * @see https://www.sqlite.org/rescode.html
 */
export function problemOf(error: unknown): StoreProblem | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? PROBLEMS[/^SQLITE_[A-Z]+/u.exec(code)?.[0] ?? ''] : undefined;
}

/**
 * Converts an error of SQLite to `StorageFull` or {@link StoreUnavailable}. Returns any other error unchanged.
 *
 * @param error - The thrown value.
 * @param path - Path of the database.
 */
export function asStoreError(error: unknown, path: string): unknown {
  const full = asStorageFull(error, path);
  const problem = full === error ? problemOf(error) : undefined;
  return problem === undefined ?
    full :
    new StoreUnavailable(problem, `${path} ${DESCRIPTIONS[problem]}: ${(error as Error).message}`, error);
}

/**
 * Converts an error at opening a database to a message for the operator, with the remedy.
 *
 * @param error - The thrown value.
 * @param path - Path of the database.
 */
export function asOpenError(error: unknown, path: string): Error {
  const { code, message } = error as NodeJS.ErrnoException;
  const problem = READ_ONLY.has(code) ? 'readOnly' : problemOf(error);
  if (asStorageFull(error, path) !== error) {
    return new Error(`The event store ${path} cannot be written, because no space is left: ${message}.`, { cause: error });
  }
  return problem === undefined ?
    error as Error :
    new Error(`The event store ${path} ${problem === 'damaged' ? 'cannot be read' : DESCRIPTIONS[problem]}: ${message}. ` +
      REMEDIES[problem], { cause: error });
}

/**
 * Converts an error of SQLite about missing space to {@link StorageFull}. Returns any other error unchanged.
 *
 * @param error - The thrown value.
 * @param path - Path of the database.
 *
 * @see https://www.sqlite.org/rescode.html#full
 */
function asStorageFull(error: unknown, path: string): unknown {
  const { code, message } = error as { code?: unknown; message: string };
  return FULL_CODES.has(code) ? new StorageFull(`No space is left for ${path}: ${message}`) : error;
}
