import { JSON_LD } from '../event/mediaTypes';
import { isWebUrl, parseUrl } from '../url/webUrl';
import type { SigningAgent } from '../identity/SigningAgent';
import type { Outgoing, OutgoingResponse } from '../outgoing/Outgoing';
import { OutgoingFailed } from '../outgoing/Outgoing';
import { singleHeaderValidator } from '../outgoing/singleHeaders';

/** What an inbox answered. */
export interface InboxResponse extends Pick<OutgoingResponse, 'headers' | 'status'> {
  /** The absolute URL of the copy, if one was created and its URL told, on the origin of the inbox. */
  readonly location?: string;
}

/**
 * Posts a document to an inbox once, as the server's own agent.
 *
 * @param outgoing - The way out.
 * @param agent - Signs the request.
 * @param inbox - The URL of the inbox.
 * @param document - The document, as JSON-LD.
 * @param timeout - How long it may take in all, in milliseconds; that of `outgoing`, unless it is given.
 *
 * @throws {@link OutgoingFailed} if there is no answer.
 *
 * @see https://www.w3.org/TR/ldn/#sender
 */
export async function sendToInbox(
  outgoing: Outgoing,
  agent: SigningAgent,
  inbox: string,
  document: string,
  timeout?: number,
): Promise<InboxResponse> {
  if (!parseUrl(inbox)) {
    throw new OutgoingFailed('forbidden', 'POST: the inbox has no absolute URL.');
  }
  const { status, headers } = await outgoing.send({
    method: 'POST',
    url: inbox,
    headers: { 'content-type': JSON_LD, ...await agent.headersFor('POST', inbox) },
    body: document,
    headOnly: true,
    ...timeout !== undefined && { timeout },
  });
  const location = status === 201 ? copyOf(headers.location, inbox) : undefined;
  return { status, headers, ...location !== undefined && { location }};
}

/** What an inbox says of where the copy is, if it can be believed: only its own origin can know. */
function copyOf(location: string | undefined, inbox: string): string | undefined {
  const isUsable = location !== undefined && singleHeaderValidator('location')!(location);
  const url = isUsable ? parseUrl(location, inbox) : undefined;
  return url?.origin === new URL(inbox).origin && isWebUrl(url.href) ? url.href : undefined;
}
