import { formatPlace } from '../listing/listingPlace';
import type { ListingPlace } from '../listing/ports';

/** Time after which a client reconnects, in milliseconds. */
const RETRY = 2_000;
const LINE_END = /\r\n|\r|\n/u;

/**
 * Returns a message of a stream.
 *
 * @param place - Position after the event, the id of the message.
 * @param data - Text of the event, in which line ends count as space.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export function eventMessage(place: ListingPlace, data: string): string {
  return `id: ${formatPlace(place)}\n${data.split(LINE_END).map((line): string => `data: ${line}\n`).join('')}\n`;
}

/** Returns the beginning of a stream. Its id is the position from which a client resumes before the first event. */
export function firstMessage(place: ListingPlace): string {
  return `retry: ${RETRY}\nid: ${formatPlace(place)}\n\n`;
}

/** Returns a message without an event, which renews the position of the client. */
export function heartbeat(place: ListingPlace): string {
  return `: heartbeat\nid: ${formatPlace(place)}\n\n`;
}

/** Returns a comment. Clients do not report it. */
export function comment(text: string): string {
  return `: ${text.replaceAll(/[\r\n]+/gu, ' ')}\n\n`;
}
