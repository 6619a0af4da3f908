import { createHash } from 'node:crypto';
import TTLCache from '@isaacs/ttlcache';
import type { JWK, JWTHeaderParameters, KeyLike } from 'jose';
import { calculateJwkThumbprint, importJWK, jwtVerify } from 'jose';
import { parseUrl } from '../url/webUrl';
import type { ReplayGuard } from '../identity/ReplayGuard';
import { TooMany } from '../event/TooMany';
import type { HttpProblem } from './errors';
import { unauthorized } from './errors';

const ALGORITHMS = [ 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512' ];

/** How old a proof may be, and how far clocks may differ, in seconds; the same as for the server's own resources. */
const MAX_AGE = 120;
const CLOCK_TOLERANCE = 120;
/** The longest `jti`, in characters. */
const LONGEST_ID = 1_024;
/** The longest text of a public key that is kept, in characters. */
const LONGEST_KEY = 2_048;
/** How many public keys are kept, and for how long, in milliseconds. */
const MOST_KEYS = 10_000;
const KEY_MAX_AGE = 10 * 60_000;
/** Maximum number of proofs that this process stores in the time for which they are remembered. */
const MOST_PROOFS = 1_000_000;
/** The time for which a proof is remembered, in minutes, rounded up. */
const REMEMBERED = Math.ceil((MAX_AGE + 2 * CLOCK_TOLERANCE + 1) / 60);

interface ProofKey {
  readonly key: KeyLike | Uint8Array;
  readonly thumbprint: string;
}

/** A verified proof, which may have been used before. */
export interface Proof {
  readonly thumbprint: string;
  /** Identifies the proof. */
  readonly hash: Buffer;
  /** Until when it has to be remembered, in milliseconds since 1970. */
  readonly expires: number;
}

/**
 * Verifies DPoP proofs: each belongs to one request, and is accepted once.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9449#section-4.3
 */
export class DpopProofs {
  private readonly replays: ReplayGuard;
  private readonly keys = new TTLCache<string, ProofKey>({ max: MOST_KEYS, ttl: KEY_MAX_AGE });

  private readonly requireAth: boolean;
  private readonly mostProofs: number;
  /** Numbers of stored proofs, by the minute. */
  private readonly stored = new Map<number, number>();

  /**
   * @param replays - Remembers which proofs have been used.
   * @param requireAth - Whether a proof without `ath` is refused. Off by default, because common clients send none. A
   *                     present `ath` has to match in any case.
   * @param mostProofs - Maximum number of proofs that this process has stored at a time. Default 1,000,000.
   */
  public constructor(replays: ReplayGuard, requireAth = false, mostProofs = MOST_PROOFS) {
    this.replays = replays;
    this.requireAth = requireAth;
    this.mostProofs = mostProofs;
  }

  /**
   * Verifies a proof, except for that it is used for the first time. Stores nothing.
   *
   * @param proof - The `DPoP` header.
   * @param method - The method of the request.
   * @param url - The URL of the request.
   * @param token - The access token of the request.
   *
   * @throws An `HttpProblem` 401 with the fault of the proof.
   */
  public async verify(proof: string, method: string, url: string, token: string): Promise<Proof> {
    try {
      return await this.read(proof, method, url, token);
    } catch (error: unknown) {
      throw invalid((error as Error).message);
    }
  }

  /**
   * Uses up a proof, once the access token that it belongs to is known to be valid.
   *
   * @param proof - A verified proof.
   *
   * @throws An `HttpProblem` 401 if it was used before.
   * @throws Errors of the {@link ReplayGuard}, if it cannot be read or written.
   * @throws {@link TooMany} if as many proofs are stored as there may be.
   */
  public async use({ hash, expires }: Proof): Promise<void> {
    this.count();
    if (!await this.replays.use(hash, expires)) {
      throw invalid('The DPoP proof was used before');
    }
  }

  private count(): void {
    const now = Math.floor(Date.now() / 60_000);
    let sum = 0;
    for (const [ minute, count ] of this.stored) {
      if (minute <= now - REMEMBERED) {
        this.stored.delete(minute);
      } else {
        sum += count;
      }
    }
    if (sum >= this.mostProofs) {
      throw new TooMany('The server remembers as many DPoP proofs as it can: wait, or use an API key', 60);
    }
    this.stored.set(now, (this.stored.get(now) ?? 0) + 1);
  }

  private async read(proof: string, method: string, url: string, token: string): Promise<Proof> {
    let thumbprint: string | undefined;
    const keyOf = async({ jwk, alg }: JWTHeaderParameters): Promise<KeyLike | Uint8Array> => {
      if (!jwk || 'd' in jwk || 'k' in jwk) {
        throw new Error('The DPoP proof does not hold the public key by which it is signed');
      }
      const known = await this.keyOf(jwk, alg);
      ({ thumbprint } = known);
      return known.key;
    };
    const { payload } = await jwtVerify(proof, keyOf, {
      typ: 'dpop+jwt',
      algorithms: ALGORITHMS,
      maxTokenAge: MAX_AGE,
      clockTolerance: CLOCK_TOLERANCE,
    });
    if (payload.htm !== method) {
      throw new Error('The DPoP proof is for another method');
    }
    if (typeof payload.htu !== 'string' || placeOf(payload.htu) !== placeOf(url)) {
      throw new Error('The DPoP proof is for another URL');
    }
    if (payload.ath === undefined && this.requireAth) {
      throw new Error('The DPoP proof does not name its access token by "ath"');
    }
    if (payload.ath !== undefined && payload.ath !== createHash('sha256').update(token).digest('base64url')) {
      throw new Error('The DPoP proof is for another access token');
    }
    const { jti, iat } = payload;
    if (typeof jti !== 'string' || jti.length === 0 || jti.length > LONGEST_ID) {
      throw new Error('The DPoP proof has no identifier');
    }
    const hash = createHash('sha256').update(`${thumbprint} ${jti}`).digest();
    return { thumbprint: thumbprint!, hash, expires: Math.ceil(iat! + MAX_AGE + CLOCK_TOLERANCE + 1) * 1_000 };
  }

  /** A public key, read once; a client uses the same one for many proofs. */
  private async keyOf(jwk: JWK, alg: string): Promise<ProofKey> {
    const name = `${alg} ${JSON.stringify(jwk)}`;
    let known = name.length > LONGEST_KEY ? undefined : this.keys.get(name);
    if (!known) {
      known = { key: await importJWK(jwk, alg), thumbprint: await calculateJwkThumbprint(jwk) };
      if (name.length <= LONGEST_KEY) {
        this.keys.set(name, known);
      }
    }
    return known;
  }
}

function invalid(reason: string): HttpProblem {
  return unauthorized(`The DPoP proof is not valid: ${reason}`);
}

/** A URL as proofs name it. As for endpoints, repeated slashes and one at the end make no difference. */
function placeOf(url: string): string {
  return (parseUrl(url)?.href ?? url).replace(/[?#].*$/su, '').replaceAll(/(?<!:)\/{2,}/gu, '/').replace(/\/$/u, '');
}
