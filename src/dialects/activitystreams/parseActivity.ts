import type { Quad } from '@rdfjs/types';
import { ACTIVITY_CONTEXT } from '../../event/activity';
import { fromActivityObject } from '../../event/activityObject';
import type { ContextLoader } from '../../event/ContextLoader';
import type { EventDraft } from '../../event/Event';
import { quadInCurrentNamespace } from '../../event/formerNamespace';
import { InvalidInput } from '../../event/InvalidInput';
import { membersOf, parseJson } from '../../event/json';
import { LIMITS } from '../../event/limits';
import { parseJsonLd } from '../../event/rdf';
import { isTopic } from '../../event/Topic';
import { AS, EVENTS, RDF } from '../../event/vocabulary';
import { isWebUrl } from '../../url/webUrl';
import type { Task } from '../../work/Work';

/** An event in the JSON form of ActivityStreams. */
export interface ParsedActivity {
  readonly draft: EventDraft;
  /** IRI of the actor, if there is one. */
  readonly actor?: string;
}

/** Parses a body as {@link parseActivity} does. */
export const READ_ACTIVITY: Task<string, ParsedActivity> = {
  name: 'readActivity',
  run: async(text, { contexts }): Promise<ParsedActivity> => parseActivity(text, contexts),
};

/** IRIs for the activity and its object while its envelope is read as JSON-LD. */
const ACTIVITY = 'urn:solid-pod-events:activity';
const OBJECT = 'urn:solid-pod-events:object';
/** Members that are not part of the envelope. The server generates the id of an event. */
const EXCLUDED: ReadonlySet<string> = new Set([ '@context', 'id', '@id', 'object' ]);
/** Types of an activity that are kept. */
const TYPES: ReadonlySet<string> = new Set([ `${AS}Activity`, `${EVENTS}Event` ]);
/** Addressing properties that events lack. */
const OTHER_ADDRESSING = [ 'cc', 'bto', 'bcc', 'audience' ];

/**
 * Parses an event in the JSON form of ActivityStreams 2.0.
 *
 * The envelope, all members but `object`, is read as JSON-LD with the context of ActivityStreams and the prefix
 * `events`, so that a context of the client can define other names. `object` is the data, with the same text.
 *
 * @param text - The body.
 * @param loader - Provides the contexts that may be named.
 *
 * @throws {@link InvalidInput} if the body is not such an activity.
 *
 * @see https://www.w3.org/TR/activitystreams-core/#activities
 */
export async function parseActivity(text: string, loader: ContextLoader): Promise<ParsedActivity> {
  // An object can be two levels deeper than its data.
  const { value } = parseJson(text, 3);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidInput('An activity is one JSON object with type, actor, to, object and the topic ' +
      `(${EVENTS}topic)`);
  }
  const { '@context': context = [], object, ...members } = value as Readonly<Record<string, unknown>>;
  const statements = await statementsOf(members, context, object !== undefined, loader);
  const valuesOf = (property: string): Quad['object'][] => statements
    .filter(({ predicate }): boolean => predicate.value === property).map((quad): Quad['object'] => quad.object);
  assertTypes(valuesOf(`${RDF}type`).map(({ value: type }): string => type));
  for (const name of OTHER_ADDRESSING) {
    if (valuesOf(`${AS}${name}`).length > 0) {
      throw new InvalidInput(`Invalid ${name}: events have recipients in "to" and other participants in "attributedTo" only`);
    }
  }
  const actors = webIdsOf(valuesOf(`${AS}actor`), 'actor');
  if (actors.length > 1) {
    throw new InvalidInput('Invalid actor: expected one WebID');
  }
  const recipients = webIdsOf(valuesOf(`${AS}to`), 'to');
  const sources = webIdsOf(valuesOf(`${AS}attributedTo`), 'attributedTo')
    .filter((webId): boolean => !recipients.includes(webId));
  if (recipients.length === 0) {
    throw new InvalidInput('No recipient found: "to" is a WebID or an array of WebIDs');
  }
  if (recipients.length + sources.length > LIMITS.recipientsPerEvent) {
    throw new InvalidInput(`More than ${LIMITS.recipientsPerEvent} recipients and other participants found`);
  }
  const topic = topicOf(valuesOf(`${EVENTS}topic`));
  assertObject(valuesOf(`${AS}object`));
  return {
    draft: { recipients, sources, topic, data: dataOf(text) },
    ...actors.length > 0 && { actor: actors[0] },
  };
}

/** Returns the statements about the activity, with an IRI instead of its object. */
async function statementsOf(
  members: Readonly<Record<string, unknown>>,
  context: unknown,
  hasObject: boolean,
  loader: ContextLoader,
): Promise<Quad[]> {
  const envelope = {
    '@context': [ ...ACTIVITY_CONTEXT, context ].flat(),
    '@id': ACTIVITY,
    ...Object.fromEntries(Object.entries(members).filter(([ name ]): boolean => !EXCLUDED.has(name))),
    ...hasObject && { object: OBJECT },
  };
  try {
    const quads = await parseJsonLd(JSON.stringify(envelope), loader, ACTIVITY);
    return quads.filter(({ subject }): boolean => subject.value === ACTIVITY).map(quadInCurrentNamespace);
  } catch (error: unknown) {
    throw new InvalidInput(`The request body is not valid JSON-LD: ${(error as Error).message}`);
  }
}

function assertTypes(types: readonly string[]): void {
  const other = types.find((type): boolean => !TYPES.has(type));
  if (!types.includes(`${AS}Activity`) || other !== undefined) {
    throw new InvalidInput(`Invalid type: expected "Activity", with or without ${EVENTS}Event` +
      `${other === undefined ? '' : `, got ${other.slice(0, 200)}`}; other types are not kept`);
  }
}

/** The IRIs of WebIDs, without duplicates. */
function webIdsOf(values: readonly Quad['object'][], name: string): string[] {
  for (const { termType, value } of values) {
    if (termType !== 'NamedNode' || !isWebUrl(value)) {
      throw new InvalidInput(`Invalid ${name}: ${JSON.stringify(value).slice(0, 200)} is no absolute http(s) IRI`);
    }
  }
  return [ ...new Set(values.map(({ value }): string => value)) ];
}

function topicOf(values: readonly Quad['object'][]): string {
  if (values.length === 0) {
    throw new InvalidInput(`No topic found: it is the member "events:topic", for ${EVENTS}topic`);
  }
  const [{ termType, value }] = values;
  if (values.length > 1 || termType !== 'Literal' || !isTopic(value)) {
    throw new InvalidInput(`Invalid topic: expected one text of at most ${LIMITS.topicBytes} bytes and ` +
      `${LIMITS.topicSegments} segments, without control characters, such as realestate/contact#add`);
  }
  return value;
}

/** Checks that the member `object`, and no other member, is the object of the activity. */
function assertObject(values: readonly Quad['object'][]): void {
  if (values.length === 0) {
    throw new InvalidInput('No object found: it is the data of the event, in the member "object"');
  }
  if (values.length > 1 || values[0].value !== OBJECT) {
    throw new InvalidInput(`Invalid object: expected the only ${AS}object in the member "object"`);
  }
}

function dataOf(text: string): string {
  const data = fromActivityObject(membersOf(text).get('object')!.value);
  try {
    parseJson(data, 0);
  } catch (error: unknown) {
    throw new InvalidInput(`Invalid object: ${(error as Error).message}`);
  }
  if (data === 'null') {
    throw new InvalidInput('No object found: it is the data of the event, and not null');
  }
  return data;
}
