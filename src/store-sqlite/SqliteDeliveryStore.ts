import type { Event } from '../event/Event';
import type { IdempotencyKey } from '../store/idempotency';
import type {
  ClaimedDelivery,
  ClaimRequest,
  DeliveryFilter,
  DeliveryHistory,
  Demand,
  DueHost,
  EventRange,
  Findings,
  FinishedDelivery,
  StoredEvents,
  HostStates,
  QueueCounts,
  QueueState,
  Replayed,
  TargetNews,
  WorkerStore,
} from '../delivery/ports';
import type { DeliveryRecord, Target } from '../store/deliveries';
import type { Openable } from '../store/Openable';
import type { Rotation, SecretStore } from '../subscription/ports';
import { claimDeliveries, demandFor } from './claims';
import { countAllWaiting, countWaiting } from './deliveries';
import { noteMoment, turnBack, WORKED } from './deliveryClock';
import { getDelivery, listDeliveries, removeDeliveriesBefore } from './deliveryLog';
import { finishDeliveries } from './deliveryOutcomes';
import { eventOf } from './eventRow';
import { countOpenCircuits, dueHosts, isCircuitOpen, nextDue } from './hosts';
import { abort, publisherOf, redeliver, retry } from './manualDeliveries';
import { eventsBetween, replay } from './replays';
import { rotateSecret } from './secrets';
import type { SqliteSession } from './SqliteSession';
import { disableTarget, isPaused, noteDead, removeUnusedTargets } from './targets';

/**
 * Stores deliveries in the database of the events.
 *
 * Each method is one statement or one transaction; the statements are in the modules of their subjects.
 */
export class SqliteDeliveryStore implements
  DeliveryHistory, HostStates, Openable, QueueCounts, SecretStore, WorkerStore {
  private readonly db: SqliteSession;

  /**
   * @param session - The connection to the database.
   */
  public constructor(session: SqliteSession) {
    this.db = session;
  }

  public async open(): Promise<void> {
    this.db.open();
  }

  public async close(): Promise<void> {
    this.db.close();
  }

  public async moment(): Promise<number> {
    return this.db.get<{ time: number }>('SELECT time FROM clocks')?.time ?? 0;
  }

  public async noteMoment(now: number, work = 0): Promise<void> {
    return this.db.write((): void => noteMoment(this.db, now, work));
  }

  public async workTime(): Promise<number> {
    return this.db.get<{ time: number }>(`SELECT ${WORKED} AS time`)!.time;
  }

  public async turnBack(now: number, ahead: number): Promise<void> {
    return this.db.write((): void => turnBack(this.db, now, ahead));
  }

  public async dueHosts(now: number, limit: number): Promise<DueHost[]> {
    return dueHosts(this.db, now, limit);
  }

  public async isPaused(name: string, now: number, target?: Pick<Target, 'kind' | 'url'>): Promise<boolean> {
    return isCircuitOpen(this.db, name, now) || (target !== undefined && isPaused(this.db, target, now));
  }

  public async nextDue(): Promise<number | undefined> {
    return nextDue(this.db);
  }

  public async countWaiting(limit: number): Promise<number> {
    return countWaiting(this.db, limit);
  }

  public async claim(requests: readonly ClaimRequest[], now: number, until: number): Promise<ClaimedDelivery[]> {
    return this.db.write((): ClaimedDelivery[] => claimDeliveries(this.db, requests, now, until));
  }

  public async finish(finished: readonly FinishedDelivery[], findings: Findings): Promise<void> {
    return this.db.write((): void => finishDeliveries(this.db, finished, findings));
  }

  public async eventOf(event: number): Promise<(Event & { readonly hops: number }) | undefined> {
    return eventOf(this.db, event);
  }

  public async demandFor(delivery: ClaimedDelivery): Promise<Demand> {
    return demandFor(this.db, delivery);
  }

  public async disable(target: number, now: number): Promise<TargetNews | undefined> {
    return this.db.write((): TargetNews | undefined => disableTarget(this.db, target, now));
  }

  public async noteDead(target: number, now: number, since: number): Promise<TargetNews | undefined> {
    return this.db.write((): TargetNews | undefined => noteDead(this.db, target, now, since));
  }

  public async rotateSecret(
    pod: string,
    subscription: string,
    secret: string,
    once?: IdempotencyKey,
  ): Promise<Rotation> {
    return this.db.write((): Rotation => rotateSecret(this.db, pod, subscription, secret, once));
  }

  public async listDeliveries(
    pod: string,
    filter: DeliveryFilter,
    before: number,
    limit: number,
  ): Promise<DeliveryRecord[]> {
    return listDeliveries(this.db, pod, filter, before, limit);
  }

  public async getDelivery(pod: string, id: number): Promise<DeliveryRecord | undefined> {
    return getDelivery(this.db, pod, id);
  }

  public async redeliver(pod: string, id: number, now: number): Promise<boolean> {
    return this.db.write((): boolean => redeliver(this.db, pod, id, now));
  }

  public async publisherOf(pod: string, id: number): Promise<string | undefined> {
    return publisherOf(this.db, pod, id);
  }

  public async retry(pod: string, id: number, now: number): Promise<boolean> {
    return this.db.write((): boolean => retry(this.db, pod, id, now));
  }

  public async abort(pod: string, id: number, now: number): Promise<boolean> {
    return this.db.write((): boolean => abort(this.db, pod, id, now));
  }

  public async replay(
    pod: string,
    subscription: string,
    events: readonly number[],
    now: number,
  ): Promise<Replayed | undefined> {
    return this.db.write((): Replayed | undefined => replay(this.db, pod, subscription, events, now));
  }

  public async eventsBetween(
    pod: string,
    containers: readonly string[],
    range: EventRange,
    after: number,
    limit: number,
  ): Promise<StoredEvents> {
    return eventsBetween(this.db, pod, containers, range, after, limit);
  }

  public async queue(now: number): Promise<QueueState> {
    const oldestDue = nextDue(this.db);
    return {
      waiting: countAllWaiting(this.db),
      openCircuits: countOpenCircuits(this.db, now),
      ...oldestDue !== undefined && { oldestDue },
    };
  }

  public async removeUnusedTargets(after: number, limit: number): Promise<number | undefined> {
    return this.db.write((): number | undefined => removeUnusedTargets(this.db, after, limit));
  }

  public async removeDeliveriesBefore(worked: number, limit: number): Promise<number> {
    return this.db.write((): number => removeDeliveriesBefore(this.db, worked, limit));
  }
}
