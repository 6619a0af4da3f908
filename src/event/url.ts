import { LIMITS } from './limits';

const WEB_URL = /^https?:\/\/[^\s<>"{}|\\^`\u0000-\u0020]+$/u;

/**
 * Whether a text is an absolute http(s) IRI, of at most 2,048 bytes, that can stand in RDF as it is.
 */
export function isWebUrl(text: string): boolean {
  return WEB_URL.test(text) && text.isWellFormed() && Buffer.byteLength(text) <= LIMITS.urlBytes && URL.canParse(text);
}
