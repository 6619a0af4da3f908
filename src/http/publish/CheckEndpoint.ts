import type { PublishRate } from '../../access/PublishRate';
import type { EventDraft } from '../../event/Event';
import { InvalidInput } from '../../event/InvalidInput';
import type { Publisher } from '../../publish/Publisher';
import type { DryRunResult } from '../../publish/PublishRequest';
import type { HttpProblem } from '../errors';
import type { EndpointResponse, HttpExchange, PathRule } from '../Endpoint';
import { Endpoint, jsonResponse } from '../Endpoint';
import type { PublishBodies } from './PublishBodies';

/**
 * `POST {pod}publish/check`: dry run of the same request to `{pod}publish/`, with a result for each event.
 */
export class CheckEndpoint extends Endpoint {
  private readonly bodies: PublishBodies;
  private readonly publisher: Publisher;
  private readonly checkRate: PublishRate;

  /**
   * @param bodies - Admits requests and reads their bodies.
   * @param publisher - Runs the checks.
   * @param checkRate - Limits the checked events of an agent.
   */
  public constructor(bodies: PublishBodies, publisher: Publisher, checkRate: PublishRate) {
    super();
    this.bodies = bodies;
    this.publisher = publisher;
    this.checkRate = checkRate;
  }

  public ruleFor(path: string): PathRule | undefined {
    return path === 'publish/check' ? { own: [ 'POST' ], ldp: [ 'OPTIONS' ]} : undefined;
  }

  public async handle(exchange: HttpExchange): Promise<EndpointResponse> {
    const { admission, parse } = await this.bodies.open(exchange);
    const { items } = await parse();
    await this.checkRate.count(admission.caller.agent, admission.pod, items.length);
    const drafts = items.filter((item): item is EventDraft => !(item instanceof InvalidInput));
    const results = await this.publisher.check({ ...admission, drafts });
    const events = items.map((item): object => describe(item instanceof InvalidInput ?
      { fault: item, subscriptions: 0, excluded: 0, elsewhere: []} :
      results.shift()!));
    return jsonResponse(200, { accepted: events.every((event): boolean => 'subscriptions' in event), events });
  }

  public errorResponse({ status, message, headers }: HttpProblem): EndpointResponse {
    return jsonResponse(status, { error: message }, headers);
  }
}

function describe({ fault, subscriptions, excluded, named, elsewhere, unreachable }: DryRunResult): object {
  return fault ?
      { accepted: false, status: fault instanceof InvalidInput ? 400 : 403, error: fault.message } :
      {
        accepted: true,
        subscriptions,
        excluded,
        ...named && { named },
        ...elsewhere.length > 0 && { elsewhere },
        ...unreachable && { unreachable },
      };
}
