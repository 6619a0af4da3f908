import { parseUrl } from '../../url/webUrl';

/** One link: its target, and its parameters, each with its `;`. No two parts can match the same text, so it is fast. */
const LINK = /<([^<>]*)>((?:\s*;\s*[^\s=;,<>"]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s;,<>"]+))?)*)/gu;
const PARAMETER = /;\s*([^\s=;,<>"]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,<>"]+)))?/gu;

/**
 * The targets of those links in a `Link` header that have a relation type, in their order.
 *
 * @param header - The header; several are joined by commas.
 * @param relation - The relation type, which is a URL.
 * @param url - The URL of the document, which relative URLs are relative to. What links from elsewhere is left out.
 *
 * @returns Absolute URLs.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8288#section-3
 */
export function linkTargets(header: string, relation: string, url: string): string[] {
  const targets: string[] = [];
  for (const [ , target, text ] of header.matchAll(LINK)) {
    const parameters = new Map<string, string>();
    for (const [ , name, quoted = '', token = '' ] of text.matchAll(PARAMETER)) {
      // Of parameters that come twice the first counts.
      if (!parameters.has(name.toLowerCase())) {
        parameters.set(name.toLowerCase(), token || quoted.replaceAll(/\\(.)/gu, '$1'));
      }
    }
    const isFromHere = resolve(parameters.get('anchor') ?? '', url) === url;
    const relations = (parameters.get('rel') ?? '').split(/\s+/u);
    const resolved = resolve(target, url);
    if (isFromHere && resolved !== undefined && relations.includes(relation)) {
      targets.push(resolved);
    }
  }
  return targets;
}

function resolve(reference: string, base: string): string | undefined {
  return parseUrl(reference, base)?.href;
}
