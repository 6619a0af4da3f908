import { getLoggerFor } from '../../css';
import type { Catalogue } from '../../catalogue/Catalogue';
import { LIMITS } from '../../event/limits';
import { NotAuthorized } from '../../event/NotAuthorized';
import { parseTopic, topicPath } from '../../event/Topic';
import { NotAdmitted } from '../../publish/NotAdmitted';
import type { Admission, Published } from '../../publish/PublishRequest';
import type { Publisher } from '../../publish/Publisher';
import type { Work } from '../../work/Work';
import type { Authenticator } from '../../http/Authenticator';
import { assertNotEncoded, readText } from '../../http/body';
import type { HttpProblem } from '../../http/errors';
import type { EndpointResponse, HttpExchange, PathRule } from '../../http/Endpoint';
import { Endpoint, jsonResponse } from '../../http/Endpoint';
import { idempotencyKeyOf } from '../../http/idempotency';
import { CHECK_BODY } from './checkBody';
import { eventhosError, EventhosProblem } from './eventhosProblem';
import { maskedRecord } from './maskedRecord';
import { assertCredential, eventIdentifierOf, senderOf } from './senderOf';
import { SuccessCodes } from './SuccessCodes';

/** Dependencies and limits of {@link SendEndpoint}. */
export interface SendEndpointArgs {
  /** Authenticates requests. */
  authenticator: Authenticator;
  /** Finds entries and checks bodies. */
  catalogue: Catalogue;
  /** Accepts the events. */
  publisher: Publisher;
  /** Reads large bodies. */
  work: Work;
  /** Codes of successful requests. Default: those of eventhos' documents. */
  codes?: SuccessCodes;
  /** Maximum size of a body, in bytes. Default 4 MiB. */
  maxBytes?: number;
}

/**
 * `POST {pod}event/send?event-identifier=…`: takes an event of the pod's catalogue in eventhos' form, with any JSON as
 * its data, and gives it to the pod itself.
 *
 * @see https://github.com/usil/eventhos/wiki/Send-Event
 */
export class SendEndpoint extends Endpoint {
  protected readonly logger = getLoggerFor(this);
  private readonly authenticator: Authenticator;
  private readonly catalogue: Catalogue;
  private readonly publisher: Publisher;
  private readonly work: Work;
  private readonly codes: SuccessCodes;
  private readonly maxBytes: number;

  /**
   * @param args - Its dependencies and limits.
   */
  public constructor(args: SendEndpointArgs) {
    super();
    this.authenticator = args.authenticator;
    this.catalogue = args.catalogue;
    this.publisher = args.publisher;
    this.work = args.work;
    this.codes = args.codes ?? new SuccessCodes();
    this.maxBytes = args.maxBytes ?? LIMITS.requestBytes;
  }

  public ruleFor(path: string): PathRule | undefined {
    return path === 'event/send' ? { own: [ 'POST' ], ldp: [ 'OPTIONS' ]} : undefined;
  }

  public async handle(exchange: HttpExchange): Promise<EndpointResponse> {
    const { request, pod } = exchange;
    assertCredential(exchange);
    const identifier = eventIdentifierOf(exchange);
    const caller = await senderOf(exchange, this.authenticator, [ 'publish' ]);
    assertNotEncoded(request);
    // A repeat gets the response of the first request, even if the entry or the access of the caller has changed.
    const { key } = idempotencyKeyOf(exchange, '') ?? {};
    const repeated = key !== undefined && await this.publisher.hasStoredResponse({ pod, caller }, key) ?
      await this.bodyOf(exchange) :
      undefined;
    const made = repeated === undefined ?
      undefined :
      await this.publisher.storedResponse({ pod, caller }, idempotencyKeyOf(exchange, repeated)!);
    if (made) {
      return this.sentAnswer(made);
    }
    const entry = await this.catalogue.entryToSend(pod, caller, identifier);
    if (!entry) {
      throw new EventhosProblem(400, 400_024, 'The event does not exist.');
    }
    const admission = { pod, caller, resource: `${pod}${topicPath(parseTopic(entry.topic))}` };
    await this.admit(admission);
    const body = repeated ?? await this.bodyOf(exchange);
    const once = idempotencyKeyOf(exchange, body);
    await this.work.run(CHECK_BODY, body, { size: body.length });
    const data = body.trim();
    const fault = await this.catalogue.faultOf(entry, pod, caller, data);
    if (fault) {
      throw new EventhosProblem(400, 400_001, `Invalid body; ${fault.path || 'it'} ${fault.message}`);
    }
    return this.sentAnswer(await this.publisher.publish({
      ...admission,
      drafts: [{ topic: entry.topic, recipients: [], sources: [], data }],
      toProducer: true,
      asksAudience: true,
      idempotencyKey: once,
      logged: { request: maskedRecord(exchange), entry: entry.id },
    }));
  }

  public errorResponse(problem: HttpProblem, exchange: HttpExchange): EndpointResponse {
    return eventhosError(
      problem.status === 403 ? new EventhosProblem(403, 403_201, problem.message, problem.headers) : problem,
      exchange,
      this.logger,
    );
  }

  /** Admits a caller that may publish on the entry's topic. A refusal does not tell the topic. */
  private async admit(admission: Admission): Promise<void> {
    try {
      await this.publisher.admit(admission);
    } catch (error: unknown) {
      throw error instanceof NotAdmitted ?
        new NotAuthorized(`Not authorized to send this event to ${admission.pod}`) :
        error;
    }
  }

  /** The body; that of a request without one is an empty object, as in eventhos' server. */
  private async bodyOf({ request }: HttpExchange): Promise<string> {
    const text = await readText(request, this.maxBytes);
    return text.trim() === '' ? '{}' : text;
  }

  private sentAnswer({ hasAudience }: Published): EndpointResponse {
    return hasAudience ?
      jsonResponse(200, { code: this.codes.sent, message: 'success' }) :
      jsonResponse(203, { code: 200_310, message: 'Success, but no contracts exists for this event' });
  }
}
