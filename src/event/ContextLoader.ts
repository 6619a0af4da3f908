import { readFileSync } from 'node:fs';
import type { IDocumentLoader, IJsonLdContext } from 'jsonld-context-parser';
import type { BundledContexts } from './contextInlining';
import { inlineContexts } from './contextInlining';

/**
 * Provides the JSON-LD contexts that the server bundles. Never fetches a context.
 */
export class ContextLoader implements IDocumentLoader {
  private readonly loaded = new Map<string, IJsonLdContext>();
  private texts?: BundledContexts;

  /**
   * @param files - Paths of the files with the bundled contexts, by context IRI.
   */
  public constructor(public readonly files: Record<string, string> = {}) {}

  /** Returns whether a context is bundled. */
  public has(iri: string): boolean {
    return Object.hasOwn(this.files, iri);
  }

  /**
   * Returns the context document of an IRI.
   *
   * @throws An error that lists the bundled contexts, if the IRI is not one of them.
   */
  public async load(iri: string): Promise<IJsonLdContext> {
    let context = this.loaded.get(iri);
    if (!context) {
      if (!this.has(iri)) {
        throw new Error(`the context ${iri} is not bundled with this server, and remote contexts are never fetched; ` +
          `use an inline context or one of ${Object.keys(this.files).join(', ') || '(none)'}`);
      }
      context = JSON.parse(readFileSync(this.files[iri], 'utf8')) as IJsonLdContext;
      this.loaded.set(iri, context);
    }
    return context;
  }

  /** Returns the text of each bundled context: the value of its member `@context`, with named contexts inlined. */
  public bundled(): BundledContexts {
    this.texts ??= readTexts(this.files);
    return this.texts;
  }
}

function readTexts(files: Readonly<Record<string, string>>): BundledContexts {
  const texts = Object.fromEntries(Object.entries(files).map(([ iri, path ]): [ string, string ] => {
    const document = JSON.parse(readFileSync(path, 'utf8')) as Readonly<Record<string, unknown>>;
    return [ iri, JSON.stringify({ '@context': document['@context'] }) ];
  }));
  return Object.fromEntries(Object.entries(texts).flatMap(([ iri, text ]): [ string, string ][] => {
    try {
      const inlined = inlineContexts(inlineContexts(text, unwrapped(texts)), unwrapped(texts));
      return [[ iri, inlined.slice('{"@context":'.length, -1) ]];
    } catch {
      // A context that names an unbundled context cannot be inlined.
      return [];
    }
  }));
}

function unwrapped(texts: BundledContexts): BundledContexts {
  return Object.fromEntries(Object.entries(texts)
    .map(([ iri, text ]): [ string, string ] => [ iri, text.slice('{"@context":'.length, -1) ]));
}
