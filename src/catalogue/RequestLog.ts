import type { TopicPattern } from '../event/TopicPattern';
import type { Attempt } from '../store/deliveries';
import type { CatalogueEntry } from './CatalogueStore';
import type { Page, PageRequest } from '../store/Page';
import type { RequestRecord } from '../store/RequestRecord';

/**
 * State of an event for one subscription or recipient.
 *
 * - `processed`: delivered;
 * - `waiting`: not yet delivered;
 * - `error`: failed for good;
 * - `ended`: not sent, because the subscriber lost access or the subscription ended;
 * - `absent`: an inbox of this server has no copy, because the subscriber lacks access or deleted it.
 */
export type OutcomeState = 'processed' | 'waiting' | 'error' | 'ended' | 'absent';

/**
 * Filter of the published events of a pod.
 */
export interface RequestFilter {
  /** Only events sent by this system. */
  readonly system?: number;
  /** Only events published at this time or later, in milliseconds since 1970. */
  readonly since?: number;
  /** Only events published before this time. */
  readonly until?: number;
  /** Only events with this prefix of their id. */
  readonly id?: string;
  /** Only events sent by a catalogue entry with this text in its identifier. */
  readonly identifier?: string;
  /** Only events with an outcome of this state, among the first 1,000 outcomes. */
  readonly state?: OutcomeState;
  /** Only events of topics that match one of these patterns. */
  readonly topics?: readonly TopicPattern[];
}

/**
 * A published event of a pod, with its request.
 */
export interface LoggedEvent {
  /** The id of the event, a UUID. */
  readonly id: string;
  readonly topic: string;
  /** Time of its publication, in milliseconds since 1970. */
  readonly published: number;
  /** The catalogue entry that sent it, including removed entries; absent in other dialects. */
  readonly entry?: Pick<
    CatalogueEntry,
    'id' | 'identifier' | 'name' | 'operation' | 'description' | 'system' | 'systemName' | 'systemIdentifier'
  >;
  /** The request, if the dialect logs it. */
  readonly request?: RequestRecord;
  /** Distinct states of its first 1,000 outcomes. */
  readonly states: readonly OutcomeState[];
}

/**
 * Outcome of an event for one subscription or recipient.
 */
export interface Outcome {
  /** Identifies it within the pod: the key of a delivery, or the ids of event and subscription, separated by a dot. */
  readonly id: string;
  /** The id of the event. */
  readonly event: string;
  readonly state: OutcomeState;
  /** The id of the subscription; absent for a recipient. */
  readonly subscription?: string;
  /** Topic pattern of the subscription. */
  readonly pattern?: string;
  /** Name of the target kind, or `copy` for an inbox of this server. */
  readonly kind: string;
  /** URL of the target: its address, or the WebID of a recipient. */
  readonly url: string;
  /** The last attempts, oldest first; none for copies. */
  readonly attempts: readonly Attempt[];
  /** Whether the delivery was requested again. */
  readonly isRepeated?: true;
}

/**
 * The log of published events: a view of a pod's events, subscriptions, copies and deliveries.
 *
 * An event has an outcome for each delivery of the pod. If the pod forwards it, it also has one for each existing
 * subscription that matches the topic and received the event, waits for it, or is older than the event. A pod that is
 * not addressed forwards nothing. Events stored by an older version have no `absent` outcomes, because forwarding was
 * not recorded. Events removed from the pod's `publish/` are not in the log.
 */
export interface RequestLog {
  /**
   * Lists events in the order of their publication. Reads in steps, so that it does not block the event loop, and
   * rejects with the reason of the signal at the first step after its abort.
   */
  listEvents: (
    pod: string,
    filter: RequestFilter,
    page: PageRequest,
    signal?: AbortSignal,
  ) => Promise<Page<LoggedEvent>>;
  /** Returns one event, with the text of its data. */
  getEvent: (pod: string, id: string) => Promise<(LoggedEvent & { readonly data?: string }) | undefined>;
  /** Returns the outcomes of an event, at most `limit`. */
  listOutcomes: (pod: string, id: string, limit: number) => Promise<Outcome[]>;
  /** Returns one outcome, by its {@link Outcome.id}. */
  getOutcome: (pod: string, id: string) => Promise<Outcome | undefined>;
}
