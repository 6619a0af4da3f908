import type { Event } from '../event/Event';
import type { RequestRecord } from './RequestRecord';
import type { Attempt } from './deliveries';

/**
 * A pod that receives an event and forwards it to its subscribers.
 */
export interface Forward {
  /** Base URL of the pod, ending in `/`. */
  readonly pod: string;
  /** URL of the pod's own inbox, which receives the first copy; absent if the pod only forwards the event. */
  readonly inbox?: string;
}

/**
 * A recipient on another server, with the outcome of the first attempt.
 */
export interface RemoteRecipient {
  /** Name of the target kind of recipients. */
  readonly kind: string;
  /** WebID of the recipient. */
  readonly agent: string;
  /** Name of the host of its inbox, with its port. */
  readonly host: string;
  /** The attempt, if one was made. */
  readonly attempt?: Attempt;
  /** Whether the attempt delivered the event. */
  readonly isDelivered: boolean;
  /** Whether the response was final, so that no attempt follows. */
  readonly isDead?: boolean;
  /** URL of the copy, if the inbox returned it. */
  readonly copy?: string;
  /** Due time of the next attempt, if there is one. */
  readonly due: number;
  /** Time until which the recipient requested no deliveries, if it did. */
  readonly rests?: number;
}

/**
 * Identity that the producer gave to an event, as it is stored.
 */
export interface StoredIdentity {
  /** SHA-256 of source and id, in hex. */
  readonly hash: string;
  /** SHA-256 of the content of the event, in hex. */
  readonly fingerprint: string;
}

/**
 * A published event and the pods that forward it, which are stored together.
 */
export interface AcceptedEvent {
  readonly event: Event;
  readonly forwards: readonly Forward[];
  readonly recipients?: readonly RemoteRecipient[];
  /** Number of hops before its publication on this server. Default 0. */
  readonly hops?: number;
  /** The publish request, if the dialect shows it in its log. */
  readonly request?: RequestRecord;
  /** Identity that its producer gave. The publisher and the pod complete it. */
  readonly identity?: StoredIdentity;
  /** Key of the entry of the pod's catalogue that sent it. */
  readonly entry?: number;
}
