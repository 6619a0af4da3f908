import { FORMER_EVENTS } from './formerNamespace';
import { EVENTS } from './vocabulary';

/** How the IRI of the type that makes a document an event can be put together. */
interface TypeForm {
  readonly iri: string;
  /** The part that is in no other IRI. */
  readonly core: string;
  /** The shortest prefix that a context can define: the scheme. */
  readonly scheme: string;
}

const TYPES: readonly TypeForm[] = [
  { iri: `${EVENTS}Event`, core: 'w3id.org/pod-events#', scheme: 'https:' },
  { iri: `${FORMER_EVENTS}Event`, core: 'solid-pod-events:', scheme: 'urn:' },
];

/** A pattern of a text in JSON, each of whose characters may be escaped; a slash also by a backslash. */
function escaped(text: string): string[] {
  return [ ...text ].map((character): string => {
    const code = character.charCodeAt(0).toString(16).padStart(4, '0');
    const hex = [ ...code ].map((digit): string => /[a-f]/u.test(digit) ? `[${digit}${digit.toUpperCase()}]` : digit).join('');
    return String.raw`(?:${character === '/' ? String.raw`\\?/` : character}|\\u${hex})`;
  });
}

/** A pattern of the beginnings of a type, from its scheme on. */
function beginnings({ iri, scheme }: TypeForm): string {
  const rest = escaped(iri.slice(scheme.length)).reduceRight((inner, character): string => `(?:${character}${inner})?`, '');
  return escaped(scheme).join('') + rest;
}

const NAMED = new RegExp(TYPES.flatMap((type): string[] =>
  [ String.raw`"[^"\s]*${escaped(type.core).join('')}[^"\s]*"`, `"${beginnings(type)}"` ]).join('|'), 'u');

/** A context can set a base on the namespace's host, against which the type is a relative reference of any form. */
const BASE = [ '"@base"', 'w3id.org' ].map((text): RegExp => new RegExp(escaped(text).join(''), 'u'));

const FORM = [ '/publish/', 'Event' ].map((text): RegExp => new RegExp(escaped(text).join(''), 'u'));

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
 * type's IRI without a space, or is a beginning of that IRI, or if a context may set a base on the host of that IRI.
 * Escapes of JSON are seen through. No context of this project defines such a beginning, and contexts of others that do
 * are not loaded (`FetchedContexts`); those cannot set a base.
 *
 * Never fails to see a claim. May take for one what is none, such as a mention of the vocabulary.
 *
 * @param text - JSON text; it need not be valid.
 *
 * @see https://www.w3.org/TR/json-ld11-api/#iri-expansion
 */
export function mayDeclareEvent(text: string): boolean {
  return NAMED.test(text) || BASE.every((pattern): boolean => pattern.test(text));
}
