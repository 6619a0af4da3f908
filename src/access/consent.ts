import type { Caller } from '../identity/Caller';
import type { Access } from './ports';

/**
 * Whether somebody may have copies put into an inbox: whoever may write it, or decide who may, consents by subscribing.
 *
 * @see https://solidproject.org/TR/wac#access-modes
 */
export async function controlsInbox(access: Access, caller: Caller, inbox: string): Promise<boolean> {
  return (await access.allowed(caller, [ inbox ], 'write')).has(inbox) ||
    (await access.allowed(caller, [ inbox ], 'control')).has(inbox);
}
