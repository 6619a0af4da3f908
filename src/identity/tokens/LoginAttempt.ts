/** An attempt to log in with a name and a secret. */
export interface LoginAttempt {
  /** Base URL of the pod. */
  readonly pod: string;
  /** Address of the client. */
  readonly address: string;
  /** Id of client credentials, or a WebID. */
  readonly name: string;
  /** Secret of the client credentials, or an API key of the WebID. */
  readonly secret: string;
}
