import { createHash, randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Size of a key, in bytes. */
const KEY_BYTES = 32;
/** Maximum number of keys in a file. */
const MAX_KEYS = 100;
const LINE = /^[A-Za-z0-9+/]{43}=$/u;

/** A key that encrypts secrets of the store. */
export interface SecretKey {
  /** Id of the key: the first 8 hex digits of its SHA-256. */
  readonly id: string;
  readonly bytes: Buffer;
}

/** Returns the path of the default key file of a data folder. */
export function defaultKeyFile(folder: string): string {
  return join(folder, '.events', 'secret.key');
}

/** Creates a random key. */
export function newKey(): SecretKey {
  return toKey(randomBytes(KEY_BYTES));
}

/**
 * Reads a key file: one key in Base64 on each line, the current one first.
 *
 * @returns The keys, or `undefined` if there is no file.
 *
 * @throws Error with the remedy if other users can access the file, or its content is not valid.
 */
export function readKeyFile(path: string): readonly SecretKey[] | undefined {
  const state = statSync(path, { throwIfNoEntry: false });
  if (!state) {
    return undefined;
  }
  // Windows has no such modes.
  if (process.platform !== 'win32' && (state.mode & 0o077) !== 0) {
    throw new Error(`The key file ${path} is accessible to other users (mode ${(state.mode & 0o777).toString(8)}). Run ` +
      `\`chmod 600 ${path}\`.`);
  }
  const lines = state.isFile() && state.size <= MAX_KEYS * 64 ? readFileSync(path, 'latin1').trimEnd().split(/\r?\n/u) : [];
  if (lines.length === 0 || lines.length > MAX_KEYS || !lines.every((line): boolean => LINE.test(line))) {
    throw new Error(`The key file ${path} is not valid: expected one key of ${KEY_BYTES} bytes in Base64 on each line, at ` +
      `most ${MAX_KEYS}. Restore the file from its copy.`);
  }
  return lines.map((line): SecretKey => toKey(Buffer.from(line, 'base64')));
}

/**
 * Creates a key file with a new key, readable by its owner only, unless one exists.
 *
 * @returns The keys of the file, which another process may have created meanwhile.
 */
export function createKeyFile(path: string): readonly SecretKey[] {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = writeTemporary(path, [ newKey() ]);
  try {
    // A link, unlike a rename, replaces no existing file.
    linkSync(temporary, path);
  } catch (error: unknown) {
    if (!existsSync(path)) {
      throw error;
    }
  } finally {
    rmSync(temporary, { force: true });
  }
  flushFolder(dirname(path));
  return readKeyFile(path)!;
}

/** Replaces the keys of a key file atomically. */
export function writeKeyFile(path: string, keys: readonly SecretKey[]): void {
  mkdirSync(dirname(path), { recursive: true });
  renameSync(writeTemporary(path, keys), path);
  flushFolder(dirname(path));
}

function writeTemporary(path: string, keys: readonly SecretKey[]): string {
  const temporary = `${path}.new-${process.pid}-${randomBytes(4).toString('hex')}`;
  const file = openSync(temporary, 'wx', 0o600);
  try {
    writeSync(file, keys.map(({ bytes }): string => `${bytes.toString('base64')}\n`).join(''));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return temporary;
}

function flushFolder(path: string): void {
  try {
    const folder = openSync(path, 'r');
    fsyncSync(folder);
    closeSync(folder);
  } catch {
    // Some systems cannot open folders, and do not need to flush them.
  }
}

function toKey(bytes: Buffer): SecretKey {
  return { id: createHash('sha256').update(bytes).digest('hex').slice(0, 8), bytes };
}
