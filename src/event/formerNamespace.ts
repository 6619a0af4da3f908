import type { Quad } from '@rdfjs/types';
import { DataFactory } from 'n3';
import { EVENTS } from './vocabulary';

/** Namespace of the vocabulary in versions before the first release. Servers of these versions still send it. */
export const FORMER_EVENTS = 'urn:solid-pod-events:vocab:';

/** Replaces the former namespace by the current one in a part of a JSON-LD document. */
export function inCurrentNamespace(text: string): string {
  return text.replaceAll(FORMER_EVENTS, EVENTS);
}

/** Replaces terms of the former namespace in a statement by those of the current one. */
export function quadInCurrentNamespace(quad: Quad): Quad {
  const { subject, predicate, object, graph } = quad;
  return isFormer(predicate) || isFormer(object) ?
    DataFactory.quad(subject, termInCurrentNamespace(predicate), termInCurrentNamespace(object), graph) :
    quad;
}

function isFormer({ termType, value }: { readonly termType: string; readonly value: string }): boolean {
  return termType === 'NamedNode' && value.startsWith(FORMER_EVENTS);
}

function termInCurrentNamespace<T extends Quad['object']>(term: T): T {
  return isFormer(term) ? DataFactory.namedNode(inCurrentNamespace(term.value)) as unknown as T : term;
}
