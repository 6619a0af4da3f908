import type { OutgoingFailed, OutgoingResponse } from '../outgoing/Outgoing';

/** Result of sending a delivery: the response, or the reason for its absence. */
export type AttemptResult = Pick<OutgoingResponse, 'headers' | 'status'> | OutgoingFailed;

/** Result of one attempt to send a delivery. */
export interface Sent {
  readonly result: AttemptResult;
  /**
   * Host of the result, for its health; `null` if the result shows no health. Default: the host of the delivery.
   */
  readonly host?: string | null;
  /** URL of the copy, if the target returned it. */
  readonly copy?: string;
}

/**
 * Meaning of the responses of a target kind.
 */
export interface ResponseRules {
  /** Whether a response status confirms the delivery. */
  isDelivered: (status: number) => boolean;
  /** Whether a 4xx status is retried, in addition to the statuses that are retried for each kind. */
  isRetried: (status: number) => boolean;
  /** Reason for the failure of a delivery with a 2xx status that does not confirm it. */
  readonly unconfirmed: string;
}
