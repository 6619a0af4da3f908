import { dataContext } from './eventContexts';
import { InvalidInput } from './InvalidInput';
import { membersOf } from './json';
import type { Member } from './json';
import type { DataInterpretation } from './linkedData';
import type { ExactJson } from './numbers';
import { canonicalJson } from './terms';
import { RDF } from './vocabulary';

const RDF_JSON = `${RDF}JSON`;

/** Contexts before the own context of data in an activity. They undefine the terms of the activity. */
function contextsOf(reading: Omit<DataInterpretation, 'asLiteral'>): readonly [null, object] {
  return [ null, dataContext(reading) ];
}

/** The same contexts of each interpretation, as JSON text. */
const KNOWN: ReadonlySet<string> = new Set([ true, false ].flatMap((typeIsType): string[] =>
  [ true, false ].map((idIsId): string => JSON.stringify(contextsOf({ typeIsType, idIsId })))));

/**
 * Returns data as the `object` of an activity in the JSON form of ActivityStreams: always one JSON object.
 *
 * - A JSON object keeps its members. An inline context gives them the meaning that they have in all other forms.
 * - An array is the member `@set`, and a string, number or boolean the member `@value` of an object.
 * - Data that is one literal is text in canonical form: the member `@value` of an object of type `rdf:JSON`.
 *
 * @param text - The data as JSON text.
 * @param data - The parsed data.
 * @param reading - Its interpretation as linked data.
 *
 * @see https://www.w3.org/TR/json-ld11/#value-objects
 */
export function toActivityObject(
  text: string,
  { value, exact }: Pick<ExactJson, 'value' | 'exact'>,
  reading: DataInterpretation,
): string {
  if (reading.asLiteral) {
    return JSON.stringify({ type: RDF_JSON, '@value': canonicalJson(value, exact) });
  }
  if (typeof value !== 'object' || value === null) {
    return `{"@value":${text}}`;
  }
  const contexts = JSON.stringify(contextsOf(reading));
  if (Array.isArray(value)) {
    return inSet(contexts, text);
  }
  const members = membersOf(text);
  const own = members.get('@context');
  if (members.has('@set') || (own && !isAppendable(own))) {
    return inSet(contexts, text);
  }
  const others = [ ...members ].filter(([ name ]): boolean => name !== '@context').map(([ , { whole }]): string => whole);
  const all = own ? withContext(contexts, own.value) : contexts;
  return `{${[ `"@context":${all}`, ...others ].join(',')}}`;
}

/** Data without a change. The set is not part of its graph. */
function inSet(contexts: string, text: string): string {
  return `{"@context":${contexts},"@set":${text}}`;
}

/**
 * Whether a context has the same meaning after other contexts in a list, and is found again in the list.
 *
 * `@propagate` has an effect only outside of a list.
 */
function isAppendable({ value }: Member): boolean {
  const context: unknown = JSON.parse(value);
  return !JSON.stringify(context).includes('"@propagate"') && !(Array.isArray(context) && context.length < 2);
}

/** Appends a context, or a list of contexts, to a list. */
function withContext(contexts: string, own: string): string {
  return `${contexts.slice(0, -1)},${own.startsWith('[') ? own.slice(1, -1) : own}]`;
}

/**
 * Returns the data of an activity's `object`, the inverse of {@link toActivityObject}.
 *
 * An IRI is an object with this `id`. All other objects are data unchanged. The result can be invalid JSON.
 *
 * @param text - Valid JSON text of an object, an array or an IRI.
 *
 * @throws {@link InvalidInput} for values that are no object of ActivityStreams.
 */
export function fromActivityObject(text: string): string {
  const value: unknown = JSON.parse(text);
  if (typeof value === 'string') {
    return JSON.stringify({ id: value });
  }
  if (Array.isArray(value)) {
    return value.every(isObjectOrIri) ? withNodes(text, value) : fail();
  }
  return typeof value === 'object' && value !== null ? unwrapped(text, value as Members) : fail();
}

type Members = Readonly<Record<string, unknown>>;

function isObjectOrIri(value: unknown): boolean {
  return typeof value === 'string' || (typeof value === 'object' && value !== null && !Array.isArray(value));
}

function fail(): never {
  throw new InvalidInput('Invalid object: expected a JSON object, an IRI, or an array of these. The data 5 is the object {"@value":5}');
}

/** Returns an array with an object for each IRI. */
function withNodes(text: string, values: readonly unknown[]): string {
  return values.some((item): boolean => typeof item === 'string') ?
    JSON.stringify(values.map((item): unknown => typeof item === 'string' ? { id: item } : item)) :
    text;
}

function unwrapped(text: string, value: Members): string {
  const members = membersOf(text);
  const names = [ ...members.keys() ];
  const { '@context': context, '@value': literal, '@type': keyword, type = keyword } = value;
  if (literal !== undefined && names.length === 1 && typeof literal !== 'object') {
    return members.get('@value')!.value;
  }
  if (type === RDF_JSON && typeof literal === 'string' && names.length === 2) {
    return literal.trim();
  }
  if (!Array.isArray(context) || !KNOWN.has(JSON.stringify(context.slice(0, 2)))) {
    return text;
  }
  if (names.length === 2 && members.has('@set')) {
    return members.get('@set')!.value;
  }
  const own = context.slice(2) as unknown[];
  const others = [ ...members ].filter(([ name ]): boolean => name !== '@context').map(([ , { whole }]): string => whole);
  const kept = own.length === 0 ? [] : [ `"@context":${JSON.stringify(own.length === 1 ? own[0] : own)}` ];
  return `{${[ ...kept, ...others ].join(',')}}`;
}
