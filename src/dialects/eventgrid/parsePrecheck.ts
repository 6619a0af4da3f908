import { InvalidInput } from '../../event/InvalidInput';
import { parseJson } from '../../event/json';
import type { Task } from '../../work/Work';
import { sourceTopic, TOPIC_RULE } from './sourceTopic';

/**
 * A source of events that a request asks about.
 */
export interface AskedSource {
  /** Its name as it was sent: `channel_id` and `source_name`, each only if present. */
  readonly sent: Readonly<Record<string, string>>;
  /** The topic of its events, if it can have any. */
  readonly topic?: string;
  /** Why it has no topic. */
  readonly fault?: string;
}

const FIELDS = [ 'channel_id', 'source_name' ] as const;
/** The most sources of one request. */
const MOST_SOURCES = 1_000;

/**
 * Reads the body of a precheck. Optional members of the document may be absent, and so may the whole body.
 * Keys that the document does not have are ignored.
 *
 * A channel is the domain of a topic, followed by the source: `{channel_id}/{source_name}`. Without a source it
 * is the channel alone. An empty text counts as absent.
 *
 * @param text - The body, as JSON.
 *
 * @returns The sources in their order.
 *
 * @throws {@link InvalidInput} with the fault and the index of the source.
 */
export function parsePrecheck(text: string): AskedSource[] {
  const body = text.trim() === '' ? {} : parseJson(text).value;
  if (!isObject(body)) {
    throw new InvalidInput('The request body is no JSON object');
  }
  const { sources = []} = body;
  if (!Array.isArray(sources)) {
    throw new InvalidInput('Invalid sources: it is an array of objects with channel_id and source_name');
  }
  if (sources.length > MOST_SOURCES) {
    throw new InvalidInput(`There are ${sources.length} sources, and at most ${MOST_SOURCES} are accepted`);
  }
  return sources.map(toSource);
}

/** Reads the body of a precheck, see {@link parsePrecheck}. */
export const READ_PRECHECK: Task<string, AskedSource[]> = { name: 'readPrecheck', run: parsePrecheck };

function toSource(value: unknown, index: number): AskedSource {
  if (!isObject(value)) {
    throw new InvalidInput(`Invalid sources[${index}]: it is an object with channel_id and source_name`);
  }
  const sent: Record<string, string> = {};
  for (const name of FIELDS) {
    const text = value[name];
    if (typeof text === 'string') {
      sent[name] = text;
    } else if (text !== undefined) {
      throw new InvalidInput(`Invalid sources[${index}].${name}: it is a text`);
    }
  }
  return { sent, ...toTopic(sent) };
}

/* eslint-disable-next-line @typescript-eslint/naming-convention -- the names of the document */
function toTopic({ channel_id = '', source_name = '' }: Readonly<Record<string, string>>): Omit<AskedSource, 'sent'> {
  if (channel_id === '') {
    return { fault: 'No channel_id found: it is the first part of the topic' };
  }
  const topic = sourceTopic(channel_id, source_name);
  return topic === undefined ? { fault: `Invalid topic: channel_id and source_name together have ${TOPIC_RULE}` } : { topic };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
