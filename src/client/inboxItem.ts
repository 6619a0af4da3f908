import type { RequestOptions } from './request';
import { asObject, request } from './request';

/** The largest document that is read, in bytes; an event of this server is at most a little over 4 MiB. */
const MAX_BYTES = 8 * 1_024 * 1_024;

/**
 * The document of an event, as the server stores it.
 */
export interface EventDocument {
  /** The URL of the event, under which it was published; all copies of it have the same. */
  readonly id: string;
  readonly topic: string;
  /** The WebID that made the request; absent if the event was published in public. */
  readonly publisher?: string;
  /** The WebIDs whose pods got it; one, or a list. */
  readonly recipient?: string | readonly string[];
  /** The WebIDs of those who took part; one, or a list. */
  readonly source?: string | readonly string[];
  /** The base URL of the producing pod. */
  readonly origin: string;
  /** When it was accepted, in ISO 8601. */
  readonly published: string;
  /** What was published, as it was posted. Any JSON value: check it before you use it. */
  readonly data?: unknown;
  /** Other members, such as `@context`, `type`, `subject`, `eventType` and `requestKey`. */
  readonly [member: string]: unknown;
}

/**
 * A copy of an event in an inbox.
 */
export interface InboxEvent {
  /** The URL of the copy. */
  readonly url: string;
  readonly event: EventDocument;
}

/** What reading something in an inbox gave: an event, or why it is none. */
export type Reading = { readonly item: InboxEvent } | { readonly skipped: string; readonly again: boolean };

/**
 * Reads what lies under a URL in an inbox.
 *
 * @returns Nothing if it is gone by now.
 *
 * @throws {@link RequestFailed} if one has to log in, or the server is not able to answer for now.
 */
export async function readItem(url: string, options: RequestOptions): Promise<Reading | undefined> {
  if (url.endsWith('/')) {
    return { skipped: 'it is a container', again: false };
  }
  const headers = { accept: 'application/ld+json' };
  const accepted = [ 400, 403, 404, 405, 406, 409, 410, 415, 422, 500, 501 ];
  const response = await request(url, { headers, accepted }, options);
  if (!response.ok) {
    await response.body?.cancel();
    return [ 404, 410 ].includes(response.status) ?
      undefined :
      { skipped: `the server answers with ${response.status}`, again: response.status === 500 };
  }
  const type = response.headers.get('content-type') ?? '';
  const length = Number(response.headers.get('content-length') ?? 0);
  if (!/^application\/(?:ld\+)?json\b/iu.test(type) || length > MAX_BYTES) {
    await response.body?.cancel();
    return { skipped: length > MAX_BYTES ? `it has ${length} bytes` : `it is ${type || 'of no type'}`, again: false };
  }
  const text = await readAtMost(response, MAX_BYTES);
  if (text === undefined) {
    return { skipped: `it has more than ${MAX_BYTES} bytes`, again: false };
  }
  const event = toEvent(text, url);
  return event ? { item: { url, event }} : { skipped: 'it is no event', again: false };
}

async function readAtMost(response: Response, bytes: number): Promise<string | undefined> {
  const decoder = new TextDecoder();
  const reader = (response.body as ReadableStream<Uint8Array> | null)?.getReader();
  let text = '';
  let length = 0;
  for (let part = await reader?.read(); part?.value; part = await reader?.read()) {
    length += part.value.length;
    if (length > bytes) {
      await reader?.cancel();
      return;
    }
    text += decoder.decode(part.value, { stream: true });
  }
  return text + decoder.decode();
}

/**
 * The event in a JSON text, if it has the form of one: its members have the types they should have, its URL is in the
 * `publish/` of its pod, and the copy is named after it.
 */
function toEvent(text: string, url: string): EventDocument | undefined {
  let document: Record<string, unknown>;
  try {
    document = asObject(JSON.parse(text));
  } catch {
    return;
  }
  const { id, type, topic, publisher, recipient, source, origin, published } = document;
  const isWebIds = (value: unknown): boolean => [ value ].flat().every((each): boolean => typeof each === 'string');
  const isEvent = typeof id === 'string' && typeof topic === 'string' && typeof origin === 'string' &&
    Array.isArray(type) && type.includes('Event') &&
    typeof published === 'string' && !Number.isNaN(Date.parse(published)) &&
    (publisher === undefined || typeof publisher === 'string') &&
    (recipient === undefined || isWebIds(recipient)) && (source === undefined || isWebIds(source)) &&
    id.startsWith(`${origin}publish/`) && id.slice(id.lastIndexOf('/')) === url.slice(url.lastIndexOf('/'));
  return isEvent ? document as EventDocument : undefined;
}
