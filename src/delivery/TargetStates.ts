import TTLCache from '@isaacs/ttlcache';
import type { ClaimedDelivery } from './DeliveryQueue';
import type { Pace } from './pace';
import { nextAllowed } from './pace';

/** Maximum number of targets with a state, and the lifetime of rates, in milliseconds. */
const MAX_TARGETS = 10_000;
const RATE_LIFETIME = 60 * 60_000;
/** Maximum age of a claimed row, in milliseconds; newer states override it for this time. */
const MAX_CLAIM_AGE = 60_000;

/** Used allowance of a target with a rate. */
interface Allowance {
  /** Allowance after the deliveries that were sent. */
  readonly sent?: Pace;
  /** Allowance after the deliveries that were sent or rescheduled. */
  readonly promised: Pace;
}

/**
 * Current states of targets in memory: failures, requested pauses and rates.
 *
 * The in-memory value overrides the claimed row, which is stale for deliveries claimed in the same batch.
 */
export class TargetStates {
  private readonly allowances = new TTLCache<number, Allowance>({ max: MAX_TARGETS, ttl: RATE_LIFETIME });
  private readonly failing = new TTLCache<number, number | null>({ max: MAX_TARGETS, ttl: MAX_CLAIM_AGE });
  private readonly pauses = new TTLCache<string, number>({ max: MAX_TARGETS, ttl: MAX_CLAIM_AGE });

  /** Work time of the target's first failure since its last success, or `null`. */
  public failingSince({ target, failing }: ClaimedDelivery): number | null {
    const current = this.failing.get(target);
    return current === undefined ? failing : current;
  }

  /** Notes the work time of the target's first failure since its last success, or `null`. */
  public noteFailing({ target }: ClaimedDelivery, since: number | null): void {
    this.failing.set(target, since);
  }

  /** Removes the failures of a disabled target, which is enabled without any. */
  public forgetFailing({ target }: ClaimedDelivery): void {
    this.failing.delete(target);
  }

  /** Time until which the target requested no deliveries, in milliseconds since 1970; 0 without a request. */
  public pausedUntil(delivery: ClaimedDelivery): number {
    return Math.max(delivery.pausedUntil ?? 0, this.pauses.get(endpointOf(delivery)) ?? 0);
  }

  /**
   * Notes that the target requested no deliveries until a time. It applies to all targets of the same kind and URL.
   *
   * @returns The end of the pause, which no request shortens.
   */
  public pause(delivery: ClaimedDelivery, until: number): number {
    const end = Math.max(this.pausedUntil(delivery), until);
    this.pauses.set(endpointOf(delivery), end);
    return end;
  }

  /**
   * Time at which the rate of the target permits this delivery: `now`, which uses the allowance, or later.
   *
   * Each rescheduled delivery gets its own time, so that they are not all claimed when the first one is due.
   */
  public permittedAt({ target, rate }: ClaimedDelivery, now: number): number {
    if (rate === null) {
      return now;
    }
    const { sent, promised = 0 } = this.allowances.get(target) ?? {};
    const { at, pace } = nextAllowed(sent, rate, now);
    if (at <= now) {
      this.allowances.set(target, { sent: pace, promised });
      return now;
    }
    const later = nextAllowed(Math.max(promised, sent!), rate, now);
    this.allowances.set(target, { sent, promised: later.pace });
    return later.at;
  }
}

function endpointOf({ kind, url }: ClaimedDelivery): string {
  return `${kind} ${url}`;
}
