import type { Quad } from '@rdfjs/types';
import { Parser } from 'n3';
import type { ContextLoader } from '../../event/ContextLoader';
import { JSON_LD, TURTLE } from '../../event/mediaTypes';
import { parseForeignJsonLd } from '../../event/rdf';
import { LDP, PIM, SOLID } from '../../event/vocabulary';
import type { ProfileProblem } from './ProfileUnavailable';

/** The supported predicates of profiles. */
export const INBOX = `${LDP}inbox`;
export const ISSUER = `${SOLID}oidcIssuer`;
export const STORAGE = `${PIM}storage`;

const PREDICATES: ReadonlySet<string> = new Set([ INBOX, ISSUER, STORAGE ]);

/** An RDF statement of a profile document. */
export type Statement = readonly [subject: string, predicate: string, object: string];

/** The relevant statements of a WebID document, about all agents that it describes. */
export interface ProfileDocument {
  readonly statements: readonly Statement[];
  /** The inbox in the `Link` header of the document. */
  readonly linkedInbox?: string;
  /** Target URL of a 303 redirect. */
  readonly seeOther?: string;
  /** Reason for missing statements. */
  readonly problem?: ProfileProblem;
}

/** A document as received. */
export interface FetchedDocument {
  readonly type: string;
  readonly body: string;
  readonly isCut: boolean;
  /** Reason for an unreadable body whose content coding is unknown or invalid. */
  readonly unreadable?: string;
}

/** Media types of the Turtle parser, in addition to JSON-LD. Most preferred first. */
const N3_TYPES: readonly string[] = [ TURTLE, 'application/n-triples', 'text/n3' ];

/** Value of `Accept` in requests for profiles. */
export const ACCEPT = `${TURTLE}, ${JSON_LD};q=0.9, application/n-triples;q=0.8, text/n3;q=0.7`;

const BYTE_ORDER_MARK = /^\uFEFF/u;

/** Maximum size of a document, in bytes. */
export const MAX_BYTES = 64 * 1_024;

/**
 * Reads a WebID document.
 *
 * @param received - The document. Contexts that are not bundled are not fetched.
 * @param url - Its URL.
 * @param contexts - The JSON-LD contexts that it may name.
 *
 * @returns Its statements, or the problem.
 */
export async function readProfile(
  { type, body, isCut, unreadable }: FetchedDocument,
  url: string,
  contexts: ContextLoader,
): Promise<ProfileDocument> {
  if (isCut) {
    return unavailable(`it is larger than ${MAX_BYTES / 1_024} KiB; its owner must move statements about other subjects to other documents`);
  }
  if (unreadable !== undefined) {
    return unavailable(`${unreadable}; its server must send it without a Content-Encoding, as the request demands`);
  }
  const text = body.replace(BYTE_ORDER_MARK, '');
  try {
    if (type === JSON_LD) {
      return { statements: statementsOf(await parseForeignJsonLd(text, contexts, url)) };
    }
    return N3_TYPES.includes(type) ?
      { statements: statementsOf(new Parser({ baseIRI: url, format: type }).parse(text)) } :
      unavailable(`it is ${type === '' ? 'without media type' : type.slice(0, 100)}; its server must provide it as ${TURTLE} or ${JSON_LD}`);
  } catch (error: unknown) {
    return unavailable(`it is not valid ${type}; its owner must correct it: ${(error as Error).message.slice(0, 300)}`);
  }
}

/** Returns a document without known statements. */
export function unavailable(reason: string, more: Omit<ProfileProblem, 'reason'> = {}): ProfileDocument {
  return { statements: [], problem: { reason, ...more }};
}

function statementsOf(quads: readonly Quad[]): Statement[] {
  const statements = quads
    .filter(({ predicate, object, graph }): boolean =>
      PREDICATES.has(predicate.value) && object.termType === 'NamedNode' && graph.termType === 'DefaultGraph')
    .map(({ subject, predicate, object }): Statement => [ subject.value, predicate.value, object.value ]);
  // Copied, because substrings keep the whole source text in memory.
  return JSON.parse(JSON.stringify(statements)) as Statement[];
}
