import { getLoggerFor } from '../../css';
import type { Catalogue } from '../../catalogue/Catalogue';
import { toKey } from '../../catalogue/catalogueDraft';
import type { DeliveryLog } from '../../delivery/DeliveryLog';
import { Conflict } from '../../event/Conflict';
import { isId } from '../../event/Event';
import { InvalidInput } from '../../event/InvalidInput';
import { parseJson } from '../../event/json';
import type { Caller } from '../../identity/Caller';
import type { DeliveryRecord } from '../../store/deliveries';
import type { Authenticator } from '../../http/Authenticator';
import { readText } from '../../http/body';
import type { HttpProblem } from '../../http/errors';
import type { EndpointResponse, HttpExchange, PathRule } from '../../http/Endpoint';
import { Endpoint, jsonResponse } from '../../http/Endpoint';
import { queryOf } from '../../http/query';
import { eventhosError, EventhosProblem } from './eventhosProblem';
import { assertCredential, eventIdentifierOf, senderOf } from './senderOf';
import { SuccessCodes } from './SuccessCodes';

const RETRY = 'event/send/contract';
const ABORT = 'event/retry/aborted';

/** Maximum size of a body, in bytes: it has two ids. */
const MAX_BYTES = 8 * 1_024;

const PROCESSED = 'Detail of the contract does not exist or has already been processed';

/**
 * `POST {pod}event/send/contract` and `POST {pod}event/retry/aborted`: retries a dead delivery once, or gives it up.
 */
export class RetryEndpoint extends Endpoint {
  protected readonly logger = getLoggerFor(this);
  private readonly authenticator: Authenticator;
  private readonly catalogue: Catalogue;
  private readonly log: DeliveryLog;
  private readonly codes: SuccessCodes;

  /**
   * @param authenticator - Authenticates requests.
   * @param catalogue - Finds the entry of a retry.
   * @param log - The delivery log.
   * @param codes - Codes of successful requests. Default: those of eventhos' documents.
   */
  public constructor(
    authenticator: Authenticator,
    catalogue: Catalogue,
    log: DeliveryLog,
    codes: SuccessCodes = new SuccessCodes(),
  ) {
    super();
    this.authenticator = authenticator;
    this.catalogue = catalogue;
    this.log = log;
    this.codes = codes;
  }

  public ruleFor(path: string): PathRule | undefined {
    return path === RETRY || path === ABORT ? { own: [ 'POST' ], ldp: [ 'OPTIONS' ]} : undefined;
  }

  public async handle(exchange: HttpExchange): Promise<EndpointResponse> {
    assertCredential(exchange);
    const identifier = exchange.path === RETRY ? eventIdentifierOf(exchange) : undefined;
    const caller = await senderOf(exchange, this.authenticator, [ 'publish', 'manage' ]);
    try {
      return identifier === undefined ?
        await this.abort(exchange, caller) :
        await this.retry(exchange, caller, identifier);
    } catch (error: unknown) {
      throw error instanceof Conflict ? new EventhosProblem(400, 400_206, error.message) : error;
    }
  }

  public errorResponse(problem: HttpProblem, exchange: HttpExchange): EndpointResponse {
    return eventhosError(problem, exchange, this.logger);
  }

  private async retry(exchange: HttpExchange, caller: Caller, identifier: string): Promise<EndpointResponse> {
    const { pod } = exchange;
    if (!await this.catalogue.entryToSend(pod, caller, identifier)) {
      throw new EventhosProblem(400, 400_024, 'The event does not exist.');
    }
    const body = await bodyOf(exchange);
    const event = memberOf(body, 'receivedEventId', 'Received event Id was not send.');
    const id = keyIn(body);
    const delivery = await this.log.toManage(pod, caller, id);
    const contract = queryOf(exchange).get('contract-id') ?? '';
    if (!delivery || !isOf(delivery, event, contract) || !await this.log.retry(pod, caller, id)) {
      throw new EventhosProblem(400, 400_206, PROCESSED);
    }
    return jsonResponse(200, { code: this.codes.sent, message: 'success' });
  }

  private async abort(exchange: HttpExchange, caller: Caller): Promise<EndpointResponse> {
    if (!await this.log.abort(exchange.pod, caller, keyIn(await bodyOf(exchange)))) {
      throw new EventhosProblem(400, 400_206, PROCESSED);
    }
    return jsonResponse(200, { code: 200_000, message: 'success' });
  }
}

async function bodyOf({ request }: HttpExchange): Promise<Readonly<Record<string, unknown>>> {
  const text = await readText(request, MAX_BYTES);
  const { value } = parseJson(text.trim() === '' ? '{}' : text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidInput('Invalid body; it is not a JSON object');
  }
  return value as Record<string, unknown>;
}

function memberOf(body: Readonly<Record<string, unknown>>, name: string, message: string): unknown {
  const value = body[name] ?? '';
  if (value === '') {
    throw new EventhosProblem(400, 400_203, message);
  }
  return value;
}

/** The key of the delivery of a body. Copies in inboxes of this server have ids of another form, and no attempts. */
function keyIn(body: Readonly<Record<string, unknown>>): number {
  const key = toKey(memberOf(body, 'contractDetailId', 'Contract detail Id was not send.'));
  if (key === undefined) {
    throw new EventhosProblem(400, 400_206, PROCESSED);
  }
  return key;
}

/** Whether a delivery belongs to an event, and to a subscription if it has one. */
function isOf(delivery: DeliveryRecord, event: unknown, contract: string): boolean {
  return delivery.event.split('/').at(-1) === event &&
    (delivery.subscription === null ? !isId(contract) : delivery.subscription === contract);
}
