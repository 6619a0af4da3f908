import { randomInt } from 'node:crypto';
import { InvalidInput } from '../event/InvalidInput';
import { isTopic } from '../event/Topic';
import type { CatalogueEntryChanges, CatalogueEntryDraft, System, SystemChanges, SystemDraft } from './CatalogueStore';

/** Maximum length of the members of systems and entries, in characters; of schemas, in bytes. */
const MAX_SIZES = { name: 200, stem: 100, description: 2_000, schema: 64 * 1_024 } as const;

/** Classes of systems. */
export const CLASSES = [ 'producer', 'consumer', 'hybrid' ] as const;
const OPERATIONS = [ 'select', 'new', 'update', 'delete', 'process', 'execution', 'other' ] as const;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const RANDOM_CHARACTERS = 10;
const SLUG_CHARACTERS = 50;

type Members = Readonly<Record<string, unknown>>;

/** A new entry of a catalogue. */
export interface NewEntry extends Omit<CatalogueEntryDraft, 'topic'> {
  /** Default: it follows from system, name and operation. */
  readonly topic?: string;
  /** First part of its identifier. Default: it follows from the name. */
  readonly stem?: string;
}

/** Readers of the members of a draft. */
type Readers<T> = { readonly [K in keyof T]-?: (members: Members) => T[K] };

/** Other names of members, which clients of eventhos send. */
const ALIASES: Readonly<Record<string, string>> = { class: 'systemClass', client_id: 'clientId' };

const SYSTEM: Readers<SystemDraft> = {
  name: (members): string => toName(members, 'name'),
  identifier: (members): string => toName(members, 'identifier'),
  class: (members): string => toOneOf(members, 'class', CLASSES),
  type: (members): string => toText(members, 'type', MAX_SIZES.name),
  description: (members): string => toText(members, 'description', MAX_SIZES.description),
  client: toClient,
};

const ENTRY: Readers<Omit<CatalogueEntryDraft, 'schema' | 'topic'>> = {
  system: toSystemKey,
  name: (members): string => toName(members, 'name'),
  operation: (members): string => toOneOf(members, 'operation', OPERATIONS),
  description: (members): string => toText(members, 'description', MAX_SIZES.description),
};

/** Names in a body, of the members that have another one in a draft. */
const SENT_NAMES: Readonly<Record<string, string>> = { client: 'client_id', system: 'system_id' };

/**
 * Reads the draft of a system: `name`, `identifier`, `class`, `type`, `description`, `client_id`; `systemClass` and
 * `clientId` are accepted too. Other members are ignored, so that a response can be sent back.
 *
 * @param body - The parsed body.
 *
 * @throws {@link InvalidInput} with the name of the first missing or malformed member.
 */
export function toSystemDraft(body: unknown): SystemDraft {
  return read(SYSTEM, membersOf(body));
}

/**
 * Reads the changed members of a system: those of {@link toSystemDraft} that the body has.
 *
 * @param body - The parsed body.
 *
 * @throws {@link InvalidInput} with the name of the first malformed member.
 */
export function toSystemChanges(body: unknown): SystemChanges {
  return readSome(SYSTEM, membersOf(body));
}

/**
 * Reads a new catalogue entry: `system_id`, `name`, `operation`, and optionally `description`, `topic`, `schema` and
 * `identifier`, the first part of its identifier. Other members are ignored.
 *
 * @param body - The parsed body.
 *
 * @throws {@link InvalidInput} with the name of the first missing or malformed member.
 */
export function toNewEntry(body: unknown): NewEntry {
  const members = membersOf(body);
  const draft = read(ENTRY, members);
  const [ topic, schema, stem ] = [ toTopic(members.topic), toSchema(members.schema), toStem(members) ];
  return {
    ...draft,
    ...topic !== undefined && { topic },
    ...schema !== undefined && { schema },
    ...stem !== undefined && { stem },
  };
}

/**
 * Reads the changed members of a catalogue entry: those of {@link toNewEntry} that the body has, except its identifier.
 *
 * @param body - The parsed body.
 *
 * @throws {@link InvalidInput} with the name of the first malformed member.
 */
export function toEntryChanges(body: unknown): CatalogueEntryChanges {
  const members = membersOf(body);
  const changes = readSome(ENTRY, members);
  const topic = toTopic(members.topic);
  return {
    ...changes,
    ...topic !== undefined && { topic },
    ...members.schema !== undefined && { schema: toSchema(members.schema) ?? null },
  };
}

/** Parses a key of the store from a number or its text; `undefined` if malformed. */
export function toKey(value: unknown): number | undefined {
  const isKey = typeof value === 'number' ?
    Number.isSafeInteger(value) && value >= 0 :
    typeof value === 'string' && /^\d{1,15}$/u.test(value);
  return isKey ? Number(value) : undefined;
}

/**
 * Creates the identifier of an entry: a stem and 10 random characters, so that it cannot be guessed.
 *
 * @param name - Name of the entry.
 * @param stem - The first part. Default: the name in lower case, with digits and hyphens.
 */
export function mintIdentifier(name: string, stem: string = slugOf(name)): string {
  const random = Array.from({ length: RANDOM_CHARACTERS }, (): string => ALPHABET[randomInt(ALPHABET.length)]);
  return `${stem}-${random.join('')}`;
}

/**
 * Returns the default topic of an entry, `{system}/{name}#{operation}`, in lower case with letters of all scripts,
 * digits and hyphens.
 *
 * @param system - The sending system.
 * @param entry - The entry.
 */
export function topicOf(
  { identifier }: Pick<System, 'identifier'>,
  { name, operation }: Pick<CatalogueEntryDraft, 'name' | 'operation'>,
): string {
  return `${segmentOf(identifier, 'system')}/${segmentOf(name, 'event')}#${operation}`;
}

function slugOf(name: string): string {
  const words = name.normalize('NFKD').toLowerCase().replaceAll(/\p{M}/gu, '').replaceAll(/[^a-z0-9]+/gu, '-');
  return words.slice(0, SLUG_CHARACTERS).replaceAll(/^-|-$/gu, '') || 'event';
}

function segmentOf(text: string, otherwise: string): string {
  const words = text.normalize('NFKC').toLowerCase().replaceAll(/[^\p{L}\p{M}\p{N}]+/gu, '-');
  return words.replaceAll(/^-|-$/gu, '') || otherwise;
}

function read<T>(readers: Readers<T>, members: Members): T {
  return Object.fromEntries(Object.entries<(members: Members) => unknown>(readers)
    .map(([ name, reader ]): [string, unknown] => [ name, reader(members) ])) as T;
}

function readSome<T>(readers: Readers<T>, members: Members): Partial<T> {
  return Object.fromEntries(Object.entries<(members: Members) => unknown>(readers)
    .filter(([ name ]): boolean => members[SENT_NAMES[name] ?? name] !== undefined)
    .map(([ name, reader ]): [string, unknown] => [ name, reader(members) ])) as Partial<T>;
}

function membersOf(body: unknown): Members {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new InvalidInput('Invalid body; it is not a JSON object');
  }
  const members: Record<string, unknown> = { ...body };
  for (const [ name, alias ] of Object.entries(ALIASES)) {
    const [ value, other ] = [ members[name], members[alias] ];
    if (value !== undefined && other !== undefined && value !== other) {
      throw new InvalidInput(`Invalid body; ${name} and ${alias} differ: send one of them`);
    }
    members[name] = value === undefined ? other : value;
  }
  return members;
}

function toSystemKey({ system_id: value }: Members): number {
  const system = toKey(value);
  if (system === undefined) {
    throw invalid('system_id', value, 'it is the id of a system of this pod, a whole number');
  }
  return system;
}

function toTopic(value: unknown): string | undefined {
  if (value === undefined || value === null) {
    return undefined;
  }
  if (typeof value !== 'string' || !isTopic(value)) {
    throw invalid('topic', value, 'it is a topic such as realestate/contact#add');
  }
  return value;
}

function toStem(members: Members): string | undefined {
  const stem = toText(members, 'identifier', MAX_SIZES.stem).trim();
  if (/\p{Cc}/u.test(stem)) {
    throw invalid('identifier', stem, 'it has no control characters');
  }
  return stem === '' ? undefined : stem;
}

/** Id of a client of eventhos: a number, or a text. */
function toClient({ client_id: value }: Members): number | string | null {
  if (value === undefined || value === null || value === '') {
    return null;
  }
  if (typeof value === 'number' ? !Number.isSafeInteger(value) : typeof value !== 'string' || value.length > MAX_SIZES.name) {
    throw invalid('client_id', value, `it is a whole number, or a text of at most ${MAX_SIZES.name} characters`);
  }
  return value as number | string;
}

function toName(members: Members, name: string): string {
  const text = toText(members, name, MAX_SIZES.name, true).trim();
  if (text === '') {
    throw invalid(name, members[name], 'it is not empty');
  }
  return text;
}

function toText(members: Members, name: string, max: number, isRequired = false): string {
  const value = members[name] ?? undefined;
  if (value === undefined && !isRequired) {
    return '';
  }
  if (typeof value !== 'string') {
    throw invalid(name, value, 'it is a text');
  }
  if (value.length > max) {
    throw new InvalidInput(`Invalid body; ${name} has ${value.length} characters, and at most ${max} are accepted`);
  }
  return value;
}

function toOneOf(members: Members, name: string, all: readonly string[]): string {
  const value = members[name];
  if (typeof value !== 'string' || !all.includes(value)) {
    throw invalid(name, value, `it is one of ${all.join(', ')}`);
  }
  return value;
}

function toSchema(value: unknown): string | undefined {
  if (value === undefined || value === null) {
    return undefined;
  }
  const text = JSON.stringify(value);
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_SIZES.schema) {
    throw new InvalidInput(`Invalid body; schema has ${bytes} bytes, and at most ${MAX_SIZES.schema} are accepted`);
  }
  return text;
}

function invalid(name: string, value: unknown, expected: string): InvalidInput {
  return new InvalidInput(value === undefined || value === null ?
    `Invalid body; ${name} is required: ${expected}` :
    `Invalid body; ${name} ${JSON.stringify(value).slice(0, 100)} will not do: ${expected}`);
}
