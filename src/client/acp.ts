// Grants in Access Control Policy, see https://solid.github.io/authorization-panel/acp-specification/
import type { Term } from '@rdfjs/types';
import { DataFactory } from 'n3';
import { AccessConflict } from './AccessConflict';
import type { AccessDocument, Entry, Mode, Scope } from './AccessDocument';
import { ACL, ACP, RDF_TYPE } from './AccessDocument';

const NAMES: Record<Mode, string> = { Append: 'publishers', Read: 'subscribers' };
const CONTROL: Record<Scope, string> = { self: `${ACP}accessControl`, below: `${ACP}memberAccessControl` };
const CLASSES: Record<string, string> = { public: `${ACP}PublicAgent`, authenticated: `${ACP}AuthenticatedAgent` };

const nameOf = (iri: string): string =>
  Object.entries(CLASSES).find(([ , other ]): boolean => other === iri)?.[0] ?? iri;
const iriOf = (agent: string): string => CLASSES[agent] ?? agent;

/** The modes that give a mode: who may write may append. */
const givers = (mode: Mode): string[] => mode === 'Append' ? [ 'Append', 'Write' ] : [ 'Read' ];

/** A policy, with the access control that applies it and how far that reaches. */
interface Use {
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

function uses(document: AccessDocument): Use[] {
  return roots(document).flatMap((root): Use[] => ([ 'self', 'below' ] as const).flatMap((scope): Use[] =>
    document.objects(root, CONTROL[scope]).flatMap((control): Use[] =>
      document.objects(control, `${ACP}apply`).map((policy): Use => ({ scope, control, policy })))));
}

/** Who has which modes by an ACR, as far as its policies name agents. */
export function acpEntries(document: AccessDocument): Entry[] {
  return uses(document).flatMap(({ scope, policy }): Entry[] => agentsOf(document, policy)
    .map((agent): Entry => ({ agent: nameOf(agent), modes: modesOf(document, policy), scope })));
}

/** Gives an agent a mode; returns whether that changed anything. */
export function acpGrant(document: AccessDocument, agent: string, mode: Mode): boolean {
  const given = uses(document).filter(({ policy }): boolean => isPlain(document, policy) &&
    agentsOf(document, policy).includes(iriOf(agent)) &&
    givers(mode).some((each): boolean => modesOf(document, policy).has(each)));
  if (document.scopes.every((scope): boolean => given.some((use): boolean => use.scope === scope))) {
    return false;
  }
  const like = uses(document).find((use): boolean => isGrant(document, use, mode));
  const matcher = like ? matchersOf(document, like.policy)[0] : makeGrant(document, mode);
  document.add(matcher, `${ACP}agent`, iriOf(agent));
  return true;
}

/** Takes a mode, and what includes it, from an agent; returns whether that changed anything. */
export function acpRevoke(document: AccessDocument, agent: string, mode: Mode): boolean {
  const found = uses(document).filter(({ policy }): boolean => agentsOf(document, policy).includes(iriOf(agent)) &&
    givers(mode).some((each): boolean => modesOf(document, policy).has(each)));
  const policies = [ ...new Map(found.map(({ policy }): [string, Term] => [ policy.value, policy ])).values() ];
  for (const policy of policies) {
    assertRevocable(document, policy, agent, mode, policies);
  }
  for (const matcher of policies.flatMap((policy): Term[] => matchersOf(document, policy))) {
    document.store.removeQuads(document.quads(matcher).filter(({ predicate, object }): boolean =>
      predicate.value === `${ACP}agent` && object.value === iriOf(agent)));
  }
  prune(document, found);
  return found.length > 0;
}

/** Whether a policy only depends on who the agent is. */
function isPlain(document: AccessDocument, policy: Term): boolean {
  return [ 'allOf', 'noneOf', 'deny' ].every((other): boolean => document.objects(policy, ACP + other).length === 0) &&
    matchersOf(document, policy).every((matcher): boolean => document.quads(matcher)
      .every(({ predicate }): boolean => [ RDF_TYPE, `${ACP}agent` ].includes(predicate.value)));
}

/** Whether a policy is as a grant makes it, so that one more agent may join it. */
function isGrant(document: AccessDocument, { control, policy }: Use, mode: Mode): boolean {
  const modes = modesOf(document, policy);
  const matchers = matchersOf(document, policy);
  return isPlain(document, policy) && modes.size === 1 && modes.has(mode) && matchers.length === 1 &&
    usersOf(document, matchers[0]).length === 1 && usersOf(document, policy).length === 1 &&
    ([ 'self', 'below' ] as const).every((scope): boolean => document.scopes.includes(scope) ===
      roots(document).some((root): boolean => document.objects(root, CONTROL[scope])
        .some((other): boolean => other.equals(control))));
}

const usersOf = (document: AccessDocument, thing: Term): Term[] =>
  document.store.getSubjects(null, thing, null).filter((subject): boolean => !subject.equals(thing));

function makeGrant(document: AccessDocument, mode: Mode): Term {
  const root = roots(document).at(0) ?? DataFactory.namedNode(document.newName('root'));
  document.add(root, RDF_TYPE, `${ACP}AccessControlResource`);
  document.add(root, `${ACP}resource`, document.resource);
  const name = document.newName(NAMES[mode], [ '', 'Policy', 'Matcher' ]);
  const [ control, policy, matcher ] = [ '', 'Policy', 'Matcher' ]
    .map((part): Term => DataFactory.namedNode(`${name}${part}`));
  for (const scope of document.scopes) {
    document.add(root, CONTROL[scope], control);
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
    throw new AccessConflict(document.resource, `${agent} has acl:Control of ${document.resource}, as its owners have; ` +
      'that is not taken away here. Edit the ACR if you mean it.');
  }
  const shared = matchersOf(document, policy).some((matcher): boolean => usersOf(document, matcher)
    .some((user): boolean => !taken.some((other): boolean => other.equals(user))));
  if (!isPlain(document, policy) || shared || modes.some((other): boolean => !givers(mode).includes(other))) {
    throw new AccessConflict(document.resource, `${agent} has acl:${mode} on ${document.resource} by a policy that says ` +
      `more than that, so it is left as it is. Edit ${document.url}.`);
  }
}

/** Removes what matches nobody any more. */
function prune(document: AccessDocument, used: readonly Use[]): void {
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
