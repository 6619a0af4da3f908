import { parseUrl } from '../url/webUrl';

/** @see https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7 */
const HTTP_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /u;
/** Delay in seconds. A proxy may have joined equal values. */
const SECONDS = /^(\d+)(?:\s*,\s*\1)*$/u;
const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+\s*(?:;|$)/u;

/** Validators of the headers that a response contains only once. */
const VALIDATORS: ReadonlyMap<string, (value: string) => boolean> = new Map([
  [ 'content-type', (value: string): boolean => MEDIA_TYPE.test(value) ],
  [ 'location', isLocation ],
  [ 'retry-after', (value: string): boolean => parseRetryAfter(value, 0) !== undefined ],
  [ 'webhook-allowed-origin', (value: string): boolean => value !== '' ],
  [ 'webhook-allowed-rate', (value: string): boolean => value !== '' ],
]);

/**
 * Returns the validator of a header that can occur only once in a response.
 *
 * @param name - Name of the header, in lower case.
 *
 * @returns `undefined` for a header that is a list.
 */
export function singleHeaderValidator(name: string): ((value: string) => boolean) | undefined {
  return VALIDATORS.get(name);
}

/**
 * Parses a `Retry-After` header.
 *
 * @param value - Value of the header.
 * @param now - The current time, in milliseconds since 1970.
 *
 * @returns The delay in milliseconds, 0 for a date in the past; `undefined` if the value is neither a number of seconds
 *   nor an HTTP date.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 */
export function parseRetryAfter(value: string, now: number): number | undefined {
  const text = value.trim();
  const seconds = SECONDS.exec(text);
  if (seconds) {
    return Number(seconds[1]) * 1_000;
  }
  const date = parseHttpDate(text);
  return date === undefined ? undefined : Math.max(0, date - now);
}

/**
 * Parses an HTTP date.
 *
 * @returns The time in milliseconds since 1970; `undefined` if the text is not an HTTP date.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7
 */
export function parseHttpDate(text: string): number | undefined {
  // The oldest of the three forms, asctime, has no time zone and is always GMT.
  const date = HTTP_DATE.test(text) ? Date.parse(text.endsWith('GMT') ? text : `${text} GMT`) : Number.NaN;
  return Number.isNaN(date) ? undefined : date;
}

/** Returns whether a value is a usable URL reference: not empty, http(s), without user name or password. */
function isLocation(value: string): boolean {
  const url = value === '' || /[\s<>"]/u.test(value) ? undefined : parseUrl(value, 'https://base.invalid/');
  return url !== undefined && /^https?:$/u.test(url.protocol) && url.username === '' && url.password === '';
}
