import { createHash, randomUUID } from 'node:crypto';
import type { JWK, KeyLike } from 'jose';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { SigningAgent } from './SigningAgent';
import type { TokenSigner } from './TokenSigner';

/** Path of the server's WebID document, relative to its base URL. */
export const AGENT_PATH = '.events/agent';

/** Returns the WebID of the agent of a server. */
export function agentWebId(baseUrl: string): string {
  return `${baseUrl}${AGENT_PATH}#this`;
}

/** Lifetime of a token, and its remaining lifetime at renewal, in seconds. */
const TOKEN_LIFETIME = 20 * 60;
const RENEW_BEFORE = 2 * 60;

interface ProofKey {
  readonly privateKey: KeyLike;
  readonly jwk: JWK;
  readonly thumbprint: string;
}

interface Token {
  readonly value: string;
  /** The hash that binds proofs to the token. */
  readonly hash: string;
  /** Expiration time, in seconds since 1970. */
  readonly end: number;
}

/**
 * The server as the agent of its requests to other servers.
 *
 * It presents an access token that any Solid resource server accepts. Its issuer is the identity provider of this
 * server, which the WebID document names. The token is bound to a key pair that is generated at process start and never
 * leaves the process, so a server that receives the token cannot use it elsewhere. One token is used for all requests
 * until shortly before its expiration. Each request has its own proof.
 *
 * @see https://solidproject.org/TR/oidc#tokens-access
 * @see https://www.rfc-editor.org/rfc/rfc9449
 */
export class ServerAgent implements SigningAgent {
  public readonly webId: string;
  /** The identity provider, spelled as in its own tokens and configuration. */
  public readonly issuer: string;
  private readonly signer: TokenSigner;
  private proofKey?: Promise<ProofKey>;
  private token?: Token;
  private renewal?: Promise<Token>;

  /**
   * @param baseUrl - The base URL of the server, which is also the issuer name of its identity provider.
   * @param signer - Signs the tokens.
   */
  public constructor(baseUrl: string, signer: TokenSigner) {
    this.issuer = baseUrl;
    this.webId = agentWebId(baseUrl);
    this.signer = signer;
  }

  /**
   * Returns the headers `authorization` and `dpop` of one request.
   *
   * @param method - The method of the request.
   * @param url - Its absolute URL. The proof contains it without query and fragment.
   *
   * @throws An error with the reason if no token could be signed. The next call tries again.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9449#section-4.2
   */
  public async headersFor(method: string, url: string): Promise<Record<string, string>> {
    const { origin, pathname } = new URL(url);
    const key = await this.key();
    const { value, hash } = await this.currentToken(key);
    const proof = await new SignJWT({ htm: method, htu: `${origin}${pathname}`, ath: hash, jti: randomUUID(), iat: now() })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: key.jwk })
      .sign(key.privateKey);
    return { authorization: `DPoP ${value}`, dpop: proof };
  }

  private async key(): Promise<ProofKey> {
    this.proofKey ??= createKey();
    return this.proofKey;
  }

  /** Returns a valid token. Concurrent callers share one renewal. */
  private async currentToken(key: ProofKey): Promise<Token> {
    if (this.token && this.token.end - now() >= RENEW_BEFORE) {
      return this.token;
    }
    this.renewal ??= this.createToken(key)
      .then((token): Token => this.token = token)
      .finally((): unknown => this.renewal = undefined);
    return this.renewal;
  }

  private async createToken({ thumbprint }: ProofKey): Promise<Token> {
    const start = now();
    const end = start + TOKEN_LIFETIME;
    const { webId, issuer } = this;
    try {
      const value = await this.signer.sign({
        webid: webId,
        sub: webId,
        client_id: webId,
        azp: webId,
        iss: issuer,
        aud: 'solid',
        iat: start,
        exp: end,
        jti: randomUUID(),
        cnf: { jkt: thumbprint },
      });
      return { value, hash: createHash('sha256').update(value).digest('base64url'), end };
    } catch (error: unknown) {
      throw new Error(
        `Cannot authenticate this server to others: signing with the key of its identity provider failed: ${(error as Error).message}`,
        { cause: error },
      );
    }
  }
}

async function createKey(): Promise<ProofKey> {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const jwk = await exportJWK(publicKey);
  return { privateKey, jwk, thumbprint: await calculateJwkThumbprint(jwk) };
}

/** Returns the current time in seconds since 1970, the unit of tokens. */
function now(): number {
  return Math.floor(Date.now() / 1_000);
}
