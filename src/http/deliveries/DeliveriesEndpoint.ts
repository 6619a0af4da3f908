import type { PreferenceParser, RepresentationConverter } from '../../css';
import { isId } from '../../event/Event';
import { LIMITS } from '../../event/limits';
import { JSON_LD, JSON_MEDIA_TYPE } from '../../event/mediaTypes';
import type { Caller } from '../../identity/Caller';
import type { Scope } from '../../identity/scopes';
import type { DeliveryLog } from '../../delivery/DeliveryLog';
import { deliveryUrl } from '../../delivery/DeliveryLog';
import type { Authenticator } from '../Authenticator';
import { readText } from '../body';
import { assertMediaType } from '../contentType';
import type { Conversion } from '../convertedResponse';
import { documentAnswer } from '../documentResponse';
import { askingForCredential, credentialRequired, HttpProblem } from '../errors';
import type { EndpointResponse, HttpExchange, PathRule } from '../Endpoint';
import { Endpoint, jsonResponse } from '../Endpoint';
import { pageAnswer } from '../listParameters';
import { queryOf } from '../query';
import { deliveryDocument, deliveryListing } from './deliveryDocument';
import { isDeliveryId, parseDeliveryQuery, parseReplay } from './parseDeliveries';

const LOG = /^deliveries\/$/u;
const ITEM = /^deliveries\/([^/.][^/]*)$/u;
const REDELIVER = /^deliveries\/([^/.][^/]*)\/redeliver$/u;
const REPLAY = /^subscriptions\/([^/.][^/]*)\/replay$/u;

/**
 * `{pod}deliveries/`: what became of deliveries to other servers and webhooks; and how to have events delivered again,
 * one by `POST {pod}deliveries/{id}/redeliver`, many by `POST {pod}subscriptions/{id}/replay`.
 */
export class DeliveriesEndpoint extends Endpoint {
  private readonly authenticator: Authenticator;
  private readonly log: DeliveryLog;
  private readonly conversion: Conversion;

  /**
   * @param authenticator - Tells who makes a request.
   * @param log - The rules.
   * @param converter - Converts answers to the form that the client prefers.
   * @param preferenceParser - Reads which form that is.
   */
  public constructor(
    authenticator: Authenticator,
    log: DeliveryLog,
    converter: RepresentationConverter,
    preferenceParser: PreferenceParser,
  ) {
    super();
    this.authenticator = authenticator;
    this.log = log;
    this.conversion = { converter, preferenceParser };
  }

  public ruleFor(path: string): PathRule | undefined {
    if (LOG.test(path) || ITEM.test(path)) {
      return { own: [ 'GET', 'HEAD' ], ldp: [ 'OPTIONS' ]};
    }
    return REDELIVER.test(path) || REPLAY.test(path) ? { own: [ 'POST' ], ldp: [ 'OPTIONS' ]} : undefined;
  }

  public async handle(exchange: HttpExchange): Promise<EndpointResponse> {
    const caller = await this.authenticator.callerOf(exchange, scopesAt(exchange.path));
    try {
      return await this.answer(exchange, caller);
    } catch (error: unknown) {
      throw askingForCredential(caller, error);
    }
  }

  public errorResponse({ status, message, headers }: HttpProblem): EndpointResponse {
    return jsonResponse(status, { error: message }, headers);
  }

  private async answer(exchange: HttpExchange, caller: Caller): Promise<EndpointResponse> {
    const { path } = exchange;
    const replayed = REPLAY.exec(path)?.[1];
    if (replayed !== undefined) {
      return this.replay(exchange, caller, replayed);
    }
    const redelivered = REDELIVER.exec(path)?.[1];
    if (redelivered !== undefined) {
      return this.redeliver(exchange, caller, redelivered);
    }
    const id = ITEM.exec(path)?.[1];
    return id === undefined ? this.list(exchange, caller) : this.show(exchange, caller, id);
  }

  private async list(exchange: HttpExchange, caller: Caller): Promise<EndpointResponse> {
    const { pod } = exchange;
    const { filter, limit, place } = parseDeliveryQuery(queryOf(exchange).toString());
    const { deliveries, next } = await this.log.list(pod, caller, filter, place, limit);
    return pageAnswer(exchange, next, async(nextUrl): Promise<EndpointResponse> => documentAnswer(
      this.conversion,
      exchange,
      deliveryListing(pod, deliveries, nextUrl),
      'Deliveries',
      deliveries.length,
    ));
  }

  private async show(exchange: HttpExchange, caller: Caller, id: string): Promise<EndpointResponse> {
    const { pod, url } = exchange;
    const delivery = isDeliveryId(id) ? await this.log.get(pod, caller, Number(id)) : undefined;
    if (!delivery) {
      throw new HttpProblem(404, `There is no delivery at ${url}`);
    }
    return documentAnswer(this.conversion, exchange, deliveryDocument(pod, delivery), 'Deliveries');
  }

  private async redeliver({ pod, url }: HttpExchange, caller: Caller, id: string): Promise<EndpointResponse> {
    const delivery = isDeliveryId(id) ? await this.log.redeliver(pod, caller, Number(id)) : undefined;
    if (!delivery) {
      throw new HttpProblem(404, `There is no delivery that would be repeated at ${url}`);
    }
    return jsonResponse(202, deliveryDocument(pod, delivery), {
      'Content-Type': JSON_LD, 'Content-Location': deliveryUrl(pod, delivery),
    });
  }

  private async replay({ request, pod, url }: HttpExchange, caller: Caller, id: string): Promise<EndpointResponse> {
    if (caller.agent === undefined) {
      throw credentialRequired(`To replay a subscription to ${pod} you have to log in`);
    }
    if (isId(id)) {
      await this.log.toReplay(pod, caller, id);
    }
    assertMediaType(request, [ JSON_MEDIA_TYPE ]);
    const range = parseReplay(await readText(request, LIMITS.subscriptionBytes));
    const replayed = isId(id) ? await this.log.replay(pod, caller, id, range) : undefined;
    if (!replayed) {
      throw new HttpProblem(404, `There is no subscription that would be replayed at ${url}`);
    }
    const { events, next } = replayed;
    return jsonResponse(202, { events, ...next !== undefined && { cursor: `${next}` }});
  }
}

/** A redelivery is a retry. The owner of a subscription may replay it, other agents need more. */
function scopesAt(path: string): readonly Scope[] {
  if (REDELIVER.test(path)) {
    return [ 'manage' ];
  }
  return REPLAY.test(path) ? [ 'subscribe', 'manage' ] : [ 'subscribe' ];
}
