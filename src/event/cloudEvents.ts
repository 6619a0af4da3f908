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
const LEAP_SECOND = /(?<=^.{10}T\d\d:\d\d:)60/u;
/** Characters of URIs, by RFC 3986: of a path with its slashes, of an authority, and of a query or fragment. */
const PATH = String.raw`(?:[\w.~!$&'()*+,;=:@/-]|%[\da-fA-F]{2})*`;
const AUTHORITY = String.raw`(?:[\w.~!$&'()*+,;=:@-]|%[\da-fA-F]{2}|\[[\da-fA-F:.v]+\])*`;
const REST = String.raw`(?:[\w.~!$&'()*+,;=:@/?-]|%[\da-fA-F]{2})*`;
const REFERENCE = `(?://${AUTHORITY}(?:/${PATH})?|(?!//)${PATH})(?:\\?${REST})?(?:#${REST})?$`;
const URI = new RegExp(`^[a-zA-Z][a-zA-Z0-9+.-]*:${REFERENCE}`, 'u');
const RELATIVE = new RegExp(`^(?![^/?#]*:)${REFERENCE}`, 'u');
const TOKEN = String.raw`[\w!#$%&'*+.^\x60|~-]+`;
const MEDIA_TYPE = new RegExp(`^${TOKEN}/${TOKEN}(?:\\s*;\\s*${TOKEN}=(?:${TOKEN}|"(?:[^"\\\\]|\\\\.)*"))*\\s*;?$`, 'u');
const JSON_CONTENT = /^[^/;\s]+\/(?:[^/;\s]+\+)?json\s*(?:;|$)/iu;
/** Maximum length of a URI or a media type, in characters. */
const MAX_LENGTH = 2_048;
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

/**
 * Returns whether a text is an RFC 3339 timestamp, also with lower-case letters and with a leap second.
 *
 * @see https://www.rfc-editor.org/rfc/rfc3339#section-5.6
 */
export function isTimestamp(text: unknown): text is string {
  const upper = typeof text === 'string' ? text.toUpperCase() : '';
  return SECONDS.test(upper) && isDateTime(upper.replace(LEAP_SECOND, '59'));
}

/**
 * Returns whether a text is an absolute URI of at most 2,048 characters.
 *
 * @see https://www.rfc-editor.org/rfc/rfc3986#section-4.3
 */
export function isUri(text: unknown): text is string {
  return typeof text === 'string' && text.length <= MAX_LENGTH && URI.test(text);
}

/**
 * Returns whether a text is a URI or a relative reference of 1 to 2,048 characters.
 *
 * @see https://www.rfc-editor.org/rfc/rfc3986#section-4.1
 */
export function isUriReference(text: unknown): text is string {
  return isUri(text) || (typeof text === 'string' && text !== '' && text.length <= MAX_LENGTH && RELATIVE.test(text));
}

/**
 * Returns whether a text is a media type with optional parameters, of at most 2,048 characters.
 *
 * @see https://www.rfc-editor.org/rfc/rfc2046
 */
export function isMediaType(text: unknown): text is string {
  return typeof text === 'string' && text.length <= MAX_LENGTH && isAttributeValue(text) && MEDIA_TYPE.test(text);
}

/**
 * Returns whether a `datacontenttype` declares JSON: a subtype `json` or with the suffix `+json`.
 *
 * @param type - The attribute. Absent, it declares JSON.
 *
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md#311-payload-serialization
 */
export function declaresJson(type: string | undefined): boolean {
  return type === undefined || JSON_CONTENT.test(type);
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
  /** The identity of the CloudEvent. Absent unless both of its parts are valid. */
  readonly identity?: {
    readonly id: string;
    readonly source: string;
  };
  readonly datacontenttype?: string;
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
  const [ id, source ] = [ attributeText(values[attributeTerm('id')]), values[attributeTerm('source')] ];
  const datacontenttype = values[attributeTerm('datacontenttype')];
  return {
    ...id !== undefined && isUriReference(source) && { identity: { id, source }},
    ...isMediaType(datacontenttype) && { datacontenttype },
    type: attributeText(values[attributeTerm('type')]),
    ...isTimestamp(time) && { time },
    ...dataschema !== undefined && isUri(dataschema) && { dataschema },
    extensions,
  };
}
