import { createHash } from 'node:crypto';
import { LIMITS } from './limits';

/** Topic of events whose own type is not a valid topic. */
export const DEFAULT_TOPIC = 'event';

/**
 * A parsed topic `{domain}/{topic}#{action}`.
 */
export interface Topic {
  /** The whole topic, unchanged. */
  readonly name: string;
  /** The segments before the first `#`, in order. */
  readonly segments: readonly string[];
  /** The part after the first `#`, if any. */
  readonly action?: string;
}

/**
 * Characters that a topic must not contain: control characters; line and paragraph separators, at which the server's
 * file mapping breaks a path; and noncharacters, which I-JSON excludes.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7493#section-2.1
 */
const EXCLUDED = /[\p{Cc}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}]/u;

/**
 * Returns whether a text is a valid topic.
 *
 * A topic is not empty, has at most 1,024 bytes of UTF-8 and 16 segments, and is well-formed Unicode without control
 * characters, line and paragraph separators, and noncharacters.
 */
export function isTopic(name: string): boolean {
  return name.length > 0 && name.isWellFormed() && !EXCLUDED.test(name) &&
    Buffer.byteLength(name) <= LIMITS.topicBytes &&
    parseTopic(name).segments.length <= LIMITS.topicSegments;
}

/**
 * Parses a valid topic. Never throws.
 */
export function parseTopic(name: string): Topic {
  const hash = name.indexOf('#');
  const path = hash < 0 ? name : name.slice(0, hash);
  return { name, segments: path.split('/'), ...hash >= 0 && { action: name.slice(hash + 1) }};
}

// Maximum length of a path segment that every file system supports, minus the suffixes that CSS appends.
const MAX_SEGMENT_BYTES = 200;
const AUXILIARY = /\.(?=(?:acl|acr|meta)$)/iu;
/**
 * Percent-encodings that the server treats as another one: `%2f` in lower case has the URL of `%2F`, and `%3A` and
 * others have the file of the character that they encode.
 */
const AMBIGUOUS = '%(?=(?:25)*(?:2f|5c)|3[ACEF]|22|7C|2A)';
const ESCAPED = new RegExp(String.raw`[~/\\$]|^\.+|${AMBIGUOUS}`, 'gu');

/**
 * Encodes one segment of a topic as one segment of a URL path.
 *
 * Two different segments never have the same encoding, and no encoding leaves its container. Path syntax (empty
 * segments, leading dots, slashes) and CSS conventions (`$.`, `.acl`, `.acr`, `.meta`) are escaped by `~`, as is a `%`
 * whose encoding the server treats as another one. A segment too long for a file name becomes `~~` and its SHA-256.
 */
export function encodeSegment(segment: string): string {
  const escape = (text: string): string =>
    [ ...text ].map((char): string => `~${char.codePointAt(0)!.toString(16).toUpperCase()}`).join('');
  const safe = segment === '' ? '~' : segment.replaceAll(ESCAPED, escape).replace(AUXILIARY, escape);
  const encoded = encodeURIComponent(safe);
  return Buffer.byteLength(encoded) <= MAX_SEGMENT_BYTES ?
    encoded :
    `~~${createHash('sha256').update(segment).digest('hex')}`;
}

/**
 * Returns the resource whose access control decides about publishing and receiving a topic, relative to the pod.
 *
 * It is `topics/{domain}/{topic}/{action}`, or the container `topics/{domain}/{topic}/` for a topic without action. It
 * does not have to exist: access is inherited from its containers.
 */
export function topicPath({ segments, action }: Topic): string {
  const container = `topics/${segments.map((segment): string => `${encodeSegment(segment)}/`).join('')}`;
  return action === undefined ? container : `${container}${encodeSegment(action)}`;
}
