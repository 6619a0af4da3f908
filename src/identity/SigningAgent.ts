/**
 * An agent that authenticates its requests to other servers.
 */
export interface SigningAgent {
  /** The WebID by which other servers know the agent. */
  readonly webId: string;

  /**
   * Returns the headers that authenticate a request, by name in lower case. They are valid for one attempt only.
   *
   * @param method - The method of the request.
   * @param url - Its absolute URL.
   *
   * @throws An error with the reason if the agent cannot authenticate itself.
   */
  headersFor: (method: string, url: string) => Promise<Record<string, string>>;
}
