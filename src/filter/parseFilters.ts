import { parseAttributeFilter } from './attributeFilters';
import type { Filter, FilteredEvent, Filters } from './Filter';
import { FilterPlace } from './FilterPlace';
import { FILTER_LIMITS } from './limits';
import { membersIn } from './members';
import { parseSqlFilter } from './sqlFilter';
import { OutOfSteps, Steps } from './Steps';

type DialectParser = (value: unknown, place: FilterPlace) => Filter;

/** Parsers of the dialects, by name. */
const DIALECTS: ReadonlyMap<string, DialectParser> = new Map<string, DialectParser>([
  [ 'exact', (value, place): Filter => parseAttributeFilter('exact', value, place) ],
  [ 'prefix', (value, place): Filter => parseAttributeFilter('prefix', value, place) ],
  [ 'suffix', (value, place): Filter => parseAttributeFilter('suffix', value, place) ],
  [ 'all', parseAll ],
  [ 'any', parseAny ],
  [ 'not', parseNot ],
  [ 'sql', parseSqlFilter ],
]);

/**
 * Parses the filters of a subscription, in the form of the CloudEvents Subscriptions API.
 *
 * An empty array matches every event.
 *
 * @param value - Parsed JSON: an array of objects, each with one dialect.
 *
 * @throws {@link InvalidInput} that names the position by a JSON pointer, such as `filters/0/any/1`.
 *
 * @see https://github.com/cloudevents/spec/blob/main/subscriptions/spec.md#324-filters
 */
export function parseFilters(value: unknown): Filters {
  const root = FilterPlace.root();
  if (!Array.isArray(value)) {
    throw root.invalid('expected an array of filters');
  }
  const filters = Array.from(value, (each: unknown, index): Filter => parseFilter(each, root.at(index)));
  const document = filters.map((filter): object => filter.document);
  const text = JSON.stringify(document);
  if (Buffer.byteLength(text) > FILTER_LIMITS.bytes) {
    throw root.invalid(`expected at most ${FILTER_LIMITS.bytes} bytes`);
  }
  return {
    document,
    text,
    readsData: filters.some((filter): boolean => filter.readsData),
    matches: (event): boolean => matchesAll(filters, event),
  };
}

/** Returns whether an event matches all filters with the work of one evaluation. */
function matchesAll(filters: readonly Filter[], event: FilteredEvent): boolean {
  const steps = new Steps(FILTER_LIMITS.steps);
  try {
    return filters.every((filter): boolean => filter.matches(event, steps));
  } catch (error: unknown) {
    if (error instanceof OutOfSteps) {
      return false;
    }
    throw error;
  }
}

function parseFilter(value: unknown, place: FilterPlace): Filter {
  const members = membersIn(value, place, `an object with one of ${[ ...DIALECTS.keys() ].join(', ')}`);
  const [[ dialect, content ]] = members;
  const parse = DIALECTS.get(dialect);
  if (members.length > 1) {
    throw place.invalid('expected one dialect in each filter. Use several filters, or "all"');
  }
  if (!parse) {
    throw place.invalid(`unknown dialect ${JSON.stringify(dialect.slice(0, 32))}. Use one of ${[ ...DIALECTS.keys() ].join(', ')}`);
  }
  return parse(content, place.nested().at(dialect));
}

function parseAll(value: unknown, place: FilterPlace): Filter {
  const filters = parseNested(value, place);
  return {
    document: { all: filters.map((filter): object => filter.document) },
    readsData: filters.some((filter): boolean => filter.readsData),
    matches: (event, steps): boolean => filters.every((filter): boolean => filter.matches(event, steps)),
  };
}

function parseAny(value: unknown, place: FilterPlace): Filter {
  const filters = parseNested(value, place);
  return {
    document: { any: filters.map((filter): object => filter.document) },
    readsData: filters.some((filter): boolean => filter.readsData),
    matches: (event, steps): boolean => filters.some((filter): boolean => filter.matches(event, steps)),
  };
}

function parseNot(value: unknown, place: FilterPlace): Filter {
  const filter = parseFilter(value, place);
  return {
    document: { not: filter.document },
    readsData: filter.readsData,
    matches: (event, steps): boolean => !filter.matches(event, steps),
  };
}

function parseNested(value: unknown, place: FilterPlace): Filter[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw place.invalid('expected an array with at least one filter');
  }
  return Array.from(value, (each: unknown, index): Filter => parseFilter(each, place.at(index)));
}
