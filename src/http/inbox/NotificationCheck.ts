import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { TypedRepresentationConverter } from '@solid/community-server';
import { BasicRepresentation, INTERNAL_QUADS, RepresentationMetadata } from '@solid/community-server';
import { InvalidInput } from '../../event/InvalidInput';
import { JSON_LD } from '../../event/mediaTypes';
import { nextTimeSlice } from '../../event/timeSlices';
import { assertWellFormedJson } from '../../event/wellFormedJson';
import { assertWellFormedRdf, N3_TYPES } from '../../event/wellFormedRdf';

/** The media types of JSON-LD. */
export const JSON_LD_TYPES: readonly string[] = [ JSON_LD, 'application/activity+json' ];
const RDF_XML = 'application/rdf+xml';
/** How much of a body is parsed in one turn of the event loop, in bytes. */
const STEP = 8 * 1_024;

/** Whether a body of a media type is checked. */
export function isCheckedType(type: string): boolean {
  return JSON_LD_TYPES.includes(type) || N3_TYPES.includes(type) || type === RDF_XML;
}

/**
 * Checks that notifications can be read later by those who list and convert an inbox.
 */
export class NotificationCheck {
  private readonly converter: TypedRepresentationConverter;

  /**
   * @param converter - Converts RDF/XML to quads, as the server does for readers.
   */
  public constructor(converter: TypedRepresentationConverter) {
    this.converter = converter;
  }

  /**
   * Checks the syntax of a body. JSON-LD has to be well-formed JSON; its contexts are not looked at. Any other RDF
   * syntax has to parse. A long body is parsed in steps, between which the event loop turns.
   *
   * @param text - The body.
   * @param type - Its media type, one for which {@link isCheckedType} holds.
   * @param url - What relative IRIs are relative to.
   *
   * @throws {@link InvalidInput} that says what is wrong.
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
        throw new Error('its root element does not end');
      }
    } catch (error: unknown) {
      throw new InvalidInput(`The notification is not valid ${type}: ${(error as Error).message.slice(0, 300)}`);
    }
  }
}

/** Whether XML whose tags match ends its root element, which the server's parser does not check. */
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
  for (let at = 0; at < bytes.length; at += STEP) {
    if (at > 0) {
      await nextTimeSlice();
    }
    yield bytes.subarray(at, at + STEP);
  }
}
