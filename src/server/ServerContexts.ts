import { join } from 'node:path';
import { resolveAssetPath } from '@solid/community-server';
import { ContextLoader } from '../event/ContextLoader';

/** The folder of this package, and the prefix by which paths name it. */
const PACKAGE = join(__dirname, '../..');
const OWN = '@pod-events:';

/**
 * The JSON-LD contexts that the server bundles, by paths as its configuration writes them.
 */
export class ServerContexts extends ContextLoader {
  /**
   * @param contexts - For the IRI of each context, the path of the file that has it; `@css:` stands for the server, and
   * `@pod-events:` for this package.
   */
  public constructor(contexts: Record<string, string>) {
    super(Object.fromEntries(Object.entries(contexts).map(([ iri, path ]): [string, string] =>
      [ iri, path.startsWith(OWN) ? join(PACKAGE, path.slice(OWN.length)) : resolveAssetPath(path) ])));
  }
}
