import type { EventDraft } from '../../event/Event';
import { InvalidInput } from '../../event/InvalidInput';
import { parseJson } from '../../event/json';
import { LIMITS } from '../../event/limits';
import { isTopic } from '../../event/Topic';
import { isWebUrl } from '../../url/webUrl';
import type { Task, Work } from '../../work/Work';

/**
 * What a publish request asks for.
 */
export interface PublishBody {
  readonly drafts: readonly EventDraft[];
  /** Whether the body was an array. */
  readonly isArray: boolean;
}

/** The events of a body, or the fault of each that is invalid, and whether they came as an array. */
interface PublishItems {
  readonly items: readonly (EventDraft | string)[];
  readonly isArray: boolean;
}

/** Reads the body of a publish request. */
export const READ_PUBLISH: Task<string, PublishItems> = {
  name: 'readPublish',
  run: (text): PublishItems => {
    const { items, isArray } = readPublish(text);
    return {
      items: items.map((item): EventDraft | string => item instanceof InvalidInput ? item.message : item),
      isArray,
    };
  },
};

/**
 * Reads the body of a publish request as {@link readPublish} does, off the event loop if it is large.
 *
 * @param text - The body.
 * @param work - Runs what can take long.
 */
export async function readLargePublish(text: string, work: Work): Promise<ReturnType<typeof readPublish>> {
  const { items, isArray } = await work.run(READ_PUBLISH, text, { size: text.length });
  return {
    items: items.map((item): EventDraft | InvalidInput => typeof item === 'string' ? new InvalidInput(item) : item),
    isArray,
  };
}

/**
 * The drafts of a body that was read.
 *
 * @throws {@link InvalidInput} for the first fault, with the place in the array.
 */
export function draftsIn({ items, isArray }: ReturnType<typeof readPublish>): PublishBody {
  const drafts = items.map((item, index): EventDraft => {
    if (item instanceof InvalidInput) {
      throw isArray ? item.at(index) : item;
    }
    return item;
  });
  return { drafts, isArray };
}

/**
 * Reads the body of a publish request, with what is wrong with each of its events.
 *
 * @returns The event or what is wrong with it, for each, and whether they came as an array.
 *
 * @throws {@link InvalidInput} if the body as a whole is no event and no array of some.
 */
export function readPublish(text: string): { items: (EventDraft | InvalidInput)[]; isArray: boolean } {
  const { value, data } = parseJson(text);
  if (!Array.isArray(value)) {
    return { items: [ read(value, data.get(0)) ], isArray: false };
  }
  if (value.length === 0) {
    throw new InvalidInput('The array holds no event');
  }
  if (value.length > LIMITS.eventsPerRequest) {
    throw new InvalidInput(`The array holds ${value.length} events, and at most ${LIMITS.eventsPerRequest} are accepted`);
  }
  const items = value.map((item: unknown, index): EventDraft | InvalidInput => read(item, data.get(index)));
  return { items, isArray: true };
}

function read(value: unknown, data: string | undefined): EventDraft | InvalidInput {
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

/** One WebID or a list of them, each once. */
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
