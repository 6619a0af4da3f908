import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { TypedRepresentationConverter } from '../../css';
import { BasicRepresentation, INTERNAL_QUADS, RepresentationMetadata } from '../../css';
import { InvalidInput } from '../../event/InvalidInput';
import { JSON_LD } from '../../event/mediaTypes';
import { nextTimeSlice } from '../../event/timeSlices';
import { assertWellFormedJson } from '../../event/wellFormedJson';
import { assertWellFormedRdf, N3_TYPES } from '../../event/wellFormedRdf';

/** Media types of JSON-LD notifications. */
export const JSON_LD_TYPES: readonly string[] = [ JSON_LD, 'application/activity+json' ];
const RDF_XML = 'application/rdf+xml';
/** Size, in bytes, of the part of a body that is parsed in one turn of the event loop. */
const STEP_BYTES = 8 * 1_024;

/** Whether {@link NotificationCheck} checks bodies of a media type. */
export function isCheckedType(type: string): boolean {
  return JSON_LD_TYPES.includes(type) || N3_TYPES.includes(type) || type === RDF_XML;
}

/**
 * Checks the syntax of notifications, so that readers of an inbox can convert them.
 */
export class NotificationCheck {
  private readonly converter: TypedRepresentationConverter;

  /**
   * @param converter - The server's converter from RDF/XML to quads.
   */
  public constructor(converter: TypedRepresentationConverter) {
    this.converter = converter;
  }

  /**
   * Checks the syntax of a body.
   *
   * JSON-LD must be well-formed JSON; its contexts are not processed. Any other RDF syntax must parse. A long body is
   * parsed in steps, each in a turn of the event loop.
   *
   * @param text - Text of the body.
   * @param type - Media type of the body, accepted by {@link isCheckedType}.
   * @param url - Base of relative IRIs.
   *
   * @throws {@link InvalidInput} with the syntax error.
   */
  public async check(text: string, type: string, url: string): Promise<void> {
    if (JSON_LD_TYPES.includes(type)) {
      return assertWellFormedJson(text);
    }
    if (N3_TYPES.includes(type)) {
      return assertWellFormedRdf(text, type, url);
    }
    try {
      const identifier = { path: url };
      const metadata = new RepresentationMetadata(identifier, type);
      const representation = new BasicRepresentation(Readable.from(slices(text)), metadata);
      const preferences = { type: { [INTERNAL_QUADS]: 1 }};
      const { data } = await this.converter.handle({ identifier, representation, preferences });
      await finished(data.resume());
      if (!endsItsRoot(text)) {
        throw new Error('its root element has no end tag');
      }
    } catch (error: unknown) {
      throw new InvalidInput(`The notification is not valid ${type}: ${(error as Error).message.slice(0, 300)}`);
    }
  }
}

/** Whether XML with matching tags ends its root element, which the server's parser does not check. */
function endsItsRoot(text: string): boolean {
  const start = /<([^\s!?>/]+)([^<>]*)>/u.exec(text);
  if (!start) {
    return false;
  }
  const [ , root, rest ] = start;
  const end = text.lastIndexOf(`</${root}`);
  return end < 0 ? rest.endsWith('/') : /^\s*>/u.test(text.slice(end + 2 + root.length));
}

async function* slices(text: string): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += STEP_BYTES) {
    if (at > 0) {
      await nextTimeSlice();
    }
    yield bytes.subarray(at, at + STEP_BYTES);
  }
}
