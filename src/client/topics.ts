// Reimplements src/event/Topic and src/event/TopicPattern without Node's Buffer and crypto, for browsers.
// A test verifies that both give the same results.

const MAX_BYTES = 1_024;
const MAX_SEGMENTS = 16;
const MAX_SEGMENT_BYTES = 200;

const EXCLUDED = /[\p{Cc}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}]/u;
const AUXILIARY = /\.(?=(?:acl|acr|meta)$)/iu;
const ESCAPED = /[~/\\$]|^\.+|%(?=(?:25)*(?:2f|5c)|3[ACEF]|22|7C|2A)/gu;

/**
 * Returns the URL of the topic's resource. Its access control decides about publishing and subscribing.
 *
 * @param pod - Base URL of the pod, ending in `/`.
 * @param topic - `realestate/contact#add` (that topic), `realestate/contact` (all its actions), `realestate/*` (all
 * below) or `*` (all).
 *
 * @throws TypeError if the topic is invalid.
 */
export async function topicUrl(pod: string, topic: string): Promise<string> {
  if (!isTopicPattern(topic)) {
    throw new TypeError(`Invalid topic "${topic}": expected a topic (realestate/contact#add), all its actions ` +
      '(realestate/contact), everything below (realestate/*) or everything (*)');
  }
  if (topic === '*') {
    return `${pod}topics/`;
  }
  const { path, action } = split(topic.endsWith('/*') ? topic.slice(0, -2) : topic);
  const segments = await Promise.all(path.map(encodeSegment));
  const container = `${pod}topics/${segments.join('/')}/`;
  return action === undefined ? container : `${container}${await encodeSegment(action)}`;
}

/**
 * Returns the topic of a URL below `{pod}topics/`.
 *
 * A resource gives `realestate/contact#add`, a container `realestate/contact`, and `topics/` itself `*`.
 *
 * @returns `undefined` if the URL is not that of a topic, or has a hashed segment (longer than 200 bytes).
 */
export function topicOf(pod: string, url: string): string | undefined {
  const root = `${pod}topics/`;
  if (url === root) {
    return '*';
  }
  if (!url.startsWith(root)) {
    return;
  }
  const segments = url.slice(root.length).split('/').map(decodeSegment);
  const last = segments.pop();
  if (last === undefined || segments.includes(undefined)) {
    return;
  }
  return url.endsWith('/') ? segments.join('/') : `${segments.join('/')}#${last}`;
}

function isTopicPattern(text: string): boolean {
  return text.length > 0 && text.isWellFormed() && !EXCLUDED.test(text) && bytes(text) <= MAX_BYTES &&
    split(text).path.length <= MAX_SEGMENTS && /^(?:[^*]+|(?:[^*#]*\/)?\*)$/u.test(text);
}

function split(topic: string): { path: string[]; action?: string } {
  const hash = topic.indexOf('#');
  return hash < 0 ?
    { path: topic.split('/') } :
    { path: topic.slice(0, hash).split('/'), action: topic.slice(hash + 1) };
}

function bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}

async function encodeSegment(segment: string): Promise<string> {
  const escape = (text: string): string =>
    [ ...text ].map((char): string => `~${char.codePointAt(0)!.toString(16).toUpperCase()}`).join('');
  const safe = segment === '' ? '~' : segment.replaceAll(ESCAPED, escape).replace(AUXILIARY, escape);
  const encoded = encodeURIComponent(safe);
  return bytes(encoded) <= MAX_SEGMENT_BYTES ? encoded : `~~${await sha256(segment)}`;
}

/** Decodes a URL segment. Returns `undefined` for hashed segments, which cannot be decoded. */
function decodeSegment(encoded: string): string | undefined {
  if (encoded === '~') {
    return '';
  }
  try {
    const safe = decodeURIComponent(encoded);
    return safe.startsWith('~~') ?
      undefined :
      safe.replaceAll(/~([2-7][0-9A-F])/gu, (_, hex: string): string => String.fromCharCode(Number.parseInt(hex, 16)));
  } catch {
    // Invalid percent-encoding: not the segment of a topic.
  }
}

async function sha256(text: string): Promise<string> {
  // Available in secure contexts only (https: and localhost), see https://www.w3.org/TR/webcrypto-2/#Crypto-interface
  const subtle = (globalThis.crypto as Crypto | undefined)?.subtle;
  if (!subtle) {
    throw new Error('The topic has a segment of more than 200 bytes, which requires Web Crypto: open the page over https:');
  }
  const digest = new Uint8Array(await subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return [ ...digest ].map((byte): string => byte.toString(16).padStart(2, '0')).join('');
}
