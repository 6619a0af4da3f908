import { JSON_LD } from '../event/mediaTypes';
import { isWebUrl, parseUrl } from '../url/webUrl';
import type { SigningAgent } from '../identity/SigningAgent';
import type { Outgoing, OutgoingResponse } from '../outgoing/Outgoing';
import { OutgoingFailed } from '../outgoing/Outgoing';
import { singleHeaderValidator } from '../outgoing/singleHeaders';

/** Response of an inbox. */
export interface InboxResponse extends Pick<OutgoingResponse, 'headers' | 'status'> {
  /** Absolute URL of the created copy on the origin of the inbox, if the inbox returned it. */
  readonly location?: string;
}

/**
 * Makes one attempt to post a document to an inbox, as the server's own agent.
 *
 * @param outgoing - Sends the request.
 * @param agent - Signs the request.
 * @param inbox - The URL of the inbox.
 * @param document - The document, as JSON-LD.
 * @param timeout - Maximum duration, in milliseconds. Default: that of `outgoing`.
 *
 * @throws {@link OutgoingFailed} if there is no response.
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

/** The URL of the copy in a response, unless it is on another origin than the inbox. */
function copyOf(location: string | undefined, inbox: string): string | undefined {
  const isUsable = location !== undefined && singleHeaderValidator('location')!(location);
  const url = isUsable ? parseUrl(location, inbox) : undefined;
  return url?.origin === new URL(inbox).origin && isWebUrl(url.href) ? url.href : undefined;
}
