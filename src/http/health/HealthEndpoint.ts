import type { HttpProblem } from '../errors';
import type { EndpointResponse, HttpExchange, PathRule } from '../Endpoint';
import { Endpoint, jsonResponse } from '../Endpoint';
import type { Readiness } from './Readiness';

const HEALTH = '.events/health';
const READY = '.events/ready';
/** Seconds after which a load balancer may ask again. */
const RETRY_AFTER = '5';

/**
 * `{base}.events/health` and `{base}.events/ready`: whether the process is alive, and whether it can do its work, for
 * load balancers. Needs no credentials, and names no person or agent.
 */
export class HealthEndpoint extends Endpoint {
  private readonly readiness: Readiness;

  /**
   * @param readiness - Tells whether the server can do its work.
   */
  public constructor(readiness: Readiness) {
    super();
    this.readiness = readiness;
  }

  public ruleFor(path: string): PathRule | undefined {
    return path === HEALTH || path === READY ? { own: [ 'GET', 'HEAD' ], ldp: [ 'OPTIONS' ]} : undefined;
  }

  public async handle({ path }: HttpExchange): Promise<EndpointResponse> {
    if (path === HEALTH) {
      return jsonResponse(200, { status: 'alive' });
    }
    const report = await this.readiness.report();
    return report.status === 'ready' ? jsonResponse(200, report) : jsonResponse(503, report, { 'Retry-After': RETRY_AFTER });
  }

  public errorResponse({ status, message, headers }: HttpProblem): EndpointResponse {
    return jsonResponse(status, { error: message }, headers);
  }
}
