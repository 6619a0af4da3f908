import { DuplicateRequest } from '../store/DuplicateRequest';
import type { StoredResponse, IdempotencyKey } from '../store/idempotency';
import type { SqliteSession } from './SqliteSession';

/** Lifetime of a stored response, in milliseconds. */
const LIFETIME = 24 * 60 * 60_000;

/** Maximum number of expired responses that each write removes. */
const MAX_EXPIRED = 4;

/** Key of the public; agents have larger keys. */
const PUBLIC = 0;

/**
 * Stores the response for repetitions of a request, inside a transaction of the caller.
 *
 * @throws {@link DuplicateRequest} if a response for the same agent, pod and key is stored.
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
    now - LIFETIME,
  );
  if (changes === 0) {
    throw new DuplicateRequest(findResponse(session, once, now)!);
  }
  session.run(`
    DELETE FROM made WHERE (pod, agent, key) IN (SELECT pod, agent, key FROM made WHERE at <= ? ORDER BY at LIMIT ?)
  `, now - LIFETIME, MAX_EXPIRED);
}

/** Returns the stored response of a request, if it has not expired. */
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
  `, pod, agent, agent, key, now - LIFETIME);
}
