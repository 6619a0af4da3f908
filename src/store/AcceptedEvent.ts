import type { Event } from '../event/Event';
import type { RequestRecord } from './RequestRecord';
import type { Attempt } from './deliveries';

/**
 * A pod that gets an event and forwards it to its subscribers.
 */
export interface Forward {
  /** The base URL of the pod, ending in `/`. */
  readonly pod: string;
  /** The pod's own inbox, which gets the first copy; absent where the pod already holds the event. */
  readonly inbox?: string;
}

/**
 * A recipient on another server, and what became of the first attempt to reach it.
 */
export interface RemoteRecipient {
  /** Name of the target kind of recipients. */
  readonly kind: string;
  /** The recipient's WebID. */
  readonly agent: string;
  /** The name, with its port, of the host that is asked. */
  readonly host: string;
  /** The attempt, if one was made. */
  readonly attempt?: Attempt;
  /** Whether that delivered the event. */
  readonly isDelivered: boolean;
  /** Whether its answer was final, so that there is no other attempt. */
  readonly isDead?: boolean;
  /** The URL of the copy, if the inbox told it. */
  readonly copy?: string;
  /** When the next attempt is due, if there is one. */
  readonly due: number;
  /** Until when the recipient asks to be sent nothing, if it does. */
  readonly rests?: number;
}

/**
 * An event and the pods that forward it, to be stored as one.
 */
export interface AcceptedEvent {
  readonly event: Event;
  readonly forwards: readonly Forward[];
  readonly recipients?: readonly RemoteRecipient[];
  /** How many systems had passed it on before it was published here. Default 0. */
  readonly hops?: number;
  /** The request by which it came, where the dialect has that shown in its log. */
  readonly request?: RequestRecord;
  /** The key of the entry of the pod's catalogue by which it was sent. */
  readonly entry?: number;
}
