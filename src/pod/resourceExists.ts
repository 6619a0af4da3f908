import type { ResourceSet } from '../css';

/** Error codes of paths that no file can have; the last one is that of paths with a null byte. */
const IMPOSSIBLE_PATH_CODES: ReadonlySet<unknown> = new Set([ 'ENAMETOOLONG', 'ENOTDIR', 'ELOOP', 'ERR_INVALID_ARG_VALUE' ]);

/**
 * Returns whether a resource exists; `false` if the backend cannot store a resource with this name.
 *
 * @param resources - Resources of the server.
 * @param url - URL of the resource.
 */
export async function resourceExists(resources: ResourceSet, url: string): Promise<boolean> {
  try {
    return await resources.hasResource({ path: url });
  } catch (error: unknown) {
    // A path with an escape that is not UTF-8 cannot be decoded.
    if (IMPOSSIBLE_PATH_CODES.has((error as { code?: unknown }).code) || error instanceof URIError) {
      return false;
    }
    throw error;
  }
}
