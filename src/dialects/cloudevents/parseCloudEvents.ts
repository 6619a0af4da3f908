import type { CloudEventData } from '../../event/cloudEvent';
import { BASE64, DATA_ENCODING, isBase64 } from '../../event/cloudEvent';
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
import { declaresJson, isMediaType, isUriReference } from '../../event/cloudEvents';
import type { EventDraft } from '../../event/Event';
import { InvalidInput } from '../../event/InvalidInput';
import { parseJson } from '../../event/json';
import { LIMITS } from '../../event/limits';
import { isTopic } from '../../event/Topic';
import { isWebUrl } from '../../url/webUrl';
import type { Task } from '../../work/Work';
import { charsetOf, isUtf8Charset } from './binaryContent';

/** A draft of a CloudEvent. */
export type CloudEventDraft = EventDraft & Required<Pick<EventDraft, 'identity'>>;

/** CloudEvents in structured or batched mode, as JSON text, or one in binary mode. */
export type CloudEventsInput = {
  readonly text: string;
} | {
  readonly attributes: Readonly<Record<string, string>>;
  readonly data?: CloudEventData;
};

/** The events of a request, as plain data that can be copied between threads. */
export interface CloudEventItems {
  /** Each event, or the message of its fault. */
  readonly items: readonly (CloudEventDraft | string)[];
  /** Whether the events are a batch. */
  readonly isArray: boolean;
}

/** Maximum size of the attributes of one event, in bytes. */
const MAX_ATTRIBUTE_BYTES = 64 * 1_024;
/** Extensions with WebIDs, in the form of deliveries. */
const ADDRESSEES: ReadonlySet<string> = new Set([ 'recipients', 'participants' ]);

/**
 * Reads CloudEvents 1.0.
 *
 * @throws {@link InvalidInput} if the body is not JSON of its mode, or has too many events.
 *
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
 */
export function parseCloudEvents(input: CloudEventsInput, isBatch: boolean): CloudEventItems {
  if ('attributes' in input) {
    const { attributes, data } = input;
    return { items: [ itemOf((): CloudEventDraft => toDraft(attributes, checkedData(data))) ], isArray: false };
  }
  const { value, data } = parseJson(input.text);
  if (!isBatch) {
    return { items: [ itemOf((): CloudEventDraft => structuredDraft(value, data.get(0))) ], isArray: false };
  }
  if (!Array.isArray(value)) {
    throw new InvalidInput('A batch is a JSON array of CloudEvents');
  }
  if (value.length > LIMITS.eventsPerRequest) {
    throw new InvalidInput(`The batch holds ${value.length} events, and at most ${LIMITS.eventsPerRequest} are accepted`);
  }
  return {
    items: value.map((item: unknown, index): CloudEventDraft | string =>
      itemOf((): CloudEventDraft => structuredDraft(item, data.get(index)))),
    isArray: true,
  };
}

/** Input of {@link READ_CLOUD_EVENTS}. */
interface TaskInput {
  readonly input: CloudEventsInput;
  readonly isBatch: boolean;
}

/** Reads CloudEvents as {@link parseCloudEvents} does. */
export const READ_CLOUD_EVENTS: Task<TaskInput, CloudEventItems> = {
  name: 'readCloudEvents',
  run: ({ input, isBatch }): CloudEventItems => parseCloudEvents(input, isBatch),
};

function itemOf(read: () => CloudEventDraft): CloudEventDraft | string {
  try {
    return read();
  } catch (error: unknown) {
    if (error instanceof InvalidInput) {
      return error.message;
    }
    throw error;
  }
}

function structuredDraft(value: unknown, json: string | undefined): CloudEventDraft {
  if (!isObject(value)) {
    throw new InvalidInput('A CloudEvent is a JSON object');
  }
  const members = setMembers(value);
  return toDraft(members, structuredData(members, json));
}

function toDraft(members: CloudEventMembers, data: CloudEventData | undefined): CloudEventDraft {
  assertVersion(members);
  const id = textOf(members, 'id', true);
  const source = sourceOf(members);
  const type = textOf(members, 'type', true);
  if (!isTopic(type)) {
    throw new InvalidInput(`Invalid type: it is the topic, which has at most ${LIMITS.topicBytes} bytes and ` +
      `${LIMITS.topicSegments} segments, such as realestate/contact#add`);
  }
  const subject = textOf(members, 'subject');
  const datacontenttype = mediaTypeOf(members);
  const extensions = extensionsOf(members, ADDRESSEES);
  const recipients = webIdsOf(members, 'recipients');
  const sources = webIdsOf(members, 'participants').filter((webId): boolean => !recipients.includes(webId));
  if (recipients.length + sources.length > LIMITS.recipientsPerEvent) {
    throw new InvalidInput(`The event has more than ${LIMITS.recipientsPerEvent} recipients and participants`);
  }
  const [ time, dataschema ] = [ timeOf(members), schemaOf(members) ];
  const attributes = { id, source, type, time, dataschema, datacontenttype, ...extensions };
  if (Buffer.byteLength(JSON.stringify([ attributes, subject ])) > MAX_ATTRIBUTE_BYTES) {
    throw new InvalidInput(`The attributes of the event have more than ${MAX_ATTRIBUTE_BYTES / 1_024} KiB`);
  }
  return {
    topic: type,
    recipients,
    sources,
    ...recipients.length === 0 && { toProducer: true },
    identity: { source, id },
    keepsData: true,
    annotations: {
      ...subject !== undefined && { subject },
      ...attributeTerms(attributes),
      ...data?.form === 'binary' && { [DATA_ENCODING]: BASE64 },
    },
    ...data && { data: data.form === 'json' ? data.text : JSON.stringify(data.text) },
  };
}

function sourceOf(members: CloudEventMembers): string {
  const source = textOf(members, 'source', true);
  if (!isUriReference(source)) {
    throw new InvalidInput('Invalid source: expected a URI or a relative reference of at most 2,048 characters');
  }
  return source;
}

function mediaTypeOf({ datacontenttype }: CloudEventMembers): string | undefined {
  if (datacontenttype !== undefined && !isMediaType(datacontenttype)) {
    throw new InvalidInput('Invalid datacontenttype: expected a media type such as text/plain');
  }
  return datacontenttype;
}

/** The WebIDs of an extension, which are separated by spaces, without duplicates. */
function webIdsOf(members: CloudEventMembers, name: string): string[] {
  const webIds = (textOf(members, name) ?? '').split(' ').filter((webId): boolean => webId !== '');
  const invalid = webIds.find((webId): boolean => !isWebUrl(webId));
  if (invalid !== undefined || (members[name] !== undefined && webIds.length === 0)) {
    throw new InvalidInput(`Invalid ${name}: expected absolute http(s) IRIs, separated by spaces`);
  }
  return [ ...new Set(webIds) ];
}

/**
 * The data of an event in JSON, as the JSON format specifies.
 *
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md#312-payload-deserialization
 */
function structuredData(members: CloudEventMembers, json: string | undefined): CloudEventData | undefined {
  const { data, data_base64: encoded } = members;
  const mediaType = mediaTypeOf(members);
  if (encoded !== undefined) {
    if (json !== undefined) {
      throw new InvalidInput('Invalid data: the event has both data and data_base64');
    }
    if (typeof encoded !== 'string' || !isBase64(encoded)) {
      throw new InvalidInput('Invalid data_base64: expected base64 with padding');
    }
    return { form: 'binary', text: encoded };
  }
  if (json === undefined) {
    return undefined;
  }
  if (declaresJson(mediaType)) {
    return { form: 'json', text: json };
  }
  if (typeof data !== 'string') {
    throw new InvalidInput(`Invalid data: expected text, because the datacontenttype ${mediaType} is not JSON`);
  }
  if (!isUtf8Charset(charsetOf(mediaType!))) {
    throw new InvalidInput('Invalid datacontenttype: its charset is not UTF-8; send the data as data_base64');
  }
  return { form: 'text', text: data };
}

/** Checks data in JSON of a body, and removes the whitespace around it. */
function checkedData(data: CloudEventData | undefined): CloudEventData | undefined {
  if (data?.form !== 'json') {
    return data;
  }
  const text = data.text.trim();
  parseJson(text, 0);
  return { ...data, text };
}
