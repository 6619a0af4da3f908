import { createHash } from 'node:crypto';
import { closeSync, createReadStream, existsSync, fsyncSync, openSync } from 'node:fs';
import { copyFile, mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

/** How often a file is copied that changes meanwhile. */
const TRIES = 3;

/**
 * The paths of the files below a folder that hold data, relative to it, in order. The folder of the event store is left
 * out, and so are locks of the server.
 */
export async function dataFiles(folder: string): Promise<string[]> {
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

/** The folders below a folder that hold data but are empty, relative to it. */
export async function emptyFolders(folder: string): Promise<string[]> {
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
 * Copies a file that somebody may be writing: again, if it changes meanwhile.
 *
 * @returns Whether there is a copy: the file may have been deleted meanwhile.
 */
export async function copyWhole(from: string, to: string): Promise<boolean> {
  await mkdir(dirname(to), { recursive: true });
  for (let tries = 1; ; tries += 1) {
    try {
      const before = await stat(from);
      await copyFile(from, to);
      const after = await stat(from);
      if ((before.mtimeMs === after.mtimeMs && before.size === after.size) || tries === TRIES) {
        return true;
      }
    } catch (error: unknown) {
      return ifGone(error, false);
    }
  }
}

/** The SHA-256 of a file, in hex. */
export async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of createReadStream(path)) {
    hash.update(part as Buffer);
  }
  return hash.digest('hex');
}

/** Has what was written to a file or folder reach the disk. */
export function flush(path: string): void {
  // A folder cannot be opened on all systems, nor need it be flushed on those.
  if (existsSync(path)) {
    try {
      const file = openSync(path, 'r');
      fsyncSync(file);
      closeSync(file);
    } catch {
      // It is as safe as the system allows.
    }
  }
}

function ifGone<T>(error: unknown, value: T): T {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
    return value;
  }
  throw error;
}
