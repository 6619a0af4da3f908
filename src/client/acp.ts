// Grants in Access Control Policy (ACP), see https://solid.github.io/authorization-panel/acp-specification/
import type { Term } from '@rdfjs/types';
import { DataFactory } from 'n3';
import { AccessConflict } from './AccessConflict';
import type { AccessDocument, AccessEntry, Mode, Scope } from './AccessDocument';
import { ACL, ACP, RDF_TYPE } from './AccessDocument';

const CONTROL_NAMES: Record<Mode, string> = { Append: 'publishers', Read: 'subscribers' };
const SCOPE_PREDICATES: Record<Scope, string> = { self: `${ACP}accessControl`, below: `${ACP}memberAccessControl` };
const CLASSES: Record<string, string> = { public: `${ACP}PublicAgent`, authenticated: `${ACP}AuthenticatedAgent` };

const nameOf = (iri: string): string =>
  Object.entries(CLASSES).find(([ , other ]): boolean => other === iri)?.[0] ?? iri;
const iriOf = (agent: string): string => CLASSES[agent] ?? agent;

/** Returns the modes that imply a mode: `Write` implies `Append`. */
const implyingModes = (mode: Mode): string[] => mode === 'Append' ? [ 'Append', 'Write' ] : [ 'Read' ];

/** A policy with the access control node that applies it and the scope of that node. */
interface PolicyUse {
  readonly scope: Scope;
  readonly control: Term;
  readonly policy: Term;
}

const roots = (document: AccessDocument): Term[] => document.subjects(`${ACP}resource`, document.resource);
const modesOf = (document: AccessDocument, policy: Term): Set<string> =>
  new Set([ ...document.values(policy, `${ACP}allow`) ].map((mode): string => mode.slice(ACL.length)));
const matchersOf = (document: AccessDocument, policy: Term): Term[] =>
  [ `${ACP}anyOf`, `${ACP}allOf` ].flatMap((predicate): Term[] => document.objects(policy, predicate));
const agentsOf = (document: AccessDocument, policy: Term): string[] =>
  matchersOf(document, policy).flatMap((matcher): string[] => [ ...document.values(matcher, `${ACP}agent`) ]);

function usesOf(document: AccessDocument): PolicyUse[] {
  return roots(document).flatMap((root): PolicyUse[] => ([ 'self', 'below' ] as const).flatMap((scope): PolicyUse[] =>
    document.objects(root, SCOPE_PREDICATES[scope]).flatMap((control): PolicyUse[] =>
      document.objects(control, `${ACP}apply`).map((policy): PolicyUse => ({ scope, control, policy })))));
}

/** Reads the modes of all agents that the policies of an ACR name. */
export function acpEntries(document: AccessDocument): AccessEntry[] {
  return usesOf(document).flatMap(({ scope, policy }): AccessEntry[] => agentsOf(document, policy)
    .map((agent): AccessEntry => ({ agent: nameOf(agent), modes: modesOf(document, policy), scope })));
}

/** Grants an agent a mode. Returns whether the document has changed. */
export function acpGrant(document: AccessDocument, agent: string, mode: Mode): boolean {
  const given = usesOf(document).filter(({ policy }): boolean => isPlain(document, policy) &&
    agentsOf(document, policy).includes(iriOf(agent)) &&
    implyingModes(mode).some((each): boolean => modesOf(document, policy).has(each)));
  if (document.scopes.every((scope): boolean => given.some((use): boolean => use.scope === scope))) {
    return false;
  }
  const existing = usesOf(document).find((use): boolean => isGrant(document, use, mode));
  const matcher = existing ? matchersOf(document, existing.policy)[0] : createGrant(document, mode);
  document.add(matcher, `${ACP}agent`, iriOf(agent));
  return true;
}

/** Revokes a mode, and the modes that imply it, from an agent. Returns whether the document has changed. */
export function acpRevoke(document: AccessDocument, agent: string, mode: Mode): boolean {
  const found = usesOf(document).filter(({ policy }): boolean => agentsOf(document, policy).includes(iriOf(agent)) &&
    implyingModes(mode).some((each): boolean => modesOf(document, policy).has(each)));
  const policies = [ ...new Map(found.map(({ policy }): [string, Term] => [ policy.value, policy ])).values() ];
  for (const policy of policies) {
    assertRevocable(document, policy, agent, mode, policies);
  }
  for (const matcher of policies.flatMap((policy): Term[] => matchersOf(document, policy))) {
    document.store.removeQuads(document.quads(matcher).filter(({ predicate, object }): boolean =>
      predicate.value === `${ACP}agent` && object.value === iriOf(agent)));
  }
  removeEmptyNodes(document, found);
  return found.length > 0;
}

/** Checks that a policy depends on the agent only. */
function isPlain(document: AccessDocument, policy: Term): boolean {
  return [ 'allOf', 'noneOf', 'deny' ].every((other): boolean => document.objects(policy, ACP + other).length === 0) &&
    matchersOf(document, policy).every((matcher): boolean => document.quads(matcher)
      .every(({ predicate }): boolean => [ RDF_TYPE, `${ACP}agent` ].includes(predicate.value)));
}

/** Checks that a policy has the form of a grant, so that another agent can be added to it. */
function isGrant(document: AccessDocument, { control, policy }: PolicyUse, mode: Mode): boolean {
  const modes = modesOf(document, policy);
  const matchers = matchersOf(document, policy);
  return isPlain(document, policy) && modes.size === 1 && modes.has(mode) && matchers.length === 1 &&
    usersOf(document, matchers[0]).length === 1 && usersOf(document, policy).length === 1 &&
    ([ 'self', 'below' ] as const).every((scope): boolean => document.scopes.includes(scope) ===
      roots(document).some((root): boolean => document.objects(root, SCOPE_PREDICATES[scope])
        .some((other): boolean => other.equals(control))));
}

const usersOf = (document: AccessDocument, thing: Term): Term[] =>
  document.store.getSubjects(null, thing, null).filter((subject): boolean => !subject.equals(thing));

function createGrant(document: AccessDocument, mode: Mode): Term {
  const root = roots(document).at(0) ?? DataFactory.namedNode(document.newName('root'));
  document.add(root, RDF_TYPE, `${ACP}AccessControlResource`);
  document.add(root, `${ACP}resource`, document.resource);
  const name = document.newName(CONTROL_NAMES[mode], [ '', 'Policy', 'Matcher' ]);
  const [ control, policy, matcher ] = [ '', 'Policy', 'Matcher' ]
    .map((part): Term => DataFactory.namedNode(`${name}${part}`));
  for (const scope of document.scopes) {
    document.add(root, SCOPE_PREDICATES[scope], control);
  }
  document.add(control, RDF_TYPE, `${ACP}AccessControl`);
  document.add(control, `${ACP}apply`, policy);
  document.add(policy, RDF_TYPE, `${ACP}Policy`);
  document.add(policy, `${ACP}allow`, `${ACL}${mode}`);
  document.add(policy, `${ACP}anyOf`, matcher);
  document.add(matcher, RDF_TYPE, `${ACP}Matcher`);
  return matcher;
}

function assertRevocable(document: AccessDocument, policy: Term, agent: string, mode: Mode, taken: Term[]): void {
  const modes = [ ...modesOf(document, policy) ];
  if (modes.includes('Control')) {
    throw new AccessConflict(document.resource, `${agent} has acl:Control on ${document.resource} and may own it, ` +
      'so its access is not revoked. To revoke it, edit the ACR.');
  }
  const shared = matchersOf(document, policy).some((matcher): boolean => usersOf(document, matcher)
    .some((user): boolean => !taken.some((other): boolean => other.equals(user))));
  if (!isPlain(document, policy) || shared || modes.some((other): boolean => !implyingModes(mode).includes(other))) {
    throw new AccessConflict(document.resource, `${agent} has acl:${mode} on ${document.resource} by a policy with ` +
      `further conditions, modes or agents, so it is not changed. To revoke it, edit ${document.url}.`);
  }
}

/** Removes matchers without agents, and the policies and access control nodes that become empty. */
function removeEmptyNodes(document: AccessDocument, used: readonly PolicyUse[]): void {
  const isEmpty = (thing: Term, predicates: string[]): boolean =>
    predicates.every((predicate): boolean => document.objects(thing, predicate).length === 0);
  const remove = (thing: Term): void => {
    document.store.removeQuads([ ...document.quads(thing), ...document.store.getQuads(null, null, thing, null) ]);
  };
  for (const { control, policy } of used) {
    for (const matcher of matchersOf(document, policy).filter((each): boolean => isEmpty(each, [ `${ACP}agent` ]))) {
      remove(matcher);
    }
    if (isEmpty(policy, [ `${ACP}anyOf` ])) {
      remove(policy);
    }
    if (isEmpty(control, [ `${ACP}apply` ])) {
      remove(control);
    }
  }
}
