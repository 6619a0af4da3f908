import type { ResourceSet } from '@solid/community-server';

/** Codes of errors which say that there cannot be a file of such a path; the last one is of paths with a null byte. */
const IMPOSSIBLE: ReadonlySet<unknown> = new Set([ 'ENAMETOOLONG', 'ENOTDIR', 'ELOOP', 'ERR_INVALID_ARG_VALUE' ]);

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
    // A path with an escape that is no UTF-8 cannot be decoded.
    if (IMPOSSIBLE.has((error as { code?: unknown }).code) || error instanceof URIError) {
      return false;
    }
    throw error;
  }
}
