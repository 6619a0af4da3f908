import { HttpProblem } from './errors';

/** Delay after which a client may repeat a request that found no room for its body, in seconds. */
const RETRY_AFTER = 5;

/** Where the body of one request is held. */
export interface BodyHolder {
  /** Name of the agent, or of the pod and client address of a public request. */
  readonly payer: string;
  readonly isPublic: boolean;
}

/**
 * Limits the total size of all request bodies that are held at the same time.
 *
 * Public requests together hold at most half of the total, and one agent, or one address at one pod, at most an eighth,
 * so that nobody takes the room of all others. A single body that is accepted by an endpoint always fits in an empty
 * budget.
 */
export class BodyBudget {
  /** Maximum time in which a body has to arrive, in milliseconds. */
  public readonly timeout: number;
  private readonly total: number;
  private held = 0;
  private heldByPublic = 0;
  private readonly payers = new Map<string, number>();

  /**
   * @param maxBytes - Maximum size of all bodies together, in bytes. Default 64 MiB.
   * @param timeout - Maximum time in which a body has to arrive, in seconds. Default 60.
   */
  public constructor(maxBytes = 67_108_864, timeout = 60) {
    this.total = maxBytes;
    this.timeout = timeout * 1_000;
  }

  /** Number of bytes that are held now. */
  public get size(): number {
    return this.held;
  }

  /**
   * Reserves room.
   *
   * @param holder - The payer of the body.
   * @param bytes - Size of the received part, in bytes.
   *
   * @throws {@link HttpProblem} 503 if there is no room.
   */
  public reserve({ payer, isPublic }: BodyHolder, bytes: number): void {
    this.assertRoom({ payer, isPublic }, bytes);
    this.held += bytes;
    this.heldByPublic += isPublic ? bytes : 0;
    this.payers.set(payer, (this.payers.get(payer) ?? 0) + bytes);
  }

  /**
   * Checks that there is room, without reserving it: an announced size takes no memory until the bytes arrive.
   *
   * @throws {@link HttpProblem} 503 if there is no room.
   */
  public assertRoom({ payer, isPublic }: BodyHolder, bytes: number): void {
    const ofPayer = (this.payers.get(payer) ?? 0) + bytes;
    const isFull = this.held + bytes > this.total || (isPublic && this.heldByPublic + bytes > this.total / 2);
    if (isFull || ofPayer > this.total / 8) {
      throw new HttpProblem(
        503,
        isFull ?
          'The server holds as many request bodies as it can: send this one again later' :
          'Your requests hold as much of the server\'s memory as one client may: wait for the answers to those under way',
        { 'Retry-After': `${RETRY_AFTER}`, Connection: 'close' },
      );
    }
  }

  /** Releases the reserved bytes. */
  public release({ payer, isPublic }: BodyHolder, bytes: number): void {
    this.held -= bytes;
    this.heldByPublic -= isPublic ? bytes : 0;
    const left = (this.payers.get(payer) ?? 0) - bytes;
    if (left > 0) {
      this.payers.set(payer, left);
    } else {
      this.payers.delete(payer);
    }
  }
}
