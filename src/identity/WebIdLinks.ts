/**
 * Knows which WebIDs accounts have.
 */
export interface WebIdLinks {
  /**
   * Whether an account exists and has a WebID.
   *
   * @throws An error if that cannot be told now; the key is not to be accepted then.
   */
  isLinked: (account: string, webId: string) => Promise<boolean>;
}
