/**
 * Detects the repeated use of single-use values, such as DPoP proofs.
 */
export interface ReplayGuard {
  /**
   * Marks a value as used.
   *
   * @param hash - Collision-resistant hash of the value.
   * @param expires - End of the time for which the value must be remembered, in milliseconds since 1970.
   *
   * @returns Whether this is the first use. A repeated use within this time is detected by all processes of the server,
   *   after any number of other values, and after a restart.
   */
  use: (hash: Buffer, expires: number) => Promise<boolean>;
}
