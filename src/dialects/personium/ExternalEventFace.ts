import { InvalidInput } from '../../event/InvalidInput';
import { LIMITS } from '../../event/limits';
import type { Caller } from '../../identity/Caller';
import type { Access } from '../../access/ports';
import type { Publisher, PublishRequest } from '../../publish/Publisher';
import type { Work } from '../../work/Work';
import type { Authenticator } from '../../http/Authenticator';
import { readText } from '../../http/body';
import { HttpProblem, unauthorized } from '../../http/errors';
import type { Answer, Exchange, Rule } from '../../http/Face';
import { Face, jsonAnswer } from '../../http/Face';
import { onceOf } from '../../http/idempotency';
import { pairOf } from './cookiePair';
import { hopsOf } from './hops';
import { withOverrides } from './overrides';
import { jsonError, newRequestKey, parseExternalEvent, requestKeyOf } from './parseExternalEvent';
import { PERSONIUM_HEADERS } from './personiumHeaders';
import { notAuthenticated, PersoniumProblem, toPersonium } from './PersoniumProblem';

/**
 * `POST {pod}__event`: takes an event from outside in Personium's form, and gives it to the pod itself.
 *
 * `acl:Append` on `{pod}__event` is Personium's privilege `event`: whoever has it may tell the pod of anything.
 * Checks come in Personium's order: the key of the request, its pod, its method, who asks, and then the body.
 */
export class ExternalEventFace extends Face {
  private readonly authenticator: Authenticator;
  private readonly access: Access;
  private readonly publisher: Publisher;
  private readonly work: Work;
  private readonly maxBytes: number;

  /**
   * @param authenticator - Tells who makes a request.
   * @param access - Decides who may tell the pod of events.
   * @param publisher - Accepts the events.
   * @param work - Reads large bodies.
   * @param maxBytes - The largest body that is read, in bytes. Default 4 MiB.
   */
  public constructor(
    authenticator: Authenticator,
    access: Access,
    publisher: Publisher,
    work: Work,
    maxBytes: number = LIMITS.requestBytes,
  ) {
    super();
    this.authenticator = authenticator;
    this.access = access;
    this.publisher = publisher;
    this.work = work;
    this.maxBytes = maxBytes;
  }

  public ruleFor(path: string): Rule | undefined {
    return path === '__event' ? { ldp: [ 'OPTIONS' ]} : undefined;
  }

  public override prepare(exchange: Exchange): Exchange {
    requestKeyOf(exchange.request.headers);
    const prepared = withOverrides(exchange);
    requestKeyOf(prepared.request.headers);
    return prepared;
  }

  public async handle(exchange: Exchange): Promise<Answer> {
    const { request: { headers }, method, pod } = exchange;
    assertMethod(method);
    const caller = await this.authorizedCaller(exchange);
    const text = await this.readBody(exchange);
    await this.publisher.publish({
      pod,
      caller,
      drafts: [ await parseExternalEvent(text, requestKeyOf(headers) ?? newRequestKey(), this.work) ],
      toProducer: true,
      hops: hopsOf(headers),
      once: readOnce(exchange, text),
    });
    return { status: 200, headers: PERSONIUM_HEADERS };
  }

  public problem(problem: HttpProblem): Answer {
    const { status, code, message, headers } = toPersonium(problem);
    return jsonAnswer(status, { code, message: { lang: 'en', value: message }}, { ...PERSONIUM_HEADERS, ...headers });
  }

  private async authorizedCaller(exchange: Exchange): Promise<Caller> {
    const { url } = exchange;
    const caller = await this.callerOf(exchange);
    if (!(await this.access.allowed(caller, [ url ], 'append')).has(url)) {
      throw caller.agent === undefined ?
        new PersoniumProblem(401, 'PR401-AU-0001', 'Authorization required.', unauthorized('').headers) :
        new PersoniumProblem(403, 'PR403-AU-0002', 'Necessary privilege is lacking.');
    }
    return caller;
  }

  private async callerOf(exchange: Exchange): Promise<Caller> {
    const { request, pod } = exchange;
    const pair = pairOf(request);
    try {
      return await (pair ?
        this.authenticator.callerByPair(pair.cookie, pair.peer, pod) :
        this.authenticator.callerOf(exchange));
    } catch (error: unknown) {
      if (error instanceof HttpProblem && error.status === 401) {
        throw notAuthenticated(request.headers, pair !== undefined, error.headers);
      }
      if (error instanceof HttpProblem && error.status === 400) {
        throw new PersoniumProblem(400, 'PR400-AN-0018', error.message);
      }
      throw error;
    }
  }

  private async readBody({ request }: Exchange): Promise<string> {
    try {
      return await readText(request, this.maxBytes);
    } catch (error: unknown) {
      throw error instanceof InvalidInput ? jsonError(error) : error;
    }
  }
}

function assertMethod(method: string): void {
  if (method === 'PROPFIND' || method === 'PROPPATCH') {
    throw new PersoniumProblem(501, 'PR501-MC-0001', 'Method not implemented.');
  }
  if (method !== 'POST') {
    // See https://www.rfc-editor.org/rfc/rfc9110#section-15.5.6
    throw new PersoniumProblem(405, 'PR405-MC-0001', 'Method not allowed.', { Allow: 'OPTIONS, POST' });
  }
}

function readOnce(exchange: Exchange, text: string): PublishRequest['once'] {
  try {
    return onceOf(exchange, text);
  } catch (error: unknown) {
    throw error instanceof InvalidInput ?
      new PersoniumProblem(400, 'PR400-EV-0002', 'Request header is invalid [Idempotency-Key].') :
      error;
  }
}
