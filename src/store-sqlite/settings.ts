import type { Database } from 'better-sqlite3';

/**
 * What the store knows about itself:
 * - `base_url`: the base URL of its server;
 * - `store_id`: a UUID, minted when the store is first opened by a server;
 * - `move`: the move to another base URL that is under way, as JSON.
 */
export type Setting = 'base_url' | 'store_id' | 'move';

/** The value of a setting; `undefined` if it is not set, or if the store has an older schema without settings. */
export function getSetting(db: Database, name: Setting): string | undefined {
  if (!hasTable(db, 'settings')) {
    return undefined;
  }
  return db.prepare('SELECT value FROM settings WHERE name = ?').pluck().get(name) as string | undefined;
}

/** Sets a setting, or removes it. */
export function setSetting(db: Database, name: Setting, value: string | undefined): void {
  if (value === undefined) {
    db.prepare('DELETE FROM settings WHERE name = ?').run(name);
  } else {
    db.prepare('INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value')
      .run(name, value);
  }
}

/** Whether a database is open in a process, or was when that process ended without closing it. */
export function isOpen(db: Database): boolean {
  return hasTable(db, 'runs') && db.prepare('SELECT 1 FROM runs').get() !== undefined;
}

/** Whether the database has a table. */
export function hasTable(db: Database, name: string): boolean {
  return db.prepare('SELECT 1 FROM sqlite_schema WHERE type = \'table\' AND name = ?').get(name) !== undefined;
}
