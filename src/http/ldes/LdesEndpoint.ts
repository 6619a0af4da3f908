import { createHash } from 'node:crypto';
import type { HttpRequest, PreferenceParser } from '../../css';
import { charge, COSTS } from '../../access/costs';
import type { Access } from '../../access/ports';
import { InvalidInput } from '../../event/InvalidInput';
import { mayNeedProcessor } from '../../event/documentReading';
import type { Caller } from '../../identity/Caller';
import type { PodOwners } from '../../publish/ports';
import type { Work } from '../../work/Work';
import type { Authenticator } from '../Authenticator';
import { matchesTag } from '../conditions';
import { notAcceptable, preferredOf } from '../documentResponse';
import { HttpProblem } from '../errors';
import type { EndpointResponse, HttpExchange, PathRule } from '../Endpoint';
import { Endpoint, jsonResponse } from '../Endpoint';
import { queryParameters } from '../listParameters';
import { assertReadable } from '../listing/containerAccess';
import type { ListedContainer, Listings, ReadItem } from '../listing/Listings';
import { formatPlace, parsePlace } from '../listing/listingPlace';
import { parseFrom } from '../listing/parseListing';
import { START } from '../listing/ports';
import { queryOf } from '../query';
import type { LdesMember, LdesPage } from './ldesDocument';
import { LDES_TYPES, memberOf, WRITE_LDES } from './ldesDocument';
import type { LogPages, RetentionSettings } from './ports';

const INBOX = 'inbox/';
const PUBLISH = 'publish/';
const METHODS: readonly string[] = [ 'GET', 'HEAD' ];
/** Maximum number of members of a page. */
const MAX_MEMBERS = 100;
/** Time for which a client keeps a full page, in seconds. */
const FULL_PAGE_AGE = 24 * 60 * 60;
/** Key of a log page: a number of at most 53 bits in base 36. */
const PAGE = /^[0-9a-z]{1,11}$/u;

/**
 * Collaborators of {@link LdesEndpoint}.
 */
export interface LdesEndpointArgs {
  /** Authenticates callers. */
  authenticator: Authenticator;
  /** Decides read access to containers. */
  access: Access;
  /** Owners of pods. */
  owners: PodOwners;
  /** Reads the members. */
  listings: Listings;
  /** Pages of logs. */
  pages: LogPages;
  /** Limits on the events that are kept. */
  retention: RetentionSettings;
  /** Reads the preferences of clients. */
  preferenceParser: PreferenceParser;
  /** Writes pages. */
  work: Work;
}

/**
 * `GET {pod}publish/?ldes` and `GET {pod}inbox/?ldes`: a container as a Linked Data Event Stream.
 *
 * The pages of `publish/` are consecutive in the order of arrival. A page with a successor is immutable. The pages of
 * an inbox are those of the JSON listing. Access is that of the container, and for `publish/` also of each topic.
 *
 * @see https://w3id.org/ldes/specification
 */
export class LdesEndpoint extends Endpoint {
  public readonly access: Access;
  public readonly owners: PodOwners;
  private readonly authenticator: Authenticator;
  private readonly listings: Listings;
  private readonly pages: LogPages;
  private readonly retention: RetentionSettings;
  private readonly preferenceParser: PreferenceParser;
  private readonly work: Work;

  /**
   * @param args - The collaborators.
   */
  public constructor(args: LdesEndpointArgs) {
    super();
    this.access = args.access;
    this.owners = args.owners;
    this.authenticator = args.authenticator;
    this.listings = args.listings;
    this.pages = args.pages;
    this.retention = args.retention;
    this.preferenceParser = args.preferenceParser;
    this.work = args.work;
  }

  public ruleFor(path: string): PathRule | undefined {
    return path === INBOX || path === PUBLISH ?
      { own: METHODS, ldp: [ 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE' ]} :
      undefined;
  }

  public override accepts(request: HttpRequest): boolean {
    return METHODS.includes(request.method!) && queryOf({ request }).has('ldes');
  }

  public async handle(exchange: HttpExchange): Promise<EndpointResponse> {
    const { request, pod, path, url } = exchange;
    const parameters = queryParameters(queryOf({ request }).toString(), [ 'ldes', 'page', 'from' ]);
    const container = { url, pod, isInbox: path === INBOX };
    const caller = await this.authenticator.callerOf(exchange, [ 'read' ]);
    await assertReadable(this, container, caller, container.isInbox ? '' : undefined);
    const type = await this.typeOf(request);
    if (!await this.listings.open(container)) {
      throw new HttpProblem(404, `There is no container at ${url}`);
    }
    const stream = `${url}?ldes`;
    const key = parameters.get('page');
    const view = pageUrl(container, key ?? await this.viewKey(container, parameters.get('from')));
    const page = key === undefined ?
      undefined :
      container.isInbox ? await this.inboxPage(container, key, caller) : await this.logPage(container, key, caller);
    const members = page?.members ?? [];
    charge(members.length * COSTS.converted);
    const document = { stream, view, retention: this.retention.limits(), page };
    const body = await this.work.run(WRITE_LDES, { document, type }, {
      size: members.reduce((sum, { event }): number => sum + (event?.members.length ?? 0), 0),
      isCostly: members.some(({ event }): boolean => event !== undefined && mayNeedProcessor(event)),
    });
    return response(exchange, body, type, page);
  }

  public errorResponse({ status, message, headers }: HttpProblem): EndpointResponse {
    return jsonResponse(status, { error: message }, headers);
  }

  private async typeOf(request: HttpRequest): Promise<string> {
    const { type } = await this.preferenceParser.handleSafe({ request });
    const preferred = preferredOf(LDES_TYPES, type);
    if (preferred === undefined) {
      const { accept = '*/*' } = request.headers;
      throw notAcceptable('Event streams', accept, 'Turtle, TriG, N-Quads, N-Triples or JSON-LD');
    }
    return preferred;
  }

  /** Returns the key of the first page of a view: that of all members, or of those since a position or time. */
  private async viewKey(container: ListedContainer, from?: string): Promise<string> {
    const since = from === undefined || from === '' ? START : parseFrom(from);
    const place = typeof since === 'number' ? await this.listings.placeAt(container, since) : since;
    return container.isInbox ?
      formatPlace(place) :
      (await this.pages.logPageAt(container.url, place.event + 1) ?? 0).toString(36);
  }

  private async logPage(container: ListedContainer, key: string, caller: Caller): Promise<LdesPage> {
    const first = PAGE.test(key) ? Number.parseInt(key, 36) : Number.NaN;
    const url = pageUrl(container, key);
    if (!Number.isSafeInteger(first)) {
      throw invalidPage(key);
    }
    const page = await this.pages.logPage(container.url, first);
    if (!page) {
      return this.otherPage(container, first);
    }
    const { items } = await this.listings.items({
      ...container,
      caller,
      place: { ...START, event: first - 1 },
      limit: Infinity,
      byTopic: true,
      end: page.next?.first ?? Number.MAX_SAFE_INTEGER,
    });
    return {
      url,
      members: items.map(toMember),
      isImmutable: page.next !== undefined,
      ...page.next && { next: { url: pageUrl(container, page.next.first.toString(36)), time: page.next.time }},
    };
  }

  /**
   * Returns page 0, the first page of an empty log, which leads to the first page with events.
   *
   * @throws An {@link HttpProblem} 410 for a page whose events were removed, 404 for others.
   */
  private async otherPage(container: ListedContainer, first: number): Promise<LdesPage> {
    const start = await this.pages.logPageAt(container.url, 0);
    if (first === 0) {
      const next = start === undefined ? undefined : await this.pages.logPage(container.url, start);
      return {
        url: pageUrl(container, '0'),
        members: [],
        isImmutable: next !== undefined,
        ...next && { next: { url: pageUrl(container, next.first.toString(36)), time: next.time }},
      };
    }
    throw start !== undefined && first < start ?
      new HttpProblem(410, 'The events of this page were removed. The stream begins at ' +
        pageUrl(container, start.toString(36))) :
      new HttpProblem(404, `There is no such page. The stream is described at ${container.url}?ldes`);
  }

  private async inboxPage(container: ListedContainer, key: string, caller: Caller): Promise<LdesPage> {
    const place = parsePlace(key);
    if (!place) {
      throw invalidPage(key);
    }
    const request = { ...container, caller, place, limit: MAX_MEMBERS, eventsOnly: true };
    const { items, place: next, isEnd } = await this.listings.items(request);
    return {
      url: pageUrl(container, key),
      members: items.map(toMember),
      isImmutable: false,
      ...!isEnd && { next: { url: pageUrl(container, formatPlace(next)) }},
    };
  }
}

function toMember({ url, time, event }: ReadItem): LdesMember {
  return event ? memberOf(event.event, time) : { id: url, time };
}

function pageUrl({ url }: ListedContainer, key: string): string {
  return `${url}?ldes&page=${key}`;
}

function invalidPage(key: string): InvalidInput {
  const shown = JSON.stringify(key.slice(0, 100));
  return new InvalidInput(`Invalid page: expected that of a link in the stream, got ${shown}`);
}

/** A full page may be kept by the client, for the credential that it was requested with. */
function response({ request }: HttpExchange, body: string, type: string, page?: LdesPage): EndpointResponse {
  const tag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  const isFull = page?.isImmutable === true && page.members.length > 0;
  const age = isFull ? `max-age=${FULL_PAGE_AGE}` : 'no-cache';
  const headers = {
    'Cache-Control': `private, ${age}${page?.isImmutable ? ', immutable' : ''}`,
    ETag: tag,
    Vary: 'Accept,Authorization,Origin,X-API-Key',
  };
  return matchesTag(request, tag) ?
    { status: 304, headers } :
    { status: 200, headers: { 'Content-Type': type, ...headers }, body };
}
