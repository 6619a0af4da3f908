import { InvalidInput } from '../../event/InvalidInput';
import { parsePlace } from './listingPlace';
import type { ListingPlace } from './ports';
import { START } from './ports';

/** Maximum and default number of items of a page. */
export const MAX_ITEMS = 50;
/** Maximum time that a request waits for an item, in seconds. */
export const MAX_WAIT = 30;
/** Largest time of a date, in milliseconds since 1970. */
const MAX_TIME = 8.64e15;

const FORMATS = [ 'full', 'links' ];
const ORDERS = [ 'timestamp', 'datetime', 'token' ];
const ISO_TIME =
  /^[+-]?\d{4,6}-\d\d(?:-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?)?$/u;

/**
 * Parameters of a request for a listing.
 */
export interface ListingQuery {
  /** Position after the last known item, or a time in milliseconds since 1970. */
  readonly from: ListingPlace | number;
  /** Maximum number of items. */
  readonly limit: number;
  /** Time to wait for the first item, in seconds. */
  readonly wait: number;
  /** Whether items are URLs. */
  readonly isLinks: boolean;
}

/**
 * Parses the parameters of a listing. Parameters that are unknown here are ignored, as Yodata does.
 *
 * @throws {@link InvalidInput} that names the first invalid parameter.
 */
export function parseListing(parameters: URLSearchParams): ListingQuery {
  const [ from, limit, wait ] = [ 'from', 'limit', 'wait' ].map((name): string | undefined => valueOf(parameters, name));
  oneOf(parameters, 'by', ORDERS);
  return {
    from: from === undefined || from === '' ? START : parseFrom(from),
    limit: limit === undefined ? MAX_ITEMS : parseLimit(limit),
    wait: wait === undefined ? 0 : parseWait(wait),
    isLinks: oneOf(parameters, 'format', FORMATS) === 'links',
  };
}

/** Whether the parameters of a request ask for the listing, whatever types it accepts. */
export function namesFormat(parameters: URLSearchParams): boolean {
  return parameters.getAll('format').some((format): boolean => FORMATS.includes(format));
}

function valueOf(parameters: URLSearchParams, name: string): string | undefined {
  const values = parameters.getAll(name);
  if (values.length > 1) {
    throw new InvalidInput(`The parameter ${name} is given twice`);
  }
  return values[0];
}

function oneOf(parameters: URLSearchParams, name: string, known: readonly string[]): string | undefined {
  const value = valueOf(parameters, name);
  if (value !== undefined && !known.includes(value)) {
    throw new InvalidInput(`Invalid ${name}: expected ${known.join(', ')}, got ${shown(value)}`);
  }
  return value;
}

/**
 * Parses the parameter `from`: a position, or a time in milliseconds since 1970.
 *
 * @throws {@link InvalidInput} if it is neither.
 */
export function parseFrom(text: string): ListingPlace | number {
  const place = parsePlace(text);
  if (place) {
    return place;
  }
  // A plus sign in a query is a space.
  const iso = text.replace(' ', '+');
  const time = /^\d{1,16}$/u.test(text) ? Number(text) : ISO_TIME.test(iso) ? Date.parse(iso) : Number.NaN;
  if (Number.isNaN(time) || time > MAX_TIME) {
    throw new InvalidInput('Invalid from: expected the `next` of an earlier page, a time in milliseconds since 1970, or an ' +
      `ISO 8601 date-time such as 2026-01-31T12:00:00Z, got ${shown(text)}`);
  }
  return Math.max(time, 0);
}

function parseLimit(text: string): number {
  if (!/^\d{1,15}$/u.test(text) || Number(text) < 1) {
    throw new InvalidInput(`Invalid limit: expected a number from 1, of which ${MAX_ITEMS} is the maximum used, got ${shown(text)}`);
  }
  return Math.min(Number(text), MAX_ITEMS);
}

function parseWait(text: string): number {
  if (!/^\d{1,2}$/u.test(text) || Number(text) > MAX_WAIT) {
    throw new InvalidInput(`Invalid wait: expected a number of seconds from 0 to ${MAX_WAIT}, got ${shown(text)}`);
  }
  return Number(text);
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
