import { isId, publishContainer } from '../event/Event';
import type { Caller } from '../identity/Caller';
import { NotAuthorized } from '../event/NotAuthorized';
import type { Access } from '../access/ports';
import { coversTopic } from '../access/topicAccess';
import { TooMany } from '../event/TooMany';
import type { Page, PageRequest } from '../store/Page';
import type { LoggedEvent, Outcome, RequestFilter, RequestLog } from './RequestLog';
import { subscriptionsContainer } from '../subscription/Subscription';

/** A published event of a pod, with the text of its data and its outcomes. */
export interface ReceivedEventDetail {
  readonly event: LoggedEvent & { readonly data?: string };
  /** The first {@link MAX_OUTCOMES} outcomes. */
  readonly outcomes: readonly Outcome[];
}

/** An outcome, with the time of its event. */
export interface ReceivedOutcome extends Outcome {
  /** Time of the event's publication, in milliseconds since 1970. */
  readonly published: number;
}

/** Maximum number of shown outcomes of an event. */
export const MAX_OUTCOMES = 1_000;

/** Form of the ids of outcomes: the key of a delivery, or the ids of an event and a subscription. */
const OUTCOME_ID = /^(?:\d{1,15}|[0-9a-f-]{36}\.[0-9a-f-]{36})$/u;

/** Delay of a retry while another list is in progress, in seconds. */
const BUSY_RETRY = 1;

/** The resource of the published log of a pod; access to it and to the logged resources decides. */
export function receivedPath(pod: string): string {
  return `${pod}event/received`;
}

/**
 * Shows agents the events that were published through a pod, and their outcomes.
 *
 * It requires `acl:Read` on `{pod}event/received`, and on `{pod}publish/` and `{pod}subscriptions/`, whose contents it
 * shows. A credential that is limited to topics shows their events only.
 */
export class PublishedLog {
  private readonly log: RequestLog;
  private readonly access: Access;
  /** Pods with a list in progress. */
  private readonly listed = new Set<string>();

  /**
   * @param log - The log.
   * @param access - Decides access.
   */
  public constructor(log: RequestLog, access: Access) {
    this.log = log;
    this.access = access;
  }

  /**
   * Lists a page of the log. A list may read the whole log, so that each pod has one list in progress at a time.
   *
   * @param pod - Base URL of the pod.
   * @param caller - The caller.
   * @param filter - Filter of the events.
   * @param page - The requested page.
   * @param signal - Aborted when the client disconnects.
   *
   * @throws {@link NotAuthorized} if the caller has no access to the log.
   * @throws {@link TooMany} if a list of the pod's log is in progress.
   * @throws The reason of the signal, if it is aborted.
   */
  public async list(
    pod: string,
    caller: Caller,
    filter: RequestFilter,
    page: PageRequest,
    signal?: AbortSignal,
  ): Promise<Page<LoggedEvent>> {
    await this.assertMay(pod, caller);
    if (this.listed.has(pod)) {
      throw new TooMany(`Another list of the events published through ${pod} is in progress: retry after it`, BUSY_RETRY);
    }
    this.listed.add(pod);
    try {
      const topics = caller.limits?.topics;
      return await this.log.listEvents(pod, { ...filter, ...topics && { topics }}, page, signal);
    } finally {
      this.listed.delete(pod);
    }
  }

  /**
   * Returns one event with its outcomes, or `undefined` if it does not exist.
   *
   * @throws {@link NotAuthorized} if the caller has no access to the log.
   */
  public async get(pod: string, caller: Caller, id: string): Promise<ReceivedEventDetail | undefined> {
    await this.assertMay(pod, caller);
    const event = isId(id) ? await this.log.getEvent(pod, id) : undefined;
    return event && coversTopic(caller, event.topic) ?
      { event, outcomes: await this.log.listOutcomes(pod, id, MAX_OUTCOMES) } :
      undefined;
  }

  /**
   * Returns the outcome of an event for one subscription or recipient; `undefined` if it does not exist.
   *
   * @throws {@link NotAuthorized} if the caller has no access to the log.
   */
  public async getOutcome(pod: string, caller: Caller, id: string): Promise<ReceivedOutcome | undefined> {
    await this.assertMay(pod, caller);
    const outcome = OUTCOME_ID.test(id) ? await this.log.getOutcome(pod, id) : undefined;
    const event = outcome && await this.log.getEvent(pod, outcome.event);
    return event && coversTopic(caller, event.topic) ? { ...outcome, published: event.published } : undefined;
  }

  private async assertMay(pod: string, caller: Caller): Promise<void> {
    const resources = [ receivedPath(pod), publishContainer(pod), subscriptionsContainer(pod) ];
    const allowed = await this.access.allowed(caller, resources, 'read');
    const resource = resources.find((url): boolean => !allowed.has(url));
    if (resource !== undefined) {
      throw new NotAuthorized(`Not authorized to see what is at ${resource}`);
    }
  }
}
