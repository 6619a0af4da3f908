import type { EventText } from '../../event/documentReading';
import { readStored, statementsOf } from '../../event/documentReading';
import { eventDocument, eventUrl } from '../../event/Event';
import { JSON_LD, JSON_MEDIA_TYPE, N_QUADS, N_TRIPLES as N_TRIPLES_TYPE, TRIG, TURTLE } from '../../event/mediaTypes';
import { literalTerm, N_TRIPLES } from '../../event/terms';
import { timeSlicer } from '../../event/timeSlices';
import { EVENTS, LDES, RDF, TREE, XSD } from '../../event/vocabulary';
import type { Task, TaskTools } from '../../work/Work';
import type { RetentionLimits } from './ports';

/** Weights of the media types of an event stream, for clients that prefer none of them. */
export const LDES_TYPES: Readonly<Record<string, number>> = {
  [TURTLE]: 1, [JSON_LD]: 0.95, [JSON_MEDIA_TYPE]: 0.9, [TRIG]: 0.8, [N_QUADS]: 0.7, [N_TRIPLES_TYPE]: 0.6,
};

/** Property of the time at which the server stored a member: the timestamp path of each event stream. */
export const ARRIVED = `${EVENTS}arrived`;

/** A member of an event stream: an event with its statements, or another resource of an inbox. */
export interface LdesMember {
  /** URL of the event, or of the resource. */
  readonly id: string;
  /** Time of arrival, in milliseconds since 1970. */
  readonly time: number;
  readonly event?: EventText;
}

/** A page of an event stream. */
export interface LdesPage {
  readonly url: string;
  readonly members: readonly LdesMember[];
  /** Whether its members and relations do not change any more. */
  readonly isImmutable: boolean;
  /** The next page, with the time of its first member if all its members, and those of later pages, are as late. */
  readonly next?: { readonly url: string; readonly time?: number };
}

/** An event stream: its description, or one of its pages. */
export interface LdesDocument {
  /** URL of the stream. */
  readonly stream: string;
  /** URL of the first page of its view. */
  readonly view: string;
  readonly retention: RetentionLimits;
  /** The page; absent for the description. */
  readonly page?: LdesPage;
}

/** Triples of one graph, as N-Triples. */
type Lines = string[];

/**
 * Task that writes an event stream in a media type of {@link LDES_TYPES}.
 *
 * The statements of each event are in the graph named by the event, in formats with graphs.
 *
 * @see https://w3id.org/ldes/specification
 */
export const WRITE_LDES: Task<{ readonly document: LdesDocument; readonly type: string }, string> = {
  name: 'writeLdes',
  run: async({ document, type }, tools): Promise<string> => {
    const isJson = type === JSON_LD || type === JSON_MEDIA_TYPE;
    const [ pause, members ] = [ timeSlicer(), [] as string[] ];
    for (const [ index, member ] of (document.page?.members ?? []).entries()) {
      members.push(isJson ? await memberNode(member, tools) : await memberText(member, type, index, tools));
      await pause();
    }
    return isJson ?
      `[${[ JSON.stringify(streamNode(document)), ...members ].join(',')}]` :
      [ ...streamTriples(document), ...members ].join('');
  },
};

/** Returns the RDF of a member, in its graph. */
async function memberText(member: LdesMember, type: string, index: number, { contexts }: TaskTools): Promise<string> {
  const graph = `<${member.id}>`;
  const lines: Lines = [ `${graph} <${ARRIVED}> ${dateTimeTerm(member.time)}` ];
  if (member.event) {
    // Each event has its own blank nodes.
    const termOf = (term: string): string => term.startsWith('_:') ? `_:m${index}${term.slice(2)}` : term;
    const event = await readStored(member.event, contexts.bundled());
    for (const { subject, predicate, objects } of await statementsOf(event, N_TRIPLES)) {
      const start = `${termOf(subject)} ${predicate}`;
      lines.push(...objects.map((object): string => `${start} ${termOf(object)}`));
    }
  }
  return type === TRIG ?
    `${graph} {\n${lines.join(' .\n')} .\n}\n` :
    lines.map((line): string => `${line} ${type === N_QUADS ? `${graph} ` : ''}.\n`).join('');
}

/** Returns a member as a JSON-LD node with a graph. */
async function memberNode({ id, time, event }: LdesMember, { contexts }: TaskTools): Promise<string> {
  const node = JSON.stringify({ '@id': id, [ARRIVED]: dateTimeNode(time) });
  const document = event && eventDocument(await readStored(event, contexts.bundled()));
  return `{"@id":${JSON.stringify(id)},"@graph":[${[ node, ...document === undefined ? [] : [ document ]].join(',')}]}`;
}

/** A literal of a JSON-LD document. */
type JsonLiteral = Readonly<Record<'@value', string | boolean> & Partial<Record<'@type', string>>>;
/** An expanded node of a JSON-LD document. */
type JsonNode = Readonly<Partial<Record<'@id' | '@type', string>>> & {
  readonly [property: string]: string | undefined | JsonLiteral | JsonNode | readonly JsonNode[];
};

/** Returns the statements about a stream and its page as an expanded JSON-LD node. */
function streamNode({ stream, view, retention, page }: LdesDocument): JsonNode {
  const policy = retentionNode(stream, retention);
  const viewed: JsonNode = {
    '@id': page?.url ?? view,
    '@type': `${TREE}Node`,
    ...policy && { [`${LDES}retentionPolicy`]: policy },
    ...page?.isImmutable && { [`${LDES}immutable`]: { '@value': true }},
    ...page?.next && { [`${TREE}relation`]: relationNode(page.next) },
  };
  return {
    '@id': stream,
    '@type': `${LDES}EventStream`,
    [`${LDES}timestampPath`]: { '@id': ARRIVED },
    [`${TREE}view`]: viewed,
    ...page && { [`${TREE}member`]: page.members.map(({ id }): JsonNode => ({ '@id': id })) },
  };
}

function relationNode({ url, time }: { readonly url: string; readonly time?: number }): JsonNode {
  return {
    '@type': `${TREE}${time === undefined ? 'Relation' : 'GreaterThanOrEqualToRelation'}`,
    [`${TREE}node`]: { '@id': url },
    ...time !== undefined && { [`${TREE}path`]: { '@id': ARRIVED }, [`${TREE}value`]: dateTimeNode(time) },
  };
}

/** Returns the retention policy of a stream; `undefined` if everything is kept. */
function retentionNode(stream: string, { maxAge, maxEvents }: RetentionLimits): JsonNode | undefined {
  if (maxAge === 0 && maxEvents === 0) {
    return undefined;
  }
  const duration = {
    '@value': Number.isInteger(maxAge) ? `P${maxAge}D` : `PT${Math.round(maxAge * 24 * 60 * 60)}S`,
    '@type': `${XSD}duration`,
  };
  return {
    '@id': `${stream}#retention`,
    '@type': `${LDES}RetentionPolicy`,
    ...maxAge > 0 && { [`${LDES}fullLogDuration`]: duration },
    ...maxEvents > 0 && { [`${EVENTS}maxEvents`]: { '@value': `${maxEvents}`, '@type': `${XSD}integer` }},
  };
}

function dateTimeNode(time: number): JsonLiteral {
  return { '@value': new Date(time).toISOString(), '@type': `${XSD}dateTime` };
}

function dateTimeTerm(time: number): string {
  return literalTerm(new Date(time).toISOString(), `${XSD}dateTime`);
}

/** Returns the N-Triples of the node of a stream. */
function streamTriples(document: LdesDocument): Lines {
  const lines: Lines = [];
  let blanks = 0;
  const write = ({ '@id': id, '@type': type, ...properties }: JsonNode): string => {
    blanks += 1;
    const subject = id === undefined ? `_:r${blanks}` : `<${id}>`;
    if (type !== undefined) {
      lines.push(`${subject} <${RDF}type> <${type}> .\n`);
    }
    for (const [ name, value ] of Object.entries(properties)) {
      for (const item of [ value ?? [] ].flat() as (JsonLiteral | JsonNode)[]) {
        lines.push(`${subject} <${name}> ${isLiteral(item) ? valueTerm(item) : write(item)} .\n`);
      }
    }
    return subject;
  };
  write(streamNode(document));
  return lines;
}

function isLiteral(node: JsonLiteral | JsonNode): node is JsonLiteral {
  return '@value' in node;
}

function valueTerm({ '@value': value, '@type': type = `${XSD}boolean` }: JsonLiteral): string {
  return literalTerm(String(value), type);
}

/** Returns the IRI of a member that is an event: the URL at which it was published. */
export function memberOf(event: EventText, time: number): LdesMember {
  const { id, pod, context, members } = event;
  return { id: eventUrl(event), time, event: { id, pod, context, members }};
}
