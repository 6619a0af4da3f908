/**
 * Provides the WebIDs that are linked to accounts.
 */
export interface WebIdLinks {
  /**
   * Returns whether an account exists and has a WebID.
   *
   * @throws An error if this cannot be determined. The key must then be rejected.
   */
  isLinked: (account: string, webId: string) => Promise<boolean>;
}
