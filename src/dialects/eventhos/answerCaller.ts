import { InvalidInput } from '../../event/InvalidInput';
import type { Caller } from '../../identity/Caller';
import type { Scope } from '../../identity/scopes';
import { NotAuthorized } from '../../event/NotAuthorized';
import type { Authenticator } from '../../http/Authenticator';
import { unauthorized } from '../../http/errors';
import type { EndpointResponse, HttpExchange } from '../../http/Endpoint';
import { EventhosProblem } from './eventhosProblem';

/**
 * Answers a request of the dialect eventhos: invalid input is an error 400001, and a refused caller without credentials
 * gets 401.
 *
 * @param exchange - The request.
 * @param authenticator - Authenticates the request.
 * @param scopes - The scopes of which its credential needs one.
 * @param answer - Answers it.
 *
 * @throws Other errors of `answer`.
 */
export async function answerCaller(
  exchange: HttpExchange,
  authenticator: Authenticator,
  scopes: readonly Scope[],
  answer: (exchange: HttpExchange, caller: Caller) => Promise<EndpointResponse>,
): Promise<EndpointResponse> {
  const caller = await authenticator.callerOf(exchange, scopes, 'eventhos');
  try {
    return await answer(exchange, caller);
  } catch (error: unknown) {
    if (error instanceof InvalidInput) {
      throw new EventhosProblem(400, 400_001, error.message);
    }
    throw caller.agent === undefined && error instanceof NotAuthorized ? unauthorized(`${error.message}: log in first`) : error;
  }
}
