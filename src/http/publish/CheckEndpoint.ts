import type { EventDraft } from '../../event/Event';
import { InvalidInput } from '../../event/InvalidInput';
import { LIMITS } from '../../event/limits';
import { JSON_MEDIA_TYPE } from '../../event/mediaTypes';
import type { Access } from '../../access/ports';
import type { DryRunResult, Publisher } from '../../publish/Publisher';
import type { PublishRate } from '../../access/PublishRate';
import type { Work } from '../../work/Work';
import type { Authenticator } from '../Authenticator';
import { readText } from '../body';
import { assertMediaType } from '../contentType';
import type { HttpProblem } from '../errors';
import type { EndpointResponse, HttpExchange, PathRule } from '../Endpoint';
import { Endpoint, jsonResponse } from '../Endpoint';
import { publisherOf } from './gate';
import { readLargePublish } from './parsePublish';

/**
 * `POST {pod}publish/check`: tells what would come of the same request to `{pod}publish/`, for each event.
 * Nothing is stored.
 */
export class CheckEndpoint extends Endpoint {
  private readonly authenticator: Authenticator;
  private readonly access: Access;
  private readonly publisher: Publisher;
  private readonly checkRate: PublishRate;
  private readonly work: Work;
  private readonly maxBytes: number;

  /**
   * @param authenticator - Tells who makes a request.
   * @param access - Decides who may publish through the pod.
   * @param publisher - Knows what it would accept.
   * @param checkRate - Bounds how much an agent asks.
   * @param work - Reads large bodies.
   * @param maxBytes - The largest body that is read, in bytes. Default 4 MiB.
   */
  public constructor(
    authenticator: Authenticator,
    access: Access,
    publisher: Publisher,
    checkRate: PublishRate,
    work: Work,
    maxBytes: number = LIMITS.requestBytes,
  ) {
    super();
    this.authenticator = authenticator;
    this.access = access;
    this.publisher = publisher;
    this.checkRate = checkRate;
    this.work = work;
    this.maxBytes = maxBytes;
  }

  public ruleFor(path: string): PathRule | undefined {
    return path === 'publish/check' ? { own: [ 'POST' ], ldp: [ 'OPTIONS' ]} : undefined;
  }

  public async handle(exchange: HttpExchange): Promise<EndpointResponse> {
    const { request, pod } = exchange;
    const caller = await publisherOf(this.authenticator, this.access, exchange);
    assertMediaType(request, [ JSON_MEDIA_TYPE ]);
    const { items } = await readLargePublish(await readText(request, this.maxBytes), this.work);
    await this.checkRate.count(caller.agent, pod, items.length);
    const drafts = items.filter((item): item is EventDraft => !(item instanceof InvalidInput));
    const forecasts = await this.publisher.check({ pod, caller, drafts });
    const events = items.map((item): object =>
      describe(item instanceof InvalidInput ? { fault: item, subscriptions: 0, elsewhere: []} : forecasts.shift()!));
    return jsonResponse(200, { accepted: events.every((event): boolean => 'subscriptions' in event), events });
  }

  public errorResponse({ status, message, headers }: HttpProblem): EndpointResponse {
    return jsonResponse(status, { error: message }, headers);
  }
}

function describe({ fault, subscriptions, elsewhere, unreachable }: DryRunResult): object {
  return fault ?
      { accepted: false, status: fault instanceof InvalidInput ? 400 : 403, error: fault.message } :
      { accepted: true, subscriptions, ...elsewhere.length > 0 && { elsewhere }, ...unreachable && { unreachable }};
}
