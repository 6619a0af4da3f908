/**
 * State of background work, as readiness reports it.
 */
export interface Backlog {
  /** Whether the work is being done in this process. */
  readonly isRunning: boolean;
  /** Number of pieces of work that wait, counted up to a limit. */
  readonly waiting: number;
  /** For how many milliseconds the oldest work is due that could be done now; absent if there is none. */
  readonly overdue?: number;
}
