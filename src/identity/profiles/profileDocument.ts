import type { Quad } from '@rdfjs/types';
import { Parser } from 'n3';
import type { ContextLoader } from '../../event/ContextLoader';
import { JSON_LD, TURTLE } from '../../event/mediaTypes';
import { parseForeignJsonLd } from '../../event/rdf';
import { LDP, PIM, SOLID } from '../../event/vocabulary';
import type { ProfileProblem } from './ProfileUnavailable';

/** What a profile can say, as far as it matters here. */
export const INBOX = `${LDP}inbox`;
export const ISSUER = `${SOLID}oidcIssuer`;
export const STORAGE = `${PIM}storage`;

const PREDICATES: ReadonlySet<string> = new Set([ INBOX, ISSUER, STORAGE ]);

/** Who says what of whom: subject, predicate, object. */
export type Statement = readonly [subject: string, predicate: string, object: string];

/** What a WebID document says, of all agents that it describes. */
export interface ProfileDocument {
  readonly statements: readonly Statement[];
  /** The inbox that its `Link` header names. */
  readonly linkedInbox?: string;
  /** The URL of the document to which its server leads by 303. */
  readonly seeOther?: string;
  /** Why its statements are not known. */
  readonly problem?: ProfileProblem;
}

/** A document as it came. */
export interface FetchedDocument {
  readonly type: string;
  readonly body: string;
  readonly isCut: boolean;
  /** Why its body cannot be read, if its content coding is unknown or broken. */
  readonly unreadable?: string;
}

/** Media types that the parser of Turtle reads, beside JSON-LD; most preferred first. */
const N3_TYPES: readonly string[] = [ TURTLE, 'application/n-triples', 'text/n3' ];

/** Value of `Accept` in requests for profiles. */
export const ACCEPT = `${TURTLE}, ${JSON_LD};q=0.9, application/n-triples;q=0.8, text/n3;q=0.7`;

const BYTE_ORDER_MARK = /^\uFEFF/u;

/** How much of a document is read, in bytes. */
export const MAX_BYTES = 64 * 1_024;

/**
 * Reads a WebID document.
 *
 * @param received - The document; contexts that are not bundled are not fetched.
 * @param url - Its URL.
 * @param contexts - The JSON-LD contexts that it may name.
 *
 * @returns What it says, or what is wrong with it.
 */
export async function readProfile(
  { type, body, isCut, unreadable }: FetchedDocument,
  url: string,
  contexts: ContextLoader,
): Promise<ProfileDocument> {
  if (isCut) {
    return unavailable(`it is larger than ${MAX_BYTES / 1_024} KiB; its owner has to move to other documents what is not about the WebID`);
  }
  if (unreadable !== undefined) {
    return unavailable(`${unreadable}; its server has to send it without a Content-Encoding, as it is asked to`);
  }
  const text = body.replace(BYTE_ORDER_MARK, '');
  try {
    if (type === JSON_LD) {
      return { statements: statementsOf(await parseForeignJsonLd(text, contexts, url)) };
    }
    return N3_TYPES.includes(type) ?
      { statements: statementsOf(new Parser({ baseIRI: url, format: type }).parse(text)) } :
      unavailable(`it is ${type === '' ? 'of no media type' : type.slice(0, 100)}; its server has to show it as ${TURTLE} or ${JSON_LD}`);
  } catch (error: unknown) {
    return unavailable(`it is not valid ${type}, which its owner has to correct: ${(error as Error).message.slice(0, 300)}`);
  }
}

/** A document of which nothing is known. */
export function unavailable(reason: string, more: Omit<ProfileProblem, 'reason'> = {}): ProfileDocument {
  return { statements: [], problem: { reason, ...more }};
}

function statementsOf(quads: readonly Quad[]): Statement[] {
  const statements = quads
    .filter(({ predicate, object, graph }): boolean =>
      PREDICATES.has(predicate.value) && object.termType === 'NamedNode' && graph.termType === 'DefaultGraph')
    .map(({ subject, predicate, object }): Statement => [ subject.value, predicate.value, object.value ]);
  // Parts of a text keep the whole text in memory, so these are copied.
  return JSON.parse(JSON.stringify(statements)) as Statement[];
}
