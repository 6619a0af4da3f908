import type { DataInterpretation } from './linkedData';
import { AS, EVENTS, SCHEMA, XSD } from './vocabulary';

/**
 * The JSON-LD context of an event's document.
 *
 * Nothing of it holds inside `data`. There the default vocabulary is schema.org, or the whole value is one `rdf:JSON`
 * literal.
 *
 * @param reading - How `data` is read.
 * @param isCurrent - False for the text of earlier versions, which stored data that has no form as linked data.
 *
 * @see https://www.w3.org/TR/json-ld11/#scoped-contexts
 */
function contextFor({ asLiteral, typeIsType, idIsId }: DataInterpretation, isCurrent: boolean): string {
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
    data: asLiteral ?
        { '@id': 'events:data', '@type': '@json' } :
        {
          '@id': 'events:data',
          '@context': [ null, {
            // Tells the text from that of earlier versions, and means the same.
            ...isCurrent && { '@version': 1.1 },
            '@vocab': SCHEMA,
            type: typeIsType ? '@type' : `${SCHEMA}additionalType`,
            id: idIsId ? '@id' : `${SCHEMA}identifier`,
          }],
        },
  });
}

/** A context that this or an earlier version has written. */
export interface KnownContext extends DataInterpretation {
  /** Whether data with this context has been checked as this version checks it. */
  readonly isChecked: boolean;
}

const known = new Map<string, KnownContext>();
const texts = new Map<string, string>();

const keyOf = ({ asLiteral, typeIsType, idIsId }: DataInterpretation): string =>
  asLiteral ? 'literal' : `${typeIsType} ${idIsId}`;

for (const typeIsType of [ true, false ]) {
  for (const idIsId of [ true, false ]) {
    for (const asLiteral of [ true, false ]) {
      const reading = { asLiteral, typeIsType, idIsId };
      known.set(contextFor(reading, false), { ...reading, isChecked: asLiteral });
      texts.set(keyOf(reading), contextFor(reading, true));
      known.set(contextFor(reading, true), { ...reading, isChecked: true });
    }
  }
}

/** Returns the text of the context for a reading; there are five. */
export function contextOf(reading: DataInterpretation): string {
  return texts.get(keyOf(reading))!;
}

/** Returns what the text of a context means for `data`, or undefined if no version has written it. */
export function knownContext(text: string): KnownContext | undefined {
  return known.get(text);
}

/** The context under which `data` is one literal, whatever it is. */
export const LITERAL_CONTEXT = contextOf({ asLiteral: true, typeIsType: true, idIsId: true });
