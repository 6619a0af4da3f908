import type { Database } from 'better-sqlite3';

/**
 * Name of a setting of the store:
 * - `base_url`: base URL of its server;
 * - `store_id`: UUID, created when a server first opens the store;
 * - `move`: unfinished move to another base URL, as JSON;
 * - `secret_keys`: ids of the keys with which secrets are sealed, as JSON; absent before the first start with a key;
 * - `secret_scrub`: set if pages can have remains of unencrypted secrets.
 */
export type Setting = 'base_url' | 'store_id' | 'move' | 'secret_keys' | 'secret_scrub';

/**
 * Returns the value of a setting; `undefined` if it is not set, or if the store has an older schema without settings.
 */
export function getSetting(db: Database, name: Setting): string | undefined {
  if (!hasTable(db, 'settings')) {
    return undefined;
  }
  return db.prepare('SELECT value FROM settings WHERE name = ?').pluck().get(name) as string | undefined;
}

/** Sets a setting, or removes it if the value is `undefined`. */
export function setSetting(db: Database, name: Setting, value: string | undefined): void {
  if (value === undefined) {
    db.prepare('DELETE FROM settings WHERE name = ?').run(name);
  } else {
    db.prepare('INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value')
      .run(name, value);
  }
}

/** Whether a process has the database open, or ended without closing it. */
export function isOpen(db: Database): boolean {
  return hasTable(db, 'runs') && db.prepare('SELECT 1 FROM runs').get() !== undefined;
}

/** Whether the database has a table. */
export function hasTable(db: Database, name: string): boolean {
  return db.prepare('SELECT 1 FROM sqlite_schema WHERE type = \'table\' AND name = ?').get(name) !== undefined;
}
