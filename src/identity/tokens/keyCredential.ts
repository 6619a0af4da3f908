import type { ApiKey } from '../ApiKey';
import { hashKey, prefixOf } from '../ApiKey';
import type { Credential } from './Credential';

/**
 * Returns the credential of an authenticated API key.
 *
 * @param key - Metadata of the key.
 * @param text - The key.
 */
export function keyCredential({ id, webId, expires, pods, topics, scopes }: ApiKey, text: string): Credential {
  const prefix = prefixOf(hashKey(text)).toString('base64url');
  return { caller: { agent: webId, limits: { pods, topics, scopes }}, expires, key: { id, prefix }};
}
