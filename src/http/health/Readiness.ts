/** State of background work, without any detail about persons or agents. */
export interface WorkReport {
  /** Whether the work is being done. */
  readonly running: boolean;
  /** Number of pieces of work that wait, counted up to 10,000. */
  readonly waiting: number;
  /** For how many seconds the oldest of it is due; 0 if nothing is. */
  readonly oldestDueSeconds: number;
}

/** Whether the server can do its work. */
export interface ReadinessReport {
  readonly status: 'ready' | 'unavailable';
  readonly store: {
    /** Whether a write succeeds. */
    readonly writable: boolean;
    /** Result of the check after a stop that was not clean. */
    readonly integrity: 'unchecked' | 'checking' | 'ok' | 'damaged' | 'unknown';
  };
  readonly fanOut: WorkReport;
  readonly deliveries: WorkReport;
}

/**
 * Tells whether the server can do its work.
 */
export interface Readiness {
  /** Must not throw, and is cheap however often it is called. */
  report: () => Promise<ReadinessReport>;
}
