import { eventUrl } from './Event';
import { toActivityObject } from './activityObject';
import type { BundledContexts } from './contextInlining';
import type { EventText, OwnDocument } from './documentReading';
import { readOwn } from './documentReading';
import { termName } from './cloudEvents';
import { membersOf } from './json';
import { compactJsonLd, expandJsonLd } from './jsonLdExpansion';
import { parseExact } from './numbers';
import { canonicalJson } from './terms';
import { EVENTS } from './vocabulary';

/** IRI of the JSON-LD context of ActivityStreams, and of its profile of JSON-LD. */
export const AS2_CONTEXT = 'https://www.w3.org/ns/activitystreams';

/** Context of activities: that of ActivityStreams first, then our prefix. */
export const ACTIVITY_CONTEXT: readonly unknown[] = [ AS2_CONTEXT, { events: EVENTS }];

/** Types of an activity. The name `Event` has another meaning in ActivityStreams. */
const TYPES = [ 'Activity', `${EVENTS}Event` ];

/** Members of an activity, by the member of the event's document. Lists are lists also with one item. */
const MEMBERS: Readonly<Record<string, { readonly name: string; readonly isList?: true }>> = {
  publisher: { name: 'actor' },
  recipient: { name: 'to', isList: true },
  source: { name: 'attributedTo', isList: true },
  origin: { name: 'origin' },
  published: { name: 'published' },
};
/** Members that are terms of our vocabulary. */
const OWN_TERMS: ReadonlySet<string> = new Set([ 'topic', 'subject', 'eventType', 'requestKey' ]);

/**
 * Returns the document of an event in the JSON form of ActivityStreams 2.0.
 *
 * It is readable without JSON-LD support. As JSON-LD it has the statements of the other forms.
 *
 * @param event - The event in its served form.
 * @param contexts - The bundled contexts, for documents of other software.
 *
 * @see https://www.w3.org/TR/activitystreams-core/#syntaxconventions
 */
export async function activityText(event: EventText, contexts: BundledContexts): Promise<string> {
  const own = readOwn(event);
  if (own) {
    return ownActivity(event, own);
  }
  try {
    return await foreignActivity(event, contexts);
  } catch {
    // Stored by an earlier version, which checked less.
    const { value, exact } = parseExact(event.members);
    const members = value as OwnDocument['members'];
    return ownActivity(event, { reading: { asLiteral: true, typeIsType: true, idIsId: true }, members, exact });
  }
}

function ownActivity(event: EventText, { reading, members, exact }: OwnDocument): string {
  const { data, ...envelope } = members;
  const others = Object.entries(envelope).flatMap(([ name, value ]): [string, unknown][] => memberOf(name, value));
  const head = JSON.stringify({
    '@context': ACTIVITY_CONTEXT,
    id: eventUrl(event),
    type: TYPES,
    ...Object.fromEntries(others),
  });
  if (data === undefined) {
    return head;
  }
  const text = membersOf(event.members).get('data')!.value;
  return `${head.slice(0, -1)},"object":${toActivityObject(text, { value: data, exact }, reading)}}`;
}

/** Returns the member of an activity for a member of the envelope, if any. */
function memberOf(name: string, value: unknown): [string, unknown][] {
  const known = Object.hasOwn(MEMBERS, name) ? MEMBERS[name] : undefined;
  if (known) {
    const values = [ ...new Set([ value ].flat()) ];
    return values.length > 0 ? [[ known.name, known.isList || values.length > 1 ? values : values[0] ]] : [];
  }
  const isOwn = OWN_TERMS.has(name);
  return isOwn || termName(name) !== undefined || name.includes('://') ? [[ isOwn ? `events:${name}` : name, value ]] : [];
}

/** Returns a document of other software in this form, by a JSON-LD processor. */
async function foreignActivity(event: EventText, contexts: BundledContexts): Promise<string> {
  const { value, exact } = parseExact(event.members);
  const expanded = await expandJsonLd({ '@context': JSON.parse(event.context) as unknown, ...value as object });
  const context = [ JSON.parse(contexts[AS2_CONTEXT]) as unknown, { events: EVENTS }];
  const compacted = await compactJsonLd(expanded, { '@context': context });
  delete compacted['@context'];
  const { type, to, object, 'as:object': literal, ...others } = compacted;
  const objects = [ object ?? [], [ literal ?? [] ].flat().map(asValue) ].flat();
  const activity = {
    ...others,
    type: [ type ].flat().map((each): unknown => each === 'events:Event' ? `${EVENTS}Event` : each),
    ...to !== undefined && { to: [ to ].flat() },
    ...objects.length > 0 && { object: objects.length === 1 ? objects[0] : { '@set': objects }},
  };
  return `{"@context":${JSON.stringify(ACTIVITY_CONTEXT)},${canonicalJson(activity, exact).slice(1)}`;
}

function asValue(value: unknown): unknown {
  return typeof value === 'object' ? value : { '@value': value };
}
