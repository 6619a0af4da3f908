import type { TopicPattern } from '../event/TopicPattern';
import type { Attempt } from '../store/deliveries';
import type { CatalogueEntry } from './CatalogueStore';
import type { Page, PageRequest } from '../store/Page';
import type { RequestRecord } from '../store/RequestRecord';

/**
 * What became of an event for one subscription or recipient: it got it, has yet to get it, will not get it because of
 * failures, may not receive it any more or asks for it no more; or, in an inbox here, there is no copy,
 * because the subscriber may not receive it or has deleted it.
 */
export type OutcomeState = 'processed' | 'waiting' | 'error' | 'ended' | 'absent';

/**
 * Which of the events that were published through a pod to show.
 */
export interface RequestFilter {
  /** Only those that this system has sent. */
  readonly system?: number;
  /** Only those of this moment or later, in milliseconds since 1970. */
  readonly since?: number;
  /** Only those of before this moment. */
  readonly until?: number;
  /** Only those whose id begins so. */
  readonly id?: string;
  /** Only those that were sent by an entry whose identifier has this in it. */
  readonly identifier?: string;
  /** Only those with an outcome of this state, among the first 1,000. */
  readonly state?: OutcomeState;
  /** Only those whose topic one of these patterns matches. */
  readonly topics?: readonly TopicPattern[];
}

/**
 * An event that was published through a pod, with what is known of the request.
 */
export interface LoggedEvent {
  /** The id of the event, a UUID. */
  readonly id: string;
  readonly topic: string;
  /** When it was published, in milliseconds since 1970. */
  readonly published: number;
  /** The entry of the catalogue by which it was sent, be it there or removed since; absent in other dialects. */
  readonly entry?: Pick<
    CatalogueEntry,
    'id' | 'identifier' | 'name' | 'operation' | 'description' | 'system' | 'systemName' | 'systemIdentifier'
  >;
  /** The request, where the dialect has it logged. */
  readonly request?: RequestRecord;
  /** The states of its outcomes, each once; of the first 1,000, where there are many more. */
  readonly states: readonly OutcomeState[];
}

/**
 * What became of an event for one subscription or recipient.
 */
export interface Outcome {
  /** Names it within the pod: the key of a delivery, or the ids of event and subscription with a dot between. */
  readonly id: string;
  /** The id of the event. */
  readonly event: string;
  readonly state: OutcomeState;
  /** The id of the subscription; absent for a recipient. */
  readonly subscription?: string;
  /** What the subscription follows. */
  readonly pattern?: string;
  /** Name of the target kind, or `copy` for an inbox of this server. */
  readonly kind: string;
  /** URL of the target: its address, or the WebID of a recipient. */
  readonly url: string;
  /** The last attempts, oldest first; none for copies. */
  readonly attempts: readonly Attempt[];
}

/**
 * The log of what was published through a pod: a view of its events, subscriptions, copies and deliveries.
 *
 * An event has an outcome for each delivery by the pod. If the pod forwards it, it has one for each subscription too
 * that there is now and that the topic matches, if that got the event, is yet to get it, or is older than the event; a
 * pod that is not addressed forwards nothing. For what an older version has stored it is not known whether the pod
 * forwarded it: it has no outcomes that are `absent`. An event that was taken out of the pod's `publish/` is not in the
 * log.
 */
export interface RequestLog {
  /**
   * Events in the order of their publishing. Looks at them in steps, so that it never holds the process for long, and
   * rejects with the reason of the signal at the first step after that is aborted.
   */
  listEvents: (
    pod: string,
    filter: RequestFilter,
    page: PageRequest,
    signal?: AbortSignal,
  ) => Promise<Page<LoggedEvent>>;
  /** One event, with the text of its data. */
  getEvent: (pod: string, id: string) => Promise<(LoggedEvent & { readonly data?: string }) | undefined>;
  /** What became of an event; `limit` outcomes at most. */
  listOutcomes: (pod: string, id: string, limit: number) => Promise<Outcome[]>;
  /** One outcome, by its {@link Outcome.id}. */
  getOutcome: (pod: string, id: string) => Promise<Outcome | undefined>;
}
