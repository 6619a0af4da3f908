import { randomBytes } from 'node:crypto';
import type { EventDraft } from '../../event/Event';
import { InvalidInput } from '../../event/InvalidInput';
import { parseJson } from '../../event/json';
import { LIMITS } from '../../event/limits';
import { DEFAULT_TOPIC, isTopic } from '../../event/Topic';
import { PersoniumProblem } from './PersoniumProblem';

const FIELDS = [ 'Type', 'Object', 'Info' ] as const;
const REQUEST_KEY = /^[\w-]{1,128}$/u;

/**
 * The key of a request: the one that was given, or a new one of 4 and 22 characters of base64url.
 *
 * @throws {@link PersoniumProblem} 400 if the given one is not 1 to 128 letters, digits, hyphens and underscores.
 */
export function toRequestKey(given: string | string[] | undefined): string {
  if (given === undefined) {
    const random = randomBytes(20).toString('base64url');
    return `${random.slice(0, 4)}_${random.slice(4, 26)}`;
  }
  if (typeof given !== 'string' || !REQUEST_KEY.test(given)) {
    throw new PersoniumProblem(400, 'PR400-EV-0002', 'Request header is invalid [X-Personium-RequestKey].');
  }
  return given;
}

/**
 * Reads the body of an external event.
 * A type that can be a topic is the topic; any other is kept in full, and the topic is `event`.
 *
 * @throws {@link PersoniumProblem} 400 that names the first field with a fault.
 */
export function parseExternalEvent(text: string, requestKey: string): EventDraft {
  const { Type, Object: subject, Info } = readFields(text);
  const isTyped = Type !== undefined && isTopic(Type);
  return {
    topic: isTyped ? Type : DEFAULT_TOPIC,
    ...!isTyped && Type !== undefined && { eventType: Type },
    recipients: [],
    sources: [],
    ...subject !== undefined && { subject },
    ...Info !== undefined && { data: JSON.stringify(Info) },
    requestKey,
  };
}

function readFields(text: string): Partial<Record<typeof FIELDS[number], string>> {
  let body: unknown;
  try {
    body = parseJson(text).value;
    if (typeof body !== 'object' || body === null || Array.isArray(body)) {
      throw new InvalidInput('The request body is no JSON object');
    }
  } catch (error: unknown) {
    throw error instanceof InvalidInput ?
      new PersoniumProblem(400, 'PR400-CM-0004', `JSON parse error. [${error.message}].`) :
      error;
  }
  const fields: Partial<Record<typeof FIELDS[number], string>> = {};
  for (const name of FIELDS) {
    const value = (body as Record<string, unknown>)[name] ?? undefined;
    if (value !== undefined && (typeof value !== 'string' || Buffer.byteLength(value) > LIMITS.externalFieldBytes)) {
      throw new PersoniumProblem(400, 'PR400-EV-0004', `[${name}] field format error.`);
    }
    fields[name] = value;
  }
  return fields;
}
