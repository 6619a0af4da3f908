import { parseUrl } from '../../url/webUrl';

/**
 * Matches one link: target and parameters, each with its `;`. No two parts match the same text, so matching is linear.
 */
const LINK = /<([^<>]*)>((?:\s*;\s*[^\s=;,<>"]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s;,<>"]+))?)*)/gu;
const PARAMETER = /;\s*([^\s=;,<>"]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,<>"]+)))?/gu;

/**
 * Returns the targets of the links in a `Link` header that have a relation type, in their order.
 *
 * @param header - The header. Several are joined by commas.
 * @param relation - The relation type, a URL.
 * @param url - The URL of the document, the base of relative URLs. Links with another context are skipped.
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
      // The first of repeated parameters counts.
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
