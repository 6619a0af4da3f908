import type { IncomingMessage } from 'node:http';
import { InvalidInput } from '../../event/InvalidInput';
import { parseJson } from '../../event/json';
import { JSON_MEDIA_TYPE } from '../../event/mediaTypes';
import { readText } from '../body';
import { assertMediaType } from '../contentType';

const FORM = 'application/x-www-form-urlencoded';
/** Maximum size of a request body, in bytes. */
const MAX_BYTES = 8_192;

/**
 * Reads the fields of a token request with a form, a JSON object or an empty body.
 *
 * Errors do not quote the body, because it may contain a secret.
 *
 * @param request - The token request.
 *
 * @throws `HttpProblem` 413 if the body is too large, 415 if it has another media type.
 * @throws {@link InvalidInput} if the body is malformed or has a duplicate field.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-3.2
 */
export async function readFields(request: IncomingMessage): Promise<ReadonlyMap<string, unknown>> {
  const text = await readText(request, MAX_BYTES);
  if (text === '') {
    return new Map();
  }
  return assertMediaType(request, [ FORM, JSON_MEDIA_TYPE ]) === FORM ? fromForm(text) : fromJson(text);
}

function fromForm(text: string): Map<string, unknown> {
  const entries = [ ...new URLSearchParams(text) ];
  const fields = new Map<string, unknown>(entries);
  if (fields.size < entries.length) {
    throw new InvalidInput('The form has a duplicate field');
  }
  return fields;
}

function fromJson(text: string): Map<string, unknown> {
  const value = parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidInput('The request body is not a JSON object');
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
    // The original message quotes the body.
    throw new InvalidInput('The request body is not valid JSON or has a duplicate key');
  }
}
