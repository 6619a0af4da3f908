import { decodeJwt } from 'jose';
import type { HttpRequest } from '../css';
import { currentAccount } from '../access/costs';
import { NotAuthorized } from '../event/NotAuthorized';
import type { ApiKeys } from '../identity/ApiKeys';
import type { Caller } from '../identity/Caller';
import { hasScope } from '../identity/Caller';
import type { Scope } from '../identity/scopes';
import type { Credential } from '../identity/tokens/Credential';
import type { EventTokens } from '../identity/tokens/EventTokens';
import { keyCredential } from '../identity/tokens/keyCredential';
import type { AccessTokens } from './AccessTokens';
import type { CredentialReader, PresentedCredential, SecretVerifier } from './CredentialReader';
import type { HttpExchange } from './Endpoint';
import { HttpProblem, unauthorized } from './errors';

/** Prefix of API keys, including mistyped ones. */
const KEY_START = 'spe_';
/** Header of API keys in all dialects. */
const KEY_HEADER = 'x-api-key';

/**
 * Authenticates requests by API key, access token, token of this server, or a credential of their dialect.
 *
 * An invalid credential is refused. It never counts as none.
 */
export class Authenticator {
  private readonly accessTokens: AccessTokens;
  private readonly apiKeys: ApiKeys;
  private readonly eventTokens: EventTokens;
  private readonly readers: readonly CredentialReader[];

  /**
   * @param accessTokens - Verifies access tokens.
   * @param apiKeys - Verifies API keys.
   * @param eventTokens - Verifies tokens of this server.
   * @param readers - Find the credentials of dialects. Default: none.
   */
  public constructor(
    accessTokens: AccessTokens,
    apiKeys: ApiKeys,
    eventTokens: EventTokens,
    readers: CredentialReader[] = [],
  ) {
    this.accessTokens = accessTokens;
    this.apiKeys = apiKeys;
    this.eventTokens = eventTokens;
    this.readers = readers;
  }

  /**
   * Returns the caller of a request: the public, if it has no credential.
   *
   * @param exchange - The request.
   * @param scopes - The scopes of which the credential needs one.
   * @param dialect - Name of the dialect whose credentials are accepted too. Default: none.
   *
   * @throws An {@link HttpProblem} 401 if the credential is not valid, 400 if there is more than one.
   * @throws {@link NotAuthorized} if the credential is limited to other pods, or has none of the scopes.
   * @throws {@link TooMany} if the caller exceeds its cost budget.
   */
  public async callerOf(exchange: HttpExchange, scopes: readonly Scope[], dialect?: string): Promise<Caller> {
    const { caller } = await this.authenticate(exchange, dialect);
    assertScope(caller, scopes);
    return caller;
  }

  /**
   * Returns the credential of a request, with its expiry. Its scopes are not checked.
   *
   * @param exchange - The request.
   */
  public async credentialOf(exchange: HttpExchange): Promise<Credential> {
    const credential = await this.authenticate(exchange);
    return { ...credential, expires: credential.expires ?? endOfToken(exchange.request.headers.authorization) };
  }

  /** Whether a request presents an API key or a token of this server, valid or not. */
  public hasKeyOrToken({ headers }: HttpRequest): boolean {
    return headers[KEY_HEADER] !== undefined || this.isOwnSecret(bearerOf(headers.authorization ?? ''));
  }

  /** Whether a request has an `Authorization` header that presents neither of them. */
  public hasOtherCredential({ headers }: HttpRequest): boolean {
    return headers.authorization !== undefined && !this.isOwnSecret(bearerOf(headers.authorization));
  }

  private isOwnSecret(text: string): boolean {
    return text.startsWith(KEY_START) || this.eventTokens.isToken(text);
  }

  private async authenticate(exchange: HttpExchange, dialect?: string): Promise<Credential> {
    const [ presented, other ] = this.findAll(exchange, dialect);
    if (presented && other) {
      throw new HttpProblem(400, `Both "${presented.name}" and "${other.name}" were sent: send one of them, ` +
        'so that it is clear who asks');
    }
    const secrets: SecretVerifier = {
      verify: async(secret): Promise<Credential> => this.verifySecret(secret, exchange.pod),
    };
    const credential = presented ?
      await presented.verify(secrets) :
      { caller: await this.accessTokens.callerOf(exchange.request, exchange.url) };
    return assertFor(exchange.pod, credential, presented ? `The credential in "${presented.name}"` : 'This credential');
  }

  /** The credentials of a request. */
  private findAll(exchange: HttpExchange, dialect?: string): (PresentedCredential | undefined)[] {
    const { request, pod, url } = exchange;
    const key = request.headers[KEY_HEADER];
    const { authorization } = request.headers;
    return [
      key !== undefined && {
        name: KEY_HEADER, verify: async(): Promise<Credential> => this.verifyKey(String(key), pod),
      },
      ...this.readers.map((reader) => reader.dialect === dialect && reader.find(exchange)),
      authorization !== undefined && {
        name: 'Authorization',
        verify: async(secrets: SecretVerifier): Promise<Credential> => {
          const text = bearerOf(authorization);
          return this.isOwnSecret(text) ?
            secrets.verify(text) :
            { caller: await this.accessTokens.callerOf(request, url) };
        },
      },
    ].filter((found): found is PresentedCredential => Boolean(found));
  }

  private async verifySecret(secret: string, pod: string): Promise<Credential> {
    return this.eventTokens.isToken(secret) ? this.verifyToken(secret, pod) : this.verifyKey(secret, pod);
  }

  private async verifyKey(text: string, pod: string): Promise<Credential> {
    const key = await this.apiKeys.authenticate(text);
    if (!key) {
      throw unauthorized('The API key is not valid: it may be mistyped, have expired, or have been revoked');
    }
    return assertFor(pod, keyCredential(key, text), 'This API key');
  }

  private async verifyToken(text: string, pod: string): Promise<Credential> {
    const credential = await this.eventTokens.authenticate(text);
    if (!credential) {
      throw unauthorized('The token is not valid: it may have expired, or what it was made with has ended');
    }
    return assertFor(pod, credential, 'This token');
  }
}

/**
 * Checks that the credential of a caller has one of some scopes.
 *
 * @throws {@link NotAuthorized} if it has none.
 */
export function assertScope(caller: Caller, scopes: readonly Scope[]): void {
  if (!scopes.some((scope): boolean => hasScope(caller, scope))) {
    throw new NotAuthorized(`The API key or token of this request lacks the scope ${scopes.join(' or ')}: create an ` +
      'API key that has it on the account page, or with "solid-pod-events keys create --scope"');
  }
}

/** Returns a credential that is valid for a pod. The request is charged to its agent in any case. */
function assertFor(pod: string, credential: Credential, name: string): Credential {
  currentAccount()?.identify(credential.caller);
  const { pods } = credential.caller.limits ?? {};
  if (pods && !pods.includes(pod)) {
    throw new NotAuthorized(`${name} is limited to other pods than ${pod}`);
  }
  return credential;
}

/**
 * The credential of the scheme `Bearer` in a header; empty for other schemes.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1
 */
function bearerOf(authorization: string): string {
  return /^Bearer +(\S+)$/iu.exec(authorization)?.[1] ?? '';
}

/** Expiry of the access token in a header, in milliseconds since 1970, if the token has one. */
function endOfToken(authorization = ''): number | undefined {
  try {
    const { exp } = decodeJwt(authorization.replace(/^\S+ +/u, ''));
    return exp === undefined ? undefined : exp * 1_000;
  } catch {
    return undefined;
  }
}
