/** Maximum number of concurrent calls, so that the server can also process other requests. */
const MAX_CONCURRENT = 8;

/**
 * Calls a function for each item, with at most 8 concurrent calls.
 *
 * @param items - The items.
 * @param work - Processes one item. Its first error ends the whole call.
 */
export async function forEachConcurrently<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = [ ...items ].reverse();
  await Promise.all(Array.from({ length: MAX_CONCURRENT }, async(): Promise<void> => {
    try {
      while (rest.length > 0) {
        await work(rest.pop()!);
      }
    } catch (error: unknown) {
      // Stops the other calls, whose results are no longer used.
      rest.length = 0;
      throw error;
    }
  }));
}
