import { LIMITS } from '../../event/limits';
import { isInt32 } from './casts';
import type { ErrorKind } from './EvaluationError';
import type { Value } from './Expression';
import type { Scope } from './Scope';

const POINTER = /^(?:\/(?:[^~/]|~[01])*)*$/u;
const INDEX = /^(?:0|[1-9]\d*)$/u;

/**
 * Returns the keys of a JSON pointer, or undefined if the text is no pointer or deeper than data can be.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6901#section-3
 */
export function pointerKeys(pointer: string): readonly string[] | undefined {
  const keys = pointer.split('/').slice(1).map((key): string => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  return POINTER.test(pointer) && keys.length <= LIMITS.dataDepth ? keys : undefined;
}

/** Value of a member of data, or the reason for its absence. */
export type DataMember = { readonly value: Value } | { readonly error: ErrorKind; readonly message: string };

/**
 * Returns a member of an event's data.
 *
 * Members of other types than text, boolean and integer of 32 bits have no value.
 *
 * @param pointer - JSON pointer to the member.
 *
 * @returns `undefined` if the text is no JSON pointer.
 */
export function dataMember(pointer: string, { event, steps }: Scope): DataMember | undefined {
  steps.take(pointer.length);
  const keys = pointerKeys(pointer);
  const member = keys?.reduce(memberOf, event.data);
  if (!keys) {
    return undefined;
  }
  if (member === undefined) {
    return { error: 'missingAttribute', message: 'The data has no such member' };
  }
  if (typeof member === 'number' && isInt32(member)) {
    return { value: member + 0 };
  }
  return typeof member === 'string' || typeof member === 'boolean' ?
      { value: member } :
      { error: 'cast', message: 'The member of the data is no text, boolean or integer of 32 bits' };
}

function memberOf(parent: unknown, key: string): unknown {
  if (typeof parent !== 'object' || parent === null || !Object.hasOwn(parent, key)) {
    return undefined;
  }
  return Array.isArray(parent) && !INDEX.test(key) ? undefined : (parent as Record<string, unknown>)[key];
}
