import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import type { JWTPayload } from 'jose';
import type { ApiKeys } from '../ApiKeys';
import type { Caller } from '../Caller';
import type { Scope } from '../scopes';
import { FORMER_SCOPES } from '../scopes';
import type { TokenAuthority } from '../TokenAuthority';
import type { Clients } from './Clients';
import type { Credential, KeyReference } from './Credential';

/** Type and audience of tokens and cookies, distinct from each other and from access tokens of Solid-OIDC. */
const TOKEN = { typ: 'pod-events-token+jwt', audience: 'urn:solid-pod-events:token' };
const COOKIE = { typ: 'pod-events-cookie+jwt', audience: 'urn:solid-pod-events:cookie' };

/** Maximum number of cached tokens, and of cached clients. The whole cache is cleared when full, which is cheap. */
const MAX_CACHED = 10_000;
/** Maximum age of a client's cached WebID, in milliseconds. */
const CLIENT_MAX_AGE = 10_000;
/** Length of the peer of a cookie, in bytes. */
const PEER_BYTES = 32;

/** A newly issued token. */
export interface IssuedToken {
  readonly token: string;
  /** Lifetime in seconds. */
  readonly expiresIn: number;
}

/** A newly issued cookie and its peer. Only both together are a credential. */
export interface IssuedPair {
  readonly cookie: string;
  readonly peer: string;
  /** Lifetime in seconds. */
  readonly expiresIn: number;
}

/** A credential in a form that is stored or signed, and checked at each later use. */
export interface Grant {
  readonly webid: string;
  readonly pod: string;
  /** Expiration time, in seconds since 1970. */
  readonly exp: number;
  /** The identity provider of the agent. `iss` is the issuer of the token. */
  readonly idp?: string;
  readonly client?: string;
  readonly key?: KeyReference;
  /** Scopes of the token. Absent: as its key, or {@link FORMER_SCOPES} without one. */
  readonly scopes?: readonly Scope[];
  /** The id of the client whose deletion ends the token. */
  readonly login?: string;
}

/** The signed claims of a token. */
interface Claims extends Grant, JWTPayload {
  readonly exp: number;
  /** The SHA-256 of the peer of a cookie, in base64url. */
  readonly peer?: string;
}

/** Dependencies and limits of {@link EventTokens}. */
export interface EventTokensArgs {
  /** Signs and verifies the tokens. */
  authority: TokenAuthority;
  /** Finds API keys that are still valid. */
  apiKeys: ApiKeys;
  /** Finds clients that still exist. */
  clients: Clients;
  /** The base URL of the server. */
  issuer: string;
  /** Maximum lifetime of a token, in seconds. Default 3,600. */
  tokenLifetime?: number;
}

/**
 * Issues and verifies this server's own tokens, which are valid only for the event endpoints of one pod.
 *
 * A token authenticates its caller, and is valid no longer than its underlying credentials: not after their expiration,
 * not after revocation of the API key, and at most 10 seconds after deletion of the client credentials. Tokens stay
 * valid across restarts, because they are signed with the key of the server's identity provider. Their type and
 * audience are distinct, so that they are not accepted as access tokens of Solid-OIDC, nor the reverse.
 */
export class EventTokens {
  /** The base URL of the server, the issuer of tokens and client credentials. */
  public readonly issuer: string;
  private readonly authority: TokenAuthority;
  private readonly apiKeys: ApiKeys;
  private readonly clients: Clients;
  private readonly tokenLifetime: number;
  private readonly verified = new Map<string, Claims>();
  private readonly webIds = new Map<string, { readonly webId?: string; readonly until: number }>();

  /**
   * @param args - Its dependencies and limits.
   */
  public constructor(args: EventTokensArgs) {
    this.authority = args.authority;
    this.apiKeys = args.apiKeys;
    this.clients = args.clients;
    this.issuer = args.issuer;
    this.tokenLifetime = args.tokenLifetime ?? 3_600;
  }

  /**
   * Issues a token.
   *
   * @param credential - The credential of the request. It must have an agent.
   * @param pod - The base URL of the pod for which the token is valid.
   */
  public async issue(credential: Credential, pod: string): Promise<IssuedToken> {
    const { claims, expiresIn } = this.claimsOf(credential, pod);
    return { token: await this.sign(claims, TOKEN), expiresIn };
  }

  /**
   * Issues a cookie and its peer. The cookie does not reveal the peer.
   *
   * @param credential - The credential of the request. It must have an agent.
   * @param pod - The base URL of the pod for which they are valid.
   */
  public async issuePair(credential: Credential, pod: string): Promise<IssuedPair> {
    const peer = randomBytes(PEER_BYTES).toString('base64url');
    const { claims, expiresIn } = this.claimsOf(credential, pod);
    const cookie = await this.sign({ ...claims, peer: hash(peer).toString('base64url') }, COOKIE);
    return { cookie, peer, expiresIn };
  }

  /** Returns whether a text has the type of such a token in its header. Nothing is verified. */
  public isToken(text: string): boolean {
    try {
      const header = JSON.parse(Buffer.from(text.slice(0, text.indexOf('.')), 'base64url').toString()) as { typ?: unknown };
      return header.typ === TOKEN.typ;
    } catch {
      return false;
    }
  }

  /**
   * Authenticates a token.
   *
   * @param text - The presented token.
   *
   * @returns The credential, where `caller.limits.pods` contains only the token's pod; `undefined` if the text is not a
   *   token of this server, has expired, or its underlying credential has ended.
   */
  public async authenticate(text: string): Promise<Credential | undefined> {
    const claims = await this.verify(text, TOKEN);
    return claims && this.credentialOf(claims);
  }

  /**
   * Authenticates a cookie with its peer, as {@link authenticate} does a token.
   *
   * @param cookie - The presented cookie.
   * @param peer - The presented peer.
   */
  public async authenticatePair(cookie: string, peer: string): Promise<Credential | undefined> {
    const claims = await this.verify(cookie, COOKIE);
    const isPeer = claims?.peer !== undefined && timingSafeEqual(hash(peer), Buffer.from(claims.peer, 'base64url'));
    return isPeer ? this.credentialOf(claims) : undefined;
  }

  /**
   * Returns the credential of a grant, if its underlying credential is still valid.
   *
   * @param grant - The grant. Its expiration time is not checked.
   * @param isCached - Whether an answer about client credentials may be up to 10 seconds old. Default: yes.
   */
  public async credentialOf(grant: Grant, isCached = true): Promise<Credential | undefined> {
    const { webid, pod, exp, client, idp, key, login, scopes = FORMER_SCOPES } = grant;
    const caller: Caller = {
      agent: webid,
      ...client !== undefined && { client },
      ...idp !== undefined && { issuer: idp },
      limits: { pods: [ pod ], scopes },
    };
    const expires = exp * 1_000;
    if (login !== undefined) {
      return await this.webIdOf(login, isCached) === webid ? { caller, expires, clientId: login } : undefined;
    }
    if (key) {
      const found = await this.apiKeys.find(Buffer.from(key.prefix, 'base64url'), key.id);
      // A token from before scopes existed has none of its own.
      const shared = found?.scopes.filter((scope): boolean => grant.scopes?.includes(scope) ?? true);
      const limits = { pods: [ pod ], topics: found?.topics, scopes: shared };
      return found && { caller: { ...caller, limits }, expires, key };
    }
    return { caller, expires };
  }

  private claimsOf({ caller, expires, key, clientId }: Credential, pod: string): { claims: Claims; expiresIn: number } {
    const { agent, client, issuer, limits } = caller;
    if (agent === undefined) {
      throw new Error('Cannot issue a token to the public: the credential has no agent');
    }
    const now = Math.floor(Date.now() / 1_000);
    const exp = Math.min(now + this.tokenLifetime, Math.floor((expires ?? Infinity) / 1_000));
    const claims = {
      iss: this.issuer,
      sub: agent,
      webid: agent,
      pod,
      iat: now,
      exp,
      jti: randomUUID(),
      ...client !== undefined && { client },
      ...issuer !== undefined && { idp: issuer },
      ...key && { key },
      ...limits?.scopes && { scopes: limits.scopes },
      ...clientId !== undefined && { login: clientId },
    };
    return { claims, expiresIn: Math.max(0, exp - now) };
  }

  private async sign(claims: JWTPayload, { typ, audience }: typeof TOKEN): Promise<string> {
    return this.authority.sign({ ...claims, aud: audience }, typ);
  }

  /**
   * Returns the claims of a valid token. Verified claims are cached by the hash of the token, never beyond its
   * expiration.
   */
  private async verify(text: string, sort: typeof TOKEN): Promise<Claims | undefined> {
    const name = `${sort.typ} ${hash(text).toString('base64')}`;
    let claims = this.verified.get(name);
    if (!claims) {
      claims = await this.authority.verify(text, { ...sort, issuer: this.issuer }) as Claims | undefined;
      if (!claims) {
        return undefined;
      }
      cache(this.verified, name, claims);
    }
    return claims.exp * 1_000 > Date.now() ? claims : undefined;
  }

  private async webIdOf(client: string, isCached: boolean): Promise<string | undefined> {
    const known = this.webIds.get(client);
    if (isCached && known && known.until > Date.now()) {
      return known.webId;
    }
    // The age counts from the start of the query, so that no answer is used longer.
    const until = Date.now() + CLIENT_MAX_AGE;
    const webId = (await this.clients.find(client))?.webId;
    cache(this.webIds, client, { webId, until });
    return webId;
  }
}

function cache<T>(map: Map<string, T>, name: string, value: T): void {
  if (map.size >= MAX_CACHED) {
    map.clear();
  }
  map.set(name, value);
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
