import type { Caller } from '../../identity/Caller';
import type { Scope } from '../../identity/scopes';
import type { Authenticator } from '../../http/Authenticator';
import type { HttpExchange } from '../../http/Endpoint';
import { HttpProblem, unauthorized } from '../../http/errors';
import { queryOf } from '../../http/query';
import { EventhosProblem } from './eventhosProblem';

/** Headers with credentials. `AccessKeyMover` moves access keys from the query to the first one. */
const CREDENTIALS = [ 'access-key', 'x-api-key', 'authorization' ];

/**
 * Checks that a request has a credential.
 *
 * @throws {@link EventhosProblem} 400201 if it has none.
 */
export function assertCredential({ request }: HttpExchange): void {
  if (!CREDENTIALS.some((name): boolean => Boolean(request.headers[name]))) {
    throw new EventhosProblem(400, 400_201, 'access-key is required');
  }
}

/**
 * Reads the parameter `event-identifier` of a request.
 *
 * @throws {@link EventhosProblem} 400201 if it is absent or empty.
 */
export function eventIdentifierOf(exchange: HttpExchange): string {
  const identifier = queryOf(exchange).get('event-identifier');
  if (!identifier) {
    throw new EventhosProblem(400, 400_201, 'event-identifier is required');
  }
  return identifier;
}

/**
 * Returns the caller of a request that acts on events. The public is refused.
 *
 * @param exchange - The request.
 * @param authenticator - Authenticates the request.
 * @param scopes - The scopes of which its credential needs one.
 *
 * @throws {@link EventhosProblem} 401202 if the credential is invalid.
 */
export async function senderOf(
  exchange: HttpExchange,
  authenticator: Authenticator,
  scopes: readonly Scope[],
): Promise<Caller> {
  try {
    const caller = await authenticator.callerOf(exchange, scopes, 'eventhos');
    if (caller.agent !== undefined) {
      return caller;
    }
  } catch (error: unknown) {
    if (!(error instanceof HttpProblem) || error.status !== 401) {
      throw error;
    }
  }
  throw new EventhosProblem(401, 401_202, 'Incorrect token', unauthorized('').headers);
}
