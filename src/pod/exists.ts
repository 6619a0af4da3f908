import type { ResourceSet } from '@solid/community-server';

/** Codes of errors by which a file system says that there cannot be a file of such a path. */
const IMPOSSIBLE: ReadonlySet<unknown> = new Set([ 'ENAMETOOLONG', 'ENOTDIR', 'ELOOP' ]);

/**
 * Returns whether a resource exists; `false` if the backend cannot have one of such a name.
 *
 * @param resources - The resources of the server.
 * @param url - URL of the resource.
 */
export async function exists(resources: ResourceSet, url: string): Promise<boolean> {
  try {
    return await resources.hasResource({ path: url });
  } catch (error: unknown) {
    if (IMPOSSIBLE.has((error as { code?: unknown }).code)) {
      return false;
    }
    throw error;
  }
}
