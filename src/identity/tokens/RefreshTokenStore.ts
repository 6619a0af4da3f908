import type { Scope } from '../scopes';
import type { KeyReference } from './Credential';
import type { TokenHashes } from './refreshToken';

/** A log-in whose session refresh tokens continue, one after the other. */
export interface RefreshChain {
  /** The WebID that logged in. */
  readonly agent: string;
  /** Base URL of the pod for which the tokens are valid. */
  readonly pod: string;
  /** The API key of the log-in. Either this or `clientId` is present. */
  readonly key?: KeyReference;
  /** The id of the client credentials of the log-in. */
  readonly clientId?: string;
  /** The `client_id` that the client named at the log-in. */
  readonly client?: string;
  readonly scopes: readonly Scope[];
  /** End of the chain, in milliseconds since 1970. */
  readonly ends: number;
}

/** The chain of a presented refresh token, and the state of the token in it. */
export interface FoundChain {
  readonly chain: RefreshChain;
  /** Whether the token is the unused one of its chain. */
  readonly isCurrent: boolean;
  /** Sealed answer to the use of the token, if it was used within {@link REPLAY_TIME}. */
  readonly answer?: Buffer;
}

/** Maximum numbers of chains. */
export interface ChainLimits {
  /** Of one agent. The agent's oldest chain ends for a new one. */
  readonly perAgent: number;
  /** Of all agents. No new chain starts. */
  readonly total: number;
}

/** The use of a refresh token. */
export interface TokenUse {
  /** The hash of the next token of the chain. */
  readonly next: Buffer;
  /** The sealed answer. */
  readonly answer: Buffer;
  /** Time of the use, in milliseconds since 1970. */
  readonly now: number;
}

/**
 * Result of a use: `used`; `late` if the token is not the current one of its chain any more; `busy` after
 * {@link MAX_REPLAYABLE} uses of the chain within {@link REPLAY_TIME}.
 */
export type UseResult = 'used' | 'late' | 'busy';

/** Time in which a used token gets the same answer, in milliseconds. Measured in both directions of the clock. */
export const REPLAY_TIME = 10_000;
/** Maximum number of stored answers of a chain. */
export const MAX_REPLAYABLE = 20;

/**
 * Stores the chains of refresh tokens durably, for all processes of the server.
 *
 * A chain is one row, however often it was used, with at most {@link MAX_REPLAYABLE} sealed answers. It is unknown
 * after its end, after the end of its pod, and after the end of the pod of its agent.
 */
export interface RefreshTokenStore {
  /**
   * Starts a chain.
   *
   * @param hashes - Hashes of its first token.
   * @param chain - The chain.
   * @param limits - Maximum numbers of chains.
   * @param now - The time, in milliseconds since 1970.
   *
   * @returns `false` if there are too many chains of all agents.
   */
  startChain: (hashes: TokenHashes, chain: RefreshChain, limits: ChainLimits, now: number) => Promise<boolean>;
  /** Returns the chain of a token, including one that it never contained, if the chain has not ended. */
  findChain: (hashes: TokenHashes, now: number) => Promise<FoundChain | undefined>;
  /** Replaces the current token of a chain by the next one, once, and stores the answer. */
  useToken: (hashes: TokenHashes, use: TokenUse) => Promise<UseResult>;
  /** Ends the chain of a token. */
  endChain: (hashes: TokenHashes) => Promise<void>;
  /** Ends all chains of a WebID. */
  endChainsOf: (webId: string) => Promise<void>;
}
