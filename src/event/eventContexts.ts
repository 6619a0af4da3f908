import type { DataInterpretation } from './linkedData';
import { AS, EVENTS, SCHEMA, XSD } from './vocabulary';

/**
 * Returns the JSON-LD context of an event's document.
 *
 * It does not apply inside `data`. There the default vocabulary is schema.org, or the whole value is one `rdf:JSON`
 * literal.
 *
 * @param reading - The interpretation of `data`.
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
            // Distinguishes the text from that of earlier versions, with the same meaning.
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
  /** Whether data with this context passed the checks of this version. */
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

/** Returns the text of the context for an interpretation. There are five. */
export function contextOf(reading: DataInterpretation): string {
  return texts.get(keyOf(reading))!;
}

/** Returns the interpretation of `data` under a context, or undefined if no version has written the context. */
export function knownContext(text: string): KnownContext | undefined {
  return known.get(text);
}

/** The context under which any `data` is one literal. */
export const LITERAL_CONTEXT = contextOf({ asLiteral: true, typeIsType: true, idIsId: true });
