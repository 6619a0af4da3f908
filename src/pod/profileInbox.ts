import type { Quad } from '@rdfjs/types';
import { Parser } from 'n3';
import { LDP } from '../event/vocabulary';
import { TURTLE } from '../event/mediaTypes';

/** Media types that allow a statement to be appended as text. */
const FORMATS: readonly string[] = [ TURTLE, 'application/n-triples' ];

/**
 * Adds `ldp:inbox` to a profile document by appending one statement to its text, and checks the result.
 *
 * @param text - Text of the document.
 * @param contentType - Media type of the document.
 * @param url - URL of the document.
 * @param webId - Subject of the statement.
 * @param pod - Base URL of the pod that contains the document.
 * @param inbox - URL of the inbox, in the same pod.
 *
 * @returns The new text, with the graph of the document and the added statement; `undefined` if the document already
 * names an inbox of the WebID.
 *
 * @throws Error if the statement cannot be appended.
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
    throw new Error(`statements cannot be appended to ${contentType ?? 'a document without a media type'}; add <${webId}> ldp:inbox <${inbox}>`);
  }
  const before = parse(text, format, url);
  if (before.some(({ subject, predicate }): boolean => subject.value === webId && predicate.value === `${LDP}inbox`)) {
    return undefined;
  }
  const expected = [ ...keysOf(before), [ webId, `${LDP}inbox`, inbox ].map((value): string => `NamedNode ${value}  `).join('\n') ];
  // A relative URL stays valid after a move of the pod, but fails in a document with another base.
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

/** Texts of statements in order. Blank nodes are numbered by first occurrence, so two parses of a document agree. */
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
