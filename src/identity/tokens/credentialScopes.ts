import type { Scope } from '../scopes';
import { FORMER_SCOPES } from '../scopes';
import type { Credential } from './Credential';

/** Returns the scopes of the tokens that a credential obtains. */
export function scopesOf({ caller }: Credential): readonly Scope[] {
  return caller.limits?.scopes ?? FORMER_SCOPES;
}

/**
 * Returns a credential with no other scopes than the requested ones.
 *
 * @param credential - The credential.
 * @param requested - Names of scopes. Unknown names, and scopes that the credential lacks, are ignored. Default: all.
 */
export function withScopes(credential: Credential, requested?: readonly string[]): Credential {
  const scopes = scopesOf(credential).filter((scope): boolean => requested?.includes(scope) ?? true);
  const { caller } = credential;
  return { ...credential, caller: { ...caller, limits: { ...caller.limits, scopes }}};
}
