import type { Quad } from '@rdfjs/types';
import { Parser } from 'n3';
import { LDP } from '../event/vocabulary';
import { TURTLE } from '../event/mediaTypes';

/** The formats to which a statement can be appended as text. */
const FORMATS: readonly string[] = [ TURTLE, 'application/n-triples' ];

/**
 * Adds `ldp:inbox` to a profile document by appending one statement to its text, and checks the result.
 *
 * @param text - The document.
 * @param contentType - Its media type.
 * @param url - Its URL.
 * @param webId - The subject of the statement.
 * @param pod - The base URL of the pod in which the document lies.
 * @param inbox - The URL of the inbox, in the same pod.
 *
 * @returns The new text, whose graph is that of the document and the one statement; `undefined` if the document
 *          names an inbox of the WebID already.
 *
 * @throws An error if the document cannot be extended so.
 *
 * @see https://www.w3.org/TR/ldn/#discovery
 */
export function withInbox(
  text: string,
  contentType: string | undefined,
  url: string,
  webId: string,
  pod: string,
  inbox: string,
): string | undefined {
  const format = FORMATS.find((known): boolean => contentType === known);
  if (format === undefined) {
    throw new Error(`nothing can be appended to ${contentType ?? 'a document without a type'}; add <${webId}> ldp:inbox <${inbox}>`);
  }
  const before = parse(text, format, url);
  if (before.some(({ subject, predicate }): boolean => subject.value === webId && predicate.value === `${LDP}inbox`)) {
    return undefined;
  }
  const expected = [ ...keysOf(before), [ webId, `${LDP}inbox`, inbox ].map((value): string => `NamedNode ${value}  `).join('\n') ];
  // Relative URLs outlive a move of the pod, but a document can have another base.
  const toPod = '../'.repeat(url.slice(pod.length).split('/').length - 1);
  const relative: [string, string][] = format === TURTLE && webId.startsWith(`${url}#`) ?
    [[ webId.slice(url.length), `${toPod}${inbox.slice(pod.length)}` ]] :
    [];
  for (const [ subject, object ] of [ ...relative, [ webId, inbox ]]) {
    const changed = `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}<${subject}> <${LDP}inbox> <${object}>.\n`;
    const after = keysOf(parse(changed, format, url));
    if (after.length === expected.length && after.every((key, index): boolean => key === expected[index])) {
      return changed;
    }
  }
  throw new Error('the statement would change the rest of the document');
}

function parse(text: string, format: string, url: string): Quad[] {
  return new Parser({ format, baseIRI: url }).parse(text);
}

/** Texts of statements, in their order; blank nodes are named by theirs, so two parses of a document agree. */
function keysOf(quads: readonly Quad[]): string[] {
  const blanks = new Map<string, string>();
  const nameOf = (value: string): string => {
    const name = blanks.get(value) ?? String(blanks.size);
    blanks.set(value, name);
    return name;
  };
  return quads.map(({ subject, predicate, object }): string => [ subject, predicate, object ].map((term): string => {
    const { language = '', datatype } = term as { language?: string; datatype?: { value: string }};
    return `${term.termType} ${term.termType === 'BlankNode' ? nameOf(term.value) : term.value} ${language} ${datatype?.value ?? ''}`;
  }).join('\n'));
}
