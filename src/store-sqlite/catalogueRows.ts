import type { SqliteSession } from './SqliteSession';

/**
 * Frees the room of an entry of a catalogue that was removed, once no event is left that was sent by it, and that of
 * its system if that was removed too; inside a transaction of the caller.
 */
export function forgetEntry(session: SqliteSession, entry: number): void {
  const row = session.get<{ system: number }>(`
    DELETE FROM entries_of_catalogue WHERE id = ? AND removed IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM events e WHERE e.entry = entries_of_catalogue.id)
    RETURNING system
  `, entry);
  if (row) {
    forgetSystem(session, row.system);
  }
}

/** Frees in the same way the room of a system, once no entry is left that names it. */
export function forgetSystem(session: SqliteSession, system: number): void {
  session.run(`
    DELETE FROM systems WHERE id = ? AND removed IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM entries_of_catalogue x WHERE x.system = systems.id)
  `, system);
}
