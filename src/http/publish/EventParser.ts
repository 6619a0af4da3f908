import type { EventDraft } from '../../event/Event';
import { InvalidInput } from '../../event/InvalidInput';

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
 * Parses the bodies of requests to `{pod}publish/` and `{pod}publish/check` that have certain media types.
 *
 * Parsers are registered at `PublishBodies` by configuration.
 */
export interface EventParser {
  /** The media types, in lower case and without parameters. No two parsers share one. */
  readonly mediaTypes: readonly string[];
  /**
   * Parses a body.
   *
   * @param body - The body.
   * @param mediaType - Its media type.
   *
   * @throws {@link InvalidInput} if the body as a whole is invalid.
   */
  parse: (body: string, mediaType: string) => Promise<ParsedEvents>;
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
