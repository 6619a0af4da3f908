import { existsSync } from 'node:fs';
import DatabaseConstructor from 'better-sqlite3';
import { FolderLock } from '../store-sqlite/FolderLock';
import { newKey, readKeyFile, writeKeyFile } from '../store-sqlite/keyFile';
import { migrate } from '../store-sqlite/schema';
import { discardSecrets, keyProblem, openCipher, PLAIN, usedKeys } from '../store-sqlite/sealing';
import { SecretCipher } from '../store-sqlite/SecretCipher';
import { setSetting } from '../store-sqlite/settings';
import { databasePath } from '../store-sqlite/SqliteSession';
import type { ServerIo } from './Io';
import { dataFolder, keyFileOf, readCommandOptions } from './options';
import { EXIT, Problem } from './problem';

/**
 * Command `rotate-key`: adds a key to the key file of a stopped server, and encrypts all secrets with it.
 *
 * The key file keeps former keys, which older backups need. An interrupted run is completed by the next start.
 *
 * @returns The exit code.
 */
export async function rotateKeyCommand(args: readonly string[], io: ServerIo): Promise<number> {
  const values = readCommandOptions(args, [
    { name: 'rootFilePath', alias: 'f', type: 'string', requiresArg: true },
    { name: 'eventsKeyFile', type: 'string', requiresArg: true },
    { name: 'discard', type: 'boolean' },
  ]);
  const folder = dataFolder(values, io);
  const path = databasePath(folder, 'events.sqlite');
  if (!existsSync(path)) {
    throw new Problem(`There is no event store at ${path}. Check the data folder (-f).`);
  }
  const keyFile = keyFileOf(values, folder, io);
  const lock = new FolderLock(folder);
  lock.acquire();
  const db = new DatabaseConstructor(path);
  try {
    migrate(db);
    const problem = values.discard === true ? undefined : keyProblem(db, keyFile);
    if (problem !== undefined) {
      throw new Problem(problem);
    }
    const keys = [ newKey(), ...readKeyFile(keyFile) ?? []];
    writeKeyFile(keyFile, keys);
    const cipher = new SecretCipher(keys);
    const discarded = values.discard === true ? discardSecrets(db, cipher) : 0;
    if (values.discard === true) {
      const isLeft = (id: string): boolean => cipher.has(id) || id === PLAIN;
      setSetting(db, 'secret_keys', JSON.stringify(usedKeys(db).filter(isLeft)));
    }
    openCipher(db, keyFile);
    io.out(values.json === true ?
      `${JSON.stringify({ keyFile, key: cipher.keyId, discarded })}\n` :
      `All secrets are encrypted with the key ${cipher.keyId}, the first one in ${keyFile}. Older backups need the others.\n` +
      (discarded > 0 ? `${discarded} webhooks without a readable secret are disabled until they are subscribed again.\n` : ''));
    return EXIT.ok;
  } finally {
    db.close();
    lock.release();
  }
}
