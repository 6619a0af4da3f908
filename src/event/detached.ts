import { AsyncResource } from 'node:async_hooks';

/** Created when the server starts, outside of all requests. */
const outside = new AsyncResource('solid-pod-events');

/**
 * Starts background work outside of the request that causes it.
 *
 * The work is not charged to the request, is not part of its limits, and does not keep it in memory.
 *
 * @param start - Starts the work.
 */
export function detached(start: () => void): void {
  outside.runInAsyncScope(start);
}
