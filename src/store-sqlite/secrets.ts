import { parse } from 'uuid';
import { DuplicateRequest } from '../store/DuplicateRequest';
import type { IdempotencyKey } from '../store/idempotency';
import type { Rotation } from '../subscription/ports';
import { WORKED } from './deliveryClock';
import { findResponse, saveResponse } from './idempotency';
import { isSecret, placeOf, placeOfResponse } from './sealing';
import type { SqliteSession } from './SqliteSession';

/** Time that a former secret signs after its replacement, in milliseconds of work time. */
const FORMER_SECRET_LIFETIME = 24 * 60 * 60_000;
/** Maximum number of former secrets of a target. */
const MAX_FORMER_SECRETS = 5;

/** A target with its sealed secret. */
interface SecretTarget {
  readonly id: number;
  readonly kind: string;
  readonly secret: string | null;
  readonly credential: string | null;
}

/** Secrets with which deliveries to a target are sent. */
export interface TargetSecrets {
  /** Secrets that sign: the current one, and former ones, newest first. */
  readonly secrets: readonly string[];
  readonly credential: string | null;
}

/** Returns the secrets of a target; none if they cannot be decrypted, so that nothing is sent without them. */
export function secretsOf(session: SqliteSession, target: SecretTarget): TargetSecrets {
  const { secret, credential } = target;
  try {
    return {
      secrets: secret === null ? [] : signingSecrets(session, { ...target, secret }),
      credential: credential && session.cipher.open(credential, placeOf('credential', target)),
    };
  } catch {
    return { secrets: [], credential: null };
  }
}

function signingSecrets(session: SqliteSession, target: SecretTarget & { readonly secret: string }): string[] {
  const former = session.all<{ secret: string }>(`
    SELECT secret FROM former_secrets WHERE target = ? AND until > ${WORKED} ORDER BY until DESC
  `, target.id);
  return [
    session.cipher.open(target.secret, placeOf('secret', target)),
    ...former.map(({ secret }): string => session.cipher.open(secret, placeOf('former', target))),
  ];
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
  const target = session.get<Omit<SecretTarget, 'credential'> & { secret: string; worked: number }>(`
    SELECT t.id, t.kind, t.secret, ${WORKED} AS worked FROM subscriptions s CROSS JOIN targets t
    WHERE s.uuid = ? AND s.pod = (SELECT id FROM pods WHERE url = ?) AND t.id = s.target AND t.secret IS NOT NULL
  `, parse(subscription), pod);
  if (!target) {
    return { outcome: 'missing' };
  }
  const { id, worked } = target;
  const response = once && findResponse(session, once, Date.now());
  if (response) {
    const { result } = response;
    const place = placeOfResponse(keysOf(session, once));
    throw new DuplicateRequest({ ...response, result: isSecret(result) ? session.cipher.open(result, place) : result });
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
    const result = session.cipher.seal(secret, placeOfResponse(keysOf(session, once)));
    saveResponse(session, { ...once, result }, Date.now());
  }
  const former = session.cipher.open(target.secret, placeOf('secret', target));
  // Rotations at the same work time differ by a millisecond, so that the order of the secrets is known.
  session.run(`
    INSERT INTO former_secrets (target, until, secret)
    SELECT ?, MAX(?, IFNULL((SELECT MAX(until) FROM former_secrets WHERE target = ?) + 1, 0)), ?
  `, id, worked + FORMER_SECRET_LIFETIME, id, session.cipher.seal(former, placeOf('former', target)));
  session.run('UPDATE targets SET secret = ? WHERE id = ?', session.cipher.seal(secret, placeOf('secret', target)), id);
  return { outcome: 'rotated' };
}

/** Returns the key of the row of a stored response. */
function keysOf(
  session: SqliteSession,
  { pod, agent, key }: IdempotencyKey,
): { readonly pod: number; readonly agent: number; readonly key: string } {
  return {
    pod: session.key('pods', 'url', pod),
    agent: agent === undefined ? 0 : session.key('agents', 'webid', agent),
    key,
  };
}
