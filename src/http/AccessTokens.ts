import { createHash } from 'node:crypto';
import TTLCache from '@isaacs/ttlcache';
import type { CredentialsExtractor, HttpRequest } from '../css';
import { decodeJwt } from 'jose';
import type { Caller } from '../identity/Caller';
import { charge, COSTS, currentAccount } from '../access/costs';
import type { DpopProofs, Proof } from './DpopProofs';
import { unauthorized } from './errors';

interface Verified {
  readonly caller: Caller;
  /** The thumbprint of the key that the token is bound to, if it is bound to one. */
  readonly boundTo?: string;
}

/** The age at which the server refuses a token, in seconds. */
const OLDEST = 24 * 60 * 60;
/** How many tokens are remembered. */
const MOST_TOKENS = 10_000;

const INVALID = 'The access token is not valid: it may have expired, or be meant for another server or request';

/**
 * Authenticates requests by access token.
 *
 * A token is verified by the server's own extractors once, and then not again until it expires;
 * a DPoP proof is verified each time, and stored as used only if the token is valid.
 *
 * @see https://solidproject.org/TR/oidc
 */
export class AccessTokens {
  private readonly credentialsExtractor: CredentialsExtractor;
  private readonly proofs: DpopProofs;
  private readonly verified = new TTLCache<string, Verified>({ max: MOST_TOKENS, checkAgeOnGet: true });

  /**
   * @param credentialsExtractor - The extractor of the server.
   * @param proofs - Verifies DPoP proofs.
   */
  public constructor(credentialsExtractor: CredentialsExtractor, proofs: DpopProofs) {
    this.credentialsExtractor = credentialsExtractor;
    this.proofs = proofs;
  }

  /**
   * Returns the caller of a request: the public, if it has no credential.
   *
   * @param request - The request.
   * @param url - Its URL, as the client knows it.
   *
   * @throws An `HttpProblem` 401 if it presents credentials that are not valid: these never count as none.
   * @throws {@link TooMany} if the caller exceeds its cost budget.
   */
  public async callerOf(request: HttpRequest, url: string): Promise<Caller> {
    const { authorization } = request.headers;
    const [ , scheme = '', token = '' ] = /^(\S+) +(\S+)$/u.exec(authorization ?? '') ?? [];
    const proof = scheme.toLowerCase() === 'dpop' ? await this.verifyProof(request, url, token) : undefined;
    // The scheme is part of it, because a token that is bound to a key must not be used without a proof.
    const name = createHash('sha256').update(authorization ?? '').digest('base64');
    let known = this.verified.get(name);
    if (known && known.boundTo !== proof?.thumbprint) {
      throw unauthorized(INVALID);
    }
    if (!known) {
      const caller = await this.extract(request);
      known = { caller, boundTo: proof?.thumbprint };
      const ttl = caller.agent === undefined ? 0 : remainingLife(token);
      if (ttl > 0) {
        this.verified.set(name, known, { ttl });
      }
    }
    // Stored last: only callers with a valid token and a remaining budget make the store grow.
    currentAccount()?.identify(known.caller);
    if (proof) {
      await this.proofs.use(proof);
    }
    return known.caller;
  }

  /** Verifies a token by the server's own extractors. */
  private async extract(request: HttpRequest): Promise<Caller> {
    const isPresented = request.headers.authorization !== undefined;
    if (isPresented) {
      charge(COSTS.newToken);
    }
    const { agent, client, issuer } = await this.credentialsExtractor.handleSafe(request);
    if (!agent) {
      if (isPresented) {
        throw unauthorized(INVALID);
      }
      return {};
    }
    return { agent: agent.webId, client: client?.clientId, issuer: issuer?.url };
  }

  private async verifyProof({ headers, method }: HttpRequest, url: string, token: string): Promise<Proof> {
    const { dpop } = headers;
    if (typeof dpop !== 'string') {
      throw unauthorized('The access token is not valid: the scheme DPoP takes one header "DPoP" with a proof');
    }
    return this.proofs.verify(dpop, method!, url, token);
  }
}

/**
 * For how many whole milliseconds a verified token holds, at most until it is as old as the server lets tokens be;
 * 0 for tokens without these claims.
 */
function remainingLife(token: string): number {
  try {
    const { exp, iat } = decodeJwt(token);
    const end = Math.min(exp!, iat! + OLDEST) * 1_000;
    return Number.isFinite(end) ? Math.floor(Math.min(end - Date.now(), OLDEST * 1_000)) : 0;
  } catch {
    return 0;
  }
}
