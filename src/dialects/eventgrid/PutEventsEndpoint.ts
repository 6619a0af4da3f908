import type { EventOutcome, TopicDraft } from '../../publish/PublishRequest';
import type { Publisher } from '../../publish/Publisher';
import type { Work } from '../../work/Work';
import { readText } from '../../http/body';
import { HttpProblem } from '../../http/errors';
import type { EndpointResponse, HttpExchange, PathRule } from '../../http/Endpoint';
import { Endpoint, jsonResponse } from '../../http/Endpoint';
import { idempotencyKeyOf } from '../../http/idempotency';
import { EventGridProblem } from './EventGridProblem';
import type { EventGridProjects } from './EventGridProjects';
import type { ExceededLimit } from './parsePutEvents';
import { READ_PUT_EVENTS } from './parsePutEvents';

/** Result of one event. `event_id` is the id that the request gave. */
type EventResult = Readonly<Record<'event_id' | 'error_code' | 'error_msg', string | null>>;

const EVENTS = /^v1\/([^/]+)\/(?:channels\/([^/]+)\/)?events$/u;
/** Codes of EventGrid for limits on a request. */
const LIMIT_CODES: Readonly<Record<ExceededLimit['exceeded'], readonly [code: string, title: string]>> = {
  count: [ 'EG.00533013', 'Too many events for a request.' ],
  event: [ 'EG.00533012', 'An event is too large.' ],
  total: [ 'EG.00533007', 'The total size of a request\'s all events is too large' ],
};
/** Codes of EventGrid for refused events. */
const INVALID_EVENT = 'EG.00513000';
const FORBIDDEN_EVENT = 'EG.00512000';
/** Maximum length of `error_msg`, by EventGrid's document. */
const MAX_MESSAGE = 512;

/**
 * `POST {base}v1/{project_id}/channels/{channel_id}/events` and `POST {base}v1/{project_id}/events`: PutEvents of
 * EventGrid. Publishes each CloudEvent of a request to a pod, independently of the others.
 */
export class PutEventsEndpoint extends Endpoint {
  private readonly projects: EventGridProjects;
  private readonly publisher: Publisher;
  private readonly work: Work;
  private readonly maxBytes: number;

  /**
   * @param projects - Opens requests to pods.
   * @param publisher - Accepts the events.
   * @param work - Reads large bodies.
   * @param maxBytes - The largest body that is read, with its whitespace, in bytes. Default 512 KiB.
   */
  public constructor(projects: EventGridProjects, publisher: Publisher, work: Work, maxBytes = 524_288) {
    super();
    this.projects = projects;
    this.publisher = publisher;
    this.work = work;
    this.maxBytes = maxBytes;
  }

  public ruleFor(path: string): PathRule | undefined {
    return EVENTS.test(path) ? { own: [ 'POST' ], ldp: [ 'OPTIONS' ]} : undefined;
  }

  public async handle(exchange: HttpExchange): Promise<EndpointResponse> {
    const [ , project, channel = '' ] = EVENTS.exec(exchange.path)!;
    const { caller, pod } = await this.projects.open(exchange, project);
    const text = await this.readBody(exchange);
    const idempotencyKey = idempotencyKeyOf(exchange, text);
    const input = { text, channel: decodeURIComponent(channel) };
    const parsed = await this.work.run(READ_PUT_EVENTS, input, { size: text.length });
    if ('exceeded' in parsed) {
      throw new EventGridProblem(400, ...LIMIT_CODES[parsed.exceeded], parsed.message);
    }
    const drafts = parsed.flatMap((event): TopicDraft[] => 'draft' in event ? [ event.draft ] : []);
    const outcomes = drafts.length > 0 ? await this.publisher.publishEach({ caller, pod, drafts, idempotencyKey }) : [];
    let next = 0;
    const events = parsed.map((event): EventResult =>
      resultOf(event.id, 'draft' in event ? outcomes[next++] : { refusal: 'invalid', message: event.fault }));
    return jsonResponse(200, {
      failed_count: events.filter((event): boolean => event.error_code !== null).length,
      events,
    }, this.projects.headersOf(exchange));
  }

  public errorResponse(problem: HttpProblem, exchange: HttpExchange): EndpointResponse {
    return this.projects.errorResponse(problem, exchange);
  }

  /** Reads the body. A body that is too large has events that are too large together. */
  private async readBody({ request }: HttpExchange): Promise<string> {
    try {
      return await readText(request, this.maxBytes);
    } catch (error: unknown) {
      throw error instanceof HttpProblem && error.status === 413 ?
        new EventGridProblem(400, ...LIMIT_CODES.total, error.message, error.headers) :
        error;
    }
  }
}

function resultOf(id: string | null, outcome: EventOutcome): EventResult {
  return 'refusal' in outcome ?
      {
        event_id: id,
        error_code: outcome.refusal === 'forbidden' ? FORBIDDEN_EVENT : INVALID_EVENT,
        error_msg: outcome.message.slice(0, MAX_MESSAGE),
      } :
      { event_id: id, error_code: null, error_msg: null };
}
