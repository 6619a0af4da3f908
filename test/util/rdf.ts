import type { Quad } from '@rdfjs/types';
import jsonld from 'jsonld';
import { DataFactory, Parser } from 'n3';
import { isomorphic } from 'rdf-isomorphic';

const { quad, literal, namedNode } = DataFactory;
const XSD = 'http://www.w3.org/2001/XMLSchema#';
const JSON_TYPE = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON';

/** The name that n3 has for the grammar of each media type. */
const GRAMMARS: Readonly<Record<string, string>> = {
  'text/turtle': 'Turtle',
  'application/trig': 'TriG',
  'application/n-triples': 'N-Triples',
  'application/n-quads': 'N-Quads',
  'text/n3': 'N3',
};

/** Parses RDF by the grammar of its media type, and no other. */
export function parseStrictly(text: string, mediaType: string, baseIRI: string): Quad[] {
  const format = GRAMMARS[mediaType];
  return new Parser({ format, ...!format.startsWith('N-') && { baseIRI }}).parse(text);
}

/** Parses JSON-LD by an independent processor, which fetches nothing and keeps what it can. */
export async function parseIndependently(text: string, base: string): Promise<Quad[]> {
  const documentLoader = async(iri: string): Promise<never> => {
    throw new Error(`fetches ${iri}`);
  };
  const quads = await jsonld.toRDF(JSON.parse(text) as object, { base, documentLoader }) as unknown as Quad[];
  return quads.map((each): Quad => quad(
    termOf(each.subject) as any, termOf(each.predicate) as any, termOf(each.object) as any, termOf(each.graph) as any,
  ) as unknown as Quad);
}

function termOf(term: any): any {
  switch (term.termType) {
    case 'BlankNode': return DataFactory.blankNode(term.value);
    case 'NamedNode': return namedNode(term.value);
    case 'DefaultGraph': return DataFactory.defaultGraph();
    default: return literal(term.value, term.language || namedNode(term.datatype.value));
  }
}

/**
 * Gives two graphs the same numbers and JSON where these differ only as they must: the processor rounds numbers to 16
 * digits, and loses the digits of those that no double holds.
 */
export function comparable(quads: readonly Quad[]): Quad[] {
  return quads.map((each): Quad => {
    const { object } = each;
    if (object.termType !== 'Literal') {
      return each;
    }
    const type = object.datatype.value;
    const number = Number(object.value);
    if ([ 'integer', 'double', 'decimal' ].some((name): boolean => type === `${XSD}${name}`)) {
      // The processor also takes 1e-7 for an integer.
      const rounded = Math.abs(number) < 1e-6 ? '0' : number.toPrecision(14);
      return quad(each.subject as any, each.predicate as any, literal(rounded, namedNode('urn:number')) as any, each.graph as any) as unknown as Quad;
    }
    if (type === JSON_TYPE) {
      const value = literal(JSON.stringify(JSON.parse(object.value), sorted), namedNode(JSON_TYPE));
      return quad(each.subject as any, each.predicate as any, value as any, each.graph as any) as unknown as Quad;
    }
    return each;
  });
}

function sorted(_key: string, value: unknown): unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ?
    Object.fromEntries(Object.entries(value).sort(([ one ], [ other ]): number => one < other ? -1 : 1)) :
    value;
}

export function areIsomorphic(one: readonly Quad[], other: readonly Quad[]): boolean {
  return isomorphic(comparable(one) as any, comparable(other) as any);
}
