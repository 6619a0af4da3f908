/**
 * State of background work, for readiness.
 */
export interface Backlog {
  /** Whether the work runs in this process. */
  readonly isRunning: boolean;
  /** Number of waiting items, counted up to a limit. */
  readonly waiting: number;
  /** Time since the oldest due item became due, in milliseconds; absent if none is due. */
  readonly overdue?: number;
}
