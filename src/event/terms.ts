import { numberLiteral } from './numbers';
import type { NumberLiteral } from './numbers';
import { AS, EVENTS, RDF, SCHEMA, XSD } from './vocabulary';

/** RDF statements with the same subject and predicate, as terms in a {@link Notation}. */
export interface Statements {
  readonly subject: string;
  readonly predicate: string;
  readonly objects: readonly string[];
}

/** The syntax of terms in an RDF format. */
export interface Notation {
  /** Serializes a valid IRI. */
  readonly iri: (iri: string) => string;
  /** Form of `rdf:type` as a predicate. */
  readonly type: string;
}

/**
 * Notation of N-Triples.
 *
 * @see https://www.w3.org/TR/n-triples/
 */
export const N_TRIPLES: Notation = { iri: (iri): string => `<${iri}>`, type: `<${RDF}type>` };

/** Prefixes of Turtle documents. */
export const PREFIXES: Readonly<Record<string, string>> = { as: AS, schema: SCHEMA, events: EVENTS, xsd: XSD };

/**
 * Notation of Turtle, with {@link PREFIXES}.
 *
 * @see https://www.w3.org/TR/turtle/#sec-iri
 */
export const TURTLE: Notation = {
  iri: (iri): string => {
    for (const [ prefix, namespace ] of Object.entries(PREFIXES)) {
      if (iri.startsWith(namespace) && /^[a-zA-Z]\w*$/u.test(iri.slice(namespace.length))) {
        return `${prefix}:${iri.slice(namespace.length)}`;
      }
    }
    return `<${iri}>`;
  },
  type: 'a',
};

/** Serializes a string as an RDF literal. Default datatype: `xsd:string`. */
export function literalTerm(lexical: string, datatype?: string, notation: Pick<Notation, 'iri'> = N_TRIPLES): string {
  const quoted = quote(lexical);
  return datatype === undefined || datatype === `${XSD}string` ? quoted : `${quoted}^^${notation.iri(datatype)}`;
}

/** Serializes a string with a language tag. */
export function languageTerm(lexical: string, language: string): string {
  return `${quote(lexical)}@${language}`;
}

/**
 * Serializes a JSON value as an `rdf:JSON` literal, in the canonical form of RFC 8785 but with all digits of its
 * numbers.
 */
export function jsonTerm(value: unknown, exact: ReadonlyMap<number, NumberLiteral>, notation: Notation): string {
  return literalTerm(canonicalJson(value, exact), `${RDF}JSON`, notation);
}

/**
 * Serializes JSON with sorted keys and without whitespace.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8785
 */
export function canonicalJson(value: unknown, exact: ReadonlyMap<number, NumberLiteral>): string {
  if (Array.isArray(value)) {
    return `[${value.map((item): string => canonicalJson(item, exact)).join(',')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    // RFC 8785 orders keys by UTF-16 code units, as `<` does.
    const entries = Object.entries(value).sort(([ one ], [ other ]): number => one < other ? -1 : 1);
    const members = entries.map(([ key, child ]): string => `${JSON.stringify(key)}:${canonicalJson(child, exact)}`);
    return `{${members.join(',')}}`;
  }
  return typeof value === 'number' ? numberLiteral(value, exact).text : JSON.stringify(value);
}

const ESCAPES: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function quote(text: string): string {
  return `"${text.replaceAll(/["\\\u0000-\u001f\u007f-\u009f\u2028\u2029\ufffe\uffff]/gu, (character): string =>
    ESCAPES[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0').toUpperCase()}`)}"`;
}

/**
 * Collects the distinct statements about one subject.
 */
export class StatementSet {
  private readonly predicates = new Map<string, Set<string>>();

  public add(predicate: string, object: string): void {
    let objects = this.predicates.get(predicate);
    if (!objects) {
      objects = new Set();
      this.predicates.set(predicate, objects);
    }
    objects.add(object);
  }

  public get isEmpty(): boolean {
    return this.predicates.size === 0;
  }

  /** Yields the statements about a subject, with a limited number of objects in each element. */
  public* of(subject: string): Generator<Statements> {
    for (const [ predicate, objects ] of this.predicates) {
      const all = [ ...objects ];
      for (let at = 0; at < all.length; at += MAX_OBJECTS) {
        yield { subject, predicate, objects: all.slice(at, at + MAX_OBJECTS) };
      }
    }
  }
}

const MAX_OBJECTS = 1_000;
