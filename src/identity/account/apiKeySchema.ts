import type { StringSchema } from 'yup';
import { array, object, string } from 'yup';
import { isDateTime } from '../../event/dateTime';
import { isWebUrl } from '../../url/webUrl';
import { isTopicPattern } from '../../event/TopicPattern';
import type { Scope } from '../scopes';
import { SCOPES } from '../scopes';

/** Maximum length of a name, in UTF-16 code units. */
const MAX_NAME_LENGTH = 100;
/** Maximum number of pods, and of topics, of one key. */
const MAX_LIMITS = 100;

const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u;

/**
 * Schema of the request for a new API key, as JSON.
 *
 * Forms send only text: an empty text counts as absent, and a list may be one text with an entry per line or separated
 * by commas. Empty scopes count as no scope, so that a form without a selected scope is refused. Unknown fields are
 * rejected, because a misspelt limit would be no limit.
 */
export const API_KEY_SCHEMA = object({
  name: text().required().max(MAX_NAME_LENGTH).test(
    'printable',
    'name must not contain control characters',
    (name): boolean => !UNPRINTABLE.test(name),
  ),
  webId: text().required(),
  expires: text().transform(emptyToAbsent).test(
    'future',
    'expires must be a date and time in the future with its time zone, such as 2030-01-31T12:00:00Z',
    (expires): boolean => expires === undefined || (isDateTime(expires) && Date.parse(expires) > Date.now()),
  ),
  pods: listOf(
    'pods',
    (url): boolean => isWebUrl(url) && /^[^?#]*\/$/u.test(url),
    'an absolute http(s) URL that ends in "/", such as https://example.org/alice/',
  ),
  topics: listOf('topics', isTopicPattern, 'a topic or a pattern, such as "realestate/contact#add" or "realestate/*"'),
  scopes: listOf('scopes', isScope, `one of ${SCOPES.join(', ')}`, `name at least one of ${SCOPES.join(', ')}`)
    .transform(blankToNone),
}).exact();

function isScope(text: string): text is Scope {
  return (SCOPES as readonly string[]).includes(text);
}

/** A text without surrounding whitespace. */
function text(): StringSchema {
  return string().transform((value: unknown): unknown => typeof value === 'string' ? value.trim() : value);
}

/** A list with at least one entry, or no value. */
// eslint-disable-next-line @typescript-eslint/explicit-function-return-type -- what yup infers is long
function listOf(
  field: string,
  isValid: (entry: string) => boolean,
  kind: string,
  remedy = 'leave it out for no limit',
) {
  return array()
    .transform(textToList)
    .of(text().required().test('kind', `each of ${field} must be ${kind}`, isValid))
    .min(1, `${field} must not be empty: ${remedy}`)
    .max(MAX_LIMITS, `${field} must have at most ${MAX_LIMITS} entries`);
}

function emptyToAbsent(value: unknown): unknown {
  return value === '' ? undefined : value;
}

/** Removes empty entries. A form sends one beside its check boxes, because unselected boxes send nothing. */
function blankToNone(value: unknown, original: unknown): unknown {
  if (Array.isArray(value)) {
    return value.filter((entry): boolean => entry !== '');
  }
  return typeof original === 'string' ? [] : value;
}

function textToList(value: unknown): unknown {
  if (typeof value !== 'string') {
    return value;
  }
  const entries = value.split(/[\n,]/u).map((entry): string => entry.trim()).filter((entry): boolean => entry !== '');
  return entries.length > 0 ? entries : undefined;
}
