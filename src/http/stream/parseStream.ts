import { InvalidInput } from '../../event/InvalidInput';
import type { TopicPattern } from '../../event/TopicPattern';
import { isTopicPattern } from '../../event/TopicPattern';
import type { Filters } from '../../filter/Filter';
import { parseFilters } from '../../filter/parseFilters';
import { parsePlace } from '../listing/listingPlace';
import { parseFrom } from '../listing/parseListing';
import type { ListingPlace } from '../listing/ports';

/** Form of the events of a stream: CloudEvents in structured JSON, or the JSON-LD documents of this server. */
export type StreamFormat = 'cloudevents' | 'document';

/** Maximum number of topic patterns of a stream. */
const MAX_PATTERNS = 20;
const KNOWN = [ 'stream', 'from', 'topic', 'filter', 'format' ];
const FORMATS: readonly string[] = [ 'cloudevents', 'document' ];
/** Parameters with which other systems send credentials. */
const CREDENTIAL = /token|key|secret|password|authorization|signature|credential/iu;

/** Parameters of a request for a stream. */
export interface StreamQuery {
  /** Position after the last known item, or a time in milliseconds since 1970. Absent: now. */
  readonly from?: ListingPlace | number;
  /** Topics of the events. Absent: all. */
  readonly patterns?: readonly TopicPattern[];
  readonly filters?: Filters;
  readonly format: StreamFormat;
}

/**
 * Parses the parameters of a stream.
 *
 * @param parameters - The query of the request.
 * @param lastEventId - The header `Last-Event-ID`, which precedes `from`.
 *
 * @throws {@link InvalidInput} that names the first invalid parameter.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#the-last-event-id-header
 */
export function parseStream(parameters: URLSearchParams, lastEventId = ''): StreamQuery {
  for (const name of parameters.keys()) {
    if (CREDENTIAL.test(name)) {
      throw new InvalidInput(`The parameter ${shown(name)} is not accepted: send credentials in the header ` +
        'Authorization or x-api-key');
    }
    if (!KNOWN.includes(name)) {
      throw new InvalidInput(`Unknown parameter ${shown(name)}: there are ${KNOWN.join(', ')}`);
    }
    if (name !== 'topic' && parameters.getAll(name).length > 1) {
      throw new InvalidInput(`The parameter ${name} is given twice`);
    }
  }
  const [ from, filter, format ] = [ 'from', 'filter', 'format' ].map((name): string => parameters.get(name) ?? '');
  if (format !== '' && !FORMATS.includes(format)) {
    throw new InvalidInput(`Invalid format: expected ${FORMATS.join(' or ')}, got ${shown(format)}`);
  }
  return {
    from: lastEventId === '' ? fromOf(from) : placeOf(lastEventId),
    patterns: patternsOf(parameters.getAll('topic')),
    filters: filter === '' ? undefined : filtersOf(filter),
    format: format === '' ? 'cloudevents' : format as StreamFormat,
  };
}

function fromOf(from: string): ListingPlace | number | undefined {
  return from === '' || from === 'now' ? undefined : parseFrom(from);
}

function placeOf(lastEventId: string): ListingPlace {
  const place = parsePlace(lastEventId);
  if (!place) {
    throw new InvalidInput(`Invalid Last-Event-ID: expected an id of an earlier stream, got ${shown(lastEventId)}`);
  }
  return place;
}

function patternsOf(patterns: readonly string[]): readonly TopicPattern[] | undefined {
  const invalid = patterns.find((pattern): boolean => !isTopicPattern(pattern));
  if (invalid !== undefined) {
    throw new InvalidInput(`Invalid topic: expected a topic or a pattern such as realestate/*, got ${shown(invalid)}`);
  }
  if (patterns.length > MAX_PATTERNS) {
    throw new InvalidInput(`Invalid topic: at most ${MAX_PATTERNS} are accepted, got ${patterns.length}`);
  }
  return patterns.length === 0 ? undefined : patterns;
}

function filtersOf(text: string): Filters {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new InvalidInput('Invalid filter: expected a JSON array of filters');
  }
  return parseFilters(Array.isArray(value) ? value : [ value ]);
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
