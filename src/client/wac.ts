// Grants in Web Access Control (WAC), see https://solidproject.org/TR/wac
import type { Term } from '@rdfjs/types';
import { DataFactory } from 'n3';
import { AccessConflict } from './AccessConflict';
import type { AccessDocument, AccessEntry, Mode, Scope } from './AccessDocument';
import { ACL, FOAF, RDF_TYPE } from './AccessDocument';

const RULE_NAMES: Record<Mode, string> = { Append: 'publishers', Read: 'subscribers' };
const SCOPES: Record<Scope, string> = { self: `${ACL}accessTo`, below: `${ACL}default` };
const SUBJECT_PREDICATES = [ `${ACL}agent`, `${ACL}agentClass`, `${ACL}agentGroup`, `${ACL}origin` ];
const CLASSES: Record<string, string> = { public: `${FOAF}Agent`, authenticated: `${ACL}AuthenticatedAgent` };

const nameOf = (iri: string): string =>
  Object.entries(CLASSES).find(([ , other ]): boolean => other === iri)?.[0] ?? iri;
const subjectOf = (agent: string): [predicate: string, object: string] =>
  CLASSES[agent] ? [ `${ACL}agentClass`, CLASSES[agent] ] : [ `${ACL}agent`, agent ];

/** Returns the modes that imply a mode: `Write` implies `Append`. */
const implyingModes = (mode: Mode): string[] => mode === 'Append' ? [ 'Append', 'Write' ] : [ 'Read' ];

const rules = (document: AccessDocument): Term[] => document.subjects(RDF_TYPE, `${ACL}Authorization`);
const modesOf = (document: AccessDocument, rule: Term): Set<string> =>
  new Set([ ...document.values(rule, `${ACL}mode`) ].map((mode): string => mode.slice(ACL.length)));

/** Reads the modes that an ACL gives on its own resource, for each agent and scope. */
export function wacEntries(document: AccessDocument): AccessEntry[] {
  return rules(document).flatMap((rule): AccessEntry[] => {
    const modes = modesOf(document, rule);
    const agents = SUBJECT_PREDICATES.slice(0, 3)
      .flatMap((predicate): string[] => [ ...document.values(rule, predicate) ].map(nameOf));
    return ([ 'self', 'below' ] as const)
      .filter((scope): boolean => document.values(rule, SCOPES[scope]).has(document.resource))
      .flatMap((scope): AccessEntry[] => agents.map((agent): AccessEntry => ({ agent, modes, scope })));
  });
}

/**
 * Copies the inherited rules into the empty ACL of a resource, because an own ACL ends the inheritance.
 *
 * @throws {@link AccessConflict} if no agent would have `acl:Control`.
 *
 * @see https://solidproject.org/TR/wac#effective-acl-resource
 */
export function copyInherited(document: AccessDocument, from: AccessDocument): void {
  for (const rule of rules(from).filter((each): boolean => from.values(each, SCOPES.below).has(from.resource))) {
    const copy = DataFactory.namedNode(document.newName(fragmentOf(rule)));
    for (const { predicate, object } of from.quads(rule)) {
      if (!Object.values(SCOPES).includes(predicate.value)) {
        document.add(copy, predicate.value, object);
      }
    }
    for (const scope of document.scopes) {
      document.add(copy, SCOPES[scope], document.resource);
    }
  }
  assertControl(document);
}

/** Checks that an ACL is redundant: it gives exactly the inherited permissions, by plain rules only. */
export function isRedundantAcl(document: AccessDocument, inherited: AccessDocument): boolean {
  const flat = (of: AccessDocument, from: Scope): string => [ ...new Set(wacEntries(of)
    .filter(({ scope }): boolean => scope === from)
    .flatMap(({ agent, modes }): string[] => [ ...modes ].map((mode): string => `${mode} ${agent}`))) ].sort().join('\n');
  const known = new Set([ RDF_TYPE, `${ACL}mode`, ...SUBJECT_PREDICATES.slice(0, 3), ...Object.values(SCOPES) ]);
  const isPlain = document.store.every(({ predicate }): boolean => known.has(predicate.value));
  return isPlain && document.scopes.every((scope): boolean =>
    flat(document, scope) === flat(inherited, 'below'));
}

/** Grants an agent a mode. Returns whether the document has changed. */
export function wacGrant(document: AccessDocument, agent: string, mode: Mode): boolean {
  const entries = wacEntries(document).filter((entry): boolean =>
    entry.agent === agent && implyingModes(mode).some((each): boolean => entry.modes.has(each)));
  if (document.scopes.every((scope): boolean => entries.some((entry): boolean => entry.scope === scope))) {
    return false;
  }
  const [ predicate, object ] = subjectOf(agent);
  const existing = rules(document).find((rule): boolean => isGrant(document, rule, mode, predicate));
  const rule = existing ?? DataFactory.namedNode(document.newName(RULE_NAMES[mode]));
  document.add(rule, RDF_TYPE, `${ACL}Authorization`);
  document.add(rule, predicate, object);
  document.add(rule, `${ACL}mode`, `${ACL}${mode}`);
  for (const scope of document.scopes) {
    document.add(rule, SCOPES[scope], document.resource);
  }
  return true;
}

/** Revokes a mode, and the modes that imply it, from an agent. Returns whether the document has changed. */
export function wacRevoke(document: AccessDocument, agent: string, mode: Mode): boolean {
  const [ predicate, object ] = subjectOf(agent);
  const found = rules(document).filter((rule): boolean => document.values(rule, predicate).has(object) &&
    implyingModes(mode).some((each): boolean => modesOf(document, rule).has(each)));
  if (found.some((rule): boolean => modesOf(document, rule).has('Control'))) {
    throw new AccessConflict(document.resource, `${agent} has acl:Control on ${document.resource} and may own it, ` +
      'so its access is not revoked. To revoke it, edit the ACL.');
  }
  for (const rule of found) {
    removeAgent(document, rule, predicate, object, implyingModes(mode));
  }
  if (found.length > 0) {
    assertControl(document);
  }
  return found.length > 0;
}

/** Checks that a rule has the form of a grant, so that another agent can be added to it. */
function isGrant(document: AccessDocument, rule: Term, mode: Mode, predicate: string): boolean {
  const modes = modesOf(document, rule);
  return modes.size === 1 && modes.has(mode) &&
    SUBJECT_PREDICATES.every((other): boolean => other === predicate || document.values(rule, other).size === 0) &&
    ([ 'self', 'below' ] as const).every((scope): boolean => {
      const to = document.values(rule, SCOPES[scope]);
      return document.scopes.includes(scope) ? to.size === 1 && to.has(document.resource) : to.size === 0;
    });
}

/** Removes an agent from a rule. The modes that it keeps move to a rule of its own. */
function removeAgent(document: AccessDocument, rule: Term, predicate: string, object: string, lost: string[]): void {
  const quads = document.quads(rule);
  const kept = [ ...modesOf(document, rule) ].filter((mode): boolean => !lost.includes(mode));
  document.store.removeQuads(quads.filter((quad): boolean =>
    quad.predicate.value === predicate && quad.object.value === object));
  if (SUBJECT_PREDICATES.slice(0, 3).every((other): boolean => document.values(rule, other).size === 0)) {
    document.store.removeQuads(document.quads(rule));
  }
  if (kept.length > 0) {
    const rest = DataFactory.namedNode(document.newName(fragmentOf(rule)));
    for (const quad of quads) {
      if (![ ...SUBJECT_PREDICATES.slice(0, 3), `${ACL}mode` ].includes(quad.predicate.value)) {
        document.add(rest, quad.predicate.value, quad.object);
      }
    }
    document.add(rest, predicate, object);
    for (const mode of kept) {
      document.add(rest, `${ACL}mode`, `${ACL}${mode}`);
    }
  }
}

/** Throws if no agent would have `acl:Control`: such an ACL is never written. */
function assertControl(document: AccessDocument): void {
  const controls = wacEntries(document).filter(({ modes }): boolean => modes.has('Control'));
  if (!document.scopes.every((scope): boolean => controls.some((entry): boolean => entry.scope === scope))) {
    throw new AccessConflict(document.resource, `No agent would have acl:Control on ${document.resource}, ` +
      'so its ACL is not changed. Give its owner acl:Control first.');
  }
}

function fragmentOf(rule: Term): string {
  return (/#([\w-]+)$/u.exec(rule.value)?.[1] ?? 'rule').replace(/-\d+$/u, '');
}
