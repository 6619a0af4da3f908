/**
 * Limits of a batch: several events in one delivery attempt.
 */
export interface BatchLimits {
  /** Maximum number of events. */
  readonly maxEvents: number;
  /** Maximum time that a delivery waits for further ones, in milliseconds. */
  readonly maxWaitMs: number;
}

/**
 * Settings of a target, which all subscriptions of its agent share. Absent settings stay as stored.
 */
export interface TargetSettings {
  /** Settings in a form of the target kind; they replace stored ones. */
  readonly settings?: string;
  /** Limits of batches, which replace stored ones together with `settings`; absent if events are sent one by one. */
  readonly batch?: BatchLimits;
  /** Credential of requests to the target, in a form of the target kind; `null` removes a stored one. */
  readonly credential?: string | null;
}
