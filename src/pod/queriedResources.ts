import { AsyncLocalStorage } from 'node:async_hooks';

const queried = new AsyncLocalStorage<readonly string[]>();

/**
 * Runs an access query with its resources available from {@link queriedResources}.
 *
 * The server's access checkers do not receive the resources of a query as a parameter.
 *
 * @param resources - URLs of the queried resources.
 * @param query - The access query.
 */
export async function withQueriedResources<T>(resources: readonly string[], query: () => Promise<T>): Promise<T> {
  return queried.run(resources, query);
}

/** Returns the resources of the current access query; none outside of {@link withQueriedResources}. */
export function queriedResources(): readonly string[] {
  return queried.getStore() ?? [];
}
