import type { IncomingMessage } from 'node:http';
import type { EventDraft } from '../../event/Event';
import { InvalidInput } from '../../event/InvalidInput';
import type { Admission } from '../../publish/PublishRequest';

/**
 * The events in the body of a publish request.
 */
export interface ParsedEvents {
  /** Each event, or its fault. */
  readonly items: readonly (EventDraft | InvalidInput)[];
  /** Whether the body is an array. */
  readonly isArray: boolean;
}

/**
 * A request with events, whose caller is admitted.
 */
export interface EventRequest {
  readonly request: IncomingMessage;
  /** Producing pod and caller. */
  readonly admission: Admission;
  /** Media type of the body, in lower case and without parameters. */
  readonly mediaType: string;
  readonly bytes: Buffer;
  /**
   * Returns the body as text.
   *
   * @throws {@link InvalidInput} if the body is not UTF-8.
   */
  readonly text: () => string;
}

/**
 * Parses the bodies of requests to `{pod}publish/` and `{pod}publish/check` that have certain media types.
 *
 * Parsers are registered at `PublishBodies` by configuration.
 */
export interface EventParser {
  /** The media types, in lower case and without parameters. No two parsers share one. */
  readonly mediaTypes: readonly string[];

  /**
   * Returns whether the parser reads a request whatever its media type is. It precedes the parser of the media type.
   * Absent for parsers of media types alone.
   */
  accepts?: (request: IncomingMessage) => boolean;

  /**
   * Returns the headers with content of the events of an accepted request: another request with an idempotency key has
   * others. Absent if the body is all of the content.
   */
  contentHeaders?: (request: IncomingMessage) => readonly (readonly [name: string, value: string])[];

  /**
   * Parses a body.
   *
   * @throws {@link InvalidInput} if the body as a whole is invalid.
   */
  parse: (request: EventRequest) => Promise<ParsedEvents>;
}

/**
 * Returns the events of a body.
 *
 * @throws {@link InvalidInput} for the first fault, with its index if the body is an array.
 */
export function draftsOf({ items, isArray }: ParsedEvents): EventDraft[] {
  return items.map((item, index): EventDraft => {
    if (item instanceof InvalidInput) {
      throw isArray ? item.at(index) : item;
    }
    return item;
  });
}
