import type { AttributeValue } from './cloudEvents';
import { attributeText, declaresJson, givenAttributes } from './cloudEvents';
import type { Event } from './Event';
import { eventUrl } from './Event';
import { readMembers } from './EventDocument';
import { EVENTS } from './vocabulary';

/** Content type of a CloudEvent in structured mode, spelled as `cloudevents` (npm) compares it. */
export const CLOUD_EVENT_TYPE = 'application/cloudevents+json; charset=utf-8';

/** Content type of a batch of CloudEvents. */
export const CLOUD_EVENT_BATCH_TYPE = 'application/cloudevents-batch+json; charset=utf-8';

/** Member of an event's document for data that its JSON text only encodes; the value is {@link BASE64}. */
export const DATA_ENCODING = `${EVENTS}dataEncoding` as const;
/** Value of {@link DATA_ENCODING} for binary data, which the document contains as base64. */
export const BASE64 = 'base64';

const BASE64_TEXT = /^[a-zA-Z0-9+/]*={0,2}$/u;

/** Returns whether a text is base64 with padding, without whitespace. */
export function isBase64(text: string): boolean {
  return text.length % 4 === 0 && BASE64_TEXT.test(text);
}

/**
 * Data of a CloudEvent.
 *
 * - `json`: JSON text, as it was posted;
 * - `text`: text of another media type;
 * - `binary`: bytes, in base64.
 */
export interface CloudEventData {
  readonly form: 'json' | 'text' | 'binary';
  readonly text: string;
}

/** An event as a CloudEvent. */
export interface CloudEvent {
  /** Context attributes with their extensions, in the order in which they are written. */
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /** Absent if the event has no data. */
  readonly data?: CloudEventData;
}

/**
 * Returns an event as a CloudEvent.
 *
 * An event that was accepted as a CloudEvent keeps the attributes and data that its producer gave: `id`, `source`,
 * `type`, `subject`, `time`, `dataschema`, `datacontenttype` and extensions. For other events:
 * - `source` is the base URL of the producing pod, and `id` the event's UUID: together they identify the event;
 * - `type` is the type that its producer gave, otherwise the topic; `subject` is its subject;
 * - `time` is the time that its producer gave, otherwise its acceptance;
 * - `datacontenttype` is `application/json`.
 *
 * These extensions are the server's own, and no producer can set them:
 * - `eventurl` is the URL of the event;
 * - `authid` is the WebID of the publisher, with `authtype` `system` for the server's own agent and `app_user` for
 *   others: absent for public publication;
 * - `topic` is the topic, if the type differs from it;
 * - `recipients` and `participants` are WebIDs separated by spaces: `recipient` and `source` of the document;
 * - `eventtype` and `requestkey` are members of the document.
 *
 * U+FFFD replaces controls and noncharacters in attributes. The result is independent of its receiver and time, so that
 * it can be created once for many deliveries.
 *
 * @param event - The event.
 * @param agent - WebID of the server's own agent. Default: none.
 *
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#context-attributes
 * @see https://github.com/cloudevents/spec/blob/main/cloudevents/extensions/authcontext.md
 */
export function cloudEventOf(
  event: Pick<Event, 'id' | 'pod' | 'topic' | 'publisher' | 'published' | 'members'>,
  agent?: string,
): CloudEvent {
  const { values, data: text } = readMembers(event);
  const { identity, type, time, dataschema, datacontenttype, extensions } = givenAttributes(values);
  const topic = attributeText(event.topic)!;
  const mediaType = identity ? datacontenttype : text === undefined ? undefined : 'application/json';
  const data = text === undefined ? undefined : dataOf(text, mediaType, values[DATA_ENCODING]);
  const attributes: Record<string, AttributeValue | undefined> = {
    specversion: '1.0',
    id: identity?.id ?? event.id,
    source: identity?.source ?? event.pod,
    type: type ?? topic,
    subject: attributeText(values.subject),
    time: time ?? (identity ? undefined : new Date(event.published).toISOString()),
    dataschema,
    ...type !== undefined && type !== topic && { topic },
    ...event.publisher !== undefined && {
      authtype: event.publisher === agent ? 'system' : 'app_user',
      authid: attributeText(event.publisher),
    },
    recipients: list(values.recipient),
    participants: list(values.source),
    eventtype: attributeText(values.eventType),
    requestkey: attributeText(values.requestKey),
    eventurl: eventUrl(event),
    ...extensions,
    datacontenttype: data?.form === 'json' && !declaresJson(mediaType) ? undefined : mediaType,
  };
  return { attributes: defined(attributes), ...data && { data }};
}

/**
 * Returns a CloudEvent in the JSON format.
 *
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 */
export function structuredText({ attributes, data }: CloudEvent): string {
  const text = JSON.stringify(attributes);
  if (!data) {
    return text;
  }
  const member = data.form === 'binary' ? '"data_base64"' : '"data"';
  return `${text.slice(0, -1)},${member}:${data.form === 'json' ? data.text : JSON.stringify(data.text)}}`;
}

/** Returns an event as a CloudEvent in the JSON format, see {@link cloudEventOf} and {@link structuredText}. */
export function toCloudEvent(event: Event, agent?: string): string {
  return structuredText(cloudEventOf(event, agent));
}

/** Returns the bytes of a CloudEvent's data, as binary mode sends them. */
export function dataBytes({ form, text }: CloudEventData): Buffer {
  return Buffer.from(text, form === 'binary' ? 'base64' : 'utf8');
}

/** Returns the data in its form. Data of another server that contradicts its media type is JSON. */
function dataOf(json: string, mediaType: string | undefined, encoding: unknown): CloudEventData {
  const text: unknown = encoding === BASE64 || !declaresJson(mediaType) ? JSON.parse(json) : undefined;
  if (typeof text !== 'string' || (encoding === BASE64 && !isBase64(text))) {
    return { form: 'json', text: json };
  }
  return { form: encoding === BASE64 ? 'binary' : 'text', text };
}

function list(value: unknown): string | undefined {
  return attributeText([ value ].flat().filter((item): boolean => typeof item === 'string').join(' '));
}

function defined(attributes: Readonly<Record<string, AttributeValue | undefined>>): Record<string, AttributeValue> {
  return Object.fromEntries(Object.entries(attributes).filter(([ , value ]): boolean => value !== undefined)) as
    Record<string, AttributeValue>;
}
