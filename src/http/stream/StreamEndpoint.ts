import type { HttpRequest } from '../../css';
import type { Access } from '../../access/ports';
import { currentAccount } from '../../access/costs';
import type { PodOwners } from '../../publish/ports';
import type { Authenticator } from '../Authenticator';
import { assertScope } from '../Authenticator';
import { HttpProblem } from '../errors';
import type { EndpointResponse, HttpExchange, PathRule } from '../Endpoint';
import { Endpoint, jsonResponse } from '../Endpoint';
import { assertReadable } from '../listing/containerAccess';
import type { Listings } from '../listing/Listings';
import { queryOf } from '../query';
import { parseStream } from './parseStream';
import type { Streams } from './Streams';

const INBOX = 'inbox/';
const PUBLISH = 'publish/';
const PUBLISH_STREAM = 'publish/stream';

/**
 * Collaborators of {@link StreamEndpoint}.
 */
export interface StreamEndpointArgs {
  /** Authenticates callers. */
  authenticator: Authenticator;
  /** Decides read access to containers. */
  access: Access;
  /** Owners of pods. */
  owners: PodOwners;
  /** Finds containers. */
  listings: Listings;
  /** The open streams. */
  streams: Streams;
}

/**
 * `GET {pod}publish/stream` and `GET {pod}inbox/?stream`: the events of a container as server-sent events.
 *
 * Credentials are accepted in headers only. Access is that of the container, and for `publish/` also of each topic.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export class StreamEndpoint extends Endpoint {
  public readonly access: Access;
  public readonly owners: PodOwners;
  private readonly authenticator: Authenticator;
  private readonly listings: Listings;
  private readonly streams: Streams;

  /**
   * @param args - The collaborators.
   */
  public constructor(args: StreamEndpointArgs) {
    super();
    this.access = args.access;
    this.owners = args.owners;
    this.authenticator = args.authenticator;
    this.listings = args.listings;
    this.streams = args.streams;
  }

  public ruleFor(path: string): PathRule | undefined {
    if (path === PUBLISH_STREAM) {
      return { own: [ 'GET' ], ldp: [ 'OPTIONS' ]};
    }
    return path === INBOX || path === PUBLISH ?
      { own: [ 'GET' ], ldp: [ 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE' ]} :
      undefined;
  }

  public override accepts(request: HttpRequest): boolean {
    const hasParameter = request.method === 'GET' && queryOf({ request }).has('stream');
    return hasParameter || /\/publish\/+stream\/*(?:\?|$)/u.test(request.url!);
  }

  public async handle(exchange: HttpExchange): Promise<EndpointResponse> {
    const { request, pod, path } = exchange;
    const url = `${pod}${path === INBOX ? INBOX : PUBLISH}`;
    const container = { url, pod, isInbox: path === INBOX };
    const { 'last-event-id': lastEventId } = request.headers;
    const query = parseStream(queryOf({ request }), lastEventId === undefined ? undefined : String(lastEventId));
    const { caller, expires } = await this.authenticator.credentialOf(exchange);
    assertScope(caller, [ 'read' ]);
    const hint = container.isInbox ? '' : undefined;
    const checkAccess = async(): Promise<void> => assertReadable(this, container, caller, hint);
    await checkAccess();
    if (!await this.listings.open(container)) {
      throw new HttpProblem(404, `There is no container at ${url}`);
    }
    const { agent } = caller;
    const owner = agent === undefined ?
      { key: `public ${pod} ${currentAccount()?.address}`, shown: `The public at ${pod} from your address` } :
      { key: agent, shown: agent };
    // The proof of an access token cannot be used again, so of these only the expiry is checked.
    const checkCredential = async(): Promise<unknown> => this.authenticator.hasKeyOrToken(request) ?
      this.authenticator.callerOf(exchange, [ 'read' ]) :
      undefined;
    return {
      status: 200,
      headers: { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' },
      stream: this.streams.open({ container, caller, owner, query, expires, checkCredential, checkAccess }),
    };
  }

  public errorResponse({ status, message, headers }: HttpProblem): EndpointResponse {
    return jsonResponse(status, { error: message }, headers);
  }
}
