/** Stops something that a test has started. */
export type Stop = () => Promise<unknown>;

/** What is still running, in a place that all modules of a test file share. */
const running = ((globalThis as { startedByTests?: Set<Stop> }).startedByTests ??= new Set());

/**
 * Registers something that keeps the process alive, so that it ends with its test file even if the set-up fails.
 *
 * @returns A function that takes it out again, for when it has ended.
 */
export function stopsInTheEnd(stop: Stop): () => void {
  running.add(stop);
  return (): unknown => running.delete(stop);
}

/** Stops everything that a test file has left running. */
export async function stopLeftovers(): Promise<void> {
  const stops = [ ...running ];
  running.clear();
  await Promise.allSettled(stops.map(async(stop): Promise<unknown> => stop()));
}
