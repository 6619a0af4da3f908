import type { RequestOptions } from './request';
import { asObject, request } from './request';

/** Maximum size of a document that is read, in bytes. Events of this server have little more than 4 MiB. */
const MAX_BYTES = 8 * 1_024 * 1_024;

/**
 * The JSON document of an event, as stored by the server.
 */
export interface EventDocument {
  /** URL of the event in the producing pod. All copies have the same `id`. */
  readonly id: string;
  readonly topic: string;
  /** WebID of the publisher. Absent if the request was unauthenticated. */
  readonly publisher?: string;
  /** WebIDs of the recipients; one, or a list. */
  readonly recipient?: string | readonly string[];
  /** WebIDs of the participants; one, or a list. */
  readonly source?: string | readonly string[];
  /** Base URL of the producing pod. */
  readonly origin: string;
  /** Time of acceptance, in ISO 8601. */
  readonly published: string;
  /** The published data, as posted. It can be any JSON value: validate it before use. */
  readonly data?: unknown;
  /** Other members, such as `@context`, `type`, `subject`, `eventType` and `requestKey`. */
  readonly [member: string]: unknown;
}

/**
 * A copy of an event in an inbox.
 */
export interface InboxEvent {
  /** URL of the copy. */
  readonly url: string;
  readonly event: EventDocument;
}

/** Result of reading a resource in an inbox: an event, or the reason to skip it and whether to read it again later. */
export type Reading = { readonly item: InboxEvent } | { readonly skipped: string; readonly again: boolean };

/**
 * Reads a resource in an inbox.
 *
 * @returns `undefined` if the resource no longer exists.
 *
 * @throws {@link RequestFailed} if authentication is required or the server is temporarily unavailable.
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
      { skipped: `the server responds with ${response.status}`, again: response.status === 500 };
  }
  const type = response.headers.get('content-type') ?? '';
  const length = Number(response.headers.get('content-length') ?? 0);
  if (!/^application\/(?:ld\+)?json\b/iu.test(type) || length > MAX_BYTES) {
    await response.body?.cancel();
    return { skipped: length > MAX_BYTES ? `it has ${length} bytes` : `its content type is ${type || 'missing'}`, again: false };
  }
  const text = await readAtMost(response, MAX_BYTES);
  if (text === undefined) {
    return { skipped: `it has more than ${MAX_BYTES} bytes`, again: false };
  }
  const event = parseEvent(text, url);
  return event ? { item: { url, event }} : { skipped: 'it is not an event', again: false };
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
 * Parses an event. Returns `undefined` if the document does not have the form of an event.
 *
 * The members must have the expected types, the `id` must be in `publish/` of its pod, and the last path segment of the
 * copy must equal that of the `id`.
 */
function parseEvent(text: string, url: string): EventDocument | undefined {
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
