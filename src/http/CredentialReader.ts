import type { Credential } from '../identity/tokens/Credential';
import type { HttpExchange } from './Endpoint';

/**
 * Verifies the secrets that this server issues.
 */
export interface SecretVerifier {
  /**
   * Verifies an API key or a token of this server.
   *
   * @throws An `HttpProblem` 401 if it is not valid.
   */
  verify: (secret: string) => Promise<Credential>;
}

/**
 * A credential in a request, before its verification.
 */
export interface PresentedCredential {
  /** Name of its header, cookie or parameter, for messages. */
  readonly name: string;
  /** Verifies the credential. Throws an `HttpProblem` 401 if it is not valid. */
  readonly verify: (secrets: SecretVerifier) => Promise<Credential>;
}

/**
 * Finds the credentials that a dialect defines in addition to API keys and access tokens.
 *
 * Readers are registered at the `Authenticator` by configuration.
 */
export interface CredentialReader {
  /** Name of the dialect; the reader applies to requests of its endpoints only. */
  readonly dialect: string;
  /** Finds the credential of a request, if it has one of this kind. */
  find: (exchange: HttpExchange) => PresentedCredential | undefined;
}
