import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import type { JWTPayload } from 'jose';
import type { ApiKeys } from '../ApiKeys';
import type { Caller } from '../Caller';
import type { TokenAuthority } from '../TokenAuthority';
import type { Clients } from './Clients';
import type { Credential, KeyReference } from './Credential';

/** What sets these tokens apart from each other, and from the access tokens of Solid-OIDC. */
const TOKEN = { typ: 'pod-events-token+jwt', audience: 'urn:solid-pod-events:token' };
const COOKIE = { typ: 'pod-events-cookie+jwt', audience: 'urn:solid-pod-events:cookie' };

/** How many verified tokens, and how many clients, are remembered; then all are forgotten, which is cheap. */
const MAX_CACHED = 10_000;
/** For how long it is remembered whom a client stands for, in milliseconds. */
const CLIENT_MAX_AGE = 10_000;
/** The length of what completes a cookie, in bytes. */
const PEER_BYTES = 32;

/** A token that was just made. */
export interface IssuedToken {
  readonly token: string;
  /** For how many seconds it holds. */
  readonly expiresIn: number;
}

/** A cookie and its peer, that count together only. */
export interface IssuedPair {
  readonly cookie: string;
  readonly peer: string;
  /** For how many seconds they hold. */
  readonly expiresIn: number;
}

/** What the signature of a token vouches for. */
interface Claims extends JWTPayload {
  readonly webid: string;
  readonly pod: string;
  readonly exp: number;
  /** The identity provider that vouches for the agent; `iss` is who made the token. */
  readonly idp?: string;
  readonly client?: string;
  readonly key?: KeyReference;
  /** The id of the client without which the token does not hold. */
  readonly login?: string;
  /** The SHA-256 of the peer of a cookie, in base64url. */
  readonly peer?: string;
}

/**
 * Makes and recognises the tokens of this server itself, which are good for the event endpoints of one pod alone.
 *
 * A token stands for whom it was made for, and holds no longer than the credentials that it was made with: not after
 * they expire, nor after the API key was revoked, and at most 10 seconds after the client credentials were deleted.
 * Tokens stay valid when the server starts again, for they are signed with the key of its identity provider. Their type
 * and audience are their own, so that neither are they access tokens of Solid-OIDC, nor are those taken for them.
 */
export class EventTokens {
  private readonly authority: TokenAuthority;
  private readonly apiKeys: ApiKeys;
  private readonly clients: Clients;
  private readonly issuer: string;
  private readonly tokenLifetime: number;
  private readonly verified = new Map<string, Claims>();
  private readonly webIds = new Map<string, { readonly webId?: string; readonly until: number }>();

  /**
   * @param authority - Signs and verifies the tokens.
   * @param apiKeys - Knows which API keys there still are.
   * @param clients - Knows which clients there still are.
   * @param issuer - The base URL of the server.
   * @param tokenLifetime - For how many seconds a token holds at most. Default 3,600.
   */
  public constructor(
    authority: TokenAuthority,
    apiKeys: ApiKeys,
    clients: Clients,
    issuer: string,
    tokenLifetime = 3_600,
  ) {
    this.authority = authority;
    this.apiKeys = apiKeys;
    this.clients = clients;
    this.issuer = issuer;
    this.tokenLifetime = tokenLifetime;
  }

  /**
   * Makes a token.
   *
   * @param credential - Who it is for, which is somebody, and what it was asked for with.
   * @param pod - The base URL of the pod it is good for.
   */
  public async issue(credential: Credential, pod: string): Promise<IssuedToken> {
    const { claims, expiresIn } = this.claimsOf(credential, pod);
    return { token: await this.sign(claims, TOKEN), expiresIn };
  }

  /**
   * Makes a cookie and what completes it, which the cookie does not tell.
   *
   * @param credential - Who they are for, which is somebody, and what they were asked for with.
   * @param pod - The base URL of the pod they are good for.
   */
  public async issuePair(credential: Credential, pod: string): Promise<IssuedPair> {
    const peer = randomBytes(PEER_BYTES).toString('base64url');
    const { claims, expiresIn } = this.claimsOf(credential, pod);
    const cookie = await this.sign({ ...claims, peer: hash(peer).toString('base64url') }, COOKIE);
    return { cookie, peer, expiresIn };
  }

  /** Whether a text says of itself that it is such a token; nothing about it has been verified then. */
  public isToken(text: string): boolean {
    try {
      const header = JSON.parse(Buffer.from(text.slice(0, text.indexOf('.')), 'base64url').toString()) as { typ?: unknown };
      return header.typ === TOKEN.typ;
    } catch {
      return false;
    }
  }

  /**
   * Recognises a token.
   *
   * @param text - What was presented.
   *
   * @returns Who it is for and when it ends, where `caller.limits.pods` has its pod alone; `undefined` if it is not a
   *          token of this server, has expired, or what it was made with has ended.
   */
  public async authenticate(text: string): Promise<Credential | undefined> {
    const claims = await this.verify(text, TOKEN);
    return claims && this.credentialOf(claims);
  }

  /**
   * Recognises a cookie by its peer, as {@link authenticate} does a token.
   *
   * @param cookie - What was presented as the cookie.
   * @param peer - What was presented as its peer.
   */
  public async authenticatePair(cookie: string, peer: string): Promise<Credential | undefined> {
    const claims = await this.verify(cookie, COOKIE);
    const isPeer = claims?.peer !== undefined && timingSafeEqual(hash(peer), Buffer.from(claims.peer, 'base64url'));
    return isPeer ? this.credentialOf(claims) : undefined;
  }

  private claimsOf({ caller, expires, key, clientId }: Credential, pod: string): { claims: Claims; expiresIn: number } {
    const { agent, client, issuer } = caller;
    if (agent === undefined) {
      throw new Error('A token is for somebody, not for the public');
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
      ...clientId !== undefined && { login: clientId },
    };
    return { claims, expiresIn: Math.max(0, exp - now) };
  }

  private async sign(claims: JWTPayload, { typ, audience }: typeof TOKEN): Promise<string> {
    return this.authority.sign({ ...claims, aud: audience }, typ);
  }

  /** The claims of a token that holds; what was verified is remembered by its hash, and never beyond its end. */
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

  /** Who a token is for, if what it was made with still holds. */
  private async credentialOf(claims: Claims): Promise<Credential | undefined> {
    const { webid, pod, exp, client, idp, key, login } = claims;
    const caller: Caller = {
      agent: webid,
      ...client !== undefined && { client },
      ...idp !== undefined && { issuer: idp },
      limits: { pods: [ pod ]},
    };
    const expires = exp * 1_000;
    if (login !== undefined) {
      return await this.webIdOf(login) === webid ? { caller, expires, clientId: login } : undefined;
    }
    if (key) {
      const found = await this.apiKeys.find(Buffer.from(key.prefix, 'base64url'), key.id);
      return found && { caller: { ...caller, limits: { pods: [ pod ], topics: found.topics }}, expires, key };
    }
    return { caller, expires };
  }

  private async webIdOf(client: string): Promise<string | undefined> {
    const known = this.webIds.get(client);
    if (known && known.until > Date.now()) {
      return known.webId;
    }
    // Counted from before the question, so that no answer is used for longer.
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
