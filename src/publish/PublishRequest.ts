import type { Event, EventDraft } from '../event/Event';
import type { InvalidInput } from '../event/InvalidInput';
import type { NotAuthorized } from '../event/NotAuthorized';
import type { Caller } from '../identity/Caller';
import type { AcceptedEvent } from '../store/AcceptedEvent';
import type { IdempotencyKey } from '../store/idempotency';

/**
 * The part of a publish request that decides access to the producing pod. It is known before the body is read.
 */
export interface Admission {
  /** Base URL of the producing pod, ending in `/`. */
  readonly pod: string;
  /** Agent, client and issuer of the request, with the limits of its credential. The agent is the publisher. */
  readonly caller: Caller;
  /** URL of the resource on which the caller needs `acl:Append`, such as `{pod}publish/` or `{pod}__event`. */
  readonly resource: string;
}

/**
 * A request to publish events, independent of the dialect in which it was sent.
 */
export interface PublishRequest extends Admission {
  /** The events to publish; at least one. */
  readonly drafts: readonly EventDraft[];
  /** Whether the events came as an array, so that errors name the index of an event. Default false. */
  readonly isArray?: boolean;
  /**
   * Whether the producing pod is a recipient and forwards the events. Default false.
   *
   * Set by dialects in which access to the producing pod includes access to publish to it.
   */
  readonly toProducer?: boolean;
  /** Number of systems that have passed the events on; `Infinity` if the number is unknown. Default 0. */
  readonly hops?: number;
  /** Idempotency key of the request: a repeat within 24 hours stores nothing and gets the first response. */
  readonly idempotencyKey?: NamedKey;
  /** Whether the result tells if a subscription of the producing pod receives one of the events. Default false. */
  readonly asksAudience?: boolean;
  /** Entry of the published log: the request, and the key of the catalogue entry by which it was sent. */
  readonly logged?: Pick<AcceptedEvent, 'request' | 'entry'>;
}

/** An idempotency key without the pod and the agent that complete it. */
export type NamedKey = Pick<IdempotencyKey, 'key' | 'fingerprint'>;

/**
 * Result of a publish request.
 */
export interface Published {
  /** The events, in the order of their drafts. */
  readonly events: readonly Pick<Event, 'id' | 'pod'>[];
  /** Indices of the events that an earlier request, or an earlier event of this one, has published. Absent if none. */
  readonly repeated?: readonly number[];
  /** Whether a subscription of the producing pod receives one of the events, at the time of the first request. */
  readonly hasAudience?: boolean;
}

/** An event without addressees. Its pod is the only recipient. */
export type TopicDraft = Omit<EventDraft, 'recipients' | 'sources'>;

/**
 * A request to publish independent events to one pod. The caller needs `acl:Append` on the topic of each event there.
 */
export interface IndependentRequest extends Pick<PublishRequest, 'pod' | 'caller' | 'idempotencyKey'> {
  readonly drafts: readonly TopicDraft[];
}

/** Result of one independent event: its id, or the reason for its refusal. */
export type EventOutcome = Pick<Event, 'id'> | { readonly refusal: 'forbidden' | 'invalid'; readonly message: string };

/** URLs of subscriptions in the result of a dry run. */
export interface NamedSubscriptions {
  readonly receiving: readonly string[];
  /** Those whose filters exclude the event. */
  readonly excluded: readonly string[];
}

/**
 * Result of the dry run of one event.
 */
export interface DryRunResult {
  /** Reason for which the event would be refused, if any. */
  readonly fault?: InvalidInput | NotAuthorized;
  /** Number of subscriptions that would receive the event, in all pods of this server that would forward it. */
  readonly subscriptions: number;
  /** Number of subscriptions that would receive the event if it matched their filters. */
  readonly excluded: number;
  /**
   * URLs of the first 100 of these subscriptions, in pods with `subscriptions/` that the caller may read; absent if
   * there are none.
   */
  readonly named?: NamedSubscriptions;
  /** WebIDs of recipients and sources on other servers; these servers decide themselves. */
  readonly elsewhere: readonly string[];
  /** The subset of `elsewhere` with no reachable inbox, and the reasons. */
  readonly unreachable?: readonly { readonly agent: string; readonly reason: string }[];
}
