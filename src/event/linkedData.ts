import { isIri, isEventIri, nameToIri } from './iri';
import type { ExactJson, NumberLiteral } from './numbers';
import { numberLiteral } from './numbers';
import type { Notation, Statements } from './terms';
import { StatementSet, jsonTerm, literalTerm } from './terms';
import { SCHEMA, XSD } from './vocabulary';

/**
 * The interpretation of JSON data as linked data.
 */
export interface DataInterpretation {
  /** Whether the whole data is one `rdf:JSON` literal, because part of it has no form as linked data. */
  readonly asLiteral: boolean;
  /** Whether each `type` is an `@type`: a name, or a list of names, that produces an IRI. */
  readonly typeIsType: boolean;
  /** Whether each `id` is an `@id`: an absolute IRI about which the data may make statements. */
  readonly idIsId: boolean;
}

/**
 * The result of inspecting JSON data.
 */
export interface DataInspection extends DataInterpretation {
  /** Whether a key begins with `@`, so that only a JSON-LD processor can interpret the data. */
  readonly hasKeywords: boolean;
  /** Whether the data has its own context. */
  readonly hasContext: boolean;
}

/**
 * Decides the interpretation of JSON data as linked data, in one walk.
 *
 * Data without keywords is linked data if each key and type produces an IRI, no `id` identifies an event, and each
 * number is written with all its digits. Otherwise it is one literal.
 *
 * @param data - The data, nested no deeper than the limit; undefined if there is none.
 * @param event - The id of the event.
 */
export function inspectData({ value: data, isUnbounded }: Pick<ExactJson, 'value' | 'isUnbounded'>, event: string): DataInspection {
  const reading = {
    asLiteral: isUnbounded, typeIsType: true, idIsId: true, hasKeywords: false, hasContext: false,
  };
  // Cached, because keys recur and each check costs more than a look-up.
  const keys = new Map<string, boolean>();
  const producesIri = (key: string): boolean => {
    let known = keys.get(key);
    if (known === undefined) {
      known = nameToIri(key, SCHEMA) !== undefined;
      keys.set(key, known);
    }
    return known;
  };
  let hasContent = false;
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) {
      value.forEach(walk);
      return;
    }
    hasContent ||= value !== null;
    if (typeof value !== 'object' || value === null) {
      return;
    }
    const entries = Object.entries(value);
    for (const [ key, child ] of entries) {
      if (key.startsWith('@')) {
        reading.hasKeywords = true;
        reading.hasContext ||= key === '@context';
      } else if (key === 'type') {
        reading.typeIsType &&= isNameOrNames(child);
      } else if (key === 'id') {
        reading.idIsId &&= typeof child === 'string' && isIri(child) && !(entries.length > 1 && isEventIri(child, event));
      } else if (key in Object.prototype || !producesIri(key)) {
        // JSON-LD processors look names up in plain objects.
        reading.asLiteral = true;
      }
      walk(child);
    }
  };
  if (data !== undefined) {
    walk(data);
    // Without content, no statement would represent the data.
    reading.asLiteral ||= !hasContent;
  }
  return reading;
}

function isNameOrNames(value: unknown): boolean {
  return isTypeName(value) || (Array.isArray(value) && value.every(isTypeName));
}

function isTypeName(value: unknown): boolean {
  // Excludes the terms `type` and `id` of the context, which are keywords.
  return typeof value === 'string' && value !== 'type' && value !== 'id' && nameToIri(value, SCHEMA) !== undefined;
}

/** First words of the reason for rejecting data with statements about events. */
export const EVENT_STATEMENTS_REFUSED = 'data makes no statements about events';

/** Returns a generator function of blank node labels. */
export function blankNodeLabels(): () => string {
  let count = 0;
  return (): string => {
    count += 1;
    return `_:b${count}`;
  };
}

/**
 * Generates the statements of plain JSON data, in one walk.
 *
 * @param subject - The term of the resource that has the data.
 * @param predicate - The term of the property.
 * @param data - The data, without keywords.
 * @param reading - Its interpretation by {@link inspectData}.
 * @param notation - The syntax of terms.
 */
export function* plainStatements(
  subject: string,
  predicate: string,
  data: Pick<ExactJson, 'value' | 'exact'>,
  reading: DataInterpretation,
  notation: Notation,
): Generator<Statements> {
  if (reading.asLiteral) {
    yield { subject, predicate, objects: [ jsonTerm(data.value, data.exact, notation) ]};
    return;
  }
  yield* new PlainWalk(reading, data.exact, notation).walk(subject, predicate, data.value);
}

type JsonObject = Readonly<Record<string, unknown>>;

class PlainWalk {
  private readonly names = new Map<string, string>();
  private readonly integers: string;
  private readonly nextBlank = blankNodeLabels();
  private readonly pending: { subject: string; node: JsonObject; isNamed: boolean }[] = [];
  /** Statements about nodes with an `id`, which may occur several times. */
  private readonly named = new Map<string, StatementSet>();

  public constructor(
    private readonly reading: DataInterpretation,
    private readonly exact: ReadonlyMap<number, NumberLiteral>,
    private readonly notation: Notation,
  ) {
    this.integers = notation.iri(`${XSD}integer`);
  }

  public* walk(subject: string, predicate: string, value: unknown): Generator<Statements> {
    const root = new StatementSet();
    this.addValues(root, predicate, value);
    yield* root.of(subject);
    // Queued nodes keep the statements about each node together. Taken from the end, so that the queue stays short.
    for (let next = this.pending.pop(); next; next = this.pending.pop()) {
      const collected = next.isNamed ? this.collectedOf(next.subject) : new StatementSet();
      this.addMembers(collected, next.node);
      if (!next.isNamed) {
        yield* collected.of(next.subject);
      }
    }
    for (const [ each, collected ] of this.named) {
      yield* collected.of(each);
    }
  }

  private collectedOf(subject: string): StatementSet {
    let collected = this.named.get(subject);
    if (!collected) {
      collected = new StatementSet();
      this.named.set(subject, collected);
    }
    return collected;
  }

  private addMembers(collected: StatementSet, node: JsonObject): void {
    const { typeIsType, idIsId } = this.reading;
    for (const [ key, value ] of Object.entries(node)) {
      if (key === 'type' && typeIsType) {
        for (const type of [ value ].flat() as string[]) {
          collected.add(this.notation.type, this.name(type));
        }
      } else if (key !== 'id' || !idIsId) {
        this.addValues(collected, this.name(ALIASES[key] ?? key), value);
      }
    }
  }

  private addValues(collected: StatementSet, predicate: string, value: unknown): void {
    if (Array.isArray(value)) {
      for (const item of value) {
        this.addValues(collected, predicate, item);
      }
    } else if (value !== null && value !== undefined) {
      collected.add(predicate, this.term(value));
    }
  }

  private term(value: unknown): string {
    if (typeof value === 'string') {
      return literalTerm(value);
    }
    if (typeof value === 'number') {
      if (Number.isSafeInteger(value)) {
        return `"${value === 0 ? 0 : value}"^^${this.integers}`;
      }
      const { lexical, datatype } = numberLiteral(value, this.exact);
      return literalTerm(lexical, datatype, this.notation);
    }
    if (typeof value === 'boolean') {
      return literalTerm(String(value), `${XSD}boolean`, this.notation);
    }
    const node = value as JsonObject;
    const id = this.reading.idIsId && Object.hasOwn(node, 'id') ? node.id as string : undefined;
    const subject = id === undefined ? this.nextBlank() : this.notation.iri(id);
    this.pending.push({ subject, node, isNamed: id !== undefined });
    return subject;
  }

  private name(name: string): string {
    let term = this.names.get(name);
    if (term === undefined) {
      term = this.notation.iri(nameToIri(name, SCHEMA)!);
      this.names.set(name, term);
    }
    return term;
  }
}

/** The properties of `type` and `id` where they are not keywords. */
const ALIASES: Readonly<Record<string, string | undefined>> = Object.assign(
  Object.create(null) as object,
  { type: 'additionalType', id: 'identifier' },
);
