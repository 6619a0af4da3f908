import type { Database } from 'better-sqlite3';
import DatabaseConstructor from 'better-sqlite3';
import { createKeyFile, newKey, readKeyFile } from './keyFile';
import type { SecretPlace } from './SecretCipher';
import { keyIdOf, SecretCipher } from './SecretCipher';
import { getSetting, hasTable, setSetting } from './settings';

/** Number of targets, or of stored responses, of one transaction. */
const STEP = 500;
/** In place of the id of a key: secrets can be unencrypted. */
export const PLAIN = 'plain';

/** A row whose secrets are sealed. */
interface TargetRow {
  readonly id: number;
  readonly kind: string;
  readonly secret: string | null;
  readonly credential: string | null;
}

interface ResponseRow {
  readonly pod: number;
  readonly agent: number;
  readonly key: string;
  readonly result: string;
}

/** Returns the place of a secret of a target. */
export function placeOf(
  column: 'credential' | 'former' | 'secret',
  { id, kind }: Pick<TargetRow, 'id' | 'kind'>,
): SecretPlace {
  return [ column, kind, id ];
}

/** Returns the place of a secret that a stored response contains. */
export function placeOfResponse({ pod, agent, key }: Omit<ResponseRow, 'result'>): SecretPlace {
  return [ 'response', pod, agent, key ];
}

/** Returns the ids of the keys with which a store may have sealed secrets, and `plain` if some may be unencrypted. */
export function usedKeys(db: Database): readonly string[] {
  const text = getSetting(db, 'secret_keys');
  return text === undefined ? [ PLAIN ] : JSON.parse(text) as string[];
}

/**
 * Returns a problem of the keys of a store, in one sentence with the remedy. Only reads.
 *
 * @param db - The store.
 * @param path - Path of the key file.
 */
export function keyProblem(db: Database, path: string): string | undefined {
  try {
    const keys = readKeyFile(path);
    const missing = usedKeys(db).filter((id): boolean => id !== PLAIN && !keys?.some((key): boolean => key.id === id));
    return missing.length > 0 && hasSecrets(db) ?
      `${keys ? 'The key file' : 'There is no key file'} ${path}${keys ? ' lacks' : ' with'} the key ${missing.join(', ')}, ` +
      'with which secrets of webhooks are encrypted. Put it back, or name it with --eventsKeyFile; if it is lost, run ' +
      '`solid-pod-events-server rotate-key --discard`, which disables these webhooks until they are subscribed again.' :
      undefined;
  } catch (error: unknown) {
    return (error as Error).message;
  }
}

/**
 * Returns the cipher of a store, and seals all its secrets with the current key: those of an older version, and those
 * of former keys. It works in small transactions, and continues after an interruption.
 *
 * @param db - The opened store.
 * @param path - Path of the key file; `undefined` for a store in memory, whose key is in memory too.
 * @param creates - Whether a missing key file is created.
 *
 * @throws Error with the remedy if the key file is missing or not valid.
 */
export function openCipher(db: Database, path: string | undefined, creates = true): SecretCipher {
  if (path === undefined) {
    return new SecretCipher([ newKey() ]);
  }
  const problem = keyProblem(db, path);
  if (problem !== undefined) {
    throw new Error(problem);
  }
  const keys = readKeyFile(path);
  if (!keys && !creates) {
    throw new Error(`There is no key file ${path}. Create it with one line, the output of \`openssl rand -base64 32\`, ` +
      'and mode 600, for all servers of this store.');
  }
  const cipher = new SecretCipher(keys ?? createKeyFile(path));
  const used = usedKeys(db);
  if (used.some((id): boolean => id !== cipher.keyId)) {
    const all = JSON.stringify([ ...new Set([ cipher.keyId, ...used ]) ]);
    setSetting(db, 'secret_keys', all);
    sealAll(db, cipher);
    setSetting(db, 'secret_keys', JSON.stringify([ cipher.keyId ]));
  }
  scrub(db);
  return cipher;
}

/** Whether a store has sealed secrets. */
function hasSecrets(db: Database): boolean {
  const sources = [ 'targets WHERE secret IS NOT NULL OR credential IS NOT NULL', 'former_secrets' ];
  return sources.some((source): boolean => db.prepare(`SELECT 1 FROM ${source} LIMIT 1`).get() !== undefined);
}

/**
 * Removes secrets that cannot be decrypted, and disables their targets until they are subscribed again.
 *
 * @returns The number of targets.
 */
export function discardSecrets(db: Database, cipher: SecretCipher): number {
  const isLost = (value: string | null): boolean => {
    const id = value === null ? undefined : keyIdOf(value);
    return id !== undefined && !cipher.has(id);
  };
  let count = 0;
  steps(db, (target): void => {
    const former = db.prepare('SELECT secret FROM former_secrets WHERE target = ?').pluck().all(target.id) as string[];
    if ([ target.secret, target.credential, ...former ].some(isLost)) {
      db.prepare('UPDATE targets SET secret = NULL, credential = NULL, disabled = IFNULL(disabled, ?) WHERE id = ?')
        .run(Date.now(), target.id);
      db.prepare('DELETE FROM former_secrets WHERE target = ?').run(target.id);
      count += 1;
    }
  });
  db.prepare('DELETE FROM made WHERE result LIKE \'sealed:%\'').run();
  return count;
}

/** Seals all secrets with the current key. */
function sealAll(db: Database, cipher: SecretCipher): void {
  const again = (value: string, place: SecretPlace): string => {
    if (keyIdOf(value) === undefined) {
      setSetting(db, 'secret_scrub', '1');
      return cipher.seal(value, place);
    }
    return keyIdOf(value) === cipher.keyId ? value : cipher.seal(cipher.open(value, place), place);
  };
  // Overwrites the pages of former values with zeros.
  const before = db.pragma('secure_delete', { simple: true }) as number;
  db.pragma('secure_delete = ON');
  steps(db, (target): void => {
    const { id, secret, credential } = target;
    db.prepare('UPDATE targets SET secret = ?, credential = ? WHERE id = ?').run(
      secret && again(secret, placeOf('secret', target)),
      credential && again(credential, placeOf('credential', target)),
      id,
    );
    const place = placeOf('former', target);
    for (const former of db.prepare('SELECT secret FROM former_secrets WHERE target = ?').pluck().all(id) as string[]) {
      db.prepare('UPDATE former_secrets SET secret = ? WHERE target = ? AND secret = ?')
        .run(again(former, place), id, former);
    }
  });
  let last: Omit<ResponseRow, 'result'> = { pod: 0, agent: -1, key: '' };
  const step = db.transaction((): boolean => {
    const rows = db.prepare(`
      SELECT pod, agent, key, result FROM made WHERE (pod, agent, key) > (?, ?, ?) ORDER BY pod, agent, key LIMIT ?
    `).all(last.pod, last.agent, last.key, STEP) as ResponseRow[];
    for (const row of rows.filter(({ result }): boolean => isSecret(result))) {
      db.prepare('UPDATE made SET result = ? WHERE pod = ? AND agent = ? AND key = ?')
        .run(again(row.result, placeOfResponse(row)), row.pod, row.agent, row.key);
    }
    last = rows.at(-1) ?? last;
    return rows.length === STEP;
  });
  while (step.immediate()) {
    // Until no rows remain.
  }
  db.pragma(`secure_delete = ${before}`);
}

/** Whether a stored response of an idempotent request is a secret, sealed or not. Others are JSON objects. */
export function isSecret(result: string): boolean {
  return !result.startsWith('{');
}

/** Runs a function for each target, in transactions of {@link STEP}. */
function steps(db: Database, run: (target: TargetRow) => void): void {
  let last = 0;
  const step = db.transaction((): boolean => {
    const rows = db.prepare('SELECT id, kind, secret, credential FROM targets WHERE id > ? ORDER BY id LIMIT ?')
      .all(last, STEP) as TargetRow[];
    rows.filter(({ secret, credential }): boolean => secret !== null || credential !== null).forEach(run);
    last = rows.at(-1)?.id ?? last;
    return rows.length === STEP;
  });
  while (step.immediate()) {
    // Until no rows remain.
  }
}

/**
 * Rewrites the file of a store after secrets were sealed that had been stored unencrypted, so that no page has remains
 * of them. If the disk is full or another process uses the store, the next start repeats it.
 */
function scrub(db: Database): void {
  if (!hasTable(db, 'settings') || getSetting(db, 'secret_scrub') === undefined) {
    return;
  }
  // A connection of its own, because the store's has its temporary files, such as that of VACUUM, in memory.
  const own = new DatabaseConstructor(db.name);
  try {
    own.exec('VACUUM');
    const [{ busy }] = own.pragma('wal_checkpoint(TRUNCATE)') as { readonly busy: number }[];
    if (busy === 0) {
      setSetting(own, 'secret_scrub', undefined);
    }
  } catch {
    // `check` reports the setting.
  } finally {
    own.close();
  }
}
