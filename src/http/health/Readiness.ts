/**
 * State of the integrity check.
 *
 * - `unchecked`: not needed, because the last stop was clean;
 * - `checking`: in progress;
 * - `ok`: no damage found;
 * - `damaged`: damage found;
 * - `unknown`: the check failed.
 */
export type IntegrityState = 'unchecked' | 'checking' | 'ok' | 'damaged' | 'unknown';

/** State of one kind of background work, without data of persons or agents. */
export interface WorkReport {
  /** Whether the work is running. */
  readonly running: boolean;
  /** Number of waiting items, counted up to 10,000. */
  readonly waiting: number;
  /** Time since the oldest due item became due, in seconds; 0 if none is due. */
  readonly oldestDueSeconds: number;
}

/** Readiness of the server and of its parts. */
export interface ReadinessReport {
  readonly status: 'ready' | 'unavailable';
  readonly store: {
    /** Whether a write succeeds. */
    readonly writable: boolean;
    /** State of the integrity check after an unclean stop. */
    readonly integrity: IntegrityState;
  };
  readonly fanOut: WorkReport;
  readonly deliveries: WorkReport;
}

/**
 * Reports the readiness of the server.
 */
export interface Readiness {
  /** Returns the current report. Never throws, and is cheap at any rate of calls. */
  report: () => Promise<ReadinessReport>;
}
