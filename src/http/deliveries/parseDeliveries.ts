import { isId } from '../../event/Event';
import { InvalidInput } from '../../event/InvalidInput';
import { parseJson } from '../../event/json';
import type { ReplayRange } from '../../delivery/DeliveryLog';
import type { DeliveryFilter } from '../../delivery/ports';
import type { DeliveryState } from '../../store/deliveries';
import { pageParameters, queryParameters } from '../listParameters';

/**
 * What a request for deliveries asks for.
 */
export interface DeliveryQuery {
  readonly filter: DeliveryFilter;
  /** The most deliveries of the page, 1 to 1,000. */
  readonly limit: number;
  /** The place at which the page begins; the newest deliveries, if it is absent. */
  readonly place?: number;
}

const PARAMETERS = [ 'event', 'subscription', 'state', 'since', 'until', 'limit', 'cursor' ];
const STATES: readonly DeliveryState[] = [ 'waiting', 'delivered', 'dead', 'refused', 'ended' ];

/** A date, or a moment with its offset, as the profile of ISO 8601 has it that `Date` is sure to read. */
const MOMENT = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/u;

/**
 * Whether a text has the form of the ids of deliveries: a whole number.
 */
export function isDeliveryId(text: string): boolean {
  return /^\d{1,15}$/u.test(text);
}

/**
 * Reads the query of a request for deliveries.
 *
 * @param query - The query string, with or without its `?`.
 *
 * @throws {@link InvalidInput} that names the first parameter that is unknown, given twice or malformed.
 */
export function parseDeliveryQuery(query: string): DeliveryQuery {
  const parameters = queryParameters(query, PARAMETERS);
  const of = <T>(name: string, parse: (text: string, name: string) => T): T | undefined => {
    const text = parameters.get(name);
    return text === undefined ? undefined : parse(text, name);
  };
  const filter = {
    event: of('event', parseId),
    subscription: of('subscription', parseId),
    state: of('state', parseState),
    since: of('since', parseMoment),
    until: of('until', parseMoment),
  };
  return { filter, ...pageParameters(parameters) };
}

/**
 * Reads the body of a request to replay: `since`, and optionally `until` and `cursor`.
 *
 * @param text - The body, as JSON.
 *
 * @throws {@link InvalidInput} that says what is missing or malformed.
 */
export function parseReplay(text: string): ReplayRange {
  const { value } = parseJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidInput('A replay is a JSON object with since, optionally until');
  }
  const { since, until, cursor } = value as Record<string, unknown>;
  if (since === undefined) {
    throw new InvalidInput('No since found');
  }
  const range = {
    since: parseMoment(since, 'since'),
    until: until === undefined ? undefined : parseMoment(until, 'until'),
    after: cursor === undefined ? undefined : parseCursor(cursor, 'cursor'),
  };
  if (range.until !== undefined && range.until <= range.since) {
    throw new InvalidInput('Invalid until: it is not later than since');
  }
  return range;
}

/** An id, also as the end of a URL: that of an event, of a copy of it, or of a subscription. */
function parseId(text: string, name: string): string {
  const id = text.slice(text.lastIndexOf('/') + 1).toLowerCase();
  if (!isId(id)) {
    throw invalid(name, text, 'it is a URL that ends in a UUIDv7, or that alone');
  }
  return id;
}

function parseState(text: string, name: string): DeliveryState {
  if (!(STATES as readonly string[]).includes(text)) {
    throw invalid(name, text, `it is one of ${STATES.join(', ')}`);
  }
  return text as DeliveryState;
}

/**
 * Reads a moment, in milliseconds since 1970, of a date or a time with its offset.
 *
 * @param value - What was sent.
 * @param name - How it is called.
 *
 * @throws {@link InvalidInput} if it is neither.
 */
export function parseMoment(value: unknown, name: string): number {
  // A plus that was not escaped is read as a blank, see https://url.spec.whatwg.org/#urlencoded-parsing
  const text = typeof value === 'string' ? value.replace(/ (?=\d{2}:\d{2}$)/u, '+') : '';
  const moment = MOMENT.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(moment)) {
    throw invalid(name, value, 'it is a date, or a time with its offset, in ISO 8601: 2026-01-31 or 2026-01-31T12:00:00Z');
  }
  return moment;
}

function parseCursor(value: unknown, name: string): number {
  if (typeof value !== 'string' || !isDeliveryId(value)) {
    throw invalid(name, value, 'it is what an earlier answer has given');
  }
  return Number(value);
}

function invalid(name: string, value: unknown, what: string): InvalidInput {
  return new InvalidInput(`Invalid ${name}: ${JSON.stringify(value).slice(0, 100)} will not do, ${what}`);
}
