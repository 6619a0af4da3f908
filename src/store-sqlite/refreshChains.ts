import { REPLAY_TIME } from '../identity/tokens/RefreshTokenStore';
import type { SqliteSession } from './SqliteSession';

/** Deletes the next chains that have ended. */
const DELETE_ENDED = `
  DELETE FROM refresh_chains WHERE id IN (SELECT id FROM refresh_chains WHERE ends <= ? ORDER BY ends LIMIT ?)
`;
/** Deletes the next answers that no used token gets any more. */
const DELETE_OLD = `
  DELETE FROM refresh_answers WHERE token IN (SELECT token FROM refresh_answers WHERE used < ? ORDER BY used LIMIT ?)
`;

/**
 * Deletes ended chains of refresh tokens, and old answers to them, inside a transaction of the caller.
 *
 * @param session - The connection.
 * @param now - The time, in milliseconds since 1970.
 * @param limit - Maximum number of rows of each table.
 *
 * @returns The number of deleted rows.
 */
export function removeEndedChains(session: SqliteSession, now: number, limit: number): number {
  return session.run(DELETE_ENDED, now, limit).changes + session.run(DELETE_OLD, now - REPLAY_TIME, limit).changes;
}

/** Returns whether {@link removeEndedChains} has rows to delete. */
export function hasEndedChains(session: SqliteSession, now: number): boolean {
  return session.get('SELECT 1 FROM refresh_chains WHERE ends <= ? LIMIT 1', now) !== undefined ||
    session.get('SELECT 1 FROM refresh_answers WHERE used < ? LIMIT 1', now - REPLAY_TIME) !== undefined;
}
