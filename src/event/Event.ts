/**
 * What a client asks to publish, after its dialect has been read and checked.
 */
export interface EventDraft {
  /** A valid topic, see {@link isTopic}. */
  readonly topic: string;
  /** The WebIDs whose pods get a copy and forward it, without duplicates. */
  readonly recipients: readonly string[];
  /** The WebIDs of the participants, whose pods do the same, without duplicates. */
  readonly sources: readonly string[];
  /** The payload as JSON text, exactly as it was posted; absent if there is none. */
  readonly data?: string;
  /** What the event is about, in the words of the dialect that has a field for it. */
  readonly subject?: string;
  /** The type that was given, where the topic does not say it. */
  readonly eventType?: string;
  /** The key by which the caller recognises its request in a log. */
  readonly requestKey?: string;
}

/**
 * An event: an immutable fact. All but its document is there to be queried.
 */
export interface Event {
  /** UUIDv7, minted by the server. */
  readonly id: string;
  /** The base URL of the producing pod, ending in `/`. */
  readonly pod: string;
  readonly topic: string;
  /** The WebID that made the request, unless it was made in public. */
  readonly publisher?: string;
  /** When the event was accepted, in milliseconds since 1970. */
  readonly published: number;
  /** The JSON-LD context that is in force in the document, as JSON text. */
  readonly context: string;
  /** The members of the document without its context, as the text of one JSON object. */
  readonly members: string;
}

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/u;

/**
 * Whether a text has the form of the ids that are minted for events and subscriptions: UUIDv7, in lower case.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9562#section-5.7
 */
export function isId(text: string): boolean {
  return ID.test(text);
}

/** The container of a pod that holds what was published through it. */
export function publishContainer(pod: string): string {
  return `${pod}publish/`;
}

/** The URL of an event, under which it was published and by which all its copies name it. */
export function eventUrl({ pod, id }: Pick<Event, 'pod' | 'id'>): string {
  return `${publishContainer(pod)}${id}`;
}

/** The member by which a document tells how many servers have passed it on; every context has the prefix. */
export const HOPS = 'events:hops';

/** What the document has beside its context and its members. */
const FRAME = '{"@context":'.length;

/** The whole JSON-LD document of an event, as JSON text. */
export function eventDocument({ context, members }: Pick<Event, 'context' | 'members'>): string {
  return `{"@context":${context},${members.slice(1)}`;
}

/**
 * The document as it goes to another server, with the number of servers that will have passed it on.
 *
 * @param event - The event.
 * @param hops - At least 1.
 */
export function forwardedDocument({ context, members }: Pick<Event, 'context' | 'members'>, hops: number): string {
  return `{"@context":${context},${JSON.stringify(HOPS)}:${hops},${members.slice(1)}`;
}

/** The length of an event's own document, in bytes. */
export function documentBytes({ context, members }: Pick<Event, 'context' | 'members'>): number {
  return FRAME + Buffer.byteLength(context) + Buffer.byteLength(members);
}
