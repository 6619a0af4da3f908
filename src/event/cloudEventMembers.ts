import type { AttributeTerm, AttributeValue } from './cloudEvents';
import { attributeTerm, isAttributeName, isAttributeValue, isOwnAttribute, isTimestamp, isUri } from './cloudEvents';
import { InvalidInput } from './InvalidInput';

/** Members of a CloudEvent in JSON, without those that are `null`. */
export type CloudEventMembers = Readonly<Record<string, unknown>>;

/** Maximum number of extension attributes of one event. */
const MAX_EXTENSIONS = 50;

/** Members of a CloudEvent that are not extension attributes. */
const DEFINED: ReadonlySet<string> = new Set([
  'id', 'source', 'specversion', 'type', 'datacontenttype', 'dataschema', 'subject', 'time', 'data', 'data_base64',
]);

/** Returns whether a value is a JSON object. */
export function isObject(value: unknown): value is CloudEventMembers {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Returns the members that are set: a `null` attribute is absent, but `null` is data.
 *
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md#22-type-system-mapping
 */
export function setMembers(event: CloudEventMembers): CloudEventMembers {
  return Object.fromEntries(Object.entries(event).filter(([ name, value ]): boolean => value !== null || name === 'data'));
}

/** Checks the version of the specification. */
export function assertVersion({ specversion }: CloudEventMembers): void {
  if (specversion !== '1.0') {
    throw new InvalidInput('Invalid specversion: expected "1.0"');
  }
}

/**
 * Returns an attribute with text.
 *
 * @param members - The members of the event.
 * @param name - Name of the attribute.
 * @param isRequired - Whether the event must have it.
 *
 * @throws {@link InvalidInput} if it is invalid or missing.
 */
export function textOf(members: CloudEventMembers, name: string, isRequired: true): string;
export function textOf(members: CloudEventMembers, name: string): string | undefined;
export function textOf(members: CloudEventMembers, name: string, isRequired = false): string | undefined {
  const value = members[name];
  if (value === undefined && !isRequired) {
    return undefined;
  }
  if (typeof value !== 'string' || !isAttributeValue(value)) {
    throw new InvalidInput(`Invalid ${name}: expected text of at least one character, without control characters`);
  }
  return value;
}

/** Returns the time of an event, if any. */
export function timeOf({ time }: CloudEventMembers): string | undefined {
  if (time !== undefined && !isTimestamp(time)) {
    throw new InvalidInput('Invalid time: expected an RFC 3339 timestamp such as 2026-01-31T12:00:00Z');
  }
  return time;
}

/** Returns the schema of the data, if any. */
export function schemaOf({ dataschema }: CloudEventMembers): string | undefined {
  if (dataschema !== undefined && !isUri(dataschema)) {
    throw new InvalidInput('Invalid dataschema: expected an absolute URI');
  }
  return dataschema;
}

/**
 * Returns the extension attributes of an event.
 *
 * @param members - The members of the event.
 * @param others - Names that are not extensions, besides those of CloudEvents. Default: none.
 *
 * @throws {@link InvalidInput} if one is invalid, if only the server sets it, or if there are more than 50.
 */
export function extensionsOf(
  members: CloudEventMembers,
  others: ReadonlySet<string> = new Set(),
): Record<string, AttributeValue> {
  const extensions = Object.entries(members).filter(([ name ]): boolean => !DEFINED.has(name) && !others.has(name));
  if (extensions.length > MAX_EXTENSIONS) {
    throw new InvalidInput(`The event has ${extensions.length} extension attributes, and at most ${MAX_EXTENSIONS} ` +
      'are accepted');
  }
  for (const [ name, value ] of extensions) {
    const shown = JSON.stringify(name.slice(0, 100));
    if (!isAttributeName(name)) {
      throw new InvalidInput(`Invalid attribute ${shown}: names consist of lower-case letters and digits`);
    }
    if (isOwnAttribute(name)) {
      throw new InvalidInput(`Invalid attribute ${shown}: only the server sets it`);
    }
    if (!isAttributeValue(value)) {
      throw new InvalidInput(`Invalid attribute ${shown}: expected text, a boolean, or an integer of 32 bits`);
    }
  }
  return Object.fromEntries(extensions) as Record<string, AttributeValue>;
}

/** Returns attributes as members of an event's document. Undefined ones are left out. */
export function attributeTerms(
  attributes: Readonly<Record<string, AttributeValue | undefined>>,
): Record<AttributeTerm, AttributeValue> {
  const values: Record<AttributeTerm, AttributeValue> = {};
  for (const [ name, value ] of Object.entries(attributes)) {
    if (value !== undefined) {
      values[attributeTerm(name)] = value;
    }
  }
  return values;
}
