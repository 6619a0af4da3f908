import { readFileSync } from 'node:fs';
import type { IDocumentLoader, IJsonLdContext } from 'jsonld-context-parser';
import type { BundledContexts } from './contextInlining';
import { inlineContexts } from './contextInlining';

/**
 * Gives the JSON-LD contexts that the server bundles, and never fetches one.
 */
export class ContextLoader implements IDocumentLoader {
  private readonly loaded = new Map<string, IJsonLdContext>();
  private texts?: BundledContexts;

  /**
   * @param files - For the IRI of each bundled context, the path of the file that has it.
   */
  public constructor(public readonly files: Record<string, string> = {}) {}

  /** Whether a context is bundled. */
  public has(iri: string): boolean {
    return Object.hasOwn(this.files, iri);
  }

  /**
   * The context document of an IRI.
   *
   * @throws An error that names the bundled contexts if this is none of them.
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

  /** The text of each bundled context: the value of its member `@context`, which names no other one. */
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
      // It names a context that is not bundled, so it cannot be inlined.
      return [];
    }
  }));
}

function unwrapped(texts: BundledContexts): BundledContexts {
  return Object.fromEntries(Object.entries(texts)
    .map(([ iri, text ]): [ string, string ] => [ iri, text.slice('{"@context":'.length, -1) ]));
}
