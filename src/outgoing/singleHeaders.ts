import { parseUrl } from '../url/webUrl';

/** @see https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7 */
const HTTP_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /u;
/** Delay in seconds; a proxy may have joined equal ones. */
const SECONDS = /^(\d+)(?:\s*,\s*\1)*$/u;
const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+\s*(?:;|$)/u;

/** Headers of which an answer has one, and what a valid value is. */
const VALIDATORS: ReadonlyMap<string, (value: string) => boolean> = new Map([
  [ 'content-type', (value: string): boolean => MEDIA_TYPE.test(value) ],
  [ 'location', isLocation ],
  [ 'retry-after', (value: string): boolean => parseRetryAfter(value, 0) !== undefined ],
  [ 'webhook-allowed-origin', (value: string): boolean => value !== '' ],
  [ 'webhook-allowed-rate', (value: string): boolean => value !== '' ],
]);

/**
 * Returns what a valid value of a header is that may come only once.
 *
 * @param name - Name of the header, in lower case.
 *
 * @returns `undefined` for a header that is a list.
 */
export function singleHeaderValidator(name: string): ((value: string) => boolean) | undefined {
  return VALIDATORS.get(name);
}

/**
 * Returns the delay that a `Retry-After` asks for, in milliseconds; 0 for a date in the past.
 *
 * @param value - Value of the header.
 * @param now - The time, in milliseconds since 1970.
 *
 * @returns `undefined` if the value is neither a number of seconds nor an HTTP date.
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
 * Returns the time of an HTTP date, in milliseconds since 1970; `undefined` if it is none.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7
 */
export function parseHttpDate(text: string): number | undefined {
  // The oldest of the three forms, that of asctime, names no zone; it is always GMT.
  const date = HTTP_DATE.test(text) ? Date.parse(text.endsWith('GMT') ? text : `${text} GMT`) : Number.NaN;
  return Number.isNaN(date) ? undefined : date;
}

/** Whether a value is a URL reference that leads somewhere: not empty, http(s) and without user name or password. */
function isLocation(value: string): boolean {
  const url = value === '' || /[\s<>"]/u.test(value) ? undefined : parseUrl(value, 'https://base.invalid/');
  return url !== undefined && /^https?:$/u.test(url.protocol) && url.username === '' && url.password === '';
}
