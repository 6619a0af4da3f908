import { isCopyIri, isIri, isEventIri } from './iri';
import { parseJson } from './json';
import { blankNodeLabels, EVENT_STATEMENTS_REFUSED } from './linkedData';
import type { NumberLiteral } from './numbers';
import { canonicalDouble, doubleLexical, numberLiteral } from './numbers';
import type { Notation, Statements } from './terms';
import { StatementSet, jsonTerm, languageTerm, literalTerm } from './terms';
import { RDF, XSD } from './vocabulary';

type Node = Readonly<Record<string, unknown>>;

const LANGUAGE = /^[a-z]{1,8}(?:-[a-z\d]{1,8})*$/u;
const DOUBLE = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/u;

/**
 * An event's document, expanded by a JSON-LD processor.
 */
export interface ExpandedEvent {
  /** The expanded document. */
  readonly expanded: readonly unknown[];
  /** Literals of numbers that a double cannot represent exactly. */
  readonly exact: ReadonlyMap<number, NumberLiteral>;
  /** The URL of the event. */
  readonly url: string;
  /** The id of the event. */
  readonly id: string;
  /** Whether statements about other events are rejected too. */
  readonly isStrict: boolean;
}

/**
 * Returns the statements of an event's document from its expanded form, by the algorithm of JSON-LD.
 *
 * Rejects content that would be lost or has no RDF form: named graphs, indexes, directions, relative IRIs and IRIs with
 * invalid characters. Rejects statements about the event and its copies outside of the document's own members.
 *
 * @throws An error that names the rejected content.
 *
 * @see https://www.w3.org/TR/json-ld11-api/#object-to-rdf-conversion
 */
export function expandedStatements(event: ExpandedEvent, notation: Notation): Statements[] {
  return new ExpandedWalk(event, notation).walk();
}

class ExpandedWalk {
  private readonly nextBlank = blankNodeLabels();
  private readonly labels = new Map<string, string>();
  private readonly subjects = new Map<string, StatementSet>();

  public constructor(private readonly event: ExpandedEvent, private readonly notation: Notation) {}

  public walk(): Statements[] {
    const { expanded: [ root, ...others ], url } = this.event;
    if (!isNode(root) || others.length > 0 || root['@id'] !== url) {
      throw new Error('the document is not one node that is the event');
    }
    this.addMembers(root, this.notation.iri(url), true);
    return [ ...this.subjects ].flatMap(([ subject, collected ]): Statements[] => [ ...collected.of(subject) ]);
  }

  private add(subject: string, predicate: string, object: string): void {
    let collected = this.subjects.get(subject);
    if (!collected) {
      collected = new StatementSet();
      this.subjects.set(subject, collected);
    }
    collected.add(predicate, object);
  }

  /** Returns the term of a node, and adds statements for its members. */
  private node(node: Node): string {
    const id = node['@id'];
    const term = id === undefined ? this.nextBlank() : this.resource(id);
    this.addMembers(node, term, false);
    return term;
  }

  private addMembers(node: Node, subject: string, isRoot: boolean): void {
    for (const [ key, value ] of Object.entries(node)) {
      if (key === '@graph') {
        throw new Error('named graphs are not part of an event; list the nodes in an array, or under @included');
      } else if (key === '@index') {
        throw new Error('an @index is not part of its graph');
      } else if (key === '@type') {
        for (const type of value as unknown[]) {
          this.assertSubject(node, isRoot);
          this.add(subject, this.notation.type, this.resource(type));
        }
      } else if (key === '@included') {
        for (const item of value as unknown[]) {
          this.object(item);
        }
      } else if (key === '@reverse') {
        for (const [ property, items ] of Object.entries(value as Node)) {
          const predicate = this.predicate(property);
          for (const item of items as Node[]) {
            this.assertSubject(item, false);
            this.add(this.object(item), predicate, subject);
          }
        }
      } else if (key !== '@id') {
        const predicate = this.predicate(key);
        for (const item of value as unknown[]) {
          this.assertSubject(node, isRoot);
          this.add(subject, predicate, this.object(item));
        }
      }
    }
  }

  private assertSubject(node: Node, isRoot: boolean): void {
    const id = node['@id'];
    const { event } = this;
    if (!isRoot && typeof id === 'string' && (event.isStrict ? isEventIri(id, event.id) : isCopyIri(id, event.id))) {
      throw new Error(`${EVENT_STATEMENTS_REFUSED}, as of ${id}`);
    }
  }

  private predicate(iri: string): string {
    if (!isIri(iri)) {
      throw new Error(`${JSON.stringify(iri)} is no IRI, so it is no property`);
    }
    return this.notation.iri(iri);
  }

  private resource(id: unknown): string {
    if (typeof id === 'string' && id.startsWith('_:')) {
      let label = this.labels.get(id);
      if (label === undefined) {
        label = this.nextBlank();
        this.labels.set(id, label);
      }
      return label;
    }
    if (typeof id !== 'string' || !isIri(id)) {
      throw new Error(`${JSON.stringify(id)} is no absolute IRI; relative ones would mean something else in each copy`);
    }
    return this.notation.iri(id);
  }

  private object(item: unknown): string {
    if (!isNode(item)) {
      throw new Error(`${JSON.stringify(item)} is neither a node nor a value`);
    }
    if ('@index' in item) {
      throw new Error('an @index is not part of its graph');
    }
    if ('@value' in item) {
      return this.value(item);
    }
    return '@list' in item ? this.list(item['@list'] as unknown[]) : this.node(item);
  }

  private list(items: readonly unknown[]): string {
    const { iri } = this.notation;
    let rest = iri(`${RDF}nil`);
    for (const item of [ ...items ].reverse()) {
      const cell = this.nextBlank();
      this.add(cell, iri(`${RDF}first`), this.object(item));
      this.add(cell, iri(`${RDF}rest`), rest);
      rest = cell;
    }
    return rest;
  }

  private value(item: Node): string {
    const { '@value': value, '@type': type, '@language': language } = item;
    if ('@direction' in item) {
      throw new Error('a @direction is not part of its graph');
    }
    if (type === '@json') {
      assertInRange(value, this.event.exact);
      return jsonTerm(value, this.event.exact, this.notation);
    }
    if (type !== undefined && (typeof type !== 'string' || !isIri(type))) {
      throw new Error(`${JSON.stringify(type)} is no IRI, so it is no datatype`);
    }
    if (type === `${RDF}JSON`) {
      assertJson(value);
    }
    if (typeof value === 'number') {
      return this.number(value, type);
    }
    if (typeof value === 'boolean') {
      return literalTerm(String(value), type ?? `${XSD}boolean`, this.notation);
    }
    if (typeof value !== 'string') {
      throw new Error(`${JSON.stringify(value)} is no literal`);
    }
    if (language !== undefined) {
      if (typeof language !== 'string' || !LANGUAGE.test(language)) {
        throw new Error(`${JSON.stringify(language)} is no language tag`);
      }
      return languageTerm(value, language);
    }
    if (type === `${RDF}langString` || type === `${RDF}dirLangString`) {
      throw new Error(`a string of type ${type} needs a language`);
    }
    if (type === `${XSD}double`) {
      // JSON-LD processors write it in canonical form.
      const double = Number(value);
      if (!DOUBLE.test(value) || !Number.isFinite(double)) {
        throw new Error(`${JSON.stringify(value)} is no number that an ${XSD}double can be`);
      }
      return literalTerm(canonicalDouble(double), type, this.notation);
    }
    return literalTerm(value, type, this.notation);
  }

  private number(value: number, type?: string): string {
    const known = numberLiteral(value, this.event.exact);
    const lexical = type === `${XSD}double` ? doubleLexical(known.text) : known.lexical;
    if (lexical === undefined) {
      throw new Error(`${known.text} is no number that an ${XSD}double can be`);
    }
    return literalTerm(lexical, type ?? known.datatype, this.notation);
  }
}

/** Rejects JSON with numbers that a JSON-LD processor cannot write as JSON. */
function assertInRange(value: unknown, exact: ReadonlyMap<number, NumberLiteral>): void {
  if (typeof value === 'number' && !Number.isFinite(Number(numberLiteral(value, exact).text))) {
    throw new TypeError('a JSON literal has a number beyond 1.8e308');
  }
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach((child): void => assertInRange(child, exact));
  }
}

/** Rejects values of type `rdf:JSON` that are not the text of JSON. */
function assertJson(value: unknown): void {
  try {
    parseJson(String(value));
  } catch (error: unknown) {
    throw new Error(`a value of type ${RDF}JSON is not JSON: ${(error as Error).message}`);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
