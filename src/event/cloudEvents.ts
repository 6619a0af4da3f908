import { isDateTime } from './dateTime';

/**
 * Value of a CloudEvents attribute: text, a boolean, or an integer of 32 bits.
 *
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#type-system
 */
export type AttributeValue = string | number | boolean;

/**
 * Member of an event's document with a CloudEvents attribute that the producer gave, such as `events:ce-type`.
 *
 * Every context defines the prefix, so each attribute and extension is a term of the vocabulary.
 */
export type AttributeTerm = `events:ce-${string}`;

const TERM = /^events:ce-([a-z0-9]+)$/u;
/** @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#attribute-naming-convention */
const NAME = /^[a-z0-9]+$/u;
const SECONDS = /^.{10}T\d\d:\d\d:\d\d/u;
const MIN_INTEGER = -(2 ** 31);
const MAX_INTEGER = 2 ** 31 - 1;

/** Characters that attributes must not contain. */
const EXCLUDED = /[\p{Cc}\p{Noncharacter_Code_Point}\p{Cs}]/gu;

/** Attributes that only the server writes into CloudEvents, so that receivers can trust them. */
const OWN: ReadonlySet<string> = new Set([
  'authid', 'authtype', 'authclaims', 'eventtype', 'eventurl', 'participants', 'recipients', 'requestkey', 'topic',
]);
/** Attributes and members that CloudEvents itself defines. */
const CORE: ReadonlySet<string> = new Set([
  'id', 'source', 'specversion', 'type', 'subject', 'time', 'dataschema', 'datacontenttype', 'data',
]);

/** Returns whether a text is a valid name of an attribute. */
export function isAttributeName(name: string): boolean {
  return NAME.test(name);
}

/** Returns whether an attribute is written by the server only. */
export function isOwnAttribute(name: string): boolean {
  return OWN.has(name);
}

/** Returns whether a value has a type, range and characters of CloudEvents attributes. Text is not empty. */
export function isAttributeValue(value: unknown): value is AttributeValue {
  return typeof value === 'string' ?
    value !== '' && attributeText(value) === value :
    typeof value === 'boolean' || isInteger(value);
}

/** Returns whether a value is an integer of 32 bits. */
function isInteger(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= MIN_INTEGER && (value as number) <= MAX_INTEGER;
}

/** Returns whether a text is an RFC 3339 timestamp. */
export function isTimestamp(text: unknown): text is string {
  return typeof text === 'string' && SECONDS.test(text) && isDateTime(text);
}

/** Returns whether a text is an absolute URI. */
export function isUri(text: unknown): text is string {
  return typeof text === 'string' && attributeText(text) === text && URL.canParse(text);
}

/** Returns the value of an attribute with U+FFFD for excluded characters; undefined if it is not text or empty. */
export function attributeText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.replaceAll(EXCLUDED, '\uFFFD') : undefined;
}

/** Returns the member of an event's document for an attribute that the producer gave. */
export function attributeTerm(name: string): AttributeTerm {
  return `events:ce-${name}`;
}

/** Returns the local name of a member in the vocabulary, or undefined if the member is not an {@link AttributeTerm}. */
export function termName(member: string): string | undefined {
  const name = TERM.exec(member)?.[1];
  return name === undefined ? undefined : `ce-${name}`;
}

/** Attributes of a CloudEvent that the producer of an event gave. */
export interface GivenAttributes {
  /** Text in the form of {@link attributeText}. */
  readonly type?: string;
  readonly time?: string;
  readonly dataschema?: string;
  /** Extension attributes, without those of the server. */
  readonly extensions: Readonly<Record<string, AttributeValue>>;
}

/**
 * Returns the attributes that the producer of an event gave.
 *
 * Also safe for documents of other servers: attributes of the server and malformed values are skipped.
 *
 * @param values - Members of the event's document.
 */
export function givenAttributes(values: Readonly<Record<string, unknown>>): GivenAttributes {
  const extensions: Record<string, AttributeValue> = {};
  for (const [ member, value ] of Object.entries(values)) {
    const name = TERM.exec(member)?.[1];
    const safe = attributeText(value) ?? value;
    if (name !== undefined && !OWN.has(name) && !CORE.has(name) && isAttributeValue(safe)) {
      extensions[name] = safe;
    }
  }
  const time = values[attributeTerm('time')];
  const dataschema = attributeText(values[attributeTerm('dataschema')]);
  return {
    type: attributeText(values[attributeTerm('type')]),
    ...isTimestamp(time) && { time },
    ...dataschema !== undefined && isUri(dataschema) && { dataschema },
    extensions,
  };
}
