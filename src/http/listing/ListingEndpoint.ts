import { createHash } from 'node:crypto';
import type { HttpRequest } from '../../css';
import type { Access } from '../../access/ports';
import type { Caller } from '../../identity/Caller';
import type { PodOwners } from '../../publish/ports';
import type { Authenticator } from '../Authenticator';
import { matchesTag } from '../conditions';
import { HttpProblem } from '../errors';
import type { EndpointResponse, HttpExchange, PathRule } from '../Endpoint';
import { Endpoint, jsonResponse } from '../Endpoint';
import { queryOf } from '../query';
import { assertReadable } from './containerAccess';
import { expectsJson, prefersJson } from './jsonPreference';
import type { ListedContainer, ListingPage, Listings, PageRequest } from './Listings';
import type { ListingWaits } from './ListingWaits';
import type { ListingQuery } from './parseListing';
import { namesFormat, parseListing } from './parseListing';

const INBOX = 'inbox/';
const PUBLISH = 'publish/';
/** Methods of listings. All others are those of other endpoints, which can share the path. */
const METHODS: readonly string[] = [ 'GET', 'HEAD' ];

/**
 * Collaborators of {@link ListingEndpoint}.
 */
export interface ListingEndpointArgs {
  /** Authenticates callers. */
  authenticator: Authenticator;
  /** Decides read access to containers. */
  access: Access;
  /** Owners of pods. */
  owners: PodOwners;
  /** Reads the pages. */
  listings: Listings;
  /** Holds requests that wait for an item. */
  waits: ListingWaits;
}

/**
 * `GET {pod}inbox/` and `GET {pod}publish/` as JSON: whole messages, oldest first, page by page.
 *
 * It answers if `Accept` prefers `application/json` to RDF, or with the parameter `format`. All other requests are left
 * to the server's own LDP. Access is that of LDP: `acl:Read` on the container, and for whole messages on its members.
 */
export class ListingEndpoint extends Endpoint {
  private readonly authenticator: Authenticator;
  public readonly access: Access;
  public readonly owners: PodOwners;
  private readonly listings: Listings;
  private readonly waits: ListingWaits;

  /**
   * @param args - The collaborators.
   */
  public constructor(args: ListingEndpointArgs) {
    super();
    this.authenticator = args.authenticator;
    this.access = args.access;
    this.owners = args.owners;
    this.listings = args.listings;
    this.waits = args.waits;
  }

  public ruleFor(path: string): PathRule | undefined {
    return path === INBOX || path === PUBLISH ?
      { own: METHODS, ldp: [ 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE' ]} :
      undefined;
  }

  public override accepts(request: HttpRequest): boolean {
    const query = queryOf({ request });
    return METHODS.includes(request.method!) && !query.has('ldes') && !query.has('stream') &&
      (namesFormat(query) || prefersJson(request.headers.accept) || expectsJson(request));
  }

  public async handle(exchange: HttpExchange): Promise<EndpointResponse> {
    const { request, method, pod, path, url } = exchange;
    const query = parseListing(queryOf({ request }));
    const container = { url, pod, isInbox: path === INBOX };
    const caller = await this.authenticator.callerOf(exchange, [ 'read' ]);
    await this.assertAccess(exchange, caller, query);
    if (!await this.listings.open(container)) {
      throw new HttpProblem(404, `There is no container at ${url}`);
    }
    const tag = tagOf(await this.listings.versionOf(container), query, caller);
    const isWaiting = query.wait > 0 && method === 'GET';
    if (!isWaiting && matchesTag(request, tag)) {
      return { status: 304, headers: headersOf(tag) };
    }
    const modified = await this.listings.modifiedOf(container);
    const first = await this.listings.page(await this.pageRequest(container, caller, query));
    if (first.count > 0 || !isWaiting) {
      return pageResponse(first, tag);
    }
    const page = await this.waits.hold(caller.agent, async(): Promise<ListingPage> =>
      this.waitFor(exchange, query, caller, container, modified, first));
    return pageResponse(page);
  }

  public errorResponse({ status, message, headers }: HttpProblem): EndpointResponse {
    return jsonResponse(status, { error: message }, headers);
  }

  /**
   * Waits until a page has an item, or the time ends. Access is checked again for each page, and so is an API key. The
   * proof of an access token cannot be used again.
   */
  private async waitFor(
    exchange: HttpExchange,
    query: ListingQuery,
    known: Caller,
    container: ListedContainer,
    modifiedBefore: number | undefined,
    first: ListingPage,
  ): Promise<ListingPage> {
    const end = performance.now() + (query.wait * 1_000);
    let [ page, modified ] = [ first, modifiedBefore ];
    while (page.count === 0 && await this.waits.changed(container.url, modified, end - performance.now())) {
      const caller = known.limits ? await this.authenticator.callerOf(exchange, [ 'read' ]) : known;
      await this.assertAccess(exchange, caller, query);
      modified = await this.listings.modifiedOf(container);
      const { limit, isLinks } = query;
      page = await this.listings.page({ ...container, caller, limit, isLinks, place: page.place });
    }
    return page;
  }

  private async pageRequest(container: ListedContainer, caller: Caller, query: ListingQuery): Promise<PageRequest> {
    const { from, limit, isLinks } = query;
    const place = typeof from === 'number' ? await this.listings.placeAt(container, from) : from;
    return { ...container, caller, place, limit, isLinks };
  }

  private async assertAccess({ pod, url }: HttpExchange, caller: Caller, { isLinks }: ListingQuery): Promise<void> {
    return assertReadable(this, { pod, url }, caller, isLinks ? undefined : '; format=links needs only that on the container');
  }
}

/** The entity tag of a listing; equal for two requests only if their pages are. */
function tagOf(version: string, { from, limit, isLinks }: ListingQuery, { limits }: Caller): string {
  const parts = [ version, from, limit, isLinks, limits?.topics ?? null ];
  return `W/"${createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22)}"`;
}

function headersOf(tag?: string): Record<string, string> {
  return { ...tag !== undefined && { ETag: tag }, 'Cache-Control': 'private, no-cache' };
}

function pageResponse({ body }: ListingPage, tag?: string): EndpointResponse {
  return { status: 200, headers: { 'Content-Type': 'application/json', ...headersOf(tag) }, body };
}
