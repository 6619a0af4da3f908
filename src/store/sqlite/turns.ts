const waiting: (() => void)[] = [];

/**
 * Waits for a turn of the event loop, of which each goes to one only of those who wait: however many read much at once,
 * everybody else waits for no more than one of their steps.
 */
export async function turn(): Promise<void> {
  await new Promise<void>((resolve): void => {
    waiting.push(resolve);
    if (waiting.length === 1) {
      setImmediate(next);
    }
  });
}

function next(): void {
  waiting.shift()!();
  if (waiting.length > 0) {
    setImmediate(next);
  }
}

/**
 * Makes what waits for a {@link turn} whenever that many milliseconds have passed since the last one.
 */
export function pausesEvery(duration: number): () => Promise<void> {
  let begun = performance.now();
  return async(): Promise<void> => {
    if (performance.now() - begun >= duration) {
      await turn();
      begun = performance.now();
    }
  };
}
