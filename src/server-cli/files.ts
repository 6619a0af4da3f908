import { createHash } from 'node:crypto';
import { closeSync, createReadStream, existsSync, fsyncSync, openSync } from 'node:fs';
import { copyFile, mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

/** Maximum number of attempts to copy a file that changes meanwhile. */
const MAX_ATTEMPTS = 3;

/**
 * Lists the data files below a folder, as sorted relative paths, without the event store and the server's locks.
 */
export async function listDataFiles(folder: string): Promise<string[]> {
  const files: string[] = [];
  const visit = async(path: string): Promise<void> => {
    const entries = await readdir(path, { withFileTypes: true }).catch((error: unknown): never[] => ifGone(error, []));
    for (const entry of entries.sort((left, right): number => left.name < right.name ? -1 : 1)) {
      const own = join(path, entry.name);
      const name = relative(folder, own).replaceAll('\\', '/');
      if (name === '.events' || name === '.internal/locks') {
        continue;
      }
      if (entry.isDirectory()) {
        await visit(own);
      } else if (entry.isFile()) {
        files.push(name);
      }
    }
  };
  await visit(folder);
  return files;
}

/** Lists the empty folders below a folder, as relative paths, without the event store and the server's locks. */
export async function listEmptyFolders(folder: string): Promise<string[]> {
  const found: string[] = [];
  const visit = async(path: string): Promise<void> => {
    const entries = await readdir(path, { withFileTypes: true }).catch((error: unknown): never[] => ifGone(error, []));
    const name = relative(folder, path).replaceAll('\\', '/');
    if (name === '.events' || name === '.internal/locks') {
      return;
    }
    if (entries.length === 0 && name !== '') {
      found.push(name);
    }
    for (const entry of entries) {
      if (entry.isDirectory()) {
        await visit(join(path, entry.name));
      }
    }
  };
  await visit(folder);
  return found;
}

/**
 * Copies a file that other processes may write, and repeats the copy if the file changes meanwhile.
 *
 * @returns `false` if the file no longer exists.
 */
export async function copyStable(from: string, to: string): Promise<boolean> {
  await mkdir(dirname(to), { recursive: true });
  for (let tries = 1; ; tries += 1) {
    try {
      const before = await stat(from);
      await copyFile(from, to);
      const after = await stat(from);
      if ((before.mtimeMs === after.mtimeMs && before.size === after.size) || tries === MAX_ATTEMPTS) {
        return true;
      }
    } catch (error: unknown) {
      return ifGone(error, false);
    }
  }
}

/** Computes the SHA-256 hash of a file, in hex. */
export async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of createReadStream(path)) {
    hash.update(part as Buffer);
  }
  return hash.digest('hex');
}

/** Flushes a file or folder to the disk. */
export function flush(path: string): void {
  // Some systems cannot open folders, and do not need to flush them.
  if (existsSync(path)) {
    try {
      const file = openSync(path, 'r');
      fsyncSync(file);
      closeSync(file);
    } catch {
      // The system does not support flushing this path.
    }
  }
}

function ifGone<T>(error: unknown, value: T): T {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
    return value;
  }
  throw error;
}
