import { FORMER_EVENTS } from './formerNamespace';
import { EVENTS } from './vocabulary';

/** The parts of a type IRI from which a JSON-LD document can compose it. */
interface TypeForm {
  readonly iri: string;
  /** The part that occurs in no other IRI. */
  readonly core: string;
  /** The scheme: the shortest prefix that a context can define. */
  readonly scheme: string;
}

const TYPES: readonly TypeForm[] = [
  { iri: `${EVENTS}Event`, core: 'w3id.org/pod-events#', scheme: 'https:' },
  { iri: `${FORMER_EVENTS}Event`, core: 'solid-pod-events:', scheme: 'urn:' },
];

/**
 * Returns regular expressions for the characters of a text in JSON, in which each may be escaped. A slash may also
 * follow a backslash.
 */
function escaped(text: string): string[] {
  return [ ...text ].map((character): string => {
    const code = character.charCodeAt(0).toString(16).padStart(4, '0');
    const hex = [ ...code ].map((digit): string => /[a-f]/u.test(digit) ? `[${digit}${digit.toUpperCase()}]` : digit).join('');
    return String.raw`(?:${character === '/' ? String.raw`\\?/` : character}|\\u${hex})`;
  });
}

/** Returns a regular expression for all prefixes of a type IRI that contain its scheme. */
function beginnings({ iri, scheme }: TypeForm): string {
  const rest = escaped(iri.slice(scheme.length)).reduceRight((inner, character): string => `(?:${character}${inner})?`, '');
  return escaped(scheme).join('') + rest;
}

const NAMED = new RegExp(TYPES.flatMap((type): string[] =>
  [ String.raw`"[^"\s]*${escaped(type.core).join('')}[^"\s]*"`, `"${beginnings(type)}"` ]).join('|'), 'u');

/** A context with a base on the namespace's host can name the type by any relative reference. */
const BASE = [ '"@base"', 'w3id.org' ].map((text): RegExp => new RegExp(escaped(text).join(''), 'u'));

const FORM = [ '/publish/', 'Event' ].map((text): RegExp => new RegExp(escaped(text).join(''), 'u'));

/**
 * Returns whether readers of plain JSON may take a JSON object for an event. Does not parse the text.
 */
export function mayHaveEventForm(text: string): boolean {
  return FORM.every((pattern): boolean => pattern.test(text));
}

/**
 * Returns whether JSON text, read as JSON-LD, may declare a resource of the type of events.
 *
 * Every IRI of JSON-LD is a string of the document, or a concatenation of strings: a prefix or vocabulary of a context,
 * and a suffix. Therefore a text may declare an event if one of its strings, keys included, contains the distinctive
 * part of the type's IRI without a space, or is a prefix of that IRI, or if a context may set a base on the host of
 * that IRI. JSON escapes are recognized. No context of this project defines such a prefix. Remote contexts that do are
 * not loaded (`FetchedContexts`), and remote contexts cannot set a base.
 *
 * False negatives are impossible. False positives are possible, such as a mention of the vocabulary.
 *
 * @param text - JSON text, possibly invalid.
 *
 * @see https://www.w3.org/TR/json-ld11-api/#iri-expansion
 */
export function mayDeclareEvent(text: string): boolean {
  return NAMED.test(text) || BASE.every((pattern): boolean => pattern.test(text));
}
