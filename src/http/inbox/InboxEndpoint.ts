import { Readable } from 'node:stream';
import type { HttpRequest } from '@solid/community-server';
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
 * `POST {pod}inbox/`: takes notifications, and makes those that are events for the pod's owner events of the pod.
 *
 * RDF from those who may append has to be well-formed, so that readers of the inbox can convert it. JSON-LD that claims
 * to be an event has to be one, with bundled contexts only. Every other notification is left to the server's own LDP.
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
   * @param accessTokens - Knows who has an access token.
   * @param access - Decides who may append to the inbox.
   * @param receiver - Takes the events.
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
    // The server remembers by this object who makes the request, so the proof is not taken for a replay of itself.
    const caller = await this.accessTokens.callerOf(passThrough, url);
    // Whoever may not append is told so by LDP, which reads no body before that.
    if (!(await this.access.allowed(caller, [ url ], 'append')).has(url)) {
      return { passThrough };
    }
    const text = await readText(request, this.maxBytes);
    setBody(text);
    await this.notifications.check(text, type, url);
    const received = JSON_LD_TYPES.includes(type) ? await this.receiver.receive(pod, caller, text) : 'notification';
    if (received === 'too large') {
      throw new HttpProblem(413, `A notification that claims to be an event has at most ${MOST_NOTIFICATION_BYTES} bytes, unless a server ` +
        'brings an event, whose member id is {origin}publish/{UUIDv7}');
    }
    return received === 'notification' ? { passThrough } : { status: 201, headers: { Location: received.event }};
  }

  public errorResponse({ status, message, headers }: HttpProblem): EndpointResponse {
    return jsonResponse(status, { error: message }, headers);
  }
}

/**
 * A request like another, whose body is read when it is needed: the text that was set, or else what the other has.
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
