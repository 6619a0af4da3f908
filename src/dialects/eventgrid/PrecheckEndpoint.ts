import type { TopicDryRun, TopicDryRunResult } from '../../publish/TopicDryRun';
import type { Work } from '../../work/Work';
import { readText } from '../../http/body';
import type { HttpProblem } from '../../http/errors';
import type { EndpointResponse, HttpExchange, PathRule } from '../../http/Endpoint';
import { Endpoint, jsonResponse } from '../../http/Endpoint';
import type { EventGridProjects } from './EventGridProjects';
import { READ_PRECHECK } from './parsePrecheck';

interface Verdict {
  readonly isFine: boolean;
  /** The failed condition, or the number of subscriptions that would receive it. Names nobody. */
  readonly detail: string;
}

const CHECK = /^v1\/([^/]+)\/events\/check$/u;

/**
 * `POST {base}v1/{project_id}/events/check`: tells in the form of EventGrid whether events of some sources could be
 * published to a pod now, and whether a subscription would get them. Nothing is stored.
 */
export class PrecheckEndpoint extends Endpoint {
  private readonly projects: EventGridProjects;
  private readonly precheck: TopicDryRun;
  private readonly work: Work;
  private readonly maxBytes: number;

  /**
   * @param projects - Opens requests to pods.
   * @param precheck - Runs the checks.
   * @param work - Reads large bodies.
   * @param maxBytes - The largest body that is read, in bytes. Default 256 KiB.
   */
  public constructor(projects: EventGridProjects, precheck: TopicDryRun, work: Work, maxBytes = 262_144) {
    super();
    this.projects = projects;
    this.precheck = precheck;
    this.work = work;
    this.maxBytes = maxBytes;
  }

  public ruleFor(path: string): PathRule | undefined {
    return CHECK.test(path) ? { own: [ 'POST' ], ldp: [ 'OPTIONS' ]} : undefined;
  }

  public async handle(exchange: HttpExchange): Promise<EndpointResponse> {
    const { request, path } = exchange;
    const { caller, pod } = await this.projects.open(exchange, CHECK.exec(path)![1]);
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
    }, this.projects.headersOf(exchange));
  }

  public errorResponse(problem: HttpProblem, exchange: HttpExchange): EndpointResponse {
    return this.projects.errorResponse(problem, exchange);
  }
}

function verdictOn({ mayPublish, subscriptions, filtered }: TopicDryRunResult): Verdict {
  if (!mayPublish) {
    return { isFine: false, detail: 'Not authorized to publish on this topic' };
  }
  if (subscriptions === 0) {
    const detail = filtered === 0 ?
      'No active subscription would receive it' :
      `No active subscription without filters would receive it; ${filtered} would if the event matches their filters`;
    return { isFine: false, detail };
  }
  const more = filtered === 0 ? '' : `; ${filtered} more if the event matches their filters`;
  return { isFine: true, detail: `${subscriptions} subscription${subscriptions === 1 ? '' : 's'} would receive it${more}` };
}
