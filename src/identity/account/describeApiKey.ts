import type { Json } from '@solid/community-server';
import type { ApiKey } from '../ApiKey';

/**
 * What the maker of an API key is told of it, as JSON: everything but the key.
 *
 * @param key - What is known of the key.
 * @param resource - The URL by which it is seen and revoked.
 */
export function describeApiKey(key: ApiKey, resource: string): Record<string, Json> {
  const { id, name, webId, created, expires, pods, topics, lastUsed } = key;
  return {
    id,
    name,
    webId,
    created: new Date(created).toISOString(),
    ...expires !== undefined && { expires: new Date(expires).toISOString() },
    ...pods && { pods: [ ...pods ] },
    ...topics && { topics: [ ...topics ] },
    ...lastUsed !== undefined && { lastUsed },
    resource,
  };
}
