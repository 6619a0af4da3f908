import type { IDocumentLoader, IJsonLdContext } from 'jsonld-context-parser';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { ContextLoader } from '../event/ContextLoader';
import { mayDeclareEvent } from '../event/eventDetection';
import { parseUrl } from '../url/webUrl';
import { linkTargets } from './profiles/linkHeader';
import type { Lookup } from './profiles/LookupCache';
import { LookupCache } from './profiles/LookupCache';
import type { Outgoing, OutgoingResponse } from '../outgoing/Outgoing';
import { OutgoingFailed } from '../outgoing/Outgoing';

const ACCEPT = 'application/ld+json, application/json;q=0.9';
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json$/u;
/** Maximum size of a fetched context, in bytes; time for one request, in milliseconds; and maximum redirects. */
const MAX_BYTES = 256 * 1_024;
const TIMEOUT = 5_000;
const MAX_REDIRECTS = 3;
/** Maximum number of cached contexts, and their maximum age, in milliseconds. Failures are cached too. */
const MAX_CACHED = 64;
const MAX_AGE = 30 * 60_000;
const FAILURE_AGE = 60_000;
/** Maximum number of fetched contexts for one document. */
const MAX_PER_DOCUMENT = 8;

interface Fetched {
  readonly context?: IJsonLdContext;
  /** Reason for a missing context. */
  readonly fault?: string;
}

/**
 * Loads JSON-LD contexts for stored documents of clients: bundled contexts, and others by a guarded fetch.
 *
 * The guard on outgoing requests limits fetches to allowed addresses, never to loopback or private ones. Size, time,
 * redirects, contexts per document and contexts per minute are limited, and results are cached. A context that maps a
 * term to the type of events is rejected, because a document could hide an event behind it.
 */
export class FetchedContexts {
  private readonly bundled: ContextLoader;
  private readonly outgoing: Outgoing;
  private readonly limiter: RateLimiterMemory;
  private readonly fetched = new LookupCache<Fetched>(MAX_CACHED);

  /**
   * @param bundled - Contexts that are not fetched.
   * @param outgoing - Sends requests to other servers.
   * @param maxPerMinute - Maximum number of contexts that each process fetches per minute. Default 120.
   */
  public constructor(bundled: ContextLoader, outgoing: Outgoing, maxPerMinute = 120) {
    this.bundled = bundled;
    this.outgoing = outgoing;
    this.limiter = new RateLimiterMemory({ points: maxPerMinute, duration: 60 });
  }

  /** Returns a loader for one document, which limits the number of fetched contexts. */
  public forDocument(): IDocumentLoader {
    const named = new Set<string>();
    return {
      load: async(iri): Promise<IJsonLdContext> => {
        if (this.bundled.has(iri)) {
          return this.bundled.load(iri);
        }
        named.add(iri);
        const { context, fault } = named.size > MAX_PER_DOCUMENT ?
          { fault: `a document may name at most ${MAX_PER_DOCUMENT} contexts that are not bundled with this server` } :
          await this.fetched.get(iri, async(): Promise<Lookup<Fetched>> => this.find(iri));
        if (!context) {
          throw new Error(`The context ${iri.slice(0, 200)} cannot be loaded: ${fault}`);
        }
        return context;
      },
    };
  }

  private async find(iri: string): Promise<Lookup<Fetched>> {
    try {
      await this.limiter.consume('contexts');
      const context = read(await this.fetch(iri, MAX_REDIRECTS));
      return { value: { context }, ttl: MAX_AGE };
    } catch (error: unknown) {
      if (error instanceof RateLimiterRes) {
        return { value: { fault: 'this server fetches too many contexts; try again later' }, ttl: error.msBeforeNext };
      }
      const fault = error instanceof Error ? error.message : String(error);
      return { value: { fault }, ttl: FAILURE_AGE };
    }
  }

  private async fetch(url: string, redirects: number): Promise<OutgoingResponse> {
    const answer = await this.send(url);
    const { location, link = '', 'content-type': type = '' } = answer.headers as Record<string, string | undefined>;
    const isJson = JSON_TYPE.test(type.split(';')[0].trim().toLowerCase());
    // @see https://www.w3.org/TR/json-ld11-api/#remote-document-and-context-retrieval
    const next = answer.status >= 300 && answer.status < 400 && location !== undefined ?
      parseUrl(location, url)?.href :
      isJson ? undefined : linkTargets(link, 'alternate', url).at(0);
    if (next !== undefined && redirects > 0) {
      return this.fetch(next, redirects - 1);
    }
    if (answer.status !== 200 || !isJson) {
      throw new Error(`its server answers ${answer.status} with ${type === '' ? 'no media type' : type.slice(0, 100)}`);
    }
    return answer;
  }

  /** Sends a GET request. A context named by `http:` is fetched by `https:` if plain HTTP is not allowed. */
  private async send(url: string): Promise<OutgoingResponse> {
    const request = { method: 'GET', headers: { accept: ACCEPT }, timeout: TIMEOUT, maxBytes: MAX_BYTES } as const;
    try {
      return await this.outgoing.send({ ...request, url });
    } catch (error: unknown) {
      const parsed = parseUrl(url);
      if (error instanceof OutgoingFailed && error.fault === 'forbidden' && parsed?.protocol === 'http:' && parsed.port === '') {
        parsed.protocol = 'https:';
        return this.outgoing.send({ ...request, url: parsed.href });
      }
      throw error;
    }
  }
}

function read({ body, isCut }: OutgoingResponse): IJsonLdContext {
  if (isCut) {
    throw new Error(`it is larger than ${MAX_BYTES / 1_024} KiB`);
  }
  if (mayDeclareEvent(body)) {
    throw new Error('it maps terms to the vocabulary of events; only an inline context may do so');
  }
  const context: unknown = JSON.parse(body);
  if (typeof context !== 'object' || context === null || !('@context' in context)) {
    throw new Error('it has no @context');
  }
  return context;
}
