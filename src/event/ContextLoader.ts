import { readFileSync } from 'node:fs';
import type { IDocumentLoader, IJsonLdContext } from 'jsonld-context-parser';

/**
 * Gives the JSON-LD contexts that the server bundles, and never fetches one.
 */
export class ContextLoader implements IDocumentLoader {
  private readonly loaded = new Map<string, IJsonLdContext>();

  /**
   * @param files - For the IRI of each bundled context, the path of the file that has it.
   */
  public constructor(public readonly files: Record<string, string> = {}) {}

  /**
   * The context document of an IRI.
   *
   * @throws An error that names the bundled contexts if this is none of them.
   */
  public async load(iri: string): Promise<IJsonLdContext> {
    let context = this.loaded.get(iri);
    if (!context) {
      if (!Object.hasOwn(this.files, iri)) {
        throw new Error(`the context ${iri} is not bundled with this server, and remote contexts are never fetched; ` +
          `use an inline context or one of ${Object.keys(this.files).join(', ') || '(none)'}`);
      }
      context = JSON.parse(readFileSync(this.files[iri], 'utf8')) as IJsonLdContext;
      this.loaded.set(iri, context);
    }
    return context;
  }
}
