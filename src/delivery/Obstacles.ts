import type { Readers } from '../access/ports';
import { withTimeout } from '../event/timeout';
import { parseTopic, topicPath } from '../event/Topic';
import type { Attempt } from '../store/deliveries';
import type { ClaimedDelivery, Demand, DemandStore, FinishedDelivery } from './DeliveryQueue';
import type { DeliverySender } from './DeliverySender';
import type { HealthPolicy } from './health';
import { isTooOld } from './health';
import type { SteadyClock } from './SteadyClock';
import type { TargetStates } from './TargetStates';

/** Reason for not sending a delivery, or not now, with the resulting outcome. */
export interface Obstacle extends Pick<FinishedDelivery, 'state' | 'due' | 'attempt'> {
  /** Notification of the owner, if there is one. */
  readonly news?: 'disabled' | 'dead';
}

/** Maximum wait for access decisions, in milliseconds. */
const ACCESS_LIMIT = 10_000;
/** Delay of a delivery with an unregistered target kind, in milliseconds. */
const UNKNOWN_KIND_DELAY = 5 * 60_000;

/**
 * Dependencies of {@link Obstacles}.
 */
export interface ObstaclesArgs {
  /** Current demand for deliveries. */
  readonly store: DemandStore;
  /** Sends deliveries, by their target kinds. */
  readonly sender: DeliverySender;
  /** Access decisions about readers of topics. */
  readonly readers: Readers;
  /** Clock of deliveries. */
  readonly clock: Pick<SteadyClock, 'workTime'>;
  /** Current states of targets. */
  readonly targets: TargetStates;
  /** Health policy. */
  readonly policy: HealthPolicy;
}

/**
 * Checks before each attempt whether a delivery is still required, allowed and due.
 */
export class Obstacles {
  /**
   * @param args - Dependencies.
   */
  public constructor(private readonly args: ObstaclesArgs) {}

  /**
   * Returns the reasons for not sending claimed deliveries of one attempt, or not now, by delivery.
   *
   * @param members - The delivery, or all deliveries of a batch, which have one target.
   * @param now - The time, in milliseconds since 1970.
   */
  public async find(members: readonly ClaimedDelivery[], now: number): Promise<ReadonlyMap<ClaimedDelivery, Obstacle>> {
    const found = new Map<ClaimedDelivery, Obstacle>();
    for (const delivery of members) {
      note(found, delivery, await this.ofDelivery(delivery, now));
    }
    const [ first, ...others ] = members.filter((delivery): boolean => !found.has(delivery));
    if (first as ClaimedDelivery | undefined === undefined) {
      return found;
    }
    const due = this.permittedAt(first, now);
    for (const delivery of [ first, ...others ]) {
      note(found, delivery, due > now ? { state: 'waiting', due } : await this.ofAccess(delivery));
    }
    return found;
  }

  private async ofDelivery(delivery: ClaimedDelivery, now: number): Promise<Obstacle | undefined> {
    const kind = this.args.sender.kindOf(delivery);
    const early = obstacleOf(delivery) ?? this.ageObstacle(delivery, kind?.canBeDisabled === true);
    if (early) {
      return early;
    }
    if (!kind) {
      return { state: 'waiting', due: now + UNKNOWN_KIND_DELAY };
    }
    if (await this.args.sender.isSentByOrigin(delivery)) {
      return { state: 'ended', attempt: because('not sent: the subscriber is a recipient, and gets the event directly') };
    }
  }

  /** Time at which the target permits an attempt: `now`, which uses its allowance, or later. */
  private permittedAt(delivery: ClaimedDelivery, now: number): number {
    const paused = this.args.targets.pausedUntil(delivery);
    return paused > now ? paused : this.args.targets.permittedAt(delivery, now);
  }

  private async ofAccess(delivery: ClaimedDelivery): Promise<Obstacle | undefined> {
    if (delivery.subscription !== null && !await this.mayReceive(delivery)) {
      return { state: 'refused', attempt: because('not sent: the subscriber may not read the topic any more') };
    }
    // The subscription may have ended since the claim.
    return obstacleOf(await this.args.store.demandFor(delivery));
  }

  /**
   * Loads access decisions about the subscribers of many deliveries at once, so that {@link find} has them in a cache.
   */
  public async prepare(claimed: readonly ClaimedDelivery[]): Promise<void> {
    const agents = new Map<string, Set<string>>();
    for (const delivery of claimed) {
      if (delivery.subscription !== null) {
        const resource = resourceOf(delivery);
        agents.set(resource, (agents.get(resource) ?? new Set()).add(delivery.agent));
      }
    }
    for (const [ resource, some ] of agents) {
      try {
        await withTimeout(this.args.readers.readersOf(resource, [ ...some ]), ACCESS_LIMIT);
      } catch {
        // Each delivery repeats the query, and reports its failure.
      }
    }
  }

  private ageObstacle(delivery: ClaimedDelivery, canBeDisabled: boolean): Obstacle | undefined {
    const { clock, policy, targets } = this.args;
    const workTime = clock.workTime();
    if (!isTooOld(delivery.begun, workTime, policy)) {
      return undefined;
    }
    // With a circuit that is usually open, few deliveries have the number of attempts that disables a target.
    const failing = targets.failingSince(delivery);
    const isLost = canBeDisabled && failing !== null && workTime - failing >= policy.disableAfter;
    return {
      state: 'dead', attempt: because('not sent: it has waited for too long'), news: isLost ? 'disabled' : 'dead',
    };
  }

  private async mayReceive(delivery: ClaimedDelivery): Promise<boolean> {
    const { agent } = delivery;
    return (await withTimeout(this.args.readers.readersOf(resourceOf(delivery), [ agent ]), ACCESS_LIMIT)).has(agent);
  }
}

function note(found: Map<ClaimedDelivery, Obstacle>, delivery: ClaimedDelivery, obstacle: Obstacle | undefined): void {
  if (obstacle) {
    found.set(delivery, obstacle);
  }
}

/** Reason why a delivery is no longer required. */
function obstacleOf({ isWanted, disabled }: Demand): Obstacle | undefined {
  if (!isWanted) {
    return { state: 'ended', attempt: because('not sent: the subscription has ended') };
  }
  if (disabled !== null) {
    return { state: 'dead', attempt: because('not sent: the target is disabled; subscribe again to resume') };
  }
}

function because(reason: string): Attempt {
  return { at: Date.now(), duration: 0, reason };
}

/** The resource of a topic; read access to it permits receiving. */
function resourceOf({ pod, topic }: ClaimedDelivery): string {
  return `${pod}${topicPath(parseTopic(topic))}`;
}
