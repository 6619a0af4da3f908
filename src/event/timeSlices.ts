import { performance } from 'node:perf_hooks';
import { setImmediate, setTimeout } from 'node:timers';
import { isMainThread } from 'node:worker_threads';

/** Minimum time between two time slices, in milliseconds. */
const MIN_PAUSE = 1;
/** Utilization of the event loop between two slices above which the pause is extended. */
const BUSY_UTILIZATION = 0.3;
/** Default maximum duration of the work in one time slice, in milliseconds. */
const MAX_SLICE = 5;

const waiting: (() => void)[] = [];
let isActive = false;

/**
 * Waits for the next time slice of long work on the event loop.
 *
 * Slices are granted one at a time, in the order of the calls. A pause for other requests follows each slice. It lasts
 * as long as the slice if the event loop is busy, and is short otherwise. Therefore long work of any number of requests
 * takes about half of the event loop's time, and no other request waits longer than one slice at once. Each request has
 * at most one waiting slice. Worker threads have no other requests and do not wait.
 *
 * @param signal - Aborted when the work is no longer needed.
 *
 * @throws The reason of the signal, if it is aborted when the slice is granted.
 */
export async function nextTimeSlice(signal?: AbortSignal): Promise<void> {
  if (isMainThread) {
    await new Promise<void>((resolve): void => {
      waiting.push(resolve);
      if (!isActive) {
        isActive = true;
        setImmediate(grant);
      }
    });
  }
  signal?.throwIfAborted();
}

function grant(): void {
  const next = waiting.shift();
  if (!next) {
    isActive = false;
    return;
  }
  const begun = performance.now();
  next();
  setImmediate((): void => {
    const now = performance.now();
    pause(now + now - begun);
  });
}

/** Waits until other work had its share of time, or the event loop is idle. */
function pause(end: number): void {
  const used = performance.eventLoopUtilization();
  setTimeout((): void => {
    const { utilization } = performance.eventLoopUtilization(used);
    if (utilization < BUSY_UTILIZATION || performance.now() >= end) {
      grant();
    } else {
      pause(end);
    }
  }, MIN_PAUSE);
}

/**
 * Returns a function that waits for {@link nextTimeSlice} if the current slice is used up.
 *
 * @param duration - Maximum duration of one slice, in milliseconds. Default 5.
 * @param signal - As for {@link nextTimeSlice}.
 */
export function timeSlicer(duration = MAX_SLICE, signal?: AbortSignal): () => Promise<void> {
  let begun = performance.now();
  return async(): Promise<void> => {
    if (performance.now() - begun >= duration) {
      await nextTimeSlice(signal);
      begun = performance.now();
    }
  };
}
