import type { RetryPolicy } from './retry';

/**
 * Retry policy of this server.
 */
export interface RetryRules {
  /** Returns the retry policy. */
  retryPolicy: () => RetryPolicy;
}
