/**
 * An agent whose requests to other servers tell who it is.
 */
export interface SigningAgent {
  /** The WebID that other servers know it by. */
  readonly webId: string;

  /**
   * The headers, by names in lower case, that make a request one of this agent. They are for one attempt alone.
   *
   * @param method - The method of the request.
   * @param url - Its absolute URL.
   *
   * @throws An error that says why the agent cannot identify itself.
   */
  headersFor: (method: string, url: string) => Promise<Record<string, string>>;
}
