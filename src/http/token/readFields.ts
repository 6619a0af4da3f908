import type { IncomingMessage } from 'node:http';
import { InvalidInput } from '../../event/InvalidInput';
import { parseJson } from '../../event/json';
import { JSON_MEDIA_TYPE } from '../../event/mediaTypes';
import { readText } from '../body';
import { assertMediaType } from '../contentType';

const FORM = 'application/x-www-form-urlencoded';
/** The largest body that is read, in bytes. */
const MOST_BYTES = 8_192;

/**
 * Reads the fields of a request for a token, whose body is a form, a JSON object, or empty.
 *
 * Errors quote nothing of the body, since it may have a secret.
 *
 * @param request - The request.
 *
 * @throws An `HttpProblem` 413 or 415 if the body is too large, or of another type.
 * @throws {@link InvalidInput} if it is not well-formed, or has a field twice.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-3.2
 */
export async function readFields(request: IncomingMessage): Promise<ReadonlyMap<string, unknown>> {
  const text = await readText(request, MOST_BYTES);
  if (text === '') {
    return new Map();
  }
  return assertMediaType(request, [ FORM, JSON_MEDIA_TYPE ]) === FORM ? fromForm(text) : fromJson(text);
}

function fromForm(text: string): Map<string, unknown> {
  const entries = [ ...new URLSearchParams(text) ];
  const fields = new Map<string, unknown>(entries);
  if (fields.size < entries.length) {
    throw new InvalidInput('The form has a field twice');
  }
  return fields;
}

function fromJson(text: string): Map<string, unknown> {
  const value = parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidInput('The request body is no JSON object');
  }
  return new Map(Object.entries(value));
}

function parse(text: string): unknown {
  try {
    return parseJson(text).value;
  } catch (error: unknown) {
    if (!(error instanceof InvalidInput)) {
      throw error;
    }
    // Its message quotes from the text.
    throw new InvalidInput('The request body is not valid JSON, or has a key twice');
  }
}
