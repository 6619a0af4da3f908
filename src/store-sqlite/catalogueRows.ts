import type { SqliteSession } from './SqliteSession';

/**
 * Deletes a removed entry of a catalogue without events, and its system if that was also removed; inside a transaction
 * of the caller.
 */
export function deleteRemovedEntry(session: SqliteSession, entry: number): void {
  const row = session.get<{ system: number }>(`
    DELETE FROM entries_of_catalogue WHERE id = ? AND removed IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM events e WHERE e.entry = entries_of_catalogue.id)
    RETURNING system
  `, entry);
  if (row) {
    deleteRemovedSystem(session, row.system);
  }
}

/** Deletes a removed system without entries; inside a transaction of the caller. */
export function deleteRemovedSystem(session: SqliteSession, system: number): void {
  session.run(`
    DELETE FROM systems WHERE id = ? AND removed IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM entries_of_catalogue x WHERE x.system = systems.id)
  `, system);
}
