import type { Caller } from '../identity/Caller';
import type { Access } from './ports';

/**
 * Whether an agent controls an inbox, by write or control access. Its subscription then counts as consent to copies.
 *
 * @see https://solidproject.org/TR/wac#access-modes
 */
export async function controlsInbox(access: Access, caller: Caller, inbox: string): Promise<boolean> {
  return (await access.allowed(caller, [ inbox ], 'write')).has(inbox) ||
    (await access.allowed(caller, [ inbox ], 'control')).has(inbox);
}
