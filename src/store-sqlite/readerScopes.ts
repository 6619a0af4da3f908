import type { SqliteSession } from './SqliteSession';

/** Adds access decisions to a scope, by WebID; inside a transaction, because agents get keys. */
export function addDecisions(session: SqliteSession, scope: number, allowed: ReadonlyMap<string, boolean>): void {
  for (const [ agent, isAllowed ] of allowed) {
    const parameters = [ scope, session.key('agents', 'webid', agent), Number(isAllowed) ];
    session.run('INSERT OR REPLACE INTO temp.readers (scope, agent, allowed) VALUES (?, ?, ?)', ...parameters);
  }
}

/** Removes the access decisions of a scope. */
export function removeDecisions(session: SqliteSession, scope: number): void {
  session.run('DELETE FROM temp.readers WHERE scope = ?', scope);
}
