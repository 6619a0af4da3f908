import { LIMITS } from '../event/limits';

const WEB_URL = /^https?:\/\/[^\s<>"{}|\\^`\u0000-\u0020]+$/u;

/**
 * Parses a URL, as WHATWG URL does.
 *
 * This project does not use `URL.canParse`: once compiled, it fails in Node 20 for names with Latin letters beyond
 * ASCII, such as `https://café.example/`.
 *
 * @param text - An absolute URL, or one relative to `base`.
 *
 * @returns `undefined` if the text is not a URL.
 */
export function parseUrl(text: string, base?: string): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}

/**
 * Returns whether a text is an absolute http(s) IRI of at most 2,048 bytes that RDF can contain unchanged.
 */
export function isWebUrl(text: string): boolean {
  return WEB_URL.test(text) && text.isWellFormed() && Buffer.byteLength(text) <= LIMITS.urlBytes &&
    parseUrl(text) !== undefined;
}
