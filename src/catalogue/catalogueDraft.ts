import { randomInt } from 'node:crypto';
import { InvalidInput } from '../event/InvalidInput';
import { isTopic } from '../event/Topic';
import type { CatalogueEntryDraft, SystemDraft } from './CatalogueStore';

/** Maximum length of the members of systems and entries, in characters; of schemas, in bytes. */
const MAX_SIZES = { name: 200, description: 2_000, schema: 64 * 1_024 } as const;

const CLASSES = [ 'producer', 'consumer', 'hybrid' ] as const;
const OPERATIONS = [ 'select', 'new', 'update', 'delete', 'process' ] as const;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const RANDOM_CHARACTERS = 10;
const SLUG_CHARACTERS = 50;

type Members = Readonly<Record<string, unknown>>;

/**
 * Reads the draft of a system: `name`, `identifier`, `class`, `type`, `description`.
 * Other members are ignored, so that a response can be sent back.
 *
 * @param body - The parsed body.
 *
 * @throws {@link InvalidInput} with the name of the first missing or malformed member.
 */
export function toSystemDraft(body: unknown): SystemDraft {
  const members = membersOf(body);
  return {
    name: toName(members, 'name'),
    identifier: toName(members, 'identifier'),
    class: toOneOf(members, 'class', CLASSES),
    type: toText(members, 'type', MAX_SIZES.name),
    description: toText(members, 'description', MAX_SIZES.description),
  };
}

/**
 * Reads the draft of a catalogue entry: `system_id`, `name`, `operation`, `description`, `topic` and,
 * optionally, `schema`. Other members are ignored.
 *
 * @param body - The parsed body.
 *
 * @throws {@link InvalidInput} with the name of the first missing or malformed member.
 */
export function toEntryDraft(body: unknown): CatalogueEntryDraft {
  const members = membersOf(body);
  const system = toKey(members.system_id);
  if (system === undefined) {
    throw invalid('system_id', members.system_id, 'it is the id of a system of this pod, a whole number');
  }
  const draft = {
    system,
    name: toName(members, 'name'),
    operation: toOneOf(members, 'operation', OPERATIONS),
    description: toText(members, 'description', MAX_SIZES.description),
  };
  const { topic } = members;
  if (typeof topic !== 'string' || !isTopic(topic)) {
    throw invalid('topic', topic, 'it is a topic such as realestate/contact#add');
  }
  const schema = toSchema(members.schema);
  return { ...draft, topic, ...schema !== undefined && { schema }};
}

/** Parses a key of the store from a number or its text; `undefined` if malformed. */
export function toKey(value: unknown): number | undefined {
  const isKey = typeof value === 'number' ?
    Number.isSafeInteger(value) && value >= 0 :
    typeof value === 'string' && /^\d{1,15}$/u.test(value);
  return isKey ? Number(value) : undefined;
}

/**
 * Creates the identifier of an entry: its name in lower case, with digits and hyphens, and 10 random characters,
 * so that it cannot be guessed.
 */
export function mintIdentifier(name: string): string {
  const words = name.normalize('NFKD').toLowerCase().replaceAll(/\p{M}/gu, '').replaceAll(/[^a-z0-9]+/gu, '-');
  const slug = words.slice(0, SLUG_CHARACTERS).replaceAll(/^-|-$/gu, '') || 'event';
  const random = Array.from({ length: RANDOM_CHARACTERS }, (): string => ALPHABET[randomInt(ALPHABET.length)]);
  return `${slug}-${random.join('')}`;
}

function membersOf(body: unknown): Members {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new InvalidInput('Invalid body; it is not a JSON object');
  }
  return body as Members;
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
