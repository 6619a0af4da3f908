import { ProfileUnavailable } from '../../identity/profiles/ProfileUnavailable';
import { OutgoingFailed } from '../../outgoing/Outgoing';
import type { InboxFinder } from '../../subscription/ports';

/**
 * Returns the inbox of an agent of another server.
 *
 * @throws {@link OutgoingFailed} if the profile is unavailable or has no inbox; with `forbidden` if a retry cannot
 *   help.
 */
export async function findInbox(profiles: InboxFinder, webId: string): Promise<string> {
  let inbox: string | undefined;
  try {
    inbox = await profiles.inboxOf(webId);
  } catch (error: unknown) {
    throw error instanceof ProfileUnavailable ? asFailed(error) : error;
  }
  if (inbox === undefined) {
    throw new OutgoingFailed('forbidden', `The profile of ${webId} names no inbox: its owner has to add ldp:inbox to it`);
  }
  return inbox;
}

function asFailed({ fault, isTransient, message }: ProfileUnavailable): OutgoingFailed {
  return new OutgoingFailed(isTransient ? fault ?? 'unreachable' : 'forbidden', message);
}
