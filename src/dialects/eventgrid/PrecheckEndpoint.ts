import { v4 } from 'uuid';
import type { PodNames } from '../../http/ports';
import type { TopicDryRun, TopicDryRunResult } from '../../publish/TopicDryRun';
import type { Work } from '../../work/Work';
import type { Authenticator } from '../../http/Authenticator';
import { readText } from '../../http/body';
import { HttpProblem, unauthorized } from '../../http/errors';
import type { EndpointResponse, HttpExchange, PathRule } from '../../http/Endpoint';
import { Endpoint, jsonResponse } from '../../http/Endpoint';
import { eventGridError } from './eventGridError';
import { READ_PRECHECK } from './parsePrecheck';

interface Verdict {
  readonly isFine: boolean;
  /** Which condition failed, or how many would receive it; it names nobody. */
  readonly detail: string;
}

const CHECK = /^v1\/([^/]+)\/events\/check$/u;
/** The header with the credentials. */
const TOKEN = 'x-auth-token';
/** The most characters of a token, by EventGrid's document. */
const MOST_TOKEN = 16_384;
/** The most characters of the id of a request, by EventGrid's document. */
const MOST_REQUEST_ID = 128;

/** Response headers that pages of other origins may read. */
const EXPOSED = { 'Access-Control-Expose-Headers': 'Allow, Retry-After, WWW-Authenticate, X-Request-Id' };

/**
 * `POST {base}v1/{project_id}/events/check`: tells in the form of EventGrid whether events of some sources could be
 * published to a pod now, and whether a subscription would get them. Nothing is stored.
 */
export class PrecheckEndpoint extends Endpoint {
  private readonly hostname: string;
  private readonly authenticator: Authenticator;
  private readonly pods: PodNames;
  private readonly precheck: TopicDryRun;
  private readonly work: Work;
  private readonly maxBytes: number;
  private readonly requestIds = new WeakMap<HttpExchange['request'], string>();

  /**
   * @param baseUrl - The base URL of the server; its host is part of the id of each request.
   * @param authenticator - Authenticates requests.
   * @param pods - Knows the pods by their names.
   * @param precheck - Runs the checks.
   * @param work - Reads large bodies.
   * @param maxBytes - The largest body that is read, in bytes. Default 256 KiB.
   */
  public constructor(
    baseUrl: string,
    authenticator: Authenticator,
    pods: PodNames,
    precheck: TopicDryRun,
    work: Work,
    maxBytes = 262_144,
  ) {
    super();
    this.hostname = new URL(baseUrl).hostname;
    this.authenticator = authenticator;
    this.pods = pods;
    this.precheck = precheck;
    this.work = work;
    this.maxBytes = maxBytes;
  }

  public ruleFor(path: string): PathRule | undefined {
    return CHECK.test(path) ? { own: [ 'POST' ], ldp: [ 'OPTIONS' ]} : undefined;
  }

  public async handle(exchange: HttpExchange): Promise<EndpointResponse> {
    const { request, path, url } = exchange;
    const project = CHECK.exec(path)![1];
    const pod = await this.pods.podNamed(project);
    assertToken(request.headers[TOKEN]);
    // No key and no token is limited to a pod of this URL.
    const caller = await this.authenticator.callerOf({ ...exchange, pod: pod ?? url }, [ 'publish' ], 'eventgrid');
    if (caller.agent === undefined) {
      throw unauthorized('To precheck events you have to send X-Auth-Token or Authorization');
    }
    if (pod === undefined) {
      throw new HttpProblem(404, `There is no pod for the project ${project}`);
    }
    const text = await readText(request, this.maxBytes);
    const asked = await this.work.run(READ_PRECHECK, text, { size: text.length });
    const topics = asked.flatMap(({ topic }): string[] => topic === undefined ? [] : [ topic ]);
    const prospects = await this.precheck.check(caller, pod, topics);
    let next = 0;
    const verdicts = asked.map(({ topic, fault }): Verdict =>
      topic === undefined ? { isFine: false, detail: fault! } : verdictOn(prospects[next++]));
    return jsonResponse(200, {
      failed_count: verdicts.filter(({ isFine }): boolean => !isFine).length,
      sources: verdicts.map(({ isFine, detail }, index): object =>
        ({ ...asked[index].sent, check_result: isFine, check_detail: detail })),
    }, this.headersOf(exchange));
  }

  public errorResponse(problem: HttpProblem, exchange: HttpExchange): EndpointResponse {
    const headers = this.headersOf(exchange);
    return jsonResponse(
      problem.status,
      eventGridError(problem, headers['X-Request-Id']),
      { ...headers, ...problem.headers },
    );
  }

  /** The headers of each response, with an id that stays the same for one request. */
  private headersOf({ request }: HttpExchange): typeof EXPOSED & Record<'X-Request-Id', string> {
    let id = this.requestIds.get(request);
    if (id === undefined) {
      id = `${v4()}-${Date.now()}-${this.hostname}`.slice(0, MOST_REQUEST_ID);
      this.requestIds.set(request, id);
    }
    return { ...EXPOSED, 'X-Request-Id': id };
  }
}

function assertToken(token: string | string[] | undefined): void {
  if (token !== undefined && (token.length < 1 || token.length > MOST_TOKEN)) {
    throw unauthorized(`The X-Auth-Token is not valid: it has 1 to ${MOST_TOKEN} characters`);
  }
}

function verdictOn({ mayPublish, subscriptions }: TopicDryRunResult): Verdict {
  if (!mayPublish) {
    return { isFine: false, detail: 'Not authorized to publish on this topic' };
  }
  return subscriptions === 0 ?
    { isFine: false, detail: 'No active subscription would receive it' } :
    { isFine: true, detail: `${subscriptions} subscription${subscriptions === 1 ? '' : 's'} would receive it` };
}
