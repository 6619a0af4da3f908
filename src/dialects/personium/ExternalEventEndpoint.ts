import { InvalidInput } from '../../event/InvalidInput';
import { LIMITS } from '../../event/limits';
import type { Caller } from '../../identity/Caller';
import { NotAdmitted } from '../../publish/NotAdmitted';
import type { NamedKey } from '../../publish/PublishRequest';
import type { Publisher } from '../../publish/Publisher';
import type { Work } from '../../work/Work';
import type { Authenticator } from '../../http/Authenticator';
import { readText } from '../../http/body';
import { HttpProblem, unauthorized } from '../../http/errors';
import type { EndpointResponse, HttpExchange, PathRule } from '../../http/Endpoint';
import { Endpoint, jsonResponse } from '../../http/Endpoint';
import { idempotencyKeyOf } from '../../http/idempotency';
import { pairOf } from './cookiePair';
import { assertReadable } from './eventMediaType';
import { hopsOf } from './hops';
import { withOverrides } from './overrides';
import { jsonError, newRequestKey, parseExternalEvent, requestKeyOf } from './parseExternalEvent';
import { PERSONIUM_HEADERS } from './personiumHeaders';
import { notAuthenticated, PersoniumProblem, toPersonium } from './PersoniumProblem';

/**
 * `POST {pod}__event`: takes an event from outside in Personium's form, and gives it to the pod itself.
 *
 * `acl:Append` on `{pod}__event` is Personium's privilege `event`: it allows events on any topic.
 * Checks come in Personium's order: the key of the request, its pod, its method, its caller, and then the body.
 */
export class ExternalEventEndpoint extends Endpoint {
  private readonly authenticator: Authenticator;
  private readonly publisher: Publisher;
  private readonly work: Work;
  private readonly maxBytes: number;

  /**
   * @param authenticator - Authenticates requests.
   * @param publisher - Accepts the events.
   * @param work - Reads large bodies.
   * @param maxBytes - The largest body that is read, in bytes. Default 4 MiB.
   */
  public constructor(
    authenticator: Authenticator,
    publisher: Publisher,
    work: Work,
    maxBytes: number = LIMITS.requestBytes,
  ) {
    super();
    this.authenticator = authenticator;
    this.publisher = publisher;
    this.work = work;
    this.maxBytes = maxBytes;
  }

  public ruleFor(path: string): PathRule | undefined {
    return path === '__event' ? { ldp: [ 'OPTIONS' ]} : undefined;
  }

  public override prepare(exchange: HttpExchange): HttpExchange {
    requestKeyOf(exchange.request.headers);
    const prepared = withOverrides(exchange);
    requestKeyOf(prepared.request.headers);
    return prepared;
  }

  public async handle(exchange: HttpExchange): Promise<EndpointResponse> {
    const { request: { headers }, method, pod, url } = exchange;
    assertMethod(method);
    const admission = { pod, caller: await this.callerOf(exchange), resource: url };
    await withPersoniumErrors(async(): Promise<void> => this.publisher.admit(admission));
    const text = await this.readBody(exchange);
    const draft = await parseExternalEvent(text, requestKeyOf(headers) ?? newRequestKey(), this.work);
    const idempotencyKey = readIdempotencyKey(exchange, text);
    await withPersoniumErrors(async(): Promise<unknown> => this.publisher.publish({
      ...admission,
      drafts: [ draft ],
      toProducer: true,
      hops: hopsOf(headers),
      idempotencyKey,
    }));
    return { status: 200, headers: PERSONIUM_HEADERS };
  }

  public errorResponse(problem: HttpProblem): EndpointResponse {
    const { status, code, message, headers } = toPersonium(problem);
    return jsonResponse(status, { code, message: { lang: 'en', value: message }}, { ...PERSONIUM_HEADERS, ...headers });
  }

  private async callerOf(exchange: HttpExchange): Promise<Caller> {
    const { request } = exchange;
    try {
      return await this.authenticator.callerOf(exchange, [ 'publish' ], 'personium');
    } catch (error: unknown) {
      if (error instanceof HttpProblem && error.status === 401) {
        throw notAuthenticated(request.headers, pairOf(request) !== undefined, error.headers);
      }
      if (error instanceof HttpProblem && error.status === 400) {
        throw new PersoniumProblem(400, 'PR400-AN-0018', error.message);
      }
      throw error;
    }
  }

  private async readBody({ request }: HttpExchange): Promise<string> {
    assertReadable(request);
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

/** Runs a step of publishing, and converts its refusal to an error of Personium. */
async function withPersoniumErrors(run: () => Promise<unknown>): Promise<void> {
  try {
    await run();
  } catch (error: unknown) {
    if (!(error instanceof NotAdmitted)) {
      throw error;
    }
    throw error.isPublic ?
      new PersoniumProblem(401, 'PR401-AU-0001', 'Authorization required.', unauthorized('').headers) :
      new PersoniumProblem(403, 'PR403-AU-0002', 'Necessary privilege is lacking.');
  }
}

function readIdempotencyKey(exchange: HttpExchange, text: string): NamedKey | undefined {
  try {
    return idempotencyKeyOf(exchange, text, [ 'p_cookie_peer' ]);
  } catch (error: unknown) {
    throw error instanceof InvalidInput ?
      new PersoniumProblem(400, 'PR400-EV-0002', 'Request header is invalid [Idempotency-Key].') :
      error;
  }
}
