import CachePolicy from 'http-cache-semantics';
import type { ContextLoader } from '../../event/ContextLoader';
import { isWebUrl } from '../../url/webUrl';
import type { Outgoing, OutgoingResponse, OutgoingRequest } from '../../outgoing/Outgoing';
import { OutgoingFailed } from '../../outgoing/Outgoing';
import { linkTargets } from './linkHeader';
import type { LocalDocuments } from './LocalDocuments';
import type { ProfileDocument } from './profileDocument';
import { ACCEPT, unavailable, INBOX, ISSUER, MAX_BYTES, readProfile, STORAGE } from './profileDocument';
import { ProfileUnavailable } from './ProfileUnavailable';
import type { Lookup } from './LookupCache';
import { LookupCache } from './LookupCache';

/** Minimum cache lifetime, so that a burst causes one request, and maximum cache lifetime, in milliseconds. */
const MIN_AGE = 10_000;
const MAX_AGE = 60 * 60_000;
const SEE_OTHER = 303;
/** Maximum number of cached documents. */
const MAX_DOCUMENTS = 10_000;
/** Maximum length of statements, in characters, for a lifetime above the minimum. Saves memory. */
const MAX_CACHED_LENGTH = 4_096;

/**
 * Reads the inbox, the identity providers and the storages of agents from their WebID documents.
 *
 * A document is fetched once for all properties, and again after its HTTP lifetime, limited to at least 10 seconds and
 * at most an hour. Failures are cached for 10 seconds. JSON-LD contexts are never fetched. Documents on this server are
 * read without a request.
 *
 * Redirects are not followed, with one exception: for a WebID without a fragment, which names a person, 303 leads to
 * the document about the person. It is followed once, and never from https to http.
 */
export class Profiles {
  private readonly outgoing: Outgoing;
  private readonly local: LocalDocuments;
  private readonly contexts: ContextLoader;
  private readonly timeout: number;
  private readonly heads = new LookupCache<ProfileDocument>(MAX_DOCUMENTS);
  private readonly documents = new LookupCache<ProfileDocument>(MAX_DOCUMENTS);

  /**
   * @param outgoing - Requests documents of other servers.
   * @param local - The documents of this server.
   * @param contexts - The JSON-LD contexts that a document may name.
   * @param timeout - Maximum time of a request, in seconds. Default 10.
   */
  public constructor(outgoing: Outgoing, local: LocalDocuments, contexts: ContextLoader, timeout = 10) {
    this.outgoing = outgoing;
    this.local = local;
    this.contexts = contexts;
    this.timeout = timeout * 1_000;
  }

  /**
   * Returns the URL of an agent's inbox, from its WebID document or the document's `Link` header.
   *
   * The first in the order of code units if there are several. A `Link` header is about the document, so it has the
   * lowest priority for a WebID with a fragment.
   *
   * @returns An absolute http(s) URL; `undefined` if the agent has none.
   *
   * @throws {@link ProfileUnavailable} if the profile cannot be read.
   *
   * @see https://www.w3.org/TR/ldn/#discovery
   */
  public async inboxOf(webId: string): Promise<string | undefined> {
    const url = documentOf(webId);
    if (url === webId && !this.local.isLocal(url) && !this.documents.has(url)) {
      const head = await this.heads.get(url, async(): Promise<Lookup<ProfileDocument>> => this.fetchHead(url));
      if (head.linkedInbox !== undefined) {
        return head.linkedInbox;
      }
      if (head.problem) {
        throw new ProfileUnavailable(webId, head.problem);
      }
    }
    const document = await this.documentAbout(webId);
    const [ inbox = document.linkedInbox ] = valuesOf(document, webId, INBOX)
      .flatMap((value): string[] => this.usableUrl(value) ?? []);
    if (inbox === undefined && document.problem) {
      throw new ProfileUnavailable(webId, document.problem);
    }
    return inbox;
  }

  /**
   * Returns the identity providers that an agent trusts, in its own spelling, in the order of code units.
   *
   * @throws {@link ProfileUnavailable} if the profile cannot be read.
   *
   * @see https://solidproject.org/TR/oidc#oidc-issuer-discovery
   */
  public async issuersOf(webId: string): Promise<string[]> {
    return this.valuesOf(webId, ISSUER);
  }

  /**
   * Returns the URLs of an agent's storages, in the order of code units.
   *
   * @throws {@link ProfileUnavailable} if the profile cannot be read.
   *
   * @see https://solidproject.org/TR/protocol#storage-resource
   */
  public async storagesOf(webId: string): Promise<string[]> {
    return this.valuesOf(webId, STORAGE);
  }

  private async valuesOf(webId: string, predicate: string): Promise<string[]> {
    const document = await this.documentAbout(webId);
    if (document.problem) {
      throw new ProfileUnavailable(webId, document.problem);
    }
    return valuesOf(document, webId, predicate);
  }

  /** Returns the document about an agent. Without a fragment in the WebID, it may have another URL. */
  private async documentAbout(webId: string): Promise<ProfileDocument> {
    const url = documentOf(webId);
    const document = await this.read(url);
    return url === webId && document.seeOther !== undefined ? this.read(document.seeOther) : document;
  }

  private async read(url: string): Promise<ProfileDocument> {
    return this.documents.get(url, async(): Promise<Lookup<ProfileDocument>> =>
      this.local.isLocal(url) ? this.readLocal(url) : this.fetch(url));
  }

  private async readLocal(url: string): Promise<Lookup<ProfileDocument>> {
    const document = await this.local.read(url, MAX_BYTES);
    const value = document ?
      await readProfile(document, url, this.contexts) :
      unavailable('there is no publicly readable document; check the WebID', { status: 404 });
    return { value, ttl: MIN_AGE };
  }

  /** Requests the `Link` header alone. A missing header or a failed HEAD request is not an error. */
  private async fetchHead(url: string): Promise<Lookup<ProfileDocument>> {
    const request = this.requestOf('HEAD', url);
    try {
      const answer = await this.outgoing.send(request);
      return { value: { statements: [], linkedInbox: this.linkedInbox(answer, url) }, ttl: lifetime(request, answer) };
    } catch (error: unknown) {
      const value = withoutResponse(error);
      return { value: value.problem?.fault === 'broken' ? { statements: []} : value, ttl: MIN_AGE };
    }
  }

  private async fetch(url: string): Promise<Lookup<ProfileDocument>> {
    const request = this.requestOf('GET', url);
    let answer: OutgoingResponse;
    try {
      answer = await this.outgoing.send(request);
    } catch (error: unknown) {
      return { value: withoutResponse(error), ttl: MIN_AGE };
    }
    if (!isSuccess(answer)) {
      const seeOther = answer.status === SEE_OTHER ? targetOf(answer, url) : undefined;
      const problem = unavailable(reasonOf(answer), { status: answer.status });
      return { value: { ...problem, ...seeOther !== undefined && { seeOther }}, ttl: MIN_AGE };
    }
    const { 'content-type': contentType = '' } = answer.headers;
    const type = contentType.split(/[,;]/u)[0].trim().toLowerCase();
    const document = await readProfile({ ...answer, type }, url, this.contexts);
    const isShort = !document.problem && document.statements.flat().join('').length <= MAX_CACHED_LENGTH;
    return {
      value: { ...document, linkedInbox: this.linkedInbox(answer, url) },
      ttl: isShort ? lifetime(request, answer) : MIN_AGE,
    };
  }

  /** Returns the first usable inbox in the `Link` header of a response. */
  private linkedInbox(answer: OutgoingResponse, url: string): string | undefined {
    const { link = '' } = answer.headers;
    const targets = isSuccess(answer) ? linkTargets(link, INBOX, url) : [];
    return targets.sort().flatMap((target): string[] => this.usableUrl(target) ?? []).at(0);
  }

  /** Returns a URL in canonical form, as a list of one; `undefined` if it is not an http(s) URL or is invalid. */
  private usableUrl(url: string): [ string ] | undefined {
    const canonical = isWebUrl(url) ? this.local.canonical(url) : undefined;
    return canonical === undefined ? undefined : [ canonical ];
  }

  private requestOf(method: 'GET' | 'HEAD', url: string): OutgoingRequest {
    const headers = { accept: ACCEPT, 'accept-encoding': 'identity' };
    return { method, url, headers, timeout: this.timeout, maxBytes: MAX_BYTES, ...method === 'HEAD' && { headOnly: true }};
  }
}

/** Returns the URL of the document that describes an agent. */
function documentOf(webId: string): string {
  if (!isWebUrl(webId)) {
    throw new ProfileUnavailable(webId, { reason: 'expected a WebID that begins with https:// and has at most 2,048 bytes' });
  }
  return webId.replace(/#.*$/u, '');
}

function valuesOf({ statements }: ProfileDocument, webId: string, predicate: string): string[] {
  const values = statements
    .filter(([ subject, verb ]): boolean => subject === webId && verb === predicate)
    .map(([ , , object ]): string => object);
  return [ ...new Set(values) ].sort();
}

function isSuccess({ status }: OutgoingResponse): boolean {
  return status >= 200 && status < 300;
}

/** Returns the cache lifetime of a response in a shared cache, in milliseconds. */
function lifetime(request: OutgoingRequest, answer: OutgoingResponse): number {
  const policy = new CachePolicy(
    { method: request.method, url: request.url, headers: request.headers! },
    { status: answer.status, headers: answer.headers },
  );
  return Math.min(Math.max(policy.storable() ? policy.timeToLive() : 0, MIN_AGE), MAX_AGE);
}

/**
 * Returns the document of a failed request, without details: any client can name any URL, so the message must not
 * describe this server's network.
 */
function withoutResponse(error: unknown): ProfileDocument {
  if (error instanceof OutgoingFailed) {
    return unavailable('it cannot be reached from this server; check the WebID, and that its server can be reached', { fault: error.fault });
  }
  throw error;
}

/** Returns the target of a redirect, without fragment; `undefined` if it must not be followed. */
function targetOf({ headers }: OutgoingResponse, from: string): string | undefined {
  const { location } = headers as Readonly<Record<string, string | undefined>>;
  if (location === undefined || location.trim() === '' || !URL.canParse(location, from)) {
    return undefined;
  }
  const target = new URL(location, from);
  target.hash = '';
  const isDowngrade = from.startsWith('https:') && target.protocol !== 'https:';
  return isDowngrade || target.username !== '' || target.password !== '' || !isWebUrl(target.href) || target.href === from ?
    undefined :
    target.href;
}

function reasonOf({ status }: OutgoingResponse): string {
  const answered = `its server answers ${status}`;
  if (status >= 300 && status < 400) {
    return `${answered}, and redirects are not followed; the WebID must be the URL of the document`;
  }
  if (status === 401 || status === 403) {
    return `${answered}; its owner must make it publicly readable`;
  }
  return status === 404 || status === 410 ? `${answered}; check the WebID` : `${answered}; try again later`;
}
