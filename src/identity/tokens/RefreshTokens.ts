import { TooMany } from '../../event/TooMany';
import { scopesOf } from './credentialScopes';
import type { Credential } from './Credential';
import type { EventTokens } from './EventTokens';
import type { RefreshToken } from './refreshToken';
import { generateRefreshToken, hashesOf, isRefreshToken } from './refreshToken';
import type { RefreshChain, RefreshTokenStore } from './RefreshTokenStore';
import { REPLAY_TIME } from './RefreshTokenStore';
import { openAnswer, sealAnswer } from './sealedAnswer';

/** Time from a log-in to the end of its chain, in milliseconds. */
const LIFETIME = 24 * 60 * 60_000;
/** Minimum remaining time of a chain that is continued, in milliseconds. Lifetimes in answers are whole seconds. */
const MIN_REMAINING = 1_000;

/** A newly issued refresh token. */
export interface IssuedRefreshToken {
  readonly refreshToken: string;
  /** Time until the end of its chain, in seconds. */
  readonly expiresIn: number;
}

/** A presented refresh token with its request. */
export interface RefreshRequest {
  readonly token: string;
  /** Base URL of the requested pod. */
  readonly pod: string;
  /** Id of the client of the request, if it names one. */
  readonly client?: string;
  /** What else determines the answer. A repeated request has the same value. */
  readonly fingerprint: string;
}

/** Creates the answer to a refresh token. An error leaves the token unused. */
export type CreateAnswer = (credential: Credential, next: IssuedRefreshToken) => Promise<string>;

/**
 * Issues and exchanges refresh tokens, which continue the session of a log-in for 24 hours.
 *
 * A refresh token is used once: the exchange replaces it by the next token of its chain. The store has only hashes. A
 * chain also ends with the credential of its log-in, which each exchange checks without a cache, and with its pod.
 *
 * A client that lost the answer repeats its request. A used token therefore gets the same answer for 10 seconds, also
 * if it is used twice at once, or at two processes: the first exchange stores its answer, encrypted under a key derived
 * from the presented token, so the store cannot reveal it. The same token later, or any other token of the chain that
 * is not its current one, was stolen or leaked: the whole chain ends. To recognize those tokens without storing them,
 * all tokens of a chain share 128 random bits.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9700#section-4.14.2
 */
export class RefreshTokens {
  private readonly store: RefreshTokenStore;
  private readonly tokens: EventTokens;
  private readonly maxPerAgent: number;
  private readonly maxChains: number;

  /**
   * @param store - Stores the chains.
   * @param tokens - Checks the credentials of log-ins.
   * @param maxPerAgent - Maximum number of chains of an agent; its oldest chain ends for a new one. Default 100.
   * @param maxChains - Maximum number of chains of all agents; further log-ins get no refresh token. Default 100,000.
   */
  public constructor(store: RefreshTokenStore, tokens: EventTokens, maxPerAgent = 100, maxChains = 100_000) {
    this.store = store;
    this.tokens = tokens;
    this.maxPerAgent = maxPerAgent;
    this.maxChains = maxChains;
  }

  /**
   * Starts a chain.
   *
   * @param credential - The credential of the log-in: client credentials or an API key.
   * @param pod - Base URL of the pod.
   * @param client - The `client_id` that the request names, if any.
   *
   * @returns `undefined` if there are too many chains of all agents.
   */
  public async start(credential: Credential, pod: string, client?: string): Promise<IssuedRefreshToken | undefined> {
    const { caller, expires = Infinity, key, clientId } = credential;
    const now = Date.now();
    const chain: RefreshChain = {
      agent: caller.agent!,
      pod,
      scopes: scopesOf(credential),
      ends: Math.min(now + LIFETIME, expires),
      ...key && { key },
      ...clientId !== undefined && { clientId },
      ...client !== undefined && { client },
    };
    const limits = { perAgent: this.maxPerAgent, total: this.maxChains };
    const token = generateRefreshToken();
    return await this.store.startChain(token, chain, limits, now) ? issued(token, chain, now) : undefined;
  }

  /**
   * Exchanges a refresh token.
   *
   * @param request - The request.
   * @param createAnswer - Creates the answer for the first use of the token.
   *
   * @returns The answer; `undefined` if the token is malformed, unknown, or used before, if its chain has ended, or if
   *   it belongs to another pod or client. The reasons are not distinguishable.
   *
   * @throws {@link TooMany} if the chain is used too often.
   */
  public async exchange(request: RefreshRequest, createAnswer: CreateAnswer): Promise<string | undefined> {
    if (!isRefreshToken(request.token)) {
      return undefined;
    }
    const hashes = hashesOf(request.token);
    const now = Date.now();
    const found = await this.store.findChain(hashes, now);
    if (!found || found.chain.ends < now + MIN_REMAINING || !isFor(found.chain, request)) {
      return undefined;
    }
    const { chain, isCurrent, answer } = found;
    const credential = await this.credentialOf(chain);
    if (!credential || (!isCurrent && !answer)) {
      await this.store.endChain(hashes);
      return undefined;
    }
    if (answer) {
      return openAnswer(answer, request.token, request.fingerprint);
    }
    const next = generateRefreshToken(request.token);
    const created = await createAnswer(credential, issued(next, chain, now));
    const sealed = sealAnswer(created, request.token, request.fingerprint);
    const result = await this.store.useToken(hashes, { next: next.token, answer: sealed, now });
    if (result === 'busy') {
      throw new TooMany('This session was refreshed too often: wait, and use each access token for its lifetime', REPLAY_TIME / 1_000);
    }
    if (result === 'used') {
      return created;
    }
    // Another request with the same token was faster. Its answer is that of both.
    const other = await this.store.findChain(hashes, now);
    return other?.answer && openAnswer(other.answer, request.token, request.fingerprint);
  }

  /** Returns the credential of a chain, if that of the log-in is still valid. */
  private async credentialOf(chain: RefreshChain): Promise<Credential | undefined> {
    const { agent, pod, ends, key, clientId, scopes } = chain;
    return this.tokens.credentialOf({
      webid: agent,
      pod,
      exp: ends / 1_000,
      scopes,
      ...key && { key },
      ...clientId !== undefined && { login: clientId, client: clientId, idp: this.tokens.issuer },
    }, false);
  }
}

/** Whether a chain belongs to the pod and client of a request. */
function isFor({ pod, client, clientId }: RefreshChain, request: RefreshRequest): boolean {
  const isOfClient = client === undefined ?
    request.client === undefined || request.client === clientId :
    request.client === client;
  return request.pod === pod && isOfClient;
}

function issued({ text }: RefreshToken, { ends }: RefreshChain, now: number): IssuedRefreshToken {
  return { refreshToken: text, expiresIn: Math.floor((ends - now) / 1_000) };
}
