import type { HttpProblem } from '../errors';
import type { EndpointResponse, HttpExchange, PathRule } from '../Endpoint';
import { Endpoint, jsonResponse } from '../Endpoint';
import type { Readiness } from './Readiness';

const HEALTH_PATH = '.events/health';
const READY_PATH = '.events/ready';
/** Time after which a load balancer may retry, in seconds. */
const RETRY_AFTER = '5';

/**
 * `{base}.events/health` and `{base}.events/ready`: liveness and readiness of the server, for load balancers.
 *
 * Requests need no credentials. Responses contain no data of persons or agents.
 */
export class HealthEndpoint extends Endpoint {
  private readonly readiness: Readiness;

  /**
   * @param readiness - Reports the readiness of the server.
   */
  public constructor(readiness: Readiness) {
    super();
    this.readiness = readiness;
  }

  public ruleFor(path: string): PathRule | undefined {
    return path === HEALTH_PATH || path === READY_PATH ? { own: [ 'GET', 'HEAD' ], ldp: [ 'OPTIONS' ]} : undefined;
  }

  public async handle({ path }: HttpExchange): Promise<EndpointResponse> {
    if (path === HEALTH_PATH) {
      return jsonResponse(200, { status: 'alive' });
    }
    const report = await this.readiness.report();
    return report.status === 'ready' ? jsonResponse(200, report) : jsonResponse(503, report, { 'Retry-After': RETRY_AFTER });
  }

  public errorResponse({ status, message, headers }: HttpProblem): EndpointResponse {
    return jsonResponse(status, { error: message }, headers);
  }
}
