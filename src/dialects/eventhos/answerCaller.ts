import { InvalidInput } from '../../event/InvalidInput';
import type { Caller } from '../../identity/Caller';
import { NotAuthorized } from '../../event/NotAuthorized';
import type { Authenticator } from '../../http/Authenticator';
import { unauthorized } from '../../http/errors';
import type { Answer, Exchange } from '../../http/Face';
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
  exchange: Exchange,
  authenticator: Authenticator,
  answer: (exchange: Exchange, caller: Caller) => Promise<Answer>,
): Promise<Answer> {
  const caller = await authenticator.callerOf(exchange, 'access-key');
  try {
    return await answer(exchange, caller);
  } catch (error: unknown) {
    if (error instanceof InvalidInput) {
      throw new EventhosProblem(400, 400_001, error.message);
    }
    throw caller.agent === undefined && error instanceof NotAuthorized ? unauthorized(`${error.message}: log in first`) : error;
  }
}
