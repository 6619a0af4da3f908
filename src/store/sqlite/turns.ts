const waiting: (() => void)[] = [];

/**
 * Waits for a turn of the event loop, of which each goes to one only of those who wait: however many read much at once,
 * everybody else waits for no more than one of their steps. No more wait than there are requests that read much, and
 * who has no use for its turn any more does nothing with it.
 *
 * @param signal - Aborted once that is so.
 *
 * @throws The reason of the signal, if it is aborted when the turn comes.
 */
export async function turn(signal?: AbortSignal): Promise<void> {
  await new Promise<void>((resolve): void => {
    waiting.push(resolve);
    if (waiting.length === 1) {
      setImmediate(next);
    }
  });
  signal?.throwIfAborted();
}

function next(): void {
  waiting.shift()!();
  if (waiting.length > 0) {
    setImmediate(next);
  }
}

/**
 * Makes what waits for a {@link turn} whenever that many milliseconds have passed since the last one.
 *
 * @param duration - How many.
 * @param signal - As that of a turn.
 */
export function pausesEvery(duration: number, signal?: AbortSignal): () => Promise<void> {
  let begun = performance.now();
  return async(): Promise<void> => {
    if (performance.now() - begun >= duration) {
      await turn(signal);
      begun = performance.now();
    }
  };
}
