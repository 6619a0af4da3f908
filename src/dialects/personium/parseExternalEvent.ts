import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { EventDraft } from '../../event/Event';
import { InvalidInput } from '../../event/InvalidInput';
import { parseJson } from '../../event/json';
import { LIMITS } from '../../event/limits';
import type { Task, Work } from '../../work/Work';
import { DEFAULT_TOPIC, isTopic } from '../../event/Topic';
import { PersoniumProblem } from './PersoniumProblem';

const FIELDS = [ 'Type', 'Object', 'Info' ] as const;
const REQUEST_KEY = /^[\w-]{1,128}$/u;

type Fields = Partial<Record<typeof FIELDS[number], string>>;

/** The name of the first field that is malformed. */
interface Malformed {
  readonly malformed: string;
}

/** Reads the fields of a body. */
export const READ_EXTERNAL_EVENT: Task<string, Fields | Malformed> = {
  name: 'readExternalEvent',
  run: readFields,
};

/**
 * The key that a request was given, if it was given one. An empty key is none.
 *
 * @throws {@link PersoniumProblem} 400 if it is not 1 to 128 letters, digits, hyphens and underscores.
 */
export function requestKeyOf(headers: IncomingHttpHeaders): string | undefined {
  const key = headers['x-personium-requestkey'];
  if (key === '') {
    return undefined;
  }
  if (key !== undefined && !(typeof key === 'string' && REQUEST_KEY.test(key))) {
    throw new PersoniumProblem(400, 'PR400-EV-0002', 'Request header is invalid [X-Personium-RequestKey].');
  }
  return key;
}

/** A key for a request that was given none, of 4 and 22 characters of base64url. */
export function newRequestKey(): string {
  const random = randomBytes(20).toString('base64url');
  return `${random.slice(0, 4)}_${random.slice(4, 26)}`;
}

/**
 * Reads the body of an external event.
 * A type that can be a topic is the topic; any other is kept in full, and the topic is `event`.
 *
 * @param text - The body; `null` is the same as absent in it, and other keys than its three are ignored.
 * @param requestKey - The key of the request.
 * @param work - Reads large bodies.
 *
 * @throws {@link PersoniumProblem} 400 that names the first field that is no text or, if there is none, the first that
 *         is too long.
 */
export async function parseExternalEvent(text: string, requestKey: string, work: Work): Promise<EventDraft> {
  const fields = await readInTime(text, work);
  if ('malformed' in fields) {
    throw formatError(fields.malformed);
  }
  const { Type, Object: subject, Info } = fields;
  const isTyped = Type !== undefined && isTopic(Type);
  return {
    topic: isTyped ? Type : DEFAULT_TOPIC,
    recipients: [],
    sources: [],
    ...Info !== undefined && { data: JSON.stringify(Info) },
    annotations: {
      ...subject !== undefined && { subject },
      ...!isTyped && Type !== undefined && { eventType: Type },
      requestKey,
    },
  };
}

function readFields(text: string): Fields | Malformed {
  const body = readObject(text);
  const fields: Fields = {};
  for (const name of FIELDS) {
    const value = body[name] ?? undefined;
    if (value !== undefined && typeof value !== 'string') {
      return { malformed: name };
    }
    fields[name] = value;
  }
  for (const name of FIELDS) {
    if (Buffer.byteLength(fields[name] ?? '') > LIMITS.externalFieldBytes) {
      return { malformed: name };
    }
  }
  return fields;
}

function readObject(text: string): Record<string, unknown> {
  const { value } = parseJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidInput('The request body is no JSON object');
  }
  return value as Record<string, unknown>;
}

async function readInTime(text: string, work: Work): Promise<Fields | Malformed> {
  try {
    return await work.run(READ_EXTERNAL_EVENT, text, { size: text.length });
  } catch (error: unknown) {
    throw error instanceof InvalidInput ? jsonError(error) : error;
  }
}

/** The error for a body that is not JSON. */
export function jsonError({ message }: InvalidInput): PersoniumProblem {
  return new PersoniumProblem(400, 'PR400-CM-0004', `JSON parse error. [${message}].`);
}

function formatError(name: string): PersoniumProblem {
  return new PersoniumProblem(400, 'PR400-EV-0004', `[${name}] field format error.`);
}
