import { createHash } from 'node:crypto';
import type { PreferenceParser, RepresentationConverter } from '../../css';
import { isId } from '../../event/Event';
import { LIMITS } from '../../event/limits';
import { JSON_LD } from '../../event/mediaTypes';
import type { Caller } from '../../identity/Caller';
import { readSubscription, SUBSCRIPTION_TYPES } from '../../subscription/parseSubscription';
import type { SubscribableTargets, SubscriptionContent } from '../../subscription/ports';
import type { Subscriber } from '../../subscription/Subscriber';
import type { Subscription } from '../../subscription/Subscription';
import { subscriptionUrl } from '../../subscription/Subscription';
import type { ChangeBody } from '../../subscription/subscriptionChange';
import { MERGE_PATCH, readChange } from '../../subscription/subscriptionChange';
import { subscriptionDocument, subscriptionListing, subscriptionMembers } from '../../subscription/subscriptionDocument';
import type { Work } from '../../work/Work';
import type { Authenticator } from '../Authenticator';
import { readText } from '../body';
import { failsConditions, matchesTag } from '../conditions';
import { assertMediaType } from '../contentType';
import type { Conversion } from '../convertedResponse';
import { documentAnswer } from '../documentResponse';
import { askingForCredential, credentialRequired, HttpProblem } from '../errors';
import type { EndpointResponse, HttpExchange, PathRule } from '../Endpoint';
import { Endpoint, jsonResponse } from '../Endpoint';
import { idempotencyKeyOf } from '../idempotency';
import { pageAnswer, pageParameters, queryParameters } from '../listParameters';
import { queryOf } from '../query';

// Only UUIDs, so that resources of an owner in such a container stay available.
const ITEM = /^subscriptions\/([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})$/iu;
const SECRET = /^subscriptions\/([^/.][^/]*)\/secret$/u;

/**
 * Endpoint `{pod}subscriptions/`: creates, lists, changes and ends subscriptions, and rotates their secrets.
 */
export class SubscriptionsEndpoint extends Endpoint {
  private readonly authenticator: Authenticator;
  private readonly subscriber: Subscriber;
  private readonly targets: SubscribableTargets;
  private readonly work: Work;
  private readonly conversion: Conversion;

  /**
   * @param authenticator - Authenticates requests.
   * @param subscriber - Creates, lists and ends subscriptions.
   * @param targets - Registered target kinds, for the properties of subscriptions.
   * @param work - Reads large bodies and JSON-LD off the event loop.
   * @param converter - Converts responses to the preferred media type.
   * @param preferenceParser - Parses the preferences of requests.
   */
  public constructor(
    authenticator: Authenticator,
    subscriber: Subscriber,
    targets: SubscribableTargets,
    work: Work,
    converter: RepresentationConverter,
    preferenceParser: PreferenceParser,
  ) {
    super();
    this.authenticator = authenticator;
    this.subscriber = subscriber;
    this.targets = targets;
    this.work = work;
    this.conversion = { converter, preferenceParser };
  }

  public ruleFor(path: string): PathRule | undefined {
    if (path === 'subscriptions/') {
      return { own: [ 'GET', 'HEAD', 'POST' ], ldp: [ 'OPTIONS' ]};
    }
    if (SECRET.test(path)) {
      return { own: [ 'POST' ], ldp: [ 'OPTIONS' ]};
    }
    return ITEM.test(path) ? { own: [ 'GET', 'HEAD', 'PUT', 'PATCH', 'DELETE' ], ldp: [ 'OPTIONS' ]} : undefined;
  }

  public async handle(exchange: HttpExchange): Promise<EndpointResponse> {
    const caller = await this.authenticator.callerOf(exchange, [ 'subscribe' ]);
    const id = ITEM.exec(exchange.path)?.[1];
    try {
      const secretOf = SECRET.exec(exchange.path)?.[1];
      if (secretOf !== undefined) {
        return await this.rotateSecret(exchange, caller, secretOf);
      }
      if (id !== undefined) {
        return await this.handleItem(exchange, caller, id);
      }
      if (exchange.method !== 'POST') {
        return await this.list(exchange, caller);
      }
    } catch (error: unknown) {
      throw askingForCredential(caller, error);
    }
    const { agent } = caller;
    if (agent === undefined) {
      throw credentialRequired(`To subscribe to ${exchange.pod} you have to log in`);
    }
    return this.create(exchange, { ...caller, agent });
  }

  public errorResponse({ status, message, headers }: HttpProblem): EndpointResponse {
    return jsonResponse(status, { error: message }, headers);
  }

  private async list(exchange: HttpExchange, caller: Caller): Promise<EndpointResponse> {
    const { pod } = exchange;
    const { limit, place } = pageParameters(queryParameters(queryOf(exchange).toString(), [ 'limit', 'cursor' ]));
    const { subscriptions, seesAll, next } = await this.subscriber.list(pod, caller, place, limit);
    if (caller.agent === undefined && !seesAll) {
      throw credentialRequired(`To see the subscriptions of ${pod} you have to log in`);
    }
    return pageAnswer(exchange, next, async(nextUrl): Promise<EndpointResponse> => documentAnswer(
      this.conversion,
      exchange,
      subscriptionListing(pod, subscriptions, this.targets.subscribable(), nextUrl),
      'Subscriptions',
      subscriptions.length,
    ));
  }

  private async create(
    { request, pod, url }: HttpExchange,
    caller: Caller & { agent: string },
  ): Promise<EndpointResponse> {
    const type = assertMediaType(request, SUBSCRIPTION_TYPES);
    const text = await readText(request, LIMITS.subscriptionBytes);
    const draft = await readSubscription({ text, type, base: url }, this.targets.subscribable(), this.work);
    const { subscription, secret } = await this.subscriber.subscribe(pod, caller, draft);
    const document = subscriptionDocument(subscription, this.targets.subscribable());
    return jsonResponse(201, { ...document, ...secret !== undefined && { secret }}, {
      'Content-Type': JSON_LD,
      Location: subscriptionUrl(subscription),
    });
  }

  private async rotateSecret(exchange: HttpExchange, caller: Caller, id: string): Promise<EndpointResponse> {
    const { pod, url } = exchange;
    const secret = isId(id) ? await this.subscriber.rotateSecret(pod, caller, id, idempotencyKeyOf(exchange, '')) : undefined;
    if (secret === undefined) {
      throw new HttpProblem(404, `There is no subscription with a secret at ${url}`);
    }
    return jsonResponse(201, { secret }, { 'Cache-Control': 'no-store' });
  }

  private async handleItem(exchange: HttpExchange, caller: Caller, id: string): Promise<EndpointResponse> {
    const { pod, method, url } = exchange;
    const missing = new HttpProblem(404, `There is no subscription at ${url}`);
    if (!isId(id)) {
      throw missing;
    }
    if (method === 'DELETE') {
      if (!await this.subscriber.end(pod, caller, id)) {
        throw missing;
      }
      return { status: 204 };
    }
    if (method === 'PUT' || method === 'PATCH') {
      return await this.change(exchange, caller, id) ?? Promise.reject(missing);
    }
    const subscription = await this.subscriber.get(pod, caller, id);
    if (!subscription) {
      throw missing;
    }
    const document = subscriptionDocument(subscription, this.targets.subscribable());
    const answer = await documentAnswer(this.conversion, exchange, document, 'Subscriptions');
    const headers = { ...answer.headers, ETag: this.tagOf(subscription, answer.headers!['Content-Type']) };
    return matchesTag(exchange.request, headers.ETag) ?
      { status: 304, headers: { ETag: headers.ETag }} :
      { ...answer, headers };
  }

  private async change(exchange: HttpExchange, caller: Caller, id: string): Promise<EndpointResponse | undefined> {
    const { pod, url, request, method } = exchange;
    let body: ChangeBody | undefined;
    const changed = await this.subscriber.change(pod, caller, id, async(current): Promise<SubscriptionContent> => {
      if (failsConditions(request, this.tagOf(current, JSON_LD))) {
        throw new HttpProblem(412, 'The subscription does not meet the conditions of the request: read it, and try again');
      }
      const type = method === 'PATCH' ?
        assertMediaType(request, [ MERGE_PATCH ], 'Accept-Patch') :
        assertMediaType(request, SUBSCRIPTION_TYPES, 'Accept-Put');
      body ??= { type, text: await readText(request, LIMITS.subscriptionBytes), base: url };
      return readChange(body, current, this.targets.subscribable(), this.work);
    });
    if (!changed) {
      return undefined;
    }
    const { subscription, secret } = changed;
    const document = subscriptionDocument(subscription, this.targets.subscribable());
    return jsonResponse(200, { ...document, ...secret !== undefined && { secret }}, {
      'Content-Type': JSON_LD,
      ETag: this.tagOf(subscription, JSON_LD),
    });
  }

  /** The entity tag of a representation of a subscription. */
  private tagOf(subscription: Subscription, type: string): string {
    const state = JSON.stringify(subscriptionMembers(subscription, this.targets.subscribable()));
    return `"${createHash('sha256').update(state).digest('hex').slice(0, 32)}-${type}"`;
  }
}
