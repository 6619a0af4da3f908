import { randomUUID } from 'node:crypto';
import { getLoggerFor } from '../../css';
import type { TargetKinds } from '../../delivery/TargetKinds';
import type { PublishedLog } from '../../catalogue/PublishedLog';
import type { Caller } from '../../identity/Caller';
import type { Page } from '../../store/Page';
import type { LoggedEvent } from '../../catalogue/RequestLog';
import type { Authenticator } from '../../http/Authenticator';
import { HttpProblem } from '../../http/errors';
import type { EndpointResponse, HttpExchange, PathRule } from '../../http/Endpoint';
import { Endpoint } from '../../http/Endpoint';
import { answerCaller } from './answerCaller';
import { readAnswer } from './eventhosAnswer';
import { eventhosError } from './eventhosProblem';
import { pageDocument } from './pages';
import { parseReceived } from './parseReceived';
import { executionDocument, receivedDocument, receivedItem } from './receivedDocument';
import { whileConnected } from './whileConnected';

const LIST = /^event\/received$/u;
const EXECUTION = /^(?:event\/)?received\/execution-detail\/([^/.][^/]*)$/u;
const ITEM = /^event\/received\/(?!execution-detail$)([^/.][^/]*)$/u;

/**
 * `{pod}event/received`: the events that were published through a pod in any dialect, with the requests that
 * sent them, and their outcomes.
 */
export class ReceivedEndpoint extends Endpoint {
  protected readonly logger = getLoggerFor(this);
  private readonly authenticator: Authenticator;
  private readonly log: PublishedLog;
  private readonly kinds: TargetKinds;

  /**
   * @param authenticator - Authenticates requests.
   * @param log - The rules.
   * @param kinds - The registered target kinds, which describe and display targets.
   */
  public constructor(authenticator: Authenticator, log: PublishedLog, kinds: TargetKinds) {
    super();
    this.authenticator = authenticator;
    this.log = log;
    this.kinds = kinds;
  }

  public ruleFor(path: string): PathRule | undefined {
    return [ LIST, EXECUTION, ITEM ].some((pattern): boolean => pattern.test(path)) ?
      { own: [ 'GET', 'HEAD' ], ldp: [ 'OPTIONS' ]} :
      undefined;
  }

  public async handle(exchange: HttpExchange): Promise<EndpointResponse> {
    return answerCaller(exchange, this.authenticator, [ 'read', 'manage' ], this.answer.bind(this));
  }

  public errorResponse(problem: HttpProblem, exchange: HttpExchange): EndpointResponse {
    return eventhosError(problem, exchange, this.logger);
  }

  private async answer(exchange: HttpExchange, caller: Caller): Promise<EndpointResponse> {
    const outcome = EXECUTION.exec(exchange.path)?.[1];
    if (outcome !== undefined) {
      return this.execution(exchange, caller, outcome);
    }
    const id = ITEM.exec(exchange.path)?.[1];
    return id === undefined ? this.list(exchange, caller) : this.show(exchange, caller, id);
  }

  private async list(exchange: HttpExchange, caller: Caller): Promise<EndpointResponse> {
    const { filter, page } = parseReceived(exchange);
    const found = await whileConnected(exchange, async(signal): Promise<Page<LoggedEvent>> =>
      this.log.list(exchange.pod, caller, filter, page, signal));
    return readAnswer(pageDocument(page, found, receivedItem));
  }

  private async show({ pod, url }: HttpExchange, caller: Caller, id: string): Promise<EndpointResponse> {
    const detail = await this.log.get(pod, caller, id);
    if (!detail) {
      throw new HttpProblem(404, `There is no received event at ${url}`);
    }
    const { data } = detail.event;
    if (data === undefined) {
      return readAnswer(receivedDocument(pod, detail, this.kinds));
    }
    // The text as it was sent: parsing and serializing again would change the text and long numbers.
    const place = randomUUID();
    const answer = readAnswer(receivedDocument(pod, detail, this.kinds, place));
    return { ...answer, body: answer.body!.replace(JSON.stringify(place), (): string => data) };
  }

  private async execution({ pod, url }: HttpExchange, caller: Caller, id: string): Promise<EndpointResponse> {
    const outcome = await this.log.getOutcome(pod, caller, id);
    if (!outcome) {
      throw new HttpProblem(404, `There are no details of an execution at ${url}`);
    }
    return readAnswer(executionDocument(pod, outcome, this.kinds));
  }
}
