/**
 * Knows the clients that log in with an id and a secret of their own.
 */
export interface Clients {
  /**
   * The WebID that a client stands for.
   *
   * @param id - The id of the client.
   *
   * @returns `undefined` if there is no such client any more, or if it may not stand for its WebID any more.
   */
  webIdOf: (id: string) => Promise<string | undefined>;

  /**
   * Whether a secret is that of a client, compared in constant time.
   *
   * @param id - The id of the client.
   * @param secret - What was presented.
   */
  hasSecret: (id: string, secret: string) => Promise<boolean>;
}
