import { isId } from './Event';

/** A character of an IRI that every RDF syntax can contain unescaped and no processor changes. */
const CHARACTER = String.raw`(?:[\w.~:/?@!$&'()*+,;=-]|%[\da-fA-F]{2}|(?!\s)[\u00a0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef` +
  String.raw`\u{10000}-\u{1fffd}\u{20000}-\u{2fffd}\u{30000}-\u{3fffd}\u{40000}-\u{efffd}])`;
const LITERAL_ADDRESS = String.raw`\/\/(?:[\w.~%!$&'()*+,;=:-]*@)?\[[\da-fA-F:.]+\]`;
const IRI = new RegExp(
  String.raw`^[a-zA-Z][a-zA-Z0-9+.-]*:(?=.)(?:${LITERAL_ADDRESS})?${CHARACTER}*(?:#${CHARACTER}*)?$`,
  'u',
);
const NAME = new RegExp(String.raw`^${CHARACTER}+(?:#${CHARACTER}*)?$`, 'u');
/** The form of most names. */
const SIMPLE = /^[\w-]{1,200}$/u;
const DOTS = /(?:^|\/)\.{1,2}(?:\/|$)/u;
/** Maximum length of an IRI or name, in characters. */
const MAX_LENGTH = 8_192;

/**
 * Returns whether a text is an absolute IRI.
 *
 * @see https://www.rfc-editor.org/rfc/rfc3987#section-2.2
 */
export function isIri(text: string): boolean {
  return text.length <= MAX_LENGTH && IRI.test(text);
}

/**
 * Returns the IRI that a JSON-LD processor produces from a key or type, or undefined if it produces none.
 *
 * @param name - The key or type.
 * @param vocabulary - The default vocabulary.
 *
 * @see https://www.w3.org/TR/json-ld11-api/#iri-expansion
 */
export function nameToIri(name: string, vocabulary: string): string | undefined {
  if (SIMPLE.test(name)) {
    return `${vocabulary}${name}`;
  }
  if (name.includes(':')) {
    return isIri(name) ? name : undefined;
  }
  return !name.startsWith('@') && name.length <= MAX_LENGTH && NAME.test(name) && !DOTS.test(name) ?
    `${vocabulary}${name}` :
    undefined;
}

/** Returns whether an IRI identifies the event with the given id, or a copy of it. */
export function isCopyIri(iri: string, id: string): boolean {
  return iri.toLowerCase().endsWith(`/${id}`);
}

/** Returns whether an IRI identifies any event, or a copy of the event with the given id. */
export function isEventIri(iri: string, id: string): boolean {
  const [ , last = '' ] = /\/publish\/([^/]*)$/u.exec(iri.toLowerCase()) ?? [];
  return isCopyIri(iri, id) || isId(last);
}
