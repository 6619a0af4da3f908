import type { ClaimedDelivery } from './DeliveryQueue';
import type { HostHealth } from './health';

/** A claimed delivery with the end of its lease. */
export interface LeasedDelivery {
  readonly delivery: ClaimedDelivery;
  /** End of the lease, in milliseconds since 1970. */
  readonly until: number;
}

/** Maximum number of deliveries of one claim. */
const MAX_BATCH = 250;

/**
 * Claimed deliveries of one host, with its health and its claim size.
 *
 * The claim size doubles with each response and drops to one with a failure, so that fast hosts are claimed in large
 * batches.
 */
export class HostQueue {
  /** Number of requests in progress. */
  public inFlight = 0;
  /** Whether the last claim returned as many deliveries as requested. */
  public hasMore = false;
  /** Whether a claim is in progress. */
  public isClaiming = false;
  private readonly ready: LeasedDelivery[] = [];

  /**
   * @param host - Key of the host.
   * @param name - Name of the host, with its port.
   * @param health - Health of the host.
   * @param batch - Maximum number of deliveries of the next claim.
   */
  public constructor(
    public readonly host: number,
    public readonly name: string,
    public health: HostHealth,
    public batch: number,
  ) {}

  /** Number of deliveries that are ready to be sent. */
  public get length(): number {
    return this.ready.length;
  }

  /** Whether nothing is ready, in progress or being claimed. */
  public get isIdle(): boolean {
    return this.ready.length === 0 && this.inFlight === 0 && !this.isClaiming;
  }

  /** Adds claimed deliveries. */
  public add(claimed: readonly ClaimedDelivery[], until: number): void {
    this.ready.push(...claimed.map((delivery): LeasedDelivery => ({ delivery, until })));
  }

  /** Removes and returns the oldest delivery; the queue must not be empty. */
  public take(): LeasedDelivery {
    return this.ready.shift()!;
  }

  /** Removes and returns all deliveries, or those to one target. */
  public remove(target?: number): ClaimedDelivery[] {
    const all = this.ready.splice(0);
    const isRemoved = ({ delivery }: LeasedDelivery): boolean => target === undefined || delivery.target === target;
    this.ready.push(...all.filter((leased): boolean => !isRemoved(leased)));
    return all.filter(isRemoved).map(({ delivery }): ClaimedDelivery => delivery);
  }

  /** Halves the claim size, after deliveries waited too long for their turn. */
  public halveBatch(): void {
    this.batch = Math.max(1, this.batch >> 1);
  }

  /** Doubles the claim size after a response. */
  public doubleBatch(): void {
    this.batch = Math.min(this.batch * 2, MAX_BATCH);
  }

  /** Resets the claim size after a failure. */
  public resetBatch(): void {
    this.batch = 1;
  }
}
