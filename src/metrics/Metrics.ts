import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { DeliveryListener } from '../delivery/DeliveryListener';
import type { Verdict } from '../delivery/retry';
import type { AcceptMeter } from '../publish/ports';
import type { CopyMeter } from '../store/CopyMeter';
import type { Attempt, DeliveryState, TargetKind } from '../store/deliveries';
import type { ClaimedDelivery, QueueState } from '../delivery/ports';
import type { AcceptedEvent } from '../store/AcceptedEvent';
import type { JobOutcome, WorkMeter } from '../work/Work';

/** How an event came: published here, or taken from another server. */
type Kind = 'published' | 'received';
/** What became of a delivery, or of one attempt where there will be another. */
type Outcome = DeliveryState | 'retried';

interface Instruments {
  readonly accepted: Counter<'kind'>;
  readonly acceptTime: Histogram<'kind'>;
  readonly copies: Counter;
  readonly deliveries: Counter<'kind' | 'outcome'>;
  readonly attemptTime: Histogram<'kind'>;
  readonly waiting: Gauge;
  readonly oldest: Gauge;
  readonly resting: Gauge;
  readonly damaged: Gauge;
  readonly jobs: Counter<'outcome'>;
  readonly jobTime: Histogram;
  readonly refusedJobs: Counter;
  readonly waitingJobs: Gauge;
}

const KINDS: readonly Kind[] = [ 'published', 'received' ];
const TARGETS: readonly TargetKind[] = [ 'inbox', 'webhook', 'recipient' ];
const JOB_OUTCOMES: readonly JobOutcome[] = [ 'done', 'invalid', 'too-complex', 'disconnected', 'stopped', 'failed' ];
const OUTCOMES: readonly Outcome[] = [ 'delivered', 'retried', 'dead', 'refused', 'ended' ];

/** In seconds: an accept takes some milliseconds, and some seconds where other servers are asked. */
const ACCEPT_BUCKETS = [ 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5 ];
/** In seconds: a job ends after 5. */
const JOB_BUCKETS = [ 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5 ];
/** In seconds: an attempt ends after 15, and a few for what goes before it. */
const ATTEMPT_BUCKETS = [ 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20 ];

/**
 * Counts what this process accepts, copies and delivers, in the form of Prometheus.
 *
 * Until it is started it counts nothing, at no cost. Labels only have values that are named here.
 *
 * @see https://prometheus.io/docs/practices/naming/
 */
export class Metrics extends DeliveryListener implements AcceptMeter, CopyMeter, WorkMeter {
  /** The media type of {@link text}. */
  public readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE;
  private readonly registry = new Registry();
  private instruments?: Instruments;

  /** Begins to count; what is told before is not counted. */
  public start(): void {
    collectDefaultMetrics({ register: this.registry });
    this.instruments = instrumentsIn(this.registry);
  }

  /**
   * All metrics, with the state of the queue, as text.
   *
   * @param queue - What waits.
   * @param now - The time by which it is due.
   *
   * @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
   */
  public async text({ waiting, oldestDue, resting }: QueueState, now: number): Promise<string> {
    this.instruments?.waiting.set(waiting);
    this.instruments?.oldest.set(Math.max(0, now - (oldestDue ?? now)) / 1_000);
    this.instruments?.resting.set(resting);
    return this.registry.metrics();
  }

  /** Notes whether the store is known to be damaged. */
  public damaged(isDamaged: boolean): void {
    this.instruments?.damaged.set(Number(isDamaged));
  }

  public accepted(events: readonly AcceptedEvent[], duration: number): void {
    this.tookIn('published', events.length, duration);
    for (const { recipients = []} of this.instruments ? events : []) {
      for (const { attempt, isDelivered, isDead } of recipients) {
        if (attempt) {
          this.tried('recipient', isDelivered ? 'delivered' : isDead ? 'dead' : 'retried', attempt);
        }
      }
    }
  }

  public received(duration: number): void {
    this.tookIn('received', 1, duration);
  }

  public copied(count: number): void {
    this.instruments?.copies.inc(count);
  }

  public attempted({ kind }: ClaimedDelivery, { outcome }: Verdict, attempt: Attempt): void {
    this.tried(kind, outcome === 'retry' ? 'retried' : outcome, attempt);
  }

  public override unsent({ kind }: ClaimedDelivery, outcome: DeliveryState): void {
    this.instruments?.deliveries.inc({ kind, outcome });
  }

  public jobEnded(outcome: JobOutcome, duration: number): void {
    this.instruments?.jobs.inc({ outcome });
    this.instruments?.jobTime.observe(duration / 1_000);
  }

  public jobRefused(): void {
    this.instruments?.refusedJobs.inc();
  }

  public jobsWaiting(jobs: number): void {
    this.instruments?.waitingJobs.set(jobs);
  }

  public async failed(): Promise<void> {
    // That the delivery is dead was counted.
  }

  private tookIn(kind: Kind, count: number, duration: number): void {
    this.instruments?.accepted.inc({ kind }, count);
    this.instruments?.acceptTime.observe({ kind }, duration / 1_000);
  }

  private tried(kind: TargetKind, outcome: Outcome, { duration }: Attempt): void {
    this.instruments?.deliveries.inc({ kind, outcome });
    this.instruments?.attemptTime.observe({ kind }, duration / 1_000);
  }
}

function instrumentsIn(registry: Registry): Instruments {
  const registers = [ registry ];
  const made = {
    accepted: new Counter({
      name: 'pod_events_accepted_total',
      help: 'Events that were stored: published here, or received from another server.',
      labelNames: [ 'kind' ] as const,
      registers,
    }),
    acceptTime: new Histogram({
      name: 'pod_events_accept_duration_seconds',
      help: 'Time from a request that was read to its events being stored.',
      labelNames: [ 'kind' ] as const,
      buckets: ACCEPT_BUCKETS,
      registers,
    }),
    copies: new Counter({
      name: 'pod_events_copies_total',
      help: 'Copies that were written to inboxes of this server.',
      registers,
    }),
    deliveries: new Counter({
      name: 'pod_events_deliveries_total',
      help: 'What became of deliveries to other servers and webhooks; retried counts each attempt before another.',
      labelNames: [ 'kind', 'outcome' ] as const,
      registers,
    }),
    attemptTime: new Histogram({
      name: 'pod_events_delivery_attempt_duration_seconds',
      help: 'Time from the request of a delivery to its answer or failure.',
      labelNames: [ 'kind' ] as const,
      buckets: ATTEMPT_BUCKETS,
      registers,
    }),
    waiting: new Gauge({
      name: 'pod_events_waiting_deliveries',
      help: 'Deliveries that wait, be they due or not.',
      registers,
    }),
    oldest: new Gauge({
      name: 'pod_events_oldest_due_delivery_age_seconds',
      help: 'For how long the delivery has been due that waits longest and whose host does not rest; 0 if none is due.',
      registers,
    }),
    resting: new Gauge({
      name: 'pod_events_resting_hosts',
      help: 'Hosts to which nothing is sent for a while, because they failed.',
      registers,
    }),
    damaged: new Gauge({
      name: 'pod_events_store_damaged',
      help: '1 if the check after an unclean stop, or an operation, found that the content of the store is damaged.',
      registers,
    }),
    jobs: new Counter({
      name: 'pod_events_jobs_total',
      help: 'Jobs of worker threads, by their outcome.',
      labelNames: [ 'outcome' ] as const,
      registers,
    }),
    jobTime: new Histogram({
      name: 'pod_events_job_duration_seconds',
      help: 'Time of a job in a worker thread.',
      buckets: JOB_BUCKETS,
      registers,
    }),
    refusedJobs: new Counter({
      name: 'pod_events_refused_jobs_total',
      help: 'Jobs that were refused with 503, because too many waited for a worker thread.',
      registers,
    }),
    waitingJobs: new Gauge({
      name: 'pod_events_waiting_jobs',
      help: 'Jobs that wait for a worker thread.',
      registers,
    }),
  };
  // A rate of what has not happened yet is 0, and not absent.
  for (const kind of KINDS) {
    made.accepted.inc({ kind }, 0);
    made.acceptTime.zero({ kind });
  }
  JOB_OUTCOMES.forEach((outcome): void => made.jobs.inc({ outcome }, 0));
  for (const kind of TARGETS) {
    made.attemptTime.zero({ kind });
    OUTCOMES.forEach((outcome): void => made.deliveries.inc({ kind, outcome }, 0));
  }
  return made;
}
