/** A client that logs in with an id and a secret of its own. */
export interface Client {
  /** The WebID that it stands for. */
  readonly webId: string;
  /** Whether a secret is that of the client, compared in constant time. */
  readonly hasSecret: (secret: string) => boolean;
}

/**
 * Knows the clients that log in with an id and a secret of their own.
 */
export interface Clients {
  /**
   * Finds a client.
   *
   * @param id - The id of the client.
   *
   * @returns `undefined` if there is no such client any more, or if it may not stand for its WebID any more.
   */
  find: (id: string) => Promise<Client | undefined>;
}
