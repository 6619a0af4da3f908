import { parse } from 'uuid';
import { DuplicateRequest } from '../store/DuplicateRequest';
import type { IdempotencyKey } from '../store/idempotency';
import type { Rotation } from '../subscription/ports';
import { WORKED } from './deliveryClock';
import { findResponse, saveResponse } from './idempotency';
import type { SqliteSession } from './SqliteSession';

/** Time that a former secret signs after its replacement, in milliseconds of work time. */
const FORMER_SECRET_LIFETIME = 24 * 60 * 60_000;
/** Maximum number of former secrets of a target. */
const MAX_FORMER_SECRETS = 5;

/** Returns the former secrets of a target that still sign, newest first. */
export function formerSecretsOf(session: SqliteSession, target: number): string[] {
  return session.all<{ secret: string }>(`
    SELECT secret FROM former_secrets WHERE target = ? AND until > ${WORKED} ORDER BY until DESC
  `, target).map(({ secret }): string => secret);
}

/**
 * Replaces the secret of the target of a subscription, as `SecretStore.rotateSecret` specifies; inside a transaction.
 *
 * @throws {@link DuplicateRequest} with the stored secret, if the request is repeated.
 */
export function rotateSecret(
  session: SqliteSession,
  pod: string,
  subscription: string,
  secret: string,
  once?: IdempotencyKey,
): Rotation {
  const target = session.get<{ id: number; secret: string; worked: number }>(`
    SELECT t.id, t.secret, ${WORKED} AS worked FROM subscriptions s CROSS JOIN targets t
    WHERE s.uuid = ? AND s.pod = (SELECT id FROM pods WHERE url = ?) AND t.id = s.target AND t.secret IS NOT NULL
  `, parse(subscription), pod);
  if (!target) {
    return { outcome: 'missing' };
  }
  const { id, secret: former, worked } = target;
  const response = once && findResponse(session, once, Date.now());
  if (response) {
    throw new DuplicateRequest(response);
  }
  session.run('DELETE FROM former_secrets WHERE target = ? AND until <= ?', id, worked);
  const { count, oldest } = session.get<{ count: number; oldest: number }>(
    'SELECT COUNT(*) AS count, MIN(until) AS oldest FROM former_secrets WHERE target = ?',
    id,
  )!;
  if (count >= MAX_FORMER_SECRETS) {
    return { outcome: 'full', wait: oldest - worked };
  }
  if (once) {
    saveResponse(session, { ...once, result: secret }, Date.now());
  }
  // Rotations at the same work time differ by a millisecond, so that the order of the secrets is known.
  session.run(`
    INSERT INTO former_secrets (target, until, secret)
    SELECT ?, MAX(?, IFNULL((SELECT MAX(until) FROM former_secrets WHERE target = ?) + 1, 0)), ?
  `, id, worked + FORMER_SECRET_LIFETIME, id, former);
  session.run('UPDATE targets SET secret = ? WHERE id = ?', secret, id);
  return { outcome: 'rotated' };
}
