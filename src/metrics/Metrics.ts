import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { DeliveryListener } from '../delivery/DeliveryListener';
import type { Verdict } from '../delivery/retry';
import type { StreamMeter } from '../http/stream/ports';
import type { AcceptMeter } from '../publish/ports';
import type { CopyMeter } from '../store/CopyMeter';
import type { Attempt, DeliveryState } from '../store/deliveries';
import type { ClaimedDelivery, QueueState } from '../delivery/ports';
import type { AcceptedEvent } from '../store/AcceptedEvent';
import type { JobOutcome, WorkMeter } from '../work/Work';

/** Origin of an event: published here, or received from another server. */
type EventOrigin = 'published' | 'received';
/** State of a finished delivery, or `retried` for an attempt with another one to follow. */
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
  readonly streams: Gauge;
}

const ORIGINS: readonly EventOrigin[] = [ 'published', 'received' ];
const JOB_OUTCOMES: readonly JobOutcome[] = [ 'done', 'invalid', 'too-complex', 'disconnected', 'stopped', 'failed' ];
const OUTCOMES: readonly Outcome[] = [ 'delivered', 'retried', 'dead', 'refused', 'ended' ];

/** In seconds: an accept takes some milliseconds, or some seconds with requests to other servers. */
const ACCEPT_BUCKETS = [ 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5 ];
/** In seconds: a job ends after at most 5. */
const JOB_BUCKETS = [ 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5 ];
/** In seconds: an attempt ends after at most 15, and its preparation takes a few more. */
const ATTEMPT_BUCKETS = [ 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20 ];

/**
 * Prometheus metrics of the events, copies, deliveries and jobs of this process.
 *
 * Counts nothing, at no cost, until {@link start}. Labels have only the values declared in this file.
 *
 * @see https://prometheus.io/docs/practices/naming/
 */
export class Metrics extends DeliveryListener implements AcceptMeter, CopyMeter, StreamMeter, WorkMeter {
  /** Media type of {@link text}. */
  public readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE;
  private readonly registry = new Registry();
  private instruments?: Instruments;

  /**
   * Starts counting. Earlier observations are not counted.
   *
   * @param kinds - Names of the target kinds; their counters start at 0.
   */
  public start(kinds: readonly string[]): void {
    collectDefaultMetrics({ register: this.registry });
    this.instruments = instrumentsIn(this.registry, kinds);
  }

  /**
   * Returns all metrics as text, including the state of the delivery queue.
   *
   * @param queue - State of the delivery queue.
   * @param now - Current time of the queue's clock, in milliseconds since 1970.
   *
   * @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
   */
  public async text({ waiting, oldestDue, openCircuits: resting }: QueueState, now: number): Promise<string> {
    this.instruments?.waiting.set(waiting);
    this.instruments?.oldest.set(Math.max(0, now - (oldestDue ?? now)) / 1_000);
    this.instruments?.resting.set(resting);
    return this.registry.metrics();
  }

  /** Sets whether the store is known to be damaged. */
  public damaged(isDamaged: boolean): void {
    this.instruments?.damaged.set(Number(isDamaged));
  }

  public accepted(events: readonly AcceptedEvent[], duration: number): void {
    this.countAccepted('published', events.length, duration);
    for (const { recipients = []} of this.instruments ? events : []) {
      for (const { kind, attempt, isDelivered, isDead } of recipients) {
        if (attempt) {
          this.countAttempt(kind, isDelivered ? 'delivered' : isDead ? 'dead' : 'retried', attempt);
        }
      }
    }
  }

  public received(duration: number): void {
    this.countAccepted('received', 1, duration);
  }

  public copied(count: number): void {
    this.instruments?.copies.inc(count);
  }

  public attempted({ kind }: ClaimedDelivery, { outcome }: Verdict, attempt: Attempt): void {
    this.countAttempt(kind, outcome === 'retry' ? 'retried' : outcome, attempt);
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

  public streamsOpen(count: number): void {
    this.instruments?.streams.set(count);
  }

  public async failed(): Promise<void> {
    // The dead delivery was counted with its last attempt.
  }

  private countAccepted(kind: EventOrigin, count: number, duration: number): void {
    this.instruments?.accepted.inc({ kind }, count);
    this.instruments?.acceptTime.observe({ kind }, duration / 1_000);
  }

  private countAttempt(kind: string, outcome: Outcome, { duration }: Attempt): void {
    this.instruments?.deliveries.inc({ kind, outcome });
    this.instruments?.attemptTime.observe({ kind }, duration / 1_000);
  }
}

function instrumentsIn(registry: Registry, kinds: readonly string[]): Instruments {
  const registers = [ registry ];
  const instruments = {
    accepted: new Counter({
      name: 'pod_events_accepted_total',
      help: 'Stored events: published here, or received from another server.',
      labelNames: [ 'kind' ] as const,
      registers,
    }),
    acceptTime: new Histogram({
      name: 'pod_events_accept_duration_seconds',
      help: 'Time from the end of reading a request to the commit of its events.',
      labelNames: [ 'kind' ] as const,
      buckets: ACCEPT_BUCKETS,
      registers,
    }),
    copies: new Counter({
      name: 'pod_events_copies_total',
      help: 'Copies written to inboxes of this server.',
      registers,
    }),
    deliveries: new Counter({
      name: 'pod_events_deliveries_total',
      help: 'Deliveries to other servers and webhooks by outcome; retried counts each attempt that is followed by another.',
      labelNames: [ 'kind', 'outcome' ] as const,
      registers,
    }),
    attemptTime: new Histogram({
      name: 'pod_events_delivery_attempt_duration_seconds',
      help: 'Time from the request of a delivery to its response or failure.',
      labelNames: [ 'kind' ] as const,
      buckets: ATTEMPT_BUCKETS,
      registers,
    }),
    waiting: new Gauge({
      name: 'pod_events_waiting_deliveries',
      help: 'Waiting deliveries, due or not.',
      registers,
    }),
    oldest: new Gauge({
      name: 'pod_events_oldest_due_delivery_age_seconds',
      help: 'Time since the oldest due delivery to a host with a closed circuit became due; 0 if none is due.',
      registers,
    }),
    resting: new Gauge({
      name: 'pod_events_resting_hosts',
      help: 'Hosts with an open circuit: nothing is sent to them for a while after failures.',
      registers,
    }),
    damaged: new Gauge({
      name: 'pod_events_store_damaged',
      help: '1 if the integrity check after an unclean stop, or an operation, found the store damaged.',
      registers,
    }),
    jobs: new Counter({
      name: 'pod_events_jobs_total',
      help: 'Jobs of worker threads by outcome.',
      labelNames: [ 'outcome' ] as const,
      registers,
    }),
    jobTime: new Histogram({
      name: 'pod_events_job_duration_seconds',
      help: 'Duration of a job in a worker thread.',
      buckets: JOB_BUCKETS,
      registers,
    }),
    refusedJobs: new Counter({
      name: 'pod_events_refused_jobs_total',
      help: 'Jobs refused with 503 because too many were waiting for a worker thread.',
      registers,
    }),
    waitingJobs: new Gauge({
      name: 'pod_events_waiting_jobs',
      help: 'Jobs waiting for a worker thread.',
      registers,
    }),
    streams: new Gauge({
      name: 'pod_events_open_streams',
      help: 'Open streams of server-sent events.',
      registers,
    }),
  };
  // Initial zeros make rates 0 instead of absent before the first observation.
  for (const kind of ORIGINS) {
    instruments.accepted.inc({ kind }, 0);
    instruments.acceptTime.zero({ kind });
  }
  JOB_OUTCOMES.forEach((outcome): void => instruments.jobs.inc({ outcome }, 0));
  for (const kind of kinds) {
    instruments.attemptTime.zero({ kind });
    OUTCOMES.forEach((outcome): void => instruments.deliveries.inc({ kind, outcome }, 0));
  }
  return instruments;
}
