import type { EventDraft } from '../../event/Event';
import { InvalidInput } from '../../event/InvalidInput';
import { parseJson } from '../../event/json';
import { LIMITS } from '../../event/limits';
import { isTopic } from '../../event/Topic';
import { isWebUrl } from '../../url/webUrl';
import type { ParsedEvents } from '../../http/publish/EventParser';
import type { Task } from '../../work/Work';

/** The events of a body, as plain data that can be copied between threads. */
interface PublishItems {
  /** Each event, or the message of its fault. */
  readonly items: readonly (EventDraft | string)[];
  readonly isArray: boolean;
}

/** Parses a body as {@link parsePublish} does. */
export const READ_PUBLISH: Task<string, PublishItems> = {
  name: 'readPublish',
  run: (text): PublishItems => {
    const { items, isArray } = parsePublish(text);
    return {
      items: items.map((item): EventDraft | string => item instanceof InvalidInput ? item.message : item),
      isArray,
    };
  },
};

/**
 * Parses a body: one event, or an array of events.
 *
 * @throws {@link InvalidInput} if the body is not JSON, or an array without events or with too many.
 */
export function parsePublish(text: string): ParsedEvents {
  const { value, data } = parseJson(text);
  if (!Array.isArray(value)) {
    return { items: [ readOne(value, data.get(0)) ], isArray: false };
  }
  if (value.length === 0) {
    throw new InvalidInput('The array holds no event');
  }
  if (value.length > LIMITS.eventsPerRequest) {
    throw new InvalidInput(`The array holds ${value.length} events, and at most ${LIMITS.eventsPerRequest} are accepted`);
  }
  const items = value.map((item: unknown, index): EventDraft | InvalidInput => readOne(item, data.get(index)));
  return { items, isArray: true };
}

function readOne(value: unknown, data: string | undefined): EventDraft | InvalidInput {
  try {
    return toDraft(value, data);
  } catch (error: unknown) {
    if (error instanceof InvalidInput) {
      return error;
    }
    throw error;
  }
}

function toDraft(value: unknown, data: string | undefined): EventDraft {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidInput('An event is a JSON object with recipient, topic and data, optionally source');
  }
  const { recipient, source, topic } = value as Record<string, unknown>;
  const recipients = toWebIds(recipient, 'recipient');
  const sources = toWebIds(source, 'source').filter((webId): boolean => !recipients.includes(webId));
  if (recipients.length === 0) {
    throw new InvalidInput('No recipient found');
  }
  if (recipients.length + sources.length > LIMITS.recipientsPerEvent) {
    throw new InvalidInput(`More than ${LIMITS.recipientsPerEvent} recipients and sources found`);
  }
  if (topic === undefined || topic === null || topic === '') {
    throw new InvalidInput('No topic found');
  }
  if (typeof topic !== 'string' || !isTopic(topic)) {
    throw new InvalidInput(`Invalid topic: it is a text of at most ${LIMITS.topicBytes} bytes and ` +
      `${LIMITS.topicSegments} segments, without control characters, such as realestate/contact#add`);
  }
  if (data === undefined || data === 'null') {
    throw new InvalidInput('No data found');
  }
  return { recipients, sources, topic, data };
}

/** The WebIDs of a member, which is one or an array, without duplicates. */
function toWebIds(value: unknown, name: string): string[] {
  if (value === undefined || value === null || value === '') {
    return [];
  }
  const webIds: unknown[] = Array.isArray(value) ? value : [ value ];
  for (const webId of webIds) {
    if (typeof webId !== 'string' || !isWebUrl(webId)) {
      throw new InvalidInput(`Invalid ${name}: ${JSON.stringify(webId).slice(0, 200)} is no absolute http(s) IRI`);
    }
  }
  return [ ...new Set(webIds as string[]) ];
}
