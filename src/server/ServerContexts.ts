import { resolveAssetPath } from '@solid/community-server';
import { ContextLoader } from '../event/ContextLoader';

/**
 * The JSON-LD contexts that the server bundles, by paths as its configuration writes them.
 */
export class ServerContexts extends ContextLoader {
  /**
   * @param contexts - For the IRI of each context, the path of the file that has it; `@css:` stands for the server.
   */
  public constructor(contexts: Record<string, string>) {
    super(Object.fromEntries(Object.entries(contexts).map(([ iri, path ]): [string, string] =>
      [ iri, resolveAssetPath(path) ])));
  }
}
