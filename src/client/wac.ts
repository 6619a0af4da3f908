// Grants in Web Access Control, see https://solidproject.org/TR/wac
import type { Term } from '@rdfjs/types';
import { DataFactory } from 'n3';
import { AccessConflict } from './AccessConflict';
import type { AccessDocument, Entry, Mode, Scope } from './AccessDocument';
import { ACL, FOAF, RDF_TYPE } from './AccessDocument';

const NAMES: Record<Mode, string> = { Append: 'publishers', Read: 'subscribers' };
const TO: Record<Scope, string> = { self: `${ACL}accessTo`, below: `${ACL}default` };
const WHO = [ `${ACL}agent`, `${ACL}agentClass`, `${ACL}agentGroup`, `${ACL}origin` ];
const CLASSES: Record<string, string> = { public: `${FOAF}Agent`, authenticated: `${ACL}AuthenticatedAgent` };

const nameOf = (iri: string): string =>
  Object.entries(CLASSES).find(([ , other ]): boolean => other === iri)?.[0] ?? iri;
const subjectOf = (agent: string): [predicate: string, object: string] =>
  CLASSES[agent] ? [ `${ACL}agentClass`, CLASSES[agent] ] : [ `${ACL}agent`, agent ];

/** The modes that give a mode: who may write may append. */
const givers = (mode: Mode): string[] => mode === 'Append' ? [ 'Append', 'Write' ] : [ 'Read' ];

const rules = (document: AccessDocument): Term[] => document.subjects(RDF_TYPE, `${ACL}Authorization`);
const modesOf = (document: AccessDocument, rule: Term): Set<string> =>
  new Set([ ...document.values(rule, `${ACL}mode`) ].map((mode): string => mode.slice(ACL.length)));

/** Who has which modes by an ACL, on what it is the ACL of. */
export function wacEntries(document: AccessDocument): Entry[] {
  return rules(document).flatMap((rule): Entry[] => {
    const modes = modesOf(document, rule);
    const agents = WHO.slice(0, 3)
      .flatMap((predicate): string[] => [ ...document.values(rule, predicate) ].map(nameOf));
    return ([ 'self', 'below' ] as const)
      .filter((scope): boolean => document.values(rule, TO[scope]).has(document.resource))
      .flatMap((scope): Entry[] => agents.map((agent): Entry => ({ agent, modes, scope })));
  });
}

/**
 * Fills the empty ACL of a resource with what the resource has inherited until now,
 * as an ACL of its own ends the inheritance.
 *
 * @see https://solidproject.org/TR/wac#effective-acl-resource
 */
export function copyInherited(document: AccessDocument, from: AccessDocument): void {
  for (const rule of rules(from).filter((each): boolean => from.values(each, TO.below).has(from.resource))) {
    const copy = DataFactory.namedNode(document.newName(fragmentOf(rule)));
    for (const { predicate, object } of from.quads(rule)) {
      if (!Object.values(TO).includes(predicate.value)) {
        document.add(copy, predicate.value, object);
      }
    }
    for (const scope of document.scopes) {
      document.add(copy, TO[scope], document.resource);
    }
  }
  assertControl(document);
}

/** Whether an ACL gives everybody what they would inherit without it, and has nothing else in it. */
export function saysTheSame(document: AccessDocument, inherited: AccessDocument): boolean {
  const flat = (of: AccessDocument, from: Scope): string => [ ...new Set(wacEntries(of)
    .filter(({ scope }): boolean => scope === from)
    .flatMap(({ agent, modes }): string[] => [ ...modes ].map((mode): string => `${mode} ${agent}`))) ].sort().join('\n');
  const known = new Set([ RDF_TYPE, `${ACL}mode`, ...WHO.slice(0, 3), ...Object.values(TO) ]);
  const isPlain = document.store.every(({ predicate }): boolean => known.has(predicate.value));
  return isPlain && document.scopes.every((scope): boolean =>
    flat(document, scope) === flat(inherited, 'below'));
}

/** Gives an agent a mode; returns whether that changed anything. */
export function wacGrant(document: AccessDocument, agent: string, mode: Mode): boolean {
  const entries = wacEntries(document).filter((entry): boolean =>
    entry.agent === agent && givers(mode).some((each): boolean => entry.modes.has(each)));
  if (document.scopes.every((scope): boolean => entries.some((entry): boolean => entry.scope === scope))) {
    return false;
  }
  const [ predicate, object ] = subjectOf(agent);
  const like = rules(document).find((rule): boolean => isGrant(document, rule, mode, predicate));
  const rule = like ?? DataFactory.namedNode(document.newName(NAMES[mode]));
  document.add(rule, RDF_TYPE, `${ACL}Authorization`);
  document.add(rule, predicate, object);
  document.add(rule, `${ACL}mode`, `${ACL}${mode}`);
  for (const scope of document.scopes) {
    document.add(rule, TO[scope], document.resource);
  }
  return true;
}

/** Takes a mode, and what includes it, from an agent; returns whether that changed anything. */
export function wacRevoke(document: AccessDocument, agent: string, mode: Mode): boolean {
  const [ predicate, object ] = subjectOf(agent);
  const found = rules(document).filter((rule): boolean => document.values(rule, predicate).has(object) &&
    givers(mode).some((each): boolean => modesOf(document, rule).has(each)));
  if (found.some((rule): boolean => modesOf(document, rule).has('Control'))) {
    throw new AccessConflict(document.resource, `${agent} has acl:Control of ${document.resource}, as its owners have; ` +
      'that is not taken away here. Edit the ACL if you mean it.');
  }
  for (const rule of found) {
    splitOff(document, rule, predicate, object, givers(mode));
  }
  if (found.length > 0) {
    assertControl(document);
  }
  return found.length > 0;
}

/** Whether a rule is as a grant makes it, so that one more agent may join it. */
function isGrant(document: AccessDocument, rule: Term, mode: Mode, predicate: string): boolean {
  const modes = modesOf(document, rule);
  return modes.size === 1 && modes.has(mode) &&
    WHO.every((other): boolean => other === predicate || document.values(rule, other).size === 0) &&
    ([ 'self', 'below' ] as const).every((scope): boolean => {
      const to = document.values(rule, TO[scope]);
      return document.scopes.includes(scope) ? to.size === 1 && to.has(document.resource) : to.size === 0;
    });
}

/** Takes an agent out of a rule; a rule of its own keeps for it the modes that it is not to lose. */
function splitOff(document: AccessDocument, rule: Term, predicate: string, object: string, lost: string[]): void {
  const quads = document.quads(rule);
  const kept = [ ...modesOf(document, rule) ].filter((mode): boolean => !lost.includes(mode));
  document.store.removeQuads(quads.filter((quad): boolean =>
    quad.predicate.value === predicate && quad.object.value === object));
  if (WHO.slice(0, 3).every((other): boolean => document.values(rule, other).size === 0)) {
    document.store.removeQuads(document.quads(rule));
  }
  if (kept.length > 0) {
    const rest = DataFactory.namedNode(document.newName(fragmentOf(rule)));
    for (const quad of quads) {
      if (![ ...WHO.slice(0, 3), `${ACL}mode` ].includes(quad.predicate.value)) {
        document.add(rest, quad.predicate.value, quad.object);
      }
    }
    document.add(rest, predicate, object);
    for (const mode of kept) {
      document.add(rest, `${ACL}mode`, `${ACL}${mode}`);
    }
  }
}

/** An ACL under which nobody could change access any more is never written. */
function assertControl(document: AccessDocument): void {
  const controls = wacEntries(document).filter(({ modes }): boolean => modes.has('Control'));
  if (!document.scopes.every((scope): boolean => controls.some((entry): boolean => entry.scope === scope))) {
    throw new AccessConflict(document.resource, `Nobody would have acl:Control of ${document.resource} any more, ` +
      'so its ACL is left as it is. Give its owner acl:Control first.');
  }
}

function fragmentOf(rule: Term): string {
  return (/#([\w-]+)$/u.exec(rule.value)?.[1] ?? 'rule').replace(/-\d+$/u, '');
}
