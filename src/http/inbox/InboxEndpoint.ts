import { Readable } from 'node:stream';
import type { HttpRequest } from '../../css';
import { LIMITS } from '../../event/limits';
import type { Access } from '../../access/ports';
import type { FederationReceiver } from '../../publish/FederationReceiver';
import { MOST_NOTIFICATION_BYTES } from '../../publish/FederationReceiver';
import type { AccessTokens } from '../AccessTokens';
import { readText } from '../body';
import { mediaTypeOf } from '../contentType';
import { HttpProblem } from '../errors';
import type { EndpointResponse, HttpExchange, PassThrough, PathRule } from '../Endpoint';
import { Endpoint, jsonResponse } from '../Endpoint';
import type { NotificationCheck } from './NotificationCheck';
import { isCheckedType, JSON_LD_TYPES } from './NotificationCheck';

/**
 * `POST {pod}inbox/`: receives notifications, and stores events for the pod's owner as events of the pod.
 *
 * RDF from an agent with append access must be well-formed, so that readers of the inbox can convert it. JSON-LD that
 * claims to be an event must be a valid event with bundled contexts only. All other notifications pass through to the
 * server's own LDP.
 *
 * @see https://www.w3.org/TR/ldn/#receiver
 */
export class InboxEndpoint extends Endpoint {
  private readonly accessTokens: AccessTokens;
  private readonly access: Access;
  private readonly receiver: FederationReceiver;
  private readonly notifications: NotificationCheck;
  private readonly maxBytes: number;

  /**
   * @param accessTokens - Authenticates callers by access token.
   * @param access - Decides append access to the inbox.
   * @param receiver - Receives events from other servers.
   * @param notifications - Checks the syntax of notifications.
   * @param maxBytes - Maximum size of a notification in an RDF syntax, in bytes. Default 4.5 MiB.
   */
  public constructor(
    accessTokens: AccessTokens,
    access: Access,
    receiver: FederationReceiver,
    notifications: NotificationCheck,
    maxBytes: number = LIMITS.requestBytes + LIMITS.documentBytes,
  ) {
    super();
    this.accessTokens = accessTokens;
    this.access = access;
    this.receiver = receiver;
    this.notifications = notifications;
    this.maxBytes = maxBytes;
  }

  public ruleFor(path: string): PathRule | undefined {
    return path === 'inbox/' ?
      { own: [ 'POST' ], ldp: [ 'GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'DELETE' ]} :
      undefined;
  }

  public async handle(exchange: HttpExchange): Promise<EndpointResponse | PassThrough> {
    const { request, pod, url } = exchange;
    const type = mediaTypeOf(request);
    if (!isCheckedType(type)) {
      return { passThrough: request };
    }
    const { passThrough, setBody } = withLateBody(request);
    // The server caches credentials by request object, so its LDP does not verify the DPoP proof again as a replay.
    const caller = await this.accessTokens.callerOf(passThrough, url);
    // LDP refuses a request without append access before it reads the body.
    if (!(await this.access.allowed(caller, [ url ], 'append')).has(url)) {
      return { passThrough };
    }
    const text = await readText(request, this.maxBytes);
    setBody(text);
    await this.notifications.check(text, type, url);
    const received = JSON_LD_TYPES.includes(type) ? await this.receiver.receive(pod, caller, text) : 'notification';
    if (received === 'too large') {
      throw new HttpProblem(413, `The notification claims to be an event but exceeds ${MOST_NOTIFICATION_BYTES} bytes; only ` +
        'events sent by a server agent, with an id {origin}publish/{UUIDv7}, may be larger');
    }
    return received === 'notification' ? { passThrough } : { status: 201, headers: { Location: received.event }};
  }

  public errorResponse({ status, message, headers }: HttpProblem): EndpointResponse {
    return jsonResponse(status, { error: message }, headers);
  }
}

/**
 * Copies a request with a replaceable body.
 *
 * The body is resolved when it is read: the text set with `setBody`, otherwise the body of the original request.
 */
function withLateBody(request: HttpRequest): { passThrough: HttpRequest; setBody: (text: string) => void } {
  const { headers, rawHeaders, method, url, httpVersion, socket } = request;
  let body: Iterable<Buffer> | HttpRequest = request;
  async function* chunks(): AsyncGenerator<Buffer, void, undefined> {
    yield* body as AsyncIterable<Buffer>;
  }
  const passThrough = Object.assign(Readable.from(chunks()), {
    headers, rawHeaders, method, url, httpVersion, socket,
  }) as unknown as HttpRequest;
  return {
    passThrough,
    setBody: (text): void => {
      body = [ Buffer.from(text) ];
    },
  };
}
