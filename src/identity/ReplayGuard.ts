/**
 * Remembers what may be used only once.
 */
export interface ReplayGuard {
  /**
   * Uses something up.
   *
   * @param hash - Stands for it, unmistakably.
   * @param expires - Until when it has to be remembered, in milliseconds since 1970.
   *
   * @returns Whether this is the first time; a second time within its time is seen however many come between,
   *          by all processes of the server, and after a restart.
   */
  use: (hash: Buffer, expires: number) => Promise<boolean>;
}
