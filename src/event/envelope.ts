import { isAttributeValue, termName } from './cloudEvents';
import type { Notation, Statements } from './terms';
import { literalTerm } from './terms';
import { isWebUrl } from '../url/webUrl';
import { AS, EVENTS, XSD } from './vocabulary';

type Members = Readonly<Record<string, unknown>>;

/** The RDF property of each member with IRIs as values. */
const IRIS: Readonly<Record<string, string>> = {
  publisher: `${AS}actor`,
  recipient: `${AS}to`,
  source: `${AS}attributedTo`,
  origin: `${AS}origin`,
};
/** The RDF property of each member with a string as value. */
const STRINGS: Readonly<Record<string, string>> = {
  topic: `${EVENTS}topic`,
  subject: `${EVENTS}subject`,
  eventType: `${EVENTS}eventType`,
  requestKey: `${EVENTS}requestKey`,
};

/**
 * Returns whether the envelope of a document has the form that this server writes.
 *
 * The envelope is all members except `data`. If it has this form, {@link envelopeStatements} returns its RDF without a
 * JSON-LD processor.
 */
export function isOwnEnvelope(members: Members): boolean {
  return 'id' in members && 'type' in members &&
    Object.entries(members).every(([ name, value ]): boolean => name === 'data' || isOwnMember(name, value));
}

function isOwnMember(name: string, value: unknown): boolean {
  if (name === 'type') {
    return JSON.stringify(value) === '["Activity","Event"]';
  }
  if (Object.hasOwn(IRIS, name)) {
    return (Array.isArray(value) ? value : [ value ])
      .every((iri: unknown): boolean => typeof iri === 'string' && isWebUrl(iri));
  }
  if (termName(name) !== undefined) {
    return typeof value === 'string' || isAttributeValue(value);
  }
  return typeof value === 'string' &&
    (name === 'id' ? isWebUrl(value) : name === 'published' || propertyOf(name) !== undefined);
}

/** The property of a member whose value is a literal. Members of dialects can be named by an IRI. */
function propertyOf(name: string): string | undefined {
  const term = termName(name);
  if (term !== undefined) {
    return `${EVENTS}${term}`;
  }
  return Object.hasOwn(STRINGS, name) ? STRINGS[name] : isWebUrl(name) ? name : undefined;
}

/** The datatype of a member's value. */
function datatypeOf(value: unknown): string {
  return `${XSD}${typeof value === 'number' ? 'integer' : typeof value === 'boolean' ? 'boolean' : 'string'}`;
}

/** Returns the RDF statements of a document's envelope. Members of another form are skipped. */
export function envelopeStatements(members: Members, { iri, type }: Notation): Statements[] {
  const subject = iri(members.id as string);
  const statements: Statements[] = [{
    subject,
    predicate: type,
    objects: [ iri(`${AS}Activity`), iri(`${EVENTS}Event`) ],
  }];
  for (const [ name, value ] of Object.entries(members).filter((entry): boolean => isOwnMember(...entry))) {
    if (Object.hasOwn(IRIS, name)) {
      const objects = [ ...new Set([ value ].flat() as string[]) ].map(iri);
      statements.push(...objects.length > 0 ? [{ subject, predicate: iri(IRIS[name]), objects }] : []);
    } else if (name === 'published') {
      const objects = [ literalTerm(value as string, `${XSD}dateTime`, { iri }) ];
      statements.push({ subject, predicate: iri(`${AS}published`), objects });
    } else if (name !== 'id' && name !== 'type') {
      const objects = [ literalTerm(String(value), datatypeOf(value), { iri }) ];
      statements.push({ subject, predicate: iri(propertyOf(name)!), objects });
    }
  }
  return statements;
}
