import { DuplicateRequest } from '../store/DuplicateRequest';
import type { StoredResponse, IdempotencyKey } from '../store/idempotency';
import type { SqliteSession } from './SqliteSession';

/** For how many milliseconds it is remembered what a request made. */
const REMEMBERED = 24 * 60 * 60_000;

/** How many requests are forgotten with each that is noted, so that their number does not grow for good. */
const FORGOTTEN = 4;

/** What stands for the public, among the keys of agents. */
const PUBLIC = 0;

/**
 * Notes a request, with what is told to whoever repeats it; inside a transaction of the caller.
 *
 * @throws {@link DuplicateRequest} if one of the same agent, pod and key is remembered.
 */
export function saveResponse(
  session: SqliteSession,
  once: IdempotencyKey & Pick<StoredResponse, 'result'>,
  now: number,
): void {
  const { agent, pod, key, fingerprint, result } = once;
  const { changes } = session.run(
    `
      INSERT INTO made (pod, agent, key, fingerprint, result, at) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (pod, agent, key) DO UPDATE SET
        fingerprint = excluded.fingerprint, result = excluded.result, at = excluded.at
      WHERE made.at <= ?
    `,
    session.key('pods', 'url', pod),
    agent === undefined ? PUBLIC : session.key('agents', 'webid', agent),
    key,
    fingerprint,
    result,
    now,
    now - REMEMBERED,
  );
  if (changes === 0) {
    throw new DuplicateRequest(findResponse(session, once, now)!);
  }
  session.run(`
    DELETE FROM made WHERE (pod, agent, key) IN (SELECT pod, agent, key FROM made WHERE at <= ? ORDER BY at LIMIT ?)
  `, now - REMEMBERED, FORGOTTEN);
}

/** What a request made, if that is remembered. */
export function findResponse(
  session: SqliteSession,
  { agent, pod, key }: IdempotencyKey,
  now: number,
): StoredResponse | undefined {
  return session.get<StoredResponse>(`
    SELECT m.fingerprint, m.result FROM pods p CROSS JOIN made m
    WHERE p.url = ? AND m.pod = p.id
      AND m.agent = CASE WHEN ? IS NULL THEN ${PUBLIC} ELSE (SELECT id FROM agents WHERE webid = ?) END
      AND m.key = ? AND m.at > ?
  `, pod, agent, agent, key, now - REMEMBERED);
}
