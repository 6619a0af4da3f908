import type { NamedNode, Quad, Quad_Object } from '@rdfjs/types';
import { DataFactory } from 'n3';
import { canonicalJson } from '../event/terms';
import { RDF, XSD } from '../event/vocabulary';

/** A JSON-LD context of this server: prefixes, aliases of keywords, and terms. */
type Context = Readonly<Record<string, Definition>>;

type Definition = string | number | Readonly<Record<string, string>>;

/** A JSON-LD document of this server, with its context. */
export type OwnDocument = Readonly<Record<'@context', Context>> & Readonly<Record<string, unknown>>;

const { blankNode, literal, namedNode, quad } = DataFactory;

/**
 * The statements of a JSON-LD document that this server has written, in one walk over it.
 *
 * Reads the JSON-LD of our own listings only: one context at the root, which defines each key as a keyword, or as a
 * term with `@id` and at most `@type`, which can be `@json`. A JSON-LD processor takes ten times as long.
 *
 * @param document - The document.
 */
export function* documentQuads(document: OwnDocument): Generator<Quad, void, undefined> {
  const { '@context': context, ...node } = document;
  yield* quadsOf(node, context, 'id' in node ? namedNode(String(node.id)) : blankNode());
}

function* quadsOf(
  node: Readonly<Record<string, unknown>>,
  context: Context,
  subject: Quad['subject'],
): Generator<Quad, void, undefined> {
  for (const [ key, value ] of Object.entries(node)) {
    const definition = context[key];
    const isJson = typeof definition === 'object' && definition['@type'] === '@json';
    for (const item of isJson ? [ value ] : [ value ].flat()) {
      if (item === undefined || item === null || definition === '@id') {
        continue;
      }
      if (definition === '@type') {
        yield quad(subject, namedNode(`${RDF}type`), expand(textOf(context, item as string), context));
        continue;
      }
      const { '@id': iri, '@type': type } = typeof definition === 'object' ? definition : { '@id': textOf(context, key) };
      const predicate = expand(iri, context);
      if (isJson) {
        yield quad(subject, predicate, literal(canonicalJson(item, new Map()), namedNode(`${RDF}JSON`)));
      } else if (typeof item === 'object') {
        const child = item as Readonly<Record<string, unknown>>;
        const object = typeof child.id === 'string' ? namedNode(child.id) : blankNode();
        yield quad(subject, predicate, object);
        yield* quadsOf(child, context, object);
      } else {
        yield quad(subject, predicate, toObject(item, type, context));
      }
    }
  }
}

function toObject(value: unknown, type: string | undefined, context: Context): Quad_Object {
  if (type === '@id') {
    return namedNode(String(value));
  }
  if (type !== undefined) {
    return literal(String(value), expand(type, context));
  }
  if (typeof value === 'number') {
    // See https://www.w3.org/TR/json-ld11-api/#object-to-rdf-conversion
    return Number.isInteger(value) ?
      literal(String(value), namedNode(`${XSD}integer`)) :
      literal(value.toExponential(15).replace(/(\.\d)(\d*?)0*e\+?/u, '$1$2E'), namedNode(`${XSD}double`));
  }
  return literal(String(value));
}

/** Expands a name with a prefix. An IRI without a prefix of the context stays unchanged. */
function expand(name: string, context: Context): NamedNode {
  const colon = name.indexOf(':');
  const namespace = context[name.slice(0, colon)];
  return namedNode(typeof namespace === 'string' ? `${namespace}${name.slice(colon + 1)}` : name);
}

/** The IRI of a term. */
function textOf(context: Context, term: string): string {
  return context[term] as string;
}
