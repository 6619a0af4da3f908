import { isId } from '../event/Event';
import type { Caller } from '../identity/Caller';
import { NotAuthorized } from '../publish/NotAuthorized';
import type { Access } from '../publish/ports';
import { coversTopic } from '../publish/Precheck';
import type { Page, PageRequest } from '../store/Page';
import type { LoggedEvent, Outcome, RequestFilter, RequestLog } from '../store/RequestLog';

/** An event that was published through a pod, with the text of its data and what became of it. */
export interface ReceivedEventDetail {
  readonly event: LoggedEvent & { readonly data?: string };
  /** The first {@link MOST_OUTCOMES} of them. */
  readonly outcomes: readonly Outcome[];
}

/** The most outcomes of an event that are shown. */
export const MOST_OUTCOMES = 1_000;

/** How what became of an event is named: the key of a delivery, or the ids of an event and a subscription. */
const OUTCOME_ID = /^(?:\d{1,15}|[0-9a-f-]{36}\.[0-9a-f-]{36})$/u;

/** The path of a pod's log, access to which decides who may see it. */
export function receivedPath(pod: string): string {
  return `${pod}event/received`;
}

/**
 * The rules by which agents see what was published through a pod, and what became of it.
 *
 * That takes `acl:Read` on `{pod}event/received`. Who has a key for certain topics sees the events of these only.
 */
export class ReceivedLog {
  private readonly log: RequestLog;
  private readonly access: Access;

  /**
   * @param log - What is shown.
   * @param access - Decides who may see it.
   */
  public constructor(log: RequestLog, access: Access) {
    this.log = log;
    this.access = access;
  }

  /**
   * A part of the log.
   *
   * @throws {@link NotAuthorized} if the caller may not see it.
   */
  public async list(pod: string, caller: Caller, filter: RequestFilter, page: PageRequest): Promise<Page<LoggedEvent>> {
    await this.assertMay(pod, caller);
    const topics = caller.limits?.topics;
    return this.log.listEvents(pod, { ...filter, ...topics && { topics }}, page);
  }

  /**
   * One event and what became of it, or `undefined` if there is none.
   *
   * @throws {@link NotAuthorized} if the caller may not see it.
   */
  public async get(pod: string, caller: Caller, id: string): Promise<ReceivedEventDetail | undefined> {
    await this.assertMay(pod, caller);
    const event = isId(id) ? await this.log.getEvent(pod, id) : undefined;
    return event && coversTopic(caller, event.topic) ?
      { event, outcomes: await this.log.listOutcomes(pod, id, MOST_OUTCOMES) } :
      undefined;
  }

  /**
   * What became of an event for one subscription or recipient; `undefined` if there is no such thing.
   *
   * @throws {@link NotAuthorized} if the caller may not see it.
   */
  public async getOutcome(pod: string, caller: Caller, id: string): Promise<Outcome | undefined> {
    await this.assertMay(pod, caller);
    const outcome = OUTCOME_ID.test(id) ? await this.log.getOutcome(pod, id) : undefined;
    const event = outcome && await this.log.getEvent(pod, outcome.event);
    return event && coversTopic(caller, event.topic) ? outcome : undefined;
  }

  private async assertMay(pod: string, caller: Caller): Promise<void> {
    const resource = receivedPath(pod);
    if (!(await this.access.allowed(caller, [ resource ], 'read')).has(resource)) {
      throw new NotAuthorized(`Not authorized to see what is at ${resource}`);
    }
  }
}
