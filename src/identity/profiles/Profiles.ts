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

/** How long what was found holds at least, so that a burst is one request, and at most; in milliseconds. */
const MIN_AGE = 10_000;
const MAX_AGE = 60 * 60_000;
const SEE_OTHER = 303;
/** How many documents are remembered. */
const MAX_DOCUMENTS = 10_000;
/** Documents that say more than this, in characters, are remembered no longer than they must, to save memory. */
const MAX_CACHED_LENGTH = 4_096;

/**
 * What others say of themselves in their WebID documents: where their inbox is, who their identity provider is, and
 * where their storages are.
 *
 * A document is fetched once for all questions, and again when its HTTP lifetime is over, which counts as an hour at
 * most and 10 seconds at least. That it could not be read is remembered for 10 seconds. No JSON-LD context is fetched.
 * Documents on this server are read without a request.
 *
 * Redirects are not followed, but for one: 303 for a WebID without a fragment, which names a person, leads to the
 * document about the person. It is followed once, and never from https to http.
 */
export class Profiles {
  private readonly outgoing: Outgoing;
  private readonly local: LocalDocuments;
  private readonly contexts: ContextLoader;
  private readonly timeout: number;
  private readonly heads = new LookupCache<ProfileDocument>(MAX_DOCUMENTS);
  private readonly documents = new LookupCache<ProfileDocument>(MAX_DOCUMENTS);

  /**
   * @param outgoing - The way to documents of other servers.
   * @param local - The documents of this server.
   * @param contexts - The JSON-LD contexts that a document may name.
   * @param timeout - How long a request may take, in seconds. Default 10.
   */
  public constructor(outgoing: Outgoing, local: LocalDocuments, contexts: ContextLoader, timeout = 10) {
    this.outgoing = outgoing;
    this.local = local;
    this.contexts = contexts;
    this.timeout = timeout * 1_000;
  }

  /**
   * The URL of an agent's inbox, by its WebID document or the `Link` header of that; the first in the order of their
   * code units, if it names more than one.
   *
   * A `Link` header is about the document, so it counts least for a WebID with a fragment.
   *
   * @returns An absolute http(s) URL; `undefined` if the agent names none.
   *
   * @throws {@link ProfileUnavailable} if that cannot be told.
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
   * The identity providers that an agent trusts, spelled as it spells them, in the order of their code units.
   *
   * @throws {@link ProfileUnavailable} if that cannot be told.
   *
   * @see https://solidproject.org/TR/oidc#oidc-issuer-discovery
   */
  public async issuersOf(webId: string): Promise<string[]> {
    return this.valuesOf(webId, ISSUER);
  }

  /**
   * The URLs of an agent's storages, in the order of their code units.
   *
   * @throws {@link ProfileUnavailable} if that cannot be told.
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

  /** The document about an agent, which without a fragment may be elsewhere. */
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
      unavailable('there is no document that everybody may read; check the WebID', { status: 404 });
    return { value, ttl: MIN_AGE };
  }

  /** Asks for the `Link` header alone; a server that has none, or has trouble with HEAD, is not a problem. */
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

  /** The inbox that the `Link` header of an answer names, if the URL can be used. */
  private linkedInbox(answer: OutgoingResponse, url: string): string | undefined {
    const { link = '' } = answer.headers;
    const targets = isSuccess(answer) ? linkTargets(link, INBOX, url) : [];
    return targets.sort().flatMap((target): string[] => this.usableUrl(target) ?? []).at(0);
  }

  /** A URL in canonical form, as a list of one; `undefined` if it is not an http(s) URL or has none. */
  private usableUrl(url: string): [ string ] | undefined {
    const canonical = isWebUrl(url) ? this.local.canonical(url) : undefined;
    return canonical === undefined ? undefined : [ canonical ];
  }

  private requestOf(method: 'GET' | 'HEAD', url: string): OutgoingRequest {
    const headers = { accept: ACCEPT, 'accept-encoding': 'identity' };
    return { method, url, headers, timeout: this.timeout, maxBytes: MAX_BYTES, ...method === 'HEAD' && { headOnly: true }};
  }
}

/** The URL of the document that describes an agent. */
function documentOf(webId: string): string {
  if (!isWebUrl(webId)) {
    throw new ProfileUnavailable(webId, { reason: 'a WebID begins with https:// and is at most 2,048 bytes long' });
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

/** For how long an answer holds, in milliseconds, for a cache that many share. */
function lifetime(request: OutgoingRequest, answer: OutgoingResponse): number {
  const policy = new CachePolicy(
    { method: request.method, url: request.url, headers: request.headers! },
    { status: answer.status, headers: answer.headers },
  );
  return Math.min(Math.max(policy.storable() ? policy.timeToLive() : 0, MIN_AGE), MAX_AGE);
}

/** Anybody may ask for any URL, so nobody is told what there is of the network of this server. */
function withoutResponse(error: unknown): ProfileDocument {
  if (error instanceof OutgoingFailed) {
    return unavailable('it cannot be reached from here; check the WebID, and that its server can be reached', { fault: error.fault });
  }
  throw error;
}

/** Where a redirect leads, without fragment; `undefined` if it is not to be followed. */
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
    return `${answered}, and redirects are not followed; the WebID has to be the URL where the document is`;
  }
  if (status === 401 || status === 403) {
    return `${answered}; its owner has to let everybody read it`;
  }
  return status === 404 || status === 410 ? `${answered}; check the WebID` : `${answered}; try again later`;
}
