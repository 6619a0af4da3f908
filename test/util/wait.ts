/** Asks again until the answer is not `undefined`, or fails after some time. */
export async function eventually<T>(ask: () => Promise<T | undefined>, milliseconds = 300_000): Promise<T> {
  const end = Date.now() + milliseconds;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) {
      return answer;
    }
    if (Date.now() > end) {
      throw new Error(`Nothing came within ${milliseconds} ms`);
    }
    await new Promise((resolve): unknown => setTimeout(resolve, 20));
  }
}
