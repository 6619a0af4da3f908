import { eventUrl } from '../../event/Event';
import { LIMITS } from '../../event/limits';
import { JSON_MEDIA_TYPE } from '../../event/mediaTypes';
import type { Access } from '../../access/ports';
import type { Publisher } from '../../publish/Publisher';
import type { Work } from '../../work/Work';
import type { Authenticator } from '../Authenticator';
import { readText } from '../body';
import { assertMediaType } from '../contentType';
import type { HttpProblem } from '../errors';
import type { EndpointResponse, HttpExchange, PathRule } from '../Endpoint';
import { Endpoint, jsonResponse } from '../Endpoint';
import { idempotencyKeyOf } from '../idempotency';
import { publisherOf } from './gate';
import { draftsIn, readLargePublish } from './parsePublish';

/**
 * `POST {pod}publish/`: publishes one event, or an array of them, through a pod.
 * What was published there is read by LDP.
 */
export class PublishEndpoint extends Endpoint {
  private readonly authenticator: Authenticator;
  private readonly access: Access;
  private readonly publisher: Publisher;
  private readonly work: Work;
  private readonly maxBytes: number;

  /**
   * @param authenticator - Tells who makes a request.
   * @param access - Decides who may publish through the pod.
   * @param publisher - Accepts the events.
   * @param work - Reads large bodies.
   * @param maxBytes - The largest body that is read, in bytes. Default 4 MiB.
   */
  public constructor(
    authenticator: Authenticator,
    access: Access,
    publisher: Publisher,
    work: Work,
    maxBytes: number = LIMITS.requestBytes,
  ) {
    super();
    this.authenticator = authenticator;
    this.access = access;
    this.publisher = publisher;
    this.work = work;
    this.maxBytes = maxBytes;
  }

  public ruleFor(path: string): PathRule | undefined {
    return /^publish\/?$/u.test(path) ? { own: [ 'POST' ], ldp: [ 'GET', 'HEAD', 'OPTIONS' ]} : undefined;
  }

  public async handle(exchange: HttpExchange): Promise<EndpointResponse> {
    const { request, pod } = exchange;
    const caller = await publisherOf(this.authenticator, this.access, exchange);
    assertMediaType(request, [ JSON_MEDIA_TYPE ]);
    const body = await readText(request, this.maxBytes);
    const once = idempotencyKeyOf(exchange, body);
    const { drafts, isArray } = draftsIn(await readLargePublish(body, this.work));
    const { events } = await this.publisher.publish({ pod, caller, drafts, isArray, idempotencyKey: once });
    const ids = events.map(eventUrl);
    return jsonResponse(201, { id: ids[0], ...isArray && { ids }}, { Location: ids[0] });
  }

  public errorResponse({ status, message, headers }: HttpProblem): EndpointResponse {
    return jsonResponse(status, { error: message }, headers);
  }
}
