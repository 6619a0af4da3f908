import type { Json } from '../../css';
import type { ApiKey } from '../ApiKey';

/**
 * Returns the JSON description of an API key for its creator, without the key.
 *
 * @param key - The key's metadata.
 * @param resource - The URL for reading and revoking the key.
 */
export function describeApiKey(key: ApiKey, resource: string): Record<string, Json> {
  const { id, name, webId, created, expires, pods, topics, scopes, lastUsed } = key;
  return {
    id,
    name,
    webId,
    created: new Date(created).toISOString(),
    scopes: [ ...scopes ],
    ...expires !== undefined && { expires: new Date(expires).toISOString() },
    ...pods && { pods: [ ...pods ] },
    ...topics && { topics: [ ...topics ] },
    ...lastUsed !== undefined && { lastUsed },
    resource,
  };
}
