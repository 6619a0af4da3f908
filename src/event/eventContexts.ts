import type { DataInterpretation } from './linkedData';
import { AS, EVENTS, SCHEMA, XSD } from './vocabulary';

/** Property of `data` in RDF. */
export const DATA_PROPERTY = `${AS}object`;

/** Properties of `data` in contexts: the current one first, then the one of versions before the first release. */
const DATA_TERMS = [ 'as:object', 'events:data' ] as const;

/** The form of a context. */
interface ContextForm {
  /** False for the text of earlier versions, which stored data that has no form as linked data. */
  readonly isChecked: boolean;
  /** The property of `data`. */
  readonly data: typeof DATA_TERMS[number];
}

/**
 * Returns the JSON-LD context of an event's document.
 *
 * It does not apply inside `data`, see {@link dataContext}; or the whole value is one `rdf:JSON` literal.
 *
 * @param reading - The interpretation of `data`.
 * @param form - The form of the context.
 *
 * @see https://www.w3.org/TR/json-ld11/#scoped-contexts
 */
function contextFor(reading: DataInterpretation, { isChecked, data }: ContextForm): string {
  return JSON.stringify({
    '@version': 1.1,
    as: AS,
    events: EVENTS,
    xsd: XSD,
    id: '@id',
    type: '@type',
    Activity: 'as:Activity',
    Event: 'events:Event',
    publisher: { '@id': 'as:actor', '@type': '@id' },
    recipient: { '@id': 'as:to', '@type': '@id' },
    source: { '@id': 'as:attributedTo', '@type': '@id' },
    origin: { '@id': 'as:origin', '@type': '@id' },
    published: { '@id': 'as:published', '@type': 'xsd:dateTime' },
    topic: 'events:topic',
    subject: 'events:subject',
    eventType: 'events:eventType',
    requestKey: 'events:requestKey',
    data: reading.asLiteral ?
        { '@id': data, '@type': '@json' } :
        {
          '@id': data,
          // The version distinguishes the text from that of earlier versions, with the same meaning.
          '@context': [ null, { ...isChecked && { '@version': 1.1 }, ...dataContext(reading) }],
        },
  });
}

/** Returns the context inside `data`: the default vocabulary is schema.org. */
export function dataContext({ typeIsType, idIsId }: Omit<DataInterpretation, 'asLiteral'>): Readonly<Record<string, string>> {
  return {
    '@vocab': SCHEMA,
    type: typeIsType ? '@type' : `${SCHEMA}additionalType`,
    id: idIsId ? '@id' : `${SCHEMA}identifier`,
  };
}

/** A context that this or an earlier version has written. */
export interface KnownContext extends DataInterpretation {
  /** Whether data with this context passed the checks of this version. */
  readonly isChecked: boolean;
  /** The same context in the vocabulary of this version. */
  readonly current: string;
}

const known = new Map<string, KnownContext>();
const texts = new Map<string, string>();

const keyOf = ({ asLiteral, typeIsType, idIsId }: DataInterpretation): string =>
  asLiteral ? 'literal' : `${typeIsType} ${idIsId}`;

for (const typeIsType of [ true, false ]) {
  for (const idIsId of [ true, false ]) {
    for (const asLiteral of [ true, false ]) {
      const reading = { asLiteral, typeIsType, idIsId };
      for (const isChecked of [ false, true ]) {
        const [ current, former ] = DATA_TERMS.map((data): string => contextFor(reading, { isChecked, data }));
        for (const text of [ former, current ]) {
          known.set(text, { ...reading, isChecked: isChecked || asLiteral, current });
        }
        texts.set(keyOf(reading), current);
      }
    }
  }
}

/** Returns the text of the context for an interpretation. There are five. */
export function contextOf(reading: DataInterpretation): string {
  return texts.get(keyOf(reading))!;
}

/** Returns the interpretation of `data` under a context, or undefined if no version has written the context. */
export function knownContext(text: string): KnownContext | undefined {
  return known.get(text);
}

/** Returns a context in the vocabulary of this version; a context that no version has written stays unchanged. */
export function currentContext(text: string): string {
  return known.get(text)?.current ?? text;
}

/** The context under which any `data` is one literal. */
export const LITERAL_CONTEXT = contextOf({ asLiteral: true, typeIsType: true, idIsId: true });
