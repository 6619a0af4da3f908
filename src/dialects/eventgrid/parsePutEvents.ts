import { isBase64 } from '../../event/cloudEvent';
import type { CloudEventMembers } from '../../event/cloudEventMembers';
import {
  assertVersion,
  attributeTerms,
  extensionsOf,
  isObject,
  schemaOf,
  setMembers,
  textOf,
  timeOf,
} from '../../event/cloudEventMembers';
import type { Annotations } from '../../event/Event';
import { InvalidInput } from '../../event/InvalidInput';
import { membersOf, parseJson } from '../../event/json';
import type { TopicDraft } from '../../publish/PublishRequest';
import type { Task } from '../../work/Work';
import { sourceTopic, TOPIC_RULE } from './sourceTopic';

/** Body of a PutEvents request, with the channel of its path. */
export interface PutEventsInput {
  /** The body, as JSON. */
  readonly text: string;
  /** Name of the channel; empty if the path has none. */
  readonly channel: string;
}

/** An event of a PutEvents request: its draft, or its fault. */
export type PutEvent = {
  /** The id that its producer gave, if it is text. */
  readonly id: string | null;
} & ({ readonly draft: TopicDraft } | { readonly fault: string });

/** The limit that a request exceeds: the number of events, the size of one, or the size of all. */
export interface ExceededLimit {
  readonly exceeded: 'count' | 'event' | 'total';
  readonly message: string;
}

/** Limits of EventGrid on one request. Sizes are bytes of JSON without whitespace between its tokens. */
const MAX_EVENTS = 20;
const MAX_EVENT_BYTES = 64 * 1_024;
const MAX_TOTAL_BYTES = 256 * 1_024;
/** Levels around the data: the body, its array, and the event. */
const ENVELOPE = 3;

/** Name of `dataschema` that EventGrid's Terraform provider uses. */
const DATA_SCHEMA = 'data_schema';
const OTHERS: ReadonlySet<string> = new Set([ DATA_SCHEMA ]);
const JSON_TYPE = /^application\/json\s*(?:;|$)/iu;
const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads the body of a PutEvents request.
 *
 * Each event is a CloudEvent 1.0 in structured JSON. A malformed event is a fault of this event only.
 *
 * @returns The events in their order, or the limit that the request exceeds.
 *
 * @throws {@link InvalidInput} if the body is not JSON, or has no array `events`.
 *
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 */
export function parsePutEvents({ text, channel }: PutEventsInput): PutEvent[] | ExceededLimit {
  const { value } = parseJson(text, ENVELOPE);
  if (!isObject(value) || !Array.isArray(value.events) || value.events.length === 0) {
    throw new InvalidInput('Invalid events: expected a body {"events": [ … ]} with 1 to 20 CloudEvents');
  }
  const events: readonly unknown[] = value.events;
  const exceeded = exceededLimit(events);
  if (exceeded) {
    return exceeded;
  }
  const { data } = parseJson(membersOf(text).get('events')!.value);
  return events.map((event, index): PutEvent => readEvent(event, channel, data.get(index)));
}

/** Reads the body of a PutEvents request, see {@link parsePutEvents}. */
export const READ_PUT_EVENTS: Task<PutEventsInput, PutEvent[] | ExceededLimit> = {
  name: 'readPutEvents',
  run: parsePutEvents,
};

function exceededLimit(events: readonly unknown[]): ExceededLimit | undefined {
  if (events.length > MAX_EVENTS) {
    return { exceeded: 'count', message: `The request has ${events.length} events, and at most ${MAX_EVENTS} are accepted` };
  }
  const sizes = events.map((event): number => Buffer.byteLength(JSON.stringify(event)));
  const large = sizes.findIndex((size): boolean => size > MAX_EVENT_BYTES);
  if (large >= 0) {
    return {
      exceeded: 'event',
      message: `events[${large}] has ${sizes[large]} bytes, and at most ${MAX_EVENT_BYTES} are accepted`,
    };
  }
  const total = sizes.reduce((sum, size): number => sum + size, 0);
  return total > MAX_TOTAL_BYTES ?
    { exceeded: 'total', message: `The events have ${total} bytes together, and at most ${MAX_TOTAL_BYTES} are accepted` } :
    undefined;
}

function readEvent(event: unknown, channel: string, data: string | undefined): PutEvent {
  if (!isObject(event)) {
    return { id: null, fault: 'Invalid event: expected a JSON object' };
  }
  const members = setMembers(event);
  const id = typeof members.id === 'string' ? members.id : null;
  try {
    return { id, draft: toDraft(members, channel, data) };
  } catch (error: unknown) {
    if (error instanceof InvalidInput) {
      return { id, fault: error.message };
    }
    throw error;
  }
}

function toDraft(members: CloudEventMembers, channel: string, data: string | undefined): TopicDraft {
  const id = textOf(members, 'id', true);
  const source = textOf(members, 'source', true);
  assertVersion(members);
  const type = textOf(members, 'type', true);
  const subject = textOf(members, 'subject');
  const topic = sourceTopic(channel, source);
  if (topic === undefined) {
    throw new InvalidInput(`Invalid source: expected, together with the channel, ${TOPIC_RULE}`);
  }
  const { [DATA_SCHEMA]: other } = members;
  const dataschema = schemaOf({ ...other !== undefined && { dataschema: other }, ...members });
  const annotations: Annotations = {
    ...subject !== undefined && { subject },
    ...attributeTerms({ id, type, time: timeOf(members), dataschema, ...extensionsOf(members, OTHERS) }),
  };
  const content = contentOf(members, data);
  return { topic, annotations, ...content !== undefined && { data: content }};
}

/** The data as JSON text. */
function contentOf(
  { datacontenttype: type, data_base64: encoded }: CloudEventMembers,
  data: string | undefined,
): string | undefined {
  if (type !== undefined && !(typeof type === 'string' && JSON_TYPE.test(type))) {
    throw new InvalidInput('Invalid datacontenttype: expected application/json, the only supported type');
  }
  if (encoded === undefined) {
    return data;
  }
  if (data !== undefined) {
    throw new InvalidInput('Invalid data: the event has both data and data_base64');
  }
  return decoded(encoded);
}

function decoded(encoded: unknown): string {
  if (typeof encoded !== 'string' || !isBase64(encoded)) {
    throw new InvalidInput('Invalid data_base64: expected base64 of JSON');
  }
  try {
    const text = UTF_8.decode(Buffer.from(encoded, 'base64')).trim();
    parseJson(text, 0);
    return text;
  } catch (error: unknown) {
    const reason = error instanceof InvalidInput ? error.message : 'it is not valid UTF-8';
    throw new InvalidInput(`Invalid data_base64: ${reason}`);
  }
}
