import type { ContextDefinition, NodeObject, Options } from 'jsonld';

/**
 * Expands a JSON-LD document that names no remote context.
 *
 * The processor runs in safe mode: it rejects keys that produce no IRI, relative IRIs and reserved words instead of
 * dropping them silently. Numbers pass unchanged.
 *
 * @param document - The parsed document.
 *
 * @throws An error with the reason if the document is invalid.
 *
 * @see https://www.w3.org/TR/json-ld11-api/#expansion
 */
export async function expandJsonLd(document: object): Promise<unknown[]> {
  // Loaded on first use: loading is slow, and most servers never need it.
  const { default: jsonld } = await import('jsonld');
  const options = { base: '', safe: true, documentLoader: rejectRemoteContext, contextResolver: new InlineContexts() };
  try {
    return await jsonld.expand(document, options as Options.Expand);
  } catch (error: unknown) {
    throw new Error(reasonOf(error));
  }
}

/**
 * Compacts an expanded document with an inline context.
 *
 * @see https://www.w3.org/TR/json-ld11-api/#compaction
 */
export async function compactJsonLd(expanded: readonly unknown[], context: object): Promise<Record<string, unknown>> {
  const { default: jsonld } = await import('jsonld');
  const options: unknown = {
    base: '', skipExpansion: true, documentLoader: rejectRemoteContext, contextResolver: new InlineContexts(),
  };
  return jsonld.compact(expanded as NodeObject[], context as ContextDefinition, options as Options.Compact);
}

async function rejectRemoteContext(iri: string): Promise<never> {
  throw new Error(`remote contexts are never fetched, as ${iri}`);
}

interface Details {
  readonly event?: { readonly message: string; readonly details: object };
}

function reasonOf(error: unknown): string {
  const { message, details } = error as Error & { readonly details?: Details };
  return details?.event ?
    `${details.event.message.replace(/\.$/u, '')}: ${JSON.stringify(details.event.details).slice(0, 200)}` :
    message;
}

interface Resolved {
  readonly document: object | null;
  readonly getProcessed: (active: object) => unknown;
  readonly setProcessed: (active: object, processed: unknown) => void;
}

/**
 * Resolves inline contexts and rejects remote ones.
 *
 * Replaces the processor's own resolver, which keeps contexts of earlier documents in memory without a size limit.
 */
class InlineContexts {
  private readonly known = new Map<string, Resolved>();

  public async resolve({ context }: { readonly context: unknown }): Promise<Resolved[]> {
    const inner = isObject(context) && context['@context'] ? context['@context'] : context;
    return [ inner ].flat().map((each: unknown): Resolved => {
      if (typeof each === 'string') {
        throw new TypeError(`the context ${each} is remote, and remote contexts are never fetched`);
      }
      if (each !== null && !isObject(each)) {
        throw new TypeError('a @context is an object, a list of these, or null');
      }
      const key = JSON.stringify(each);
      const resolved = this.known.get(key) ?? toResolved(each);
      this.known.set(key, resolved);
      return resolved;
    });
  }
}

/** Maximum number of cached results per context. Equal to the limit of the processor's own resolver. */
const MAX_PROCESSED = 10;

function toResolved(document: object | null): Resolved {
  const results = new Map<object, unknown>();
  return {
    document,
    getProcessed: (active): unknown => results.get(active),
    setProcessed: (active, result): void => {
      if (results.size >= MAX_PROCESSED) {
        results.clear();
      }
      results.set(active, result);
    },
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
