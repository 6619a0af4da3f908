const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/u;

/** Returns whether a text is an ISO 8601 date-time with a time zone, on an existing day. Seconds are optional. */
export function isDateTime(text: string): boolean {
  const day = text.slice(0, 'YYYY-MM-DD'.length);
  return DATE_TIME.test(text) && !Number.isNaN(Date.parse(text)) && new Date(day).toISOString().startsWith(day);
}
