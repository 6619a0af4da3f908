/** How much is asked of the server at the same time, so that it can also answer others. */
const AT_ONCE = 8;

/**
 * Does some work for each item, a few at a time.
 *
 * @param items - What the work is for.
 * @param work - Does it for one; what it throws ends all.
 */
export async function fewAtOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = [ ...items ].reverse();
  await Promise.all(Array.from({ length: AT_ONCE }, async(): Promise<void> => {
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
