import { membersOf } from './batches';
import type { ClaimedDelivery, ClaimStore, DueHost } from './DeliveryQueue';
import { circuitOf } from './health';
import { HostQueue } from './HostQueue';
import type { Obstacles } from './Obstacles';
import type { OutcomeWriter } from './OutcomeWriter';
import type { Slots } from './Slots';
import type { SteadyClock } from './SteadyClock';
import type { Tasks } from './Tasks';

/**
 * Dependencies of {@link Claims}.
 */
export interface ClaimsArgs {
  /** Storage of claims. */
  readonly store: ClaimStore;
  /** Clock of deliveries. */
  readonly clock: Pick<SteadyClock, 'now'>;
  /** Request slots of the worker. */
  readonly slots: Slots;
  /** Loads access decisions about claimed deliveries. */
  readonly obstacles: Pick<Obstacles, 'prepare'>;
  /** Receives released deliveries. */
  readonly outcomes: Pick<OutcomeWriter, 'record'>;
  /** Receives claims in progress. */
  readonly tasks: Tasks;
  /** Duration of a lease, in milliseconds. */
  readonly lease: number;
  /** Called when a host has claimed deliveries. */
  readonly claimed: (queue: HostQueue) => void;
  /** Receives errors. */
  readonly report: (message: string) => void;
}

/**
 * Claims due deliveries into the queues of their hosts, and releases claims that are not used.
 */
export class Claims {
  private readonly queues = new Map<number, HostQueue>();

  /**
   * @param args - Dependencies.
   */
  public constructor(private readonly args: ClaimsArgs) {}

  /**
   * Claims due deliveries of hosts, in one transaction.
   *
   * @param due - Hosts with due deliveries.
   * @param now - The time, in milliseconds since 1970.
   * @param blocked - Number of hosts that wait for a slot.
   */
  public async claim(due: readonly DueHost[], now: number, blocked: number): Promise<void> {
    const { store, slots, lease } = this.args;
    const requests = due.map((host): { host: number; limit: number } => {
      const limit = this.limitOf(host, now, blocked);
      slots.reserve(limit);
      return { host: host.host, limit };
    });
    const until = now + lease;
    const claimed = await store.claim(requests, now, until).catch((error: unknown): never => {
      slots.release(requests.reduce((sum, { limit }): number => sum + limit, 0));
      throw error;
    });
    for (const [ index, { host, limit }] of requests.entries()) {
      if (limit > 0) {
        const queue = this.queueOf(due[index]);
        this.fill(queue, claimed.filter((delivery): boolean => delivery.host === host), limit, until);
      }
    }
  }

  /** Claims the next deliveries of a host, before its queue is empty. */
  public refill(queue: HostQueue): void {
    const { store, clock, slots, tasks, lease, report } = this.args;
    const now = clock.now();
    const until = now + lease;
    queue.isClaiming = true;
    const limit = queue.batch;
    slots.reserve(limit);
    tasks.add(store.claim([{ host: queue.host, limit }], now, until)
      .then((claimed): void => this.fill(queue, claimed, limit, until))
      .catch((error: unknown): void => {
        slots.release(limit);
        queue.isClaiming = false;
        queue.hasMore = false;
        report(`Claiming deliveries failed: ${(error as Error).message}`);
      }));
  }

  /** Releases the claims of ready deliveries of a host: all, or those to one target. */
  public release(queue: HostQueue, target?: number): void {
    const released = queue.remove(target);
    this.args.slots.release(released.length);
    this.giveBack(released);
  }

  /** Releases the claims of ready deliveries of all hosts. */
  public releaseAll(): void {
    for (const queue of this.queues.values()) {
      this.release(queue);
    }
  }

  /** Makes claimed deliveries due again at once. */
  public giveBack(claimed: readonly ClaimedDelivery[]): void {
    for (const { delivery, claim, host } of claimed.flatMap(membersOf)) {
      this.args.outcomes.record({ delivery, claim, host, state: 'waiting', due: this.args.clock.now() });
    }
  }

  /** Removes the queue of a host if it is idle. */
  public removeIdle(queue: HostQueue): void {
    // The host may have a new queue since this one was removed.
    if (queue.isIdle && this.queues.get(queue.host) === queue) {
      this.queues.delete(queue.host);
    }
  }

  /** Number of deliveries to claim for a due host; 0 if it already has enough claimed deliveries. */
  private limitOf({ host, failures, since, openUntil }: DueHost, now: number, blocked: number): number {
    const { slots } = this.args;
    const queue = this.queues.get(host);
    if (queue && (queue.isClaiming || queue.length > 0 || queue.inFlight >= slots.ofHost(queue))) {
      return 0;
    }
    // Without a queue here, the stored health may include failures of other processes.
    const circuit = circuitOf(queue?.health ?? { failures, since, openUntil }, now);
    if (circuit === 'closed') {
      return slots.claimable(host, queue?.batch ?? slots.firstBatch(host), blocked);
    }
    return circuit === 'probe' && !queue?.inFlight && slots.isRoomFor(host) ? 1 : 0;
  }

  private queueOf({ host, name, failures, since, openUntil }: DueHost): HostQueue {
    let queue = this.queues.get(host);
    if (!queue) {
      queue = new HostQueue(host, name, { failures, since, openUntil }, this.args.slots.firstBatch(host));
      this.queues.set(host, queue);
    }
    return queue;
  }

  /** Adds claimed deliveries to a host, after access decisions about their subscribers are loaded. */
  private fill(queue: HostQueue, claimed: readonly ClaimedDelivery[], limit: number, until: number): void {
    queue.isClaiming = true;
    this.args.tasks.add(this.args.obstacles.prepare(claimed.flatMap(membersOf)).then((): void => {
      queue.isClaiming = false;
      this.args.slots.release(limit - claimed.length);
      queue.hasMore = claimed.length === limit;
      queue.add(claimed, until);
      this.args.claimed(queue);
    }));
  }
}
