import type { IncomingMessage } from 'node:http';
import { declaresJson, isMediaType } from '../../event/cloudEvents';
import type { CloudEventData } from '../../event/cloudEvent';
import { InvalidInput } from '../../event/InvalidInput';
import { decodeHeaderValue } from './headerValue';

const PREFIX = 'ce-';
/** Parts of a CloudEvent that no header can have in binary mode. */
const NO_HEADERS: ReadonlySet<string> = new Set([ 'data', 'data_base64', 'datacontenttype' ]);
const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]+)/iu;
/** Subtypes and suffixes of text, besides those of the type `text`. */
const TEXTS = 'xml|yaml|x-yaml|csv|javascript|x-www-form-urlencoded|sparql-query|sparql-update|n-triples|n-quads|trig';
const TEXTUAL = new RegExp(String.raw`^(?:text/[^;\s]+|[^/;\s]+/(?:[^;\s]+\+)?(?:${TEXTS}))\s*(?:;|$)`, 'iu');

/** Returns the headers with attributes of a CloudEvent in binary mode, in lower case, in their order. */
export function attributeHeaders({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>): [name: string, value: string][] {
  const headers: [string, string][] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index].toLowerCase();
    if (name.startsWith(PREFIX)) {
      headers.push([ name, rawHeaders[index + 1] ]);
    }
  }
  return headers;
}

/**
 * Returns the attributes of a CloudEvent in binary mode, without `datacontenttype`.
 *
 * @throws {@link InvalidInput} for a repeated header, a header that binary mode excludes, and an invalid encoding.
 *
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#313-metadata-headers
 */
export function binaryAttributes(request: Pick<IncomingMessage, 'rawHeaders'>): Record<string, string> {
  const attributes = new Map<string, string>();
  for (const [ header, value ] of attributeHeaders(request)) {
    const name = header.slice(PREFIX.length);
    if (NO_HEADERS.has(name)) {
      throw new InvalidInput(`Invalid header ${header}: in binary mode, the body is the data and Content-Type its media type`);
    }
    if (attributes.has(name)) {
      throw new InvalidInput(`Invalid header ${header}: it is sent more than once`);
    }
    attributes.set(name, decodeHeaderValue(header, value));
  }
  return Object.fromEntries(attributes);
}

/**
 * Returns the data of a CloudEvent in binary mode. JSON and text are text if they are UTF-8, and other data is base64.
 *
 * @param mediaType - The header `Content-Type`.
 * @param body - The body. An event with an empty body has no data.
 *
 * @throws {@link InvalidInput} if the body has no valid media type, or declares JSON and is not UTF-8.
 */
export function binaryData(mediaType: string | undefined, body: Buffer): CloudEventData | undefined {
  if (body.length === 0) {
    return undefined;
  }
  if (!isMediaType(mediaType)) {
    throw new InvalidInput('Invalid Content-Type: expected the media type of the data');
  }
  const charset = charsetOf(mediaType);
  const isUtf8 = isUtf8Charset(charset);
  const isJson = declaresJson(mediaType);
  const text = isUtf8 && (isJson || charset !== undefined || TEXTUAL.test(mediaType)) ? decoded(body) : undefined;
  if (isJson && text === undefined) {
    throw new InvalidInput('The data is not valid UTF-8, which is the encoding of JSON');
  }
  return text === undefined ?
      { form: 'binary', text: body.toString('base64') } :
      { form: isJson ? 'json' : 'text', text };
}

/** Returns the parameter `charset` of a media type in lower case, if any. */
export function charsetOf(mediaType: string): string | undefined {
  return CHARSET.exec(mediaType)?.[1].toLowerCase();
}

/** Returns whether text in a character set is the same in UTF-8. Without a character set, text is UTF-8. */
export function isUtf8Charset(charset: string | undefined): boolean {
  return charset === undefined || charset === 'utf-8' || charset === 'utf8' || charset === 'us-ascii';
}

function decoded(body: Buffer): string | undefined {
  try {
    return UTF_8.decode(body);
  } catch {
    return undefined;
  }
}
