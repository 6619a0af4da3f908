import type { OutgoingResponse } from '../outgoing/Outgoing';
import { OutgoingFailed } from '../outgoing/Outgoing';
import type { Attempt } from '../store/deliveries';
import type { AttemptResult, Sent } from './attempt';
import { membersOf, withMembers } from './batches';
import type { DeliveryListener } from './DeliveryListener';
import type { ClaimedDelivery, FinishedDelivery } from './DeliveryQueue';
import type { DeliverySender } from './DeliverySender';
import type { FailureNotifier } from './FailureNotifier';
import type { HealthPolicy } from './health';
import { afterAttempt, failingSince, HEALTHY, isDisabledBy } from './health';
import type { HostQueue } from './HostQueue';
import type { Obstacle, Obstacles } from './Obstacles';
import type { OutcomeWriter } from './OutcomeWriter';
import type { RetryPolicy, Verdict } from './retry';
import { judge, requestedPause } from './retry';
import type { Slots } from './Slots';
import type { SteadyClock } from './SteadyClock';
import type { TargetStates } from './TargetStates';
import type { Tasks } from './Tasks';

/**
 * Dependencies of {@link Attempts}.
 */
export interface AttemptsArgs {
  /** Sends deliveries, by their target kinds. */
  readonly sender: DeliverySender;
  /** Clock of deliveries. */
  readonly clock: Pick<SteadyClock, 'now' | 'workTime'>;
  /** Checks each delivery before its attempt. */
  readonly obstacles: Pick<Obstacles, 'find'>;
  /** Receives outcomes. */
  readonly outcomes: OutcomeWriter;
  /** Request slots of the worker. */
  readonly slots: Slots;
  /** Current states of targets. */
  readonly targets: TargetStates;
  /** Disables targets and records dead letters. */
  readonly failures: Pick<FailureNotifier, 'notify'>;
  /** Receives notifications in progress. */
  readonly tasks: Tasks;
  /** Listeners for attempts. */
  readonly listeners: readonly DeliveryListener[];
  /** Releases the ready deliveries of a host to a disabled target. */
  readonly release: (queue: HostQueue, target: number) => void;
  /** Receives errors. */
  readonly report: (message: string) => void;
  readonly retry: RetryPolicy;
  readonly health: HealthPolicy;
}

type Conclusion = Omit<FinishedDelivery, 'delivery' | 'claim' | 'host'>;

/** A delivery or batch of which an attempt was made. */
interface AttemptedDelivery {
  /** The delivery, as claimed. */
  readonly delivery: ClaimedDelivery;
  /** The delivery, or the members of its batch that were sent. */
  readonly sendable: readonly ClaimedDelivery[];
  /** Obstacles of the members that were not sent. */
  readonly found: ReadonlyMap<ClaimedDelivery, Obstacle>;
}

/** Delay of a delivery after an error of this server, in milliseconds. */
const OWN_FAULT_DELAY = 5_000;

/**
 * Makes attempts and records their outcomes: for the delivery, its host and its target.
 */
export class Attempts {
  /**
   * @param args - Dependencies.
   */
  public constructor(private readonly args: AttemptsArgs) {}

  /**
   * Makes one attempt, unless there is an obstacle. A delivery of a batch with an obstacle leaves the batch. Never
   * rejects.
   *
   * @param queue - Queue of the host.
   * @param delivery - A claimed delivery, or its batch, with a slot, which the outcome frees.
   */
  public async make(queue: HostQueue, delivery: ClaimedDelivery): Promise<void> {
    const { obstacles, sender, slots, clock, report } = this.args;
    const members = membersOf(delivery);
    try {
      const found = await obstacles.find(members, clock.now());
      const sendable = members.filter((member): boolean => !found.has(member));
      if (sendable.length === 0) {
        this.finish(delivery, conclusionsOf(found));
        this.noteUnsent(queue, found);
        return;
      }
      const at = Date.now();
      const begun = performance.now();
      const sent = await sender.send(withMembers(delivery, sendable));
      const attempt = { at, duration: Math.round(performance.now() - begun) };
      // A stop releases deliveries in progress, and may cause their failure.
      if (slots.has(delivery)) {
        const failure = this.conclude(queue, { delivery, sendable, found }, sent, attempt);
        this.noteUnsent(queue, found);
        if (failure) {
          this.fail(queue, sendable[0], failure.news, failure.reason);
        }
      }
    } catch (error: unknown) {
      // Without the URL, whose path and query can be secret.
      report(`Delivery ${delivery.delivery} to ${queue.name} could not be attempted: ${(error as Error).message}`);
      const again: Conclusion = { state: 'waiting', due: clock.now() + OWN_FAULT_DELAY };
      this.finish(delivery, new Map(members.map((member): [ClaimedDelivery, Conclusion] => [ member, again ])));
    }
  }

  /** Records the outcomes of a delivery or batch in one transaction, unless a stop released it. */
  private finish(delivery: ClaimedDelivery, conclusions: ReadonlyMap<ClaimedDelivery, Conclusion>): void {
    if (this.args.slots.free(delivery)) {
      for (const [{ delivery: key, claim, host }, conclusion ] of conclusions) {
        this.args.outcomes.record({ delivery: key, claim, host, ...conclusion });
      }
    }
  }

  /** Reports deliveries that were not sent. */
  private noteUnsent(queue: HostQueue, found: ReadonlyMap<ClaimedDelivery, Obstacle>): void {
    for (const [ delivery, { state, attempt, news }] of found) {
      if (state !== 'waiting') {
        this.args.listeners.forEach((listener): void => listener.unsent?.(delivery, state));
      }
      if (news) {
        this.fail(queue, delivery, news, attempt!.reason!);
      }
    }
  }

  /**
   * Evaluates an attempt: for the delivery or batch, its host and its target. Returns the failure to notify, if there
   * is one.
   */
  private conclude(
    queue: HostQueue,
    { delivery: claimed, sendable, found }: AttemptedDelivery,
    { result, host, copy }: Sent,
    attempt: Pick<Attempt, 'at' | 'duration'>,
  ): { readonly news: 'disabled' | 'dead'; readonly reason: string } | undefined {
    const now = this.args.clock.now();
    const [ delivery ] = sendable;
    // A member that another subscription took over can have had attempts before those of its batch.
    const tries = Math.min(...sendable.map((member): number => member.tries)) + 1;
    const kind = this.args.sender.kindOf(delivery)!;
    const verdict = judge({ rules: kind.responses, tries, result }, this.args.retry, Date.now());
    // Another host, such as that of the inbox of a recipient, does not affect the health of this one.
    if (host === undefined || host === queue.name) {
      this.noteHealth(queue, result, now);
    }
    this.notePause(delivery, result, now);
    const failing = this.noteFailing(delivery, verdict);
    const logged = {
      ...attempt,
      ...!(result instanceof OutgoingFailed) && { status: (result as OutgoingResponse).status },
      ...verdict.outcome !== 'delivered' && { reason: verdict.reason },
    };
    const conclusion: Conclusion = {
      state: verdict.outcome === 'retry' ? 'waiting' : verdict.outcome,
      attempt: logged,
      ...verdict.outcome === 'retry' && { due: now + verdict.wait },
      ...copy && { copy },
    };
    this.finish(claimed, new Map([
      ...conclusionsOf(found),
      ...sendable.map((member): [ClaimedDelivery, Conclusion] => [ member, conclusion ]),
    ]));
    for (const member of sendable) {
      for (const listener of this.args.listeners) {
        listener.attempted(member, verdict, logged);
      }
    }
    if (kind.canBeDisabled && isDisabledBy(failing, verdict, tries, this.args.clock.workTime(), this.args.health)) {
      return { news: 'disabled', reason: verdict.reason };
    }
    return verdict.outcome === 'dead' ? { news: 'dead', reason: verdict.reason } : undefined;
  }

  private noteHealth(queue: HostQueue, result: AttemptResult, now: number): void {
    const { outcomes, slots } = this.args;
    const health = afterAttempt(queue.health, result, now, this.args.health);
    const wasHealthy = queue.health.failures === 0 && queue.health.openUntil === null;
    if (health !== queue.health && (health !== HEALTHY || !wasHealthy)) {
      outcomes.noteHealth(queue.host, health);
    }
    queue.health = health;
    if (health.failures > 0) {
      slots.note(queue.host, false);
      queue.resetBatch();
    } else if (!(result instanceof OutgoingFailed)) {
      slots.note(queue.host, true);
      queue.doubleBatch();
    }
  }

  private notePause(delivery: ClaimedDelivery, result: AttemptResult, now: number): void {
    const pause = requestedPause(result, this.args.retry, Date.now());
    if (pause > 0) {
      this.args.outcomes.notePause(delivery.target, this.args.targets.pause(delivery, now + pause));
    }
  }

  /** Returns the work time of the target's first failure since its last success, after an attempt. */
  private noteFailing(delivery: ClaimedDelivery, verdict: Verdict): number | null {
    const { outcomes, targets, clock } = this.args;
    const before = targets.failingSince(delivery);
    const failing = failingSince(before, verdict, clock.workTime());
    if (failing !== before) {
      outcomes.noteFailing(delivery.target, failing);
      targets.noteFailing(delivery, failing);
    }
    return failing;
  }

  /** Disables the target of a delivery and releases its deliveries, or records a dead letter. */
  private fail(queue: HostQueue, delivery: ClaimedDelivery, failure: 'disabled' | 'dead', reason: string): void {
    const { targets, tasks, failures, clock, release } = this.args;
    if (failure === 'disabled') {
      targets.forgetFailing(delivery);
    }
    tasks.add(failures.notify(delivery, failure, reason, clock.now()));
    if (failure === 'disabled') {
      release(queue, delivery.target);
    }
  }
}

function conclusionsOf(found: ReadonlyMap<ClaimedDelivery, Obstacle>): ReadonlyMap<ClaimedDelivery, Conclusion> {
  return new Map([ ...found ].map(([ delivery, { state, due, attempt }]): [ClaimedDelivery, Conclusion] =>
    [ delivery, { state, ...due !== undefined && { due }, ...attempt && { attempt }}]));
}
