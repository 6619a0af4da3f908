/** How much is asked of the server at the same time, so that it can also answer others. */
const MAX_CONCURRENT = 8;

/**
 * Does some work for each item, a few at a time.
 *
 * @param items - What the work is for.
 * @param work - Does it for one; what it throws ends all.
 */
export async function forEachConcurrently<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = [ ...items ].reverse();
  await Promise.all(Array.from({ length: MAX_CONCURRENT }, async(): Promise<void> => {
    try {
      while (rest.length > 0) {
        await work(rest.pop()!);
      }
    } catch (error: unknown) {
      // Else the others would go on, though nobody waits for them any more.
      rest.length = 0;
      throw error;
    }
  }));
}
