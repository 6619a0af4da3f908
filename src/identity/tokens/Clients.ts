/** A client with its own id and secret. */
export interface Client {
  /** The WebID that the client authenticates. */
  readonly webId: string;
  /** Returns whether a secret is that of the client. Compares in constant time. */
  readonly hasSecret: (secret: string) => boolean;
}

/**
 * Finds clients with their own id and secret.
 */
export interface Clients {
  /**
   * Finds a client.
   *
   * @param id - The id of the client.
   *
   * @returns `undefined` if the client does not exist or may no longer authenticate its WebID.
   */
  find: (id: string) => Promise<Client | undefined>;
}
