import { HttpProblem } from '../../http/errors';
import type { EndpointResponse, HttpExchange, PathRule } from '../../http/Endpoint';
import { Endpoint } from '../../http/Endpoint';
import type { EventGridProjects } from './EventGridProjects';

const PROJECT = /^v1\/[^/]+\//u;
/** Maximum length of a path in a message. */
const MAX_PATH = 200;

/**
 * All other paths below `{base}v1/{project_id}/`: EventGrid's 404 for APIs that are not available here.
 *
 * It follows the endpoints of the available APIs. Paths in a pod named `v1` belong to that pod.
 */
export class UnknownResourceEndpoint extends Endpoint {
  private readonly projects: EventGridProjects;

  /**
   * @param projects - Writes the errors.
   */
  public constructor(projects: EventGridProjects) {
    super();
    this.projects = projects;
  }

  public ruleFor(path: string): PathRule | undefined {
    return PROJECT.test(path) ? { ldp: [ 'OPTIONS' ], yieldsToPods: true } : undefined;
  }

  public async handle({ method, path }: HttpExchange): Promise<EndpointResponse> {
    throw new HttpProblem(
      404,
      `${method} ${path.slice(0, MAX_PATH)} is not available here. Available: POST v1/{project_id}/events/check, ` +
      'v1/{project_id}/channels/{channel_id}/events and v1/{project_id}/events',
    );
  }

  public errorResponse(problem: HttpProblem, exchange: HttpExchange): EndpointResponse {
    return this.projects.errorResponse(problem, exchange);
  }
}
