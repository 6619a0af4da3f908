import { publishContainer } from '../../event/Event';
import type { Caller } from '../../identity/Caller';
import { NotAuthorized } from '../../event/NotAuthorized';
import type { Access } from '../../access/ports';
import type { Authenticator } from '../Authenticator';
import { unauthorized } from '../errors';
import type { HttpExchange } from '../Endpoint';

/**
 * Who makes a request to publish through a pod, and may do that.
 *
 * @throws An `HttpProblem` 401 if nobody is logged in and the public may not, or the credentials are not valid.
 * @throws {@link NotAuthorized} if the caller may not publish through the pod.
 */
export async function publisherOf(
  authenticator: Authenticator,
  access: Access,
  exchange: HttpExchange,
): Promise<Caller> {
  const { pod } = exchange;
  const caller = await authenticator.callerOf(exchange);
  const gate = publishContainer(pod);
  if (!(await access.allowed(caller, [ gate ], 'append')).has(gate)) {
    throw caller.agent === undefined ?
      unauthorized(`To publish through ${pod} you have to log in`) :
      new NotAuthorized(`Not authorized to publish through ${pod}`);
  }
  return caller;
}
