import { createHash, randomUUID } from 'node:crypto';
import type { JWK, KeyLike } from 'jose';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { SigningAgent } from './SigningAgent';
import type { TokenSigner } from './TokenSigner';

/** Where the WebID document of the server is, behind its base URL. */
export const AGENT_PATH = '.events/agent';

/** How long a token holds, and how long before its end there is a new one, in seconds. */
const TOKEN_LIFETIME = 20 * 60;
const RENEW_BEFORE = 2 * 60;

interface ProofKey {
  readonly privateKey: KeyLike;
  readonly jwk: JWK;
  readonly thumbprint: string;
}

interface Token {
  readonly value: string;
  /** The hash by which proofs name the token. */
  readonly hash: string;
  /** When it ends, in seconds since 1970. */
  readonly end: number;
}

/**
 * The server itself, as the agent that makes requests to other servers.
 *
 * It presents an access token that any resource server of Solid accepts: the issuer is the identity provider of this
 * server, whose name stands in the WebID document. The token is bound to a key pair that is made when the process
 * starts and never leaves it, so a server that gets the token cannot use it elsewhere. One token serves all requests
 * until shortly before it ends; each request gets a proof of its own.
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
   * @param baseUrl - The base URL of the server, which is also the name of its identity provider.
   * @param signer - Signs the tokens.
   */
  public constructor(baseUrl: string, signer: TokenSigner) {
    this.issuer = baseUrl;
    this.webId = `${baseUrl}${AGENT_PATH}#this`;
    this.signer = signer;
  }

  /**
   * The headers `authorization` and `dpop` of one request.
   *
   * @param method - The method of the request.
   * @param url - Its absolute URL; the proof names it without query and fragment.
   *
   * @throws An error that says that no token could be signed, and why; the next call tries again.
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

  /** The token that holds; who asks while a new one is being signed waits for that one. */
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
        `This server cannot identify itself to others, because its identity provider's key could not be used: ${(error as Error).message}`,
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

/** Seconds since 1970, as tokens tell times. */
function now(): number {
  return Math.floor(Date.now() / 1_000);
}
