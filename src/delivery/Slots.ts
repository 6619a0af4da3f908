import TTLCache from '@isaacs/ttlcache';
import type { ClaimedDelivery } from './DeliveryQueue';
import type { HostQueue } from './HostQueue';

/** Maximum number of claimed deliveries; above it, each further host gets only as many as it can receive at once. */
const MAX_CLAIMED = 10_000;
/** Maximum number of hosts known to respond, and the lifetime of this knowledge in milliseconds. */
const MAX_HOSTS = 10_000;
const LIFETIME = 60 * 60_000;
/** Share of the slots for all hosts; the rest is reserved for hosts known to respond. */
const SHARED = 0.75;

/**
 * Limits of concurrent requests.
 */
export interface SlotLimits {
  /** Maximum number of concurrent requests to one host. */
  readonly maxRequestsPerHost: number;
  /** Maximum number of concurrent requests. */
  readonly maxRequests: number;
}

/**
 * Admits deliveries to the request slots of the worker.
 *
 * - A host that never responded, or fails, gets one slot, so that unresponsive hosts occupy few slots.
 * - While half of all slots are occupied, each host gets one slot.
 * - A quarter of all slots is reserved for hosts known to respond.
 */
export class Slots {
  private readonly responding = new TTLCache<number, true>({ max: MAX_HOSTS, ttl: LIFETIME });
  private readonly sending = new Set<ClaimedDelivery>();
  private claimed = 0;

  /**
   * @param limits - Limits of concurrent requests.
   */
  public constructor(private readonly limits: SlotLimits) {}

  /** Number of deliveries that are claimed, or being claimed, and not being sent. */
  public get waiting(): number {
    return this.claimed;
  }

  /** Deliveries that are being sent. */
  public get inProgress(): readonly ClaimedDelivery[] {
    return [ ...this.sending ];
  }

  /** Whether all slots are occupied. */
  public get isFull(): boolean {
    return this.sending.size >= this.limits.maxRequests;
  }

  /** Number of further deliveries that may be claimed in large batches. */
  public get room(): number {
    return MAX_CLAIMED - this.claimed - this.sending.size;
  }

  /** Counts deliveries that are claimed, or about to be. */
  public reserve(count: number): void {
    this.claimed += count;
  }

  /** Uncounts deliveries that were not claimed, or are released. */
  public release(count: number): void {
    this.claimed -= count;
  }

  /** Occupies a slot with a claimed delivery. */
  public occupy(delivery: ClaimedDelivery): void {
    this.sending.add(delivery);
  }

  /** Frees the slot of a delivery. Returns whether it had one. */
  public free(delivery: ClaimedDelivery): boolean {
    return this.sending.delete(delivery);
  }

  /** Whether a delivery has a slot. */
  public has(delivery: ClaimedDelivery): boolean {
    return this.sending.has(delivery);
  }

  /** Frees all slots. */
  public clear(): void {
    this.sending.clear();
  }

  /** Notes whether a host responds. */
  public note(host: number, isResponding: boolean): void {
    if (isResponding) {
      this.responding.set(host, true);
    } else {
      this.responding.delete(host);
    }
  }

  /** Number of slots that a host may occupy now. */
  public ofHost({ host, health }: Pick<HostQueue, 'host' | 'health'>): number {
    const { maxRequests, maxRequestsPerHost } = this.limits;
    const isMany = this.responding.has(host) && health.failures === 0 && this.sending.size < maxRequests / 2;
    return isMany ? maxRequestsPerHost : 1;
  }

  /** Whether there is a free slot for a host. */
  public isRoomFor(host: number): boolean {
    const { maxRequests } = this.limits;
    return this.sending.size < (this.responding.has(host) ? maxRequests : maxRequests * SHARED);
  }

  /** Claim size of a host without claimed deliveries. */
  public firstBatch(host: number): number {
    return this.responding.has(host) ? this.limits.maxRequestsPerHost : 1;
  }

  /**
   * Number of deliveries to claim for a host with a closed circuit.
   *
   * @param host - Key of the host.
   * @param batch - Claim size of the host.
   * @param blocked - Number of hosts that wait for a slot.
   */
  public claimable(host: number, batch: number, blocked: number): number {
    if (!this.responding.has(host) && blocked >= this.limits.maxRequests) {
      return 0;
    }
    // Independently of other hosts, a host gets as many deliveries as it can receive at once.
    return Math.min(batch, Math.max(this.limits.maxRequestsPerHost, this.room));
  }
}
