import { eventUrl } from '../../event/Event';
import type { Publisher } from '../../publish/Publisher';
import type { HttpProblem } from '../errors';
import type { EndpointResponse, HttpExchange, PathRule } from '../Endpoint';
import { Endpoint, jsonResponse } from '../Endpoint';
import { idempotencyKeyOf } from '../idempotency';
import { draftsOf } from './EventParser';
import type { PublishBodies } from './PublishBodies';

/**
 * `POST {pod}publish/`: publishes one event, or an array of events, through a pod.
 *
 * GET and HEAD are left to LDP, which serves the published events.
 */
export class PublishEndpoint extends Endpoint {
  private readonly bodies: PublishBodies;
  private readonly publisher: Publisher;

  /**
   * @param bodies - Admits requests and reads their bodies.
   * @param publisher - Accepts the events.
   */
  public constructor(bodies: PublishBodies, publisher: Publisher) {
    super();
    this.bodies = bodies;
    this.publisher = publisher;
  }

  public ruleFor(path: string): PathRule | undefined {
    return path === 'publish/' ? { own: [ 'POST' ], ldp: [ 'GET', 'HEAD', 'OPTIONS' ]} : undefined;
  }

  public async handle(exchange: HttpExchange): Promise<EndpointResponse> {
    const { admission, content, parse } = await this.bodies.open(exchange);
    const idempotencyKey = idempotencyKeyOf(exchange, content);
    const parsed = await parse();
    const { isArray } = parsed;
    const drafts = draftsOf(parsed);
    if (drafts.length === 0) {
      return jsonResponse(200, { ids: []});
    }
    const { events, repeated } = await this.publisher.publish({ ...admission, drafts, isArray, idempotencyKey });
    const ids = events.map(eventUrl);
    return jsonResponse(201, { id: ids[0], ...isArray && { ids, repeated }}, {
      Location: ids[0],
      ...repeated?.length === ids.length && { 'Idempotent-Replayed': 'true' },
    });
  }

  public errorResponse({ status, message, headers }: HttpProblem): EndpointResponse {
    return jsonResponse(status, { error: message }, headers);
  }
}
