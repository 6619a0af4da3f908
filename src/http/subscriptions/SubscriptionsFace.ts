import type { PreferenceParser, RepresentationConverter } from '@solid/community-server';
import type { ContextLoader } from '../../event/ContextLoader';
import { isId } from '../../event/Event';
import { LIMITS } from '../../event/limits';
import { JSON_LD, JSON_MEDIA_TYPE } from '../../event/mediaTypes';
import type { Caller } from '../../identity/Caller';
import { NotAuthorized } from '../../publish/NotAuthorized';
import { parseSubscription, SUBSCRIPTION_TYPES } from '../../subscription/parseSubscription';
import type { Subscriber } from '../../publish/Subscriber';
import { subscriptionUrl } from '../../subscription/Subscription';
import { subscriptionDocument, subscriptionListing } from '../../subscription/subscriptionDocument';
import type { Authenticator } from '../Authenticator';
import { readText } from '../body';
import { assertMediaType } from '../contentType';
import type { Conversion } from '../convertedAnswer';
import { convertedAnswer } from '../convertedAnswer';
import { HttpProblem, unauthorized } from '../errors';
import type { Answer, Exchange, Rule } from '../Face';
import { Face, jsonAnswer } from '../Face';

// Only UUIDs, so that what an owner had in such a container of its own stays there.
const ITEM = /^subscriptions\/([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})$/iu;
const SECRET = /^subscriptions\/([^/.][^/]*)\/secret$/u;

/**
 * `{pod}subscriptions/`: follow topics of a pod, see what is followed, and end it.
 */
export class SubscriptionsFace extends Face {
  private readonly authenticator: Authenticator;
  private readonly subscriber: Subscriber;
  private readonly contexts: ContextLoader;
  private readonly conversion: Conversion;

  /**
   * @param authenticator - Tells who makes a request.
   * @param subscriber - The rules.
   * @param contexts - The JSON-LD contexts that a request may name.
   * @param converter - Converts answers to the form that the client prefers.
   * @param preferenceParser - Reads which form that is.
   */
  public constructor(
    authenticator: Authenticator,
    subscriber: Subscriber,
    contexts: ContextLoader,
    converter: RepresentationConverter,
    preferenceParser: PreferenceParser,
  ) {
    super();
    this.authenticator = authenticator;
    this.subscriber = subscriber;
    this.contexts = contexts;
    this.conversion = { converter, preferenceParser };
  }

  public ruleFor(path: string): Rule | undefined {
    if (/^subscriptions\/?$/u.test(path)) {
      return { own: [ 'GET', 'HEAD', 'POST' ], ldp: [ 'OPTIONS' ]};
    }
    if (SECRET.test(path)) {
      return { own: [ 'POST' ], ldp: [ 'OPTIONS' ]};
    }
    return ITEM.test(path) ? { own: [ 'GET', 'HEAD', 'DELETE' ], ldp: [ 'OPTIONS' ]} : undefined;
  }

  public async handle(exchange: Exchange): Promise<Answer> {
    const caller = await this.authenticator.callerOf(exchange);
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
        const subscriptions = await this.subscriber.list(exchange.pod, caller);
        if (caller.agent === undefined && subscriptions.length === 0) {
          throw unauthorized(`To see the subscriptions of ${exchange.pod} you have to log in`);
        }
        return await this.convert(exchange, subscriptionListing(exchange.pod, subscriptions));
      }
    } catch (error: unknown) {
      throw caller.agent === undefined && error instanceof NotAuthorized ? unauthorized(`${error.message}: log in first`) : error;
    }
    const { agent } = caller;
    if (agent === undefined) {
      throw unauthorized(`To subscribe to ${exchange.pod} you have to log in`);
    }
    return this.create(exchange, { ...caller, agent });
  }

  public problem({ status, message, headers }: HttpProblem): Answer {
    return jsonAnswer(status, { error: message }, headers);
  }

  private async create({ request, pod, url }: Exchange, caller: Caller & { agent: string }): Promise<Answer> {
    const type = assertMediaType(request, SUBSCRIPTION_TYPES);
    const draft = await parseSubscription(await readText(request, LIMITS.subscriptionBytes), type, url, this.contexts);
    const { subscription, secret } = await this.subscriber.subscribe(pod, caller, draft);
    return jsonAnswer(201, { ...subscriptionDocument(subscription), ...secret !== undefined && { secret }}, {
      'Content-Type': JSON_LD,
      Location: subscriptionUrl(subscription),
    });
  }

  private async rotateSecret({ pod, url }: Exchange, caller: Caller, id: string): Promise<Answer> {
    const secret = isId(id) ? await this.subscriber.rotateSecret(pod, caller, id) : undefined;
    if (secret === undefined) {
      throw new HttpProblem(404, `There is no webhook whose secret would be at ${url}`);
    }
    return jsonAnswer(201, { secret }, { 'Cache-Control': 'no-store' });
  }

  private async handleItem(exchange: Exchange, caller: Caller, id: string): Promise<Answer> {
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
    const subscription = await this.subscriber.get(pod, caller, id);
    if (!subscription) {
      throw missing;
    }
    return this.convert(exchange, subscriptionDocument(subscription));
  }

  /** Answers with a document in the form that the client prefers; where that does not matter, as JSON. */
  private async convert(exchange: Exchange, document: object): Promise<Answer> {
    const accept = exchange.request.headers.accept ?? '*/*';
    if (accept === '*/*' || accept.startsWith(JSON_MEDIA_TYPE)) {
      return jsonAnswer(200, document);
    }
    return convertedAnswer(this.conversion, exchange, {
      body: JSON.stringify(document), type: JSON_LD, subject: 'Subscriptions', forms: 'JSON, JSON-LD or Turtle',
    });
  }
}
