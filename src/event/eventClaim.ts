import { EVENTS } from './vocabulary';

/** The IRI of the type that makes a document an event. */
const TYPE = `${EVENTS}Event`;
/** The part of {@link TYPE} that is in no other IRI. */
const CORE = 'solid-pod-events:';
/** The shortest prefix of {@link TYPE} that a context can define: its scheme. */
const SCHEME = 'urn:';

/** A pattern of a text in JSON, each of whose characters may be escaped. */
function escaped(text: string): string[] {
  return [ ...text ].map((character): string => {
    const code = character.charCodeAt(0).toString(16).padStart(4, '0');
    const hex = [ ...code ].map((digit): string => /[a-f]/u.test(digit) ? `[${digit}${digit.toUpperCase()}]` : digit).join('');
    return String.raw`(?:${character}|\\u${hex})`;
  });
}

/** A pattern of the beginnings of the type, from its scheme on. */
function beginnings(): string {
  const rest = escaped(TYPE.slice(SCHEME.length)).reduceRight((inner, character): string => `(?:${character}${inner})?`, '');
  return escaped(SCHEME).join('') + rest;
}

const NAMED = new RegExp(String.raw`"[^"\s]*${escaped(CORE).join('')}[^"\s]*"|"${beginnings()}"`, 'u');

/** A slash may also be escaped by a backslash. */
const FORM = [ '/publish/', 'Event' ].map((text): RegExp =>
  new RegExp(escaped(text).join('').replaceAll('(?:/|', String.raw`(?:\\?/|`), 'u'));

/**
 * Whether JSON text may be that of an object which readers of plain JSON take for an event. Costs no parsing.
 */
export function mayHaveEventForm(text: string): boolean {
  return FORM.every((pattern): boolean => pattern.test(text));
}

/**
 * Whether JSON text could be read as JSON-LD that says of something that it is an event.
 *
 * Every IRI of JSON-LD is a string of the document, or two or more that are put together: a prefix or vocabulary of a
 * context, and what follows. So text is a claim if one of its strings, keys included, holds the distinctive part of the
 * type's IRI without a space, or is a beginning of that IRI. Escapes of JSON are seen through. No context of this
 * project defines such a beginning, and contexts of others that do are not loaded (`FetchedContexts`).
 *
 * Never fails to see a claim. May take for one what is none, such as a mention of the vocabulary.
 *
 * @param text - JSON text; it need not be valid.
 *
 * @see https://www.w3.org/TR/json-ld11-api/#iri-expansion
 */
export function claimsEvent(text: string): boolean {
  return NAMED.test(text);
}
