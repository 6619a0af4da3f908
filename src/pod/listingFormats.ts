import type { Quad, Term } from '@rdfjs/types';
import { DC, IANA, LDP, POSIX, RDF, XSD } from '../css';
import type { Literal } from 'n3';
import { DataFactory, Writer } from 'n3';
import { eventUrl } from '../event/Event';
import { JSON_LD, TURTLE } from '../event/mediaTypes';
import { EVENTS } from '../event/vocabulary';
import { escapeHtml } from '../http/html';
import type { Entry } from './ports';
import { dateTime } from './eventMetadata';

/**
 * A serialization of container listings.
 */
export interface ListingFormat {
  /** Number of entries that are formatted in one turn of the event loop. */
  readonly pageSize: number;
  /** Number of items that are formatted ahead of the reader. */
  readonly ahead: number;
  /**
   * Formats a part of the backend's statements.
   *
   * @param container - URL of the container.
   * @param quads - The statements of this part.
   * @param isFirst - Whether this is the first part.
   */
  head: (container: string, quads: readonly Quad[], isFirst: boolean) => unknown[];
  /** Formats a page of entries of the container. */
  page: (container: string, entries: readonly Entry[]) => unknown[];
  /** Items after the last page. */
  readonly end: readonly unknown[];
}

const { namedNode, literal, quad } = DataFactory;
const TYPE_JSON_LD = namedNode(`${IANA.namespace}${JSON_LD}#Resource`);
/** Links a copy with its event. */
const EVENT = `${EVENTS}event`;
const PREFIXES = {
  dc: DC.namespace, events: EVENTS, ldp: LDP.namespace, posix: POSIX.namespace, xsd: XSD.namespace,
};
/** Settings of text formats: a page of 200 entries is about 50 kB. */
const TEXT = { pageSize: 200, ahead: 1, end: []};

/** Replaces the modification time in a backend's listing, which does not reflect changes of entries. */
export function withModified(container: string, quads: readonly Quad[], modified: number): Quad[] {
  const others = quads.filter(({ subject, predicate }): boolean =>
    subject.value !== container || !predicate.equals(DC.terms.modified));
  return [ ...others, quad(namedNode(container), DC.terms.modified, dateTime(modified)) ];
}

/** The URL of the event of an entry, if the entry is a copy. */
function copiedEvent(container: string, entry: Entry): string | undefined {
  const url = eventUrl(entry);
  return url === `${container}${entry.id}` ? undefined : url;
}

function integer(value: number): Literal {
  return literal(String(value), XSD.terms.integer);
}

/** Quads, for conversion by the server. */
export const QUADS: ListingFormat = {
  pageSize: 30,
  ahead: 180,
  end: [],
  head: (_container, quads): unknown[] => [ ...quads ],
  page: (container, entries): unknown[] => {
    const subject = namedNode(container);
    return entries.flatMap((entry): unknown[] => {
      const { id, published, bytes } = entry;
      const member = namedNode(`${container}${id}`);
      const event = copiedEvent(container, entry);
      return [
        quad(subject, LDP.terms.contains, member),
        quad(member, RDF.terms.type, LDP.terms.Resource),
        quad(member, RDF.terms.type, TYPE_JSON_LD),
        quad(member, DC.terms.modified, dateTime(published)),
        quad(member, POSIX.terms.mtime, integer(Math.floor(published / 1_000))),
        quad(member, POSIX.terms.size, integer(bytes)),
        ...event === undefined ? [] : [ quad(member, namedNode(EVENT), namedNode(event)) ],
      ];
    });
  },
};

/**
 * Turtle, the most requested format. Writing it directly takes a tenth of the server's conversion time.
 *
 * @see https://www.w3.org/TR/turtle/
 */
const TURTLE_TEXT: ListingFormat = {
  ...TEXT,
  head: (container, quads, isFirst): unknown[] =>
    [ serialized(quads, { baseIRI: container, ...isFirst && { prefixes: PREFIXES }}) ],
  // Ids are UUIDs, which need no escaping.
  page: (container, entries): unknown[] => entries.length === 0 ?
      [] :
      [ entries.map((entry): string => toTurtle(container, entry)).join('') ],
};

function toTurtle(container: string, entry: Entry): string {
  const { id, published, bytes } = entry;
  const event = copiedEvent(container, entry);
  return `<> ldp:contains <${id}>.
<${id}> a ldp:Resource, <${TYPE_JSON_LD.value}>;
    dc:modified "${new Date(published).toISOString()}"^^xsd:dateTime;
    posix:mtime ${Math.floor(published / 1_000)};
    posix:size ${bytes}${event === undefined ? '' : `;\n    events:event <${event}>`}.
`;
}

/**
 * N-Triples.
 *
 * @see https://www.w3.org/TR/n-triples/
 */
const N_TRIPLES: ListingFormat = {
  ...TEXT,
  head: (_container, quads): unknown[] => [ serialized(quads, { format: 'N-Triples' }) ],
  page: (container, entries): unknown[] => entries.length === 0 ? [] : [ entries.map((entry): string => {
    const member = `<${container}${entry.id}>`;
    const event = copiedEvent(container, entry);
    return `<${container}> <${LDP.contains}> ${member} .
${member} <${RDF.type}> <${LDP.Resource}> .
${member} <${RDF.type}> <${TYPE_JSON_LD.value}> .
${member} <${DC.modified}> "${new Date(entry.published).toISOString()}"^^<${XSD.dateTime}> .
${member} <${POSIX.mtime}> "${Math.floor(entry.published / 1_000)}"^^<${XSD.integer}> .
${member} <${POSIX.size}> "${entry.bytes}"^^<${XSD.integer}> .
${event === undefined ? '' : `${member} <${EVENT}> <${event}> .\n`}`;
  }).join('') ],
};

/**
 * JSON-LD in expanded form, as written by the server's own serializer: an array of node objects.
 *
 * @see https://www.w3.org/TR/json-ld11/#expanded-document-form
 */
const JSON_LD_TEXT: ListingFormat = {
  ...TEXT,
  end: [ ']' ],
  head: (_container, quads, isFirst): unknown[] => {
    const nodes = new Map<string, Record<string, unknown>>();
    for (const { subject, predicate, object } of quads) {
      const id = nameOf(subject);
      const node = nodes.get(id) ?? { '@id': id };
      nodes.set(id, node);
      const isType = predicate.value === RDF.type && object.termType !== 'Literal';
      const property = isType ? '@type' : predicate.value;
      const known = node[property] as unknown[] | undefined ?? [];
      node[property] = [ ...known, isType ? nameOf(object) : valueOf(object) ];
    }
    return [ [ ...nodes.values() ].map((node, index): string =>
      `${isFirst && index === 0 ? '[' : ','}${JSON.stringify(node)}\n`).join('') ];
  },
  page: (container, entries): unknown[] => entries.length === 0 ?
      [] :
      [ entries.map((entry): string => toJsonLd(container, entry)).join('') ],
};

function toJsonLd(container: string, entry: Entry): string {
  const { id, published, bytes } = entry;
  const event = copiedEvent(container, entry);
  return `,${JSON.stringify({ '@id': container, [LDP.contains]: [{ '@id': `${container}${id}` }]})}
,${JSON.stringify({
  '@id': `${container}${id}`,
  '@type': [ LDP.Resource, TYPE_JSON_LD.value ],
  [DC.modified]: [{ '@value': new Date(published).toISOString(), '@type': XSD.dateTime }],
  [POSIX.mtime]: [{ '@value': String(Math.floor(published / 1_000)), '@type': XSD.integer }],
  [POSIX.size]: [{ '@value': String(bytes), '@type': XSD.integer }],
  ...event !== undefined && { [EVENT]: [{ '@id': event }]},
})}
`;
}

/** HTML with links only. The server's own page needs the whole listing in memory. */
export const HTML_TEXT: ListingFormat = {
  ...TEXT,
  end: [ '</ul>\n</body>\n</html>\n' ],
  head: (container, quads, isFirst): unknown[] => [
    isFirst ?
      `<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>Contents of ${escapeHtml(container)}</title>` +
      `</head>\n<body>\n<h1>Contents of ${escapeHtml(container)}</h1>\n<ul>\n` :
      '',
    ...quads.filter(({ predicate }): boolean => predicate.equals(LDP.terms.contains))
      .map(({ object: { value }}): string => linkTo(value, value.slice(container.length))),
  ].filter((text): boolean => text !== ''),
  page: (container, entries): unknown[] => entries.length === 0 ?
      [] :
      [ entries.map(({ id }): string => linkTo(`${container}${id}`, id)).join('') ],
};

/** Directly written formats by media type, in the order of choice between equal preferences. */
export const TEXT_FORMATS: Readonly<Record<string, ListingFormat>> = {
  [TURTLE]: TURTLE_TEXT,
  [JSON_LD]: JSON_LD_TEXT,
  'application/n-triples': N_TRIPLES,
  // Turtle is a subset of TriG and N3; N-Triples is a subset of N-Quads.
  'application/trig': TURTLE_TEXT,
  'text/n3': TURTLE_TEXT,
  'application/n-quads': N_TRIPLES,
};

function serialized(quads: readonly Quad[], options: ConstructorParameters<typeof Writer>[0]): string {
  const writer = new Writer(options);
  for (const { subject, predicate, object } of quads) {
    writer.addQuad(quad(subject as never, predicate as never, object as never));
  }
  let text = '';
  // Without an output stream, the writer calls back before it returns.
  writer.end((_error: unknown, result: string): void => {
    text = result;
  });
  return text;
}

function nameOf({ termType, value }: Term): string {
  return termType === 'BlankNode' ? `_:${value}` : value;
}

function valueOf(term: Term): object {
  if (term.termType !== 'Literal') {
    return { '@id': nameOf(term) };
  }
  const { value, language, datatype } = term;
  if (language !== '') {
    return { '@value': value, '@language': language };
  }
  return { '@value': value, ...datatype.value !== XSD.string && { '@type': datatype.value }};
}

function linkTo(url: string, text: string): string {
  return `<li><a href="${escapeHtml(url)}">${escapeHtml(text)}</a></li>\n`;
}
