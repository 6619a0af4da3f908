import type { Quad } from '@rdfjs/types';
import type { ContextLoader } from '../event/ContextLoader';
import { quadInCurrentNamespace } from '../event/formerNamespace';
import { InvalidInput } from '../event/InvalidInput';
import { parseJson } from '../event/json';
import { JSON_LD, JSON_MEDIA_TYPE, TURTLE } from '../event/mediaTypes';
import { parseFilters } from '../filter/parseFilters';
import { parseJsonLd, parseTurtle } from '../event/rdf';
import { isTopicPattern } from '../event/TopicPattern';
import { AS, EVENTS, RDF } from '../event/vocabulary';
import type { JobOptions, Task, Work } from '../work/Work';
import type { SubscribableTarget, SubscriptionContent, TargetOption, TargetProperty } from './ports';
import type { SubscriptionDraft } from './Subscription';
import { optionsOf, subscriptionContext } from './subscriptionDocument';

/** Property of the filters, a literal of the type `rdf:JSON`. */
const FILTERS: TargetProperty = { name: 'filters', predicate: `${EVENTS}filters` };

/** Properties of a subscription, besides its target, that do not change. */
const FIXED: readonly TargetProperty[] = [
  { name: 'state', predicate: `${EVENTS}state` },
  { name: 'agent', predicate: `${AS}actor` },
  { name: 'created', predicate: `${AS}published` },
];

/** The media types of a request to subscribe. */
export const SUBSCRIPTION_TYPES = [ JSON_MEDIA_TYPE, JSON_LD, TURTLE ] as const;

/** Body of a request to subscribe. */
export interface SubscriptionBody {
  readonly text: string;
  /** Its media type. */
  readonly type: typeof SUBSCRIPTION_TYPES[number];
  /** Base of relative IRIs. */
  readonly base: string;
}

/** Values of a request to subscribe, before they are checked; `null` for a value that is not a string. */
export interface FoundSubscription {
  readonly topic?: string | null;
  /** Filters, as JSON text. */
  readonly filters?: string;
  /** Values of the properties of target kinds, by the names of the properties. */
  readonly targets: Readonly<Record<string, string | null>>;
  /** JSON values of options of target kinds, by the names of the options. */
  readonly options: Readonly<Record<string, unknown>>;
  /** JSON texts of the other members, including targets; of RDF only those of a subscription. */
  readonly others: Readonly<Record<string, string>>;
}

interface FindInput extends SubscriptionBody {
  readonly properties: readonly TargetProperty[];
  readonly options: readonly TargetOption[];
}

/**
 * Finds the topic and the targets in the body of a request to subscribe.
 *
 * @param input - The body, and the properties of target kinds.
 * @param loader - Loads the contexts that JSON-LD names.
 *
 * @throws {@link InvalidInput} if the body is malformed.
 */
export async function findSubscription(
  { text, type, base, properties, options }: FindInput,
  loader: ContextLoader,
): Promise<FoundSubscription> {
  const find = type === JSON_MEDIA_TYPE ?
    inJson(text, properties) :
    inQuads(await toQuads(text, type, base, { properties, options }, loader));
  const valueOf: ValueOf = (property): string | null | undefined => {
    const value = find(property);
    return typeof value === 'string' || value === undefined ? value : null;
  };
  const topic = valueOf({ name: 'topic', predicate: `${EVENTS}topic` });
  const filterValue = find(FILTERS);
  const filters = type !== JSON_MEDIA_TYPE && typeof filterValue === 'string' ? filterValue : textOf(filterValue);
  const others = type === JSON_MEDIA_TYPE ?
    othersIn(text) :
    Object.fromEntries([ ...properties, ...options, ...FIXED ].flatMap((property): [string, string][] => {
      const value = textOf(find(property));
      return value === undefined ? [] : [[ property.name, value ]];
    }));
  const targets = properties
    .map((property): [string, string | null | undefined] => [ property.name, valueOf(property) ])
    .filter((found): found is [string, string | null] => found[1] !== undefined && found[1] !== '');
  const given = options
    .map((option): [string, unknown] => [ option.name, find(option) ])
    .filter(([ , value ]): boolean => value !== undefined);
  return {
    ...topic !== undefined && { topic },
    ...filters !== undefined && { filters },
    targets: Object.fromEntries(targets),
    options: Object.fromEntries(given),
    others,
  };
}

/** Finds the values of a request to subscribe, see {@link findSubscription}. */
export const READ_SUBSCRIPTION: Task<FindInput, FoundSubscription> = {
  name: 'readSubscription',
  run: async(input, { contexts }): Promise<FoundSubscription> => findSubscription(input, contexts),
};

/** Maximum length of JSON-LD that is read on the event loop, in UTF-16 code units: its cost exceeds its length. */
const INLINE_JSON_LD_LENGTH = 1_024;

/**
 * Reads a request to subscribe, off the event loop if that can take long.
 *
 * @param body - The body, its media type and its base IRI.
 * @param targets - Target kinds that agents can subscribe with, by name.
 * @param work - Runs costly reads.
 *
 * @throws {@link InvalidInput} with the missing or malformed value.
 */
export async function readSubscription(
  body: SubscriptionBody,
  targets: ReadonlyMap<string, SubscribableTarget>,
  work: Work,
): Promise<SubscriptionDraft> {
  const { input, options } = subscriptionJob(body, targets);
  return toDraft(await work.run(READ_SUBSCRIPTION, input, options), targets);
}

/** Returns the input and the options of {@link READ_SUBSCRIPTION} for a body. */
export function subscriptionJob(
  body: SubscriptionBody,
  targets: ReadonlyMap<string, SubscribableTarget>,
): { readonly input: FindInput; readonly options: JobOptions } {
  const size = body.text.length;
  const isCostly = body.type === JSON_LD && (size > INLINE_JSON_LD_LENGTH || body.text.split('@context').length > 2);
  const properties = [ ...targets.values() ].map(({ property }): TargetProperty => property);
  return { input: { ...body, properties, options: optionsOf(targets) }, options: { size, isCostly }};
}

/**
 * Checks the values of a request to subscribe.
 *
 * @throws {@link InvalidInput} with the missing or malformed value.
 */
export function toDraft(
  { targets: found, options, ...values }: Omit<FoundSubscription, 'others'>,
  targets: ReadonlyMap<string, SubscribableTarget>,
): SubscriptionDraft {
  const content = toContent(values);
  const given = [ ...targets ].filter(([ , { property }]): boolean => property.name in found);
  if (given.length > 1) {
    const names = given.map(([ , { property }]): string => property.name);
    throw new InvalidInput(`Both ${names[0]} and ${names[1]} found; make one subscription for each`);
  }
  if (given.length === 0) {
    const [ first, ...others ] = [ ...targets.values() ].map(({ property }): string => property.name);
    throw new InvalidInput(`No ${first} found${others.map((name): string => `, nor a ${name}`).join('')}`);
  }
  const [[ kind, target ]] = given;
  const url = target.parse(found[target.property.name]);
  const known = new Set(target.options?.properties.map(({ name }): string => name));
  const unknown = Object.keys(options).find((name): boolean => !known.has(name));
  if (unknown !== undefined) {
    throw new InvalidInput(`A subscription with ${target.property.name} has no ${unknown}`);
  }
  const settings = Object.keys(options).length > 0 ? target.options!.parse(options, url) : undefined;
  return { ...content, kind, url, ...settings && { settings }};
}

/**
 * Checks the topic and the filters of a request.
 *
 * @throws {@link InvalidInput} with the missing or malformed value.
 */
export function toContent({ topic, filters: text }: Pick<FoundSubscription, 'filters' | 'topic'>): SubscriptionContent {
  if (topic === undefined || topic === '') {
    throw new InvalidInput('No topic found');
  }
  if (topic === null || !isTopicPattern(topic)) {
    throw new InvalidInput('Invalid topic: follow a topic (realestate/contact#add), all its actions ' +
      '(realestate/contact), everything below (realestate/*) or everything (*)');
  }
  const filters = text === undefined ? undefined : toFilters(text);
  return { pattern: topic, ...filters !== undefined && { filters }};
}

/**
 * Returns the canonical text of filters; `undefined` if they match every event.
 *
 * @param text - JSON text.
 *
 * @throws {@link InvalidInput} with the malformed value.
 */
function toFilters(text: string): string | undefined {
  const { document, text: canonical } = parseFilters(parseJson(text).value);
  return document.length === 0 ? undefined : canonical;
}

/** Finds the value of a property as text; `null` if it is something else. */
type ValueOf = (property: TargetProperty) => string | null | undefined;
/** Finds the JSON value of a property. */
type Find = (property: TargetProperty) => unknown;

/** Returns the JSON text of a value, if there is one. */
function textOf(value: unknown): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value);
}

/** Returns the JSON texts of the members of a JSON object besides topic, filters and context. */
function othersIn(text: string): Record<string, string> {
  return Object.fromEntries(Object.entries(parseJson(text).value as object)
    .filter(([ name ]): boolean => ![ 'topic', 'filters', '@context' ].includes(name))
    .map(([ name, value ]): [string, string] => [ name, JSON.stringify(value) ]));
}

function inJson(text: string, properties: readonly TargetProperty[]): Find {
  const { value } = parseJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const forms = properties.map(({ name }): string => `topic and ${name}`).join(', or ');
    throw new InvalidInput(`A subscription is a JSON object with ${forms}`);
  }
  return ({ name }): unknown =>
    Object.hasOwn(value, name) ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

async function toQuads(
  text: string,
  type: string,
  base: string,
  { properties, options }: Pick<FindInput, 'properties' | 'options'>,
  loader: ContextLoader,
): Promise<Quad[]> {
  if (type === JSON_LD) {
    parseJson(text);
  }
  try {
    const quads = type === JSON_LD ?
      await parseJsonLd(text, loader, base, subscriptionContext(properties, options)) :
      parseTurtle(text, base);
    return quads.map(quadInCurrentNamespace);
  } catch (error: unknown) {
    throw new InvalidInput(`The request body is not valid ${type}: ${(error as Error).message}`);
  }
}

function inQuads(quads: readonly Quad[]): Find {
  return ({ predicate }): unknown => {
    const values = new Map(quads.filter((quad): boolean => quad.predicate.value === predicate)
      .map(({ object }): [string, Quad['object']] => [ object.value, object ]));
    if (values.size > 1) {
      throw new InvalidInput(`More than one <${predicate}> found; make one request for each subscription`);
    }
    for (const object of values.values()) {
      const isJson = object.termType === 'Literal' && object.datatype.value === `${RDF}JSON`;
      return isJson ? parseJson(object.value).value : object.value;
    }
    return undefined;
  };
}
