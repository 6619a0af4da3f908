import { InvalidInput } from '../../event/InvalidInput';
import type { Caller } from '../../identity/Caller';
import { NotAuthorized } from '../../event/NotAuthorized';
import type { Authenticator } from '../../http/Authenticator';
import { unauthorized } from '../../http/errors';
import type { EndpointResponse, HttpExchange } from '../../http/Endpoint';
import { EventhosProblem } from './eventhosProblem';

/**
 * Answers a request of eventhos' dialect to whoever makes it: what is malformed is its 400001, and who is not logged in
 * gets 401 for what is not allowed.
 *
 * @param exchange - The request.
 * @param authenticator - Tells who makes it.
 * @param answer - Answers it.
 *
 * @throws What `answer` throws, else.
 */
export async function answerCaller(
  exchange: HttpExchange,
  authenticator: Authenticator,
  answer: (exchange: HttpExchange, caller: Caller) => Promise<EndpointResponse>,
): Promise<EndpointResponse> {
  const caller = await authenticator.callerOf(exchange, 'eventhos');
  try {
    return await answer(exchange, caller);
  } catch (error: unknown) {
    if (error instanceof InvalidInput) {
      throw new EventhosProblem(400, 400_001, error.message);
    }
    throw caller.agent === undefined && error instanceof NotAuthorized ? unauthorized(`${error.message}: log in first`) : error;
  }
}
