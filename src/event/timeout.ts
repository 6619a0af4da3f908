/**
 * What a promise gives, if it does so in time.
 *
 * @param promise - What is waited for; it goes on when it is not waited for any longer.
 * @param milliseconds - For how long.
 *
 * @throws An error that says so if it did not.
 */
export async function withTimeout<T>(promise: Promise<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject): void => {
    timer = setTimeout((): void => reject(new TimeoutError(milliseconds)), milliseconds);
  });
  return Promise.race([ promise, late ]).finally((): void => clearTimeout(timer));
}

/** No answer came in time. */
export class TimeoutError extends Error {
  public constructor(milliseconds: number) {
    super(`no answer came in ${Math.round(milliseconds)} ms`);
    this.name = 'TimeoutError';
  }
}
