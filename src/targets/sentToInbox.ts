import type { Sent } from '../delivery/attempt';
import { OutgoingFailed } from '../outgoing/Outgoing';
import type { InboxResponse } from './sendToInbox';

/**
 * Returns the result of sending to an inbox, also if there is no response.
 *
 * @param send - Sends the request.
 * @param hostOf - Returns the host whose health the result shows. Default: the host of the delivery.
 */
export async function sentToInbox(
  send: () => Promise<InboxResponse>,
  hostOf: () => string | null | undefined = (): undefined => undefined,
): Promise<Sent> {
  try {
    const { location, ...result } = await send();
    return { result, host: hostOf(), ...location !== undefined && { copy: location }};
  } catch (error: unknown) {
    if (error instanceof OutgoingFailed) {
      // A refused request shows nothing of a host: any document can be given as a profile.
      return { result: error, host: error.fault === 'forbidden' ? null : hostOf() };
    }
    throw error;
  }
}
