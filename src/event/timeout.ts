/**
 * Returns the result of a promise, if it settles in time.
 *
 * @param promise - The promise. It continues after the timeout.
 * @param milliseconds - The maximum time.
 *
 * @throws {@link TimeoutError} if the promise does not settle in time.
 */
export async function withTimeout<T>(promise: Promise<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject): void => {
    timer = setTimeout((): void => reject(new TimeoutError(milliseconds)), milliseconds);
  });
  return Promise.race([ promise, late ]).finally((): void => clearTimeout(timer));
}

/** A promise did not settle in time. */
export class TimeoutError extends Error {
  public constructor(milliseconds: number) {
    super(`no answer within ${Math.round(milliseconds)} ms`);
    this.name = 'TimeoutError';
  }
}
