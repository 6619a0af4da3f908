import type { Quad, Term } from '@rdfjs/types';
import { Parser } from 'n3';
import { EVENTS, RDF, RDFS, SCHEMA } from '../../event/vocabulary';
import { escapeHtml } from '../html';

/** Vocabulary as RDF statements, with the prefixes of its Turtle source. */
export interface Vocabulary {
  readonly quads: readonly Quad[];
  readonly prefixes: Readonly<Record<string, string>>;
}

/** Parses the Turtle source of the vocabulary. */
export function parseVocabulary(turtle: string): Vocabulary {
  const prefixes: Record<string, string> = {};
  const quads = new Parser({ baseIRI: EVENTS }).parse(turtle, undefined, (prefix, { value }): void => {
    prefixes[prefix] = value;
  });
  return { quads, prefixes };
}

/** Returns the vocabulary as JSON-LD, with one node for each subject. */
export function vocabularyJsonLd({ quads, prefixes }: Vocabulary): string {
  const nodes = subjectsOf(quads).map(([ subject, statements ]): object => {
    const node: Record<string, unknown[]> = {};
    for (const { predicate, object } of statements) {
      const isType = predicate.value === `${RDF}type`;
      const key = isType ? '@type' : shortened(predicate.value, prefixes);
      (node[key] ??= []).push(isType ? shortened(object.value, prefixes) : valueOf(object, prefixes));
    }
    return { '@id': shortened(subject, prefixes), ...node };
  });
  return JSON.stringify({ '@context': prefixes, '@graph': nodes }, undefined, 2);
}

function valueOf(object: Term, prefixes: Vocabulary['prefixes']): object {
  if (object.termType !== 'Literal') {
    return { '@id': shortened(object.value, prefixes) };
  }
  const type = object.datatype.value;
  return {
    '@value': object.value,
    ...object.language ? { '@language': object.language } : !type.endsWith('#string') && { '@type': shortened(type, prefixes) },
  };
}

/** Style of the page: system fonts, and tables that wrap. */
export const VOCABULARY_STYLE = 'body{font:1rem/1.5 system-ui,sans-serif;max-width:70rem;margin:auto;padding:1rem}' +
  'table{border-collapse:collapse;width:100%}caption{text-align:start}' +
  'th,td{border:1px solid;padding:.4rem;text-align:start;vertical-align:top;overflow-wrap:anywhere}:target{outline:3px solid}';

/**
 * Returns the vocabulary as an HTML page: one table for the classes and one for the properties.
 *
 * The local name of a term is the anchor of its row, so that the IRI of the term leads to it.
 */
export function vocabularyHtml(vocabulary: Vocabulary): string {
  const { quads, prefixes } = vocabulary;
  const terms = subjectsOf(quads).map(([ iri, statements ]): TermRow => ({ iri, statements }));
  const about = terms.find(({ iri }): boolean => iri === EVENTS)!;
  const isClass = ({ statements }: TermRow): boolean => valuesOf(statements, `${RDF}type`).includes(`${RDFS}Class`);
  const described = terms.filter(({ iri }): boolean => iri !== EVENTS);
  return [
    '<!DOCTYPE html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${textOf(about, 'label')}: vocabulary</title>`,
    `<style>${VOCABULARY_STYLE}</style>`,
    '</head>',
    '<body>',
    '<main>',
    `<h1>${textOf(about, 'label')}: vocabulary</h1>`,
    `<p>${textOf(about, 'comment')}</p>`,
    `<p>Namespace: <code>${EVENTS}</code>. This page is also available as <code>text/turtle</code> and ` +
    '<code>application/ld+json</code>.</p>',
    ...tableOf('Classes', described.filter(isClass), prefixes, [ 'subclass of' ], ({ statements }): string[] =>
      [ linksOf(valuesOf(statements, `${RDFS}subClassOf`), prefixes) ]),
    ...tableOf('Properties', described.filter((term): boolean => !isClass(term)), prefixes, [ 'domain', 'range' ],
      ({ statements }): string[] => [
        linksOf([ `${RDFS}domain`, `${SCHEMA}domainIncludes` ].flatMap((property): string[] => valuesOf(statements, property)), prefixes),
        linksOf(valuesOf(statements, `${RDFS}range`), prefixes),
      ]),
    '</main>',
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

/** A described term, with its statements. */
interface TermRow {
  readonly iri: string;
  readonly statements: readonly Quad[];
}

function tableOf(
  title: string,
  terms: readonly TermRow[],
  prefixes: Vocabulary['prefixes'],
  columns: readonly string[],
  cellsOf: (term: TermRow) => readonly string[],
): string[] {
  const heads = [ 'term', 'label', 'meaning', ...columns ].map((head): string => `<th scope="col">${head}</th>`).join('');
  const rows = terms.map((term): string => {
    const name = escapeHtml(term.iri.slice(EVENTS.length));
    const cells = [ textOf(term, 'label'), textOf(term, 'comment'), ...cellsOf(term) ];
    return `<tr id="${name}"><th scope="row"><a href="#${name}"><code>${escapeHtml(shortened(term.iri, prefixes))}</code></a></th>` +
      `${cells.map((cell): string => `<td>${cell}</td>`).join('')}</tr>`;
  });
  return [
    `<h2>${title}</h2>`, '<table>', `<caption>${title} of the vocabulary</caption>`, `<thead><tr>${heads}</tr></thead>`,
    '<tbody>', ...rows, '</tbody>', '</table>',
  ];
}

function textOf({ statements }: TermRow, property: 'label' | 'comment'): string {
  return escapeHtml(valuesOf(statements, `${RDFS}${property}`).join(' '));
}

/** Links to terms; those of this vocabulary are on the same page. */
function linksOf(iris: readonly string[], prefixes: Vocabulary['prefixes']): string {
  return iris.map((iri): string => {
    const target = iri.startsWith(EVENTS) ? iri.slice(EVENTS.length - 1) : iri;
    return `<a href="${escapeHtml(target)}"><code>${escapeHtml(shortened(iri, prefixes))}</code></a>`;
  }).join(', ');
}

function subjectsOf(quads: readonly Quad[]): [string, Quad[]][] {
  const subjects = new Map<string, Quad[]>();
  for (const quad of quads) {
    const { value } = quad.subject;
    subjects.set(value, [ ...subjects.get(value) ?? [], quad ]);
  }
  return [ ...subjects ];
}

function valuesOf(statements: readonly Quad[], property: string): string[] {
  return statements.filter(({ predicate }): boolean => predicate.value === property)
    .map(({ object }): string => object.value);
}

/** Returns an IRI with a prefix, or unchanged if no prefix applies. */
function shortened(iri: string, prefixes: Vocabulary['prefixes']): string {
  const found = Object.entries(prefixes)
    .find(([ , namespace ]): boolean => iri.startsWith(namespace) && iri !== namespace);
  return found ? `${found[0]}:${iri.slice(found[1].length)}` : iri;
}
