import type { HttpProblem } from '../errors';
import type { Answer, Exchange, Rule } from '../Face';
import { Face, jsonAnswer } from '../Face';
import type { Readiness } from './Readiness';

const HEALTH = '.events/health';
const READY = '.events/ready';
/** Seconds after which a load balancer may ask again. */
const RETRY_AFTER = '5';

/**
 * `{base}.events/health` and `{base}.events/ready`: whether the process is alive, and whether it can do its work, for
 * load balancers. Needs no credentials, and names no person or agent.
 */
export class HealthFace extends Face {
  private readonly readiness: Readiness;

  /**
   * @param readiness - Tells whether the server can do its work.
   */
  public constructor(readiness: Readiness) {
    super();
    this.readiness = readiness;
  }

  public ruleFor(path: string): Rule | undefined {
    return path === HEALTH || path === READY ? { own: [ 'GET', 'HEAD' ], ldp: [ 'OPTIONS' ]} : undefined;
  }

  public async handle({ path }: Exchange): Promise<Answer> {
    if (path === HEALTH) {
      return jsonAnswer(200, { status: 'alive' });
    }
    const report = await this.readiness.report();
    return report.status === 'ready' ? jsonAnswer(200, report) : jsonAnswer(503, report, { 'Retry-After': RETRY_AFTER });
  }

  public problem({ status, message, headers }: HttpProblem): Answer {
    return jsonAnswer(status, { error: message }, headers);
  }
}
