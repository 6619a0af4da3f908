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
    termOf(each.subject), termOf(each.predicate), termOf(each.object), termOf(each.graph),
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

/** The lexical form that the independent processor gives a number: 16 digits at most, and 1e-7 is an integer. */
function asProcessor(number: number): string {
  return String(number).includes('.') || Math.abs(number) >= 1e21 ? asDouble(number) : number.toFixed(0);
}

/** The lexical form that the independent processor gives a number of type `xsd:double`. */
function asDouble(number: number): string {
  return number.toExponential(15).replace(/(\d)0*e\+?/u, '$1E');
}

const NUMBER = /^-?\d+(?:\.\d+)?(?:E-?\d+)?$/u;
const NUMERIC = new Set([ 'integer', 'double', 'decimal' ].map((name): string => `${XSD}${name}`));

function withObject({ subject, predicate, graph }: Quad, lexical: string, type: string): Quad {
  return quad(subject as any, predicate as any, literal(lexical, namedNode(type)) as any, graph as any);
}

/**
 * Whether two graphs are isomorphic. `rdf:JSON` is compared by value. Numbers are compared as the processor would write
 * them, for it loses digits.
 */
export function areIsomorphic(graph: readonly Quad[], processed: readonly Quad[]): boolean {
  const keyOf = (lexical: string, type: string): string => `${lexical} ${NUMERIC.has(type) ? 'number' : type}`;
  const known = new Set(processed.flatMap(({ object }): string[] =>
    object.termType === 'Literal' ? [ keyOf(object.value, object.datatype.value) ] : []));
  const normal = (each: Quad): Quad => {
    const { object } = each;
    if (object.termType !== 'Literal') {
      return each;
    }
    const type = object.datatype.value;
    if (type === JSON_TYPE) {
      const isRounded = NUMBER.test(object.value) && !known.has(keyOf(object.value, type));
      const text = isRounded ? asDouble(Number(object.value)) : object.value;
      return withObject(each, JSON.stringify(JSON.parse(text), sorted), type);
    }
    const rounded = NUMBER.test(object.value) ? [ asProcessor, asDouble ].map((write): string => write(Number(object.value))) : [];
    const lexical = [ object.value, ...rounded ].find((text): boolean => known.has(keyOf(text, type))) ?? object.value;
    return NUMERIC.has(type) || lexical !== object.value ?
      withObject(each, lexical, NUMERIC.has(type) ? 'urn:number' : type) :
      each;
  };
  return isomorphic(graph.map(normal) as any, processed.map(normal) as any);
}

function sorted(_key: string, value: unknown): unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ?
    Object.fromEntries(Object.entries(value).sort(([ one ], [ other ]): number => one < other ? -1 : 1)) :
    value;
}

/** A decimal number, written in one way: its sign and digits, and the power of ten of the last one. */
export function decimalOf(number: string): string {
  const [ , sign, whole, fraction = '', exponent = '0' ] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/u.exec(number)!;
  const digits = `${whole}${fraction}`.replace(/^0+/u, '');
  const significant = digits.replace(/0+$/u, '');
  return significant === '' ? '0' : `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}
