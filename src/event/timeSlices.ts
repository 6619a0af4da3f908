import { performance } from 'node:perf_hooks';
import { setImmediate, setTimeout } from 'node:timers';
import { isMainThread } from 'node:worker_threads';

/** Minimum time between two steps of long work, in milliseconds. */
const MIN_PAUSE = 1;
/** Share of the time between two steps in which the event loop serves others, above which they get more of it. */
const BUSY_UTILIZATION = 0.3;
/** Maximum time of the work that is done in one step, in milliseconds. */
const MAX_SLICE = 5;

const waiting: (() => void)[] = [];
let isActive = false;

/**
 * Waits for a step of long work on the event loop.
 *
 * Steps are granted one at a time, in the order in which they are asked for. Between two of them there is a pause, in
 * which other requests have the event loop to themselves: as long as the step was if they use it, and short otherwise.
 * So however many requests need long work, together they take about half of the time of the event loop, and no other
 * request waits for more than one step at once. At most one step for each request waits. Worker threads serve nobody
 * else and do not wait.
 *
 * @param signal - Aborted when the step is not needed any more.
 *
 * @throws The reason of the signal, if it is aborted when the step is granted.
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

/** Waits until others have had their time, or do not use it. */
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
 * Returns a function that waits for a {@link nextTimeSlice} once the work since the last one has taken some time.
 *
 * @param duration - Maximum time of the work in one step, in milliseconds. Default 5.
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
