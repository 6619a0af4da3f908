import { join } from 'node:path';
import { resolveAssetPath } from '../css';
import { ContextLoader } from '../event/ContextLoader';

/** Root folder of this package, and the path prefix that stands for it. */
const PACKAGE_ROOT = join(__dirname, '../..');
const PACKAGE_PREFIX = '@pod-events:';

/**
 * Loads bundled JSON-LD contexts from the files named in the configuration.
 */
export class BundledContextLoader extends ContextLoader {
  /**
   * @param contexts - File paths by context IRI. `@css:` stands for the server's package, `@pod-events:` for this one.
   */
  public constructor(contexts: Record<string, string>) {
    const files = Object.entries(contexts).map(([ iri, path ]): [string, string] => [ iri, resolved(path) ]);
    super(Object.fromEntries(files));
  }
}

function resolved(path: string): string {
  return path.startsWith(PACKAGE_PREFIX) ?
    join(PACKAGE_ROOT, path.slice(PACKAGE_PREFIX.length)) :
    resolveAssetPath(path);
}
