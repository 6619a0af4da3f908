import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OutgoingFailed } from '../../../src/outgoing/Outgoing';
import type { Verdict } from '../../../src/delivery/retry';
import { judge, retryPolicy } from '../../../src/delivery/retry';
import { Metrics } from '../../../src/metrics/Metrics';
import type { ClaimedDelivery } from '../../../src/delivery/ports';
import type { AcceptedEvent, RemoteRecipient } from '../../../src/store/AcceptedEvent';
import { anEvent } from '../../contract/fixtures';
import type { Family } from '../../util/exposition';
import { parseExposition } from '../../util/exposition';
import { blocksOf, tableOf } from '../../util/markdown';
import { RESPONSES } from '../../util/kinds';

const NOTHING = { waiting: 0, openCircuits: 0 };
const delivery = (kind: string): ClaimedDelivery => ({ kind } as ClaimedDelivery);
const verdict = (status: number, tries = 1): Verdict =>
  judge({ rules: RESPONSES.webhook, tries, result: { status, headers: {}}}, retryPolicy({ retryDelays: [ 1 ]}), 0);

describe('Metrics', (): void => {
  let metrics: Metrics;
  let families: Map<string, Family>;

  const told = async(queue: Parameters<Metrics['text']>[0] = NOTHING, now = 0): Promise<void> => {
    families = parseExposition(await metrics.text(queue, now));
  };
  const value = (sample: string): number | undefined =>
    [ ...families.values() ].find(({ samples }): boolean => samples.has(sample))?.samples.get(sample);
  /** The series of ours that are not 0, by what comes behind the prefix. */
  const changed = (): Record<string, number> => Object.fromEntries([ ...families.values() ]
    .flatMap(({ samples }): [ string, number ][] => [ ...samples ])
    .filter(([ name, number ]): boolean => name.startsWith('pod_events_') && !name.includes('_bucket') && number !== 0)
    .map(([ name, number ]): [ string, number ] => [ name.slice('pod_events_'.length), number ]));

  beforeEach((): void => {
    metrics = new Metrics();
    metrics.start([ 'inbox', 'webhook', 'recipient' ]);
  });

  it('are of bounded number, begin with 0, and are described.', async(): Promise<void> => {
    await told();
    const ours = [ ...families ].filter(([ name ]): boolean => name.startsWith('pod_events_'));
    expect(ours.map(([ name, { type }]): string => `${name} ${type}`).sort()).toEqual([
      'pod_events_accept_duration_seconds histogram',
      'pod_events_accepted_total counter',
      'pod_events_copies_total counter',
      'pod_events_deliveries_total counter',
      'pod_events_delivery_attempt_duration_seconds histogram',
      'pod_events_job_duration_seconds histogram',
      'pod_events_jobs_total counter',
      'pod_events_oldest_due_delivery_age_seconds gauge',
      'pod_events_open_streams gauge',
      'pod_events_refused_jobs_total counter',
      'pod_events_resting_hosts gauge',
      'pod_events_store_damaged gauge',
      'pod_events_waiting_deliveries gauge',
      'pod_events_waiting_jobs gauge',
    ]);
    expect(changed()).toEqual({});
    expect(families.get('pod_events_deliveries_total')!.samples.size).toBe(15);
    expect([ ...families.keys() ]).toEqual(expect.arrayContaining([
      'nodejs_eventloop_lag_p99_seconds', 'process_cpu_seconds_total', 'process_resident_memory_bytes',
    ]));
    const count = [ ...families.values() ].reduce((sum, { samples }): number => sum + samples.size, 0);
    metrics.accepted([{ event: anEvent(), forwards: []}], 1);
    metrics.attempted(delivery('inbox'), verdict(200), { at: 0, duration: 1 });
    await told();
    expect([ ...families.values() ].reduce((sum, { samples }): number => sum + samples.size, 0))
      .toBeLessThanOrEqual(count + 20);
  });

  it('are those of the document, and those of its alerts.', async(): Promise<void> => {
    await told();
    const section = readFileSync(join(__dirname, '../../../docs/metrics.md'), 'utf8');
    const ours = [ ...families ].filter(([ name ]): boolean => name.startsWith('pod_events_'));
    expect(tableOf(section).map(([ name, type ]): string => `${name} ${type}`).sort())
      .toEqual(ours.map(([ name, { type }]): string => `${name} ${type}`).sort());
    const named = blocksOf(section).flatMap(({ text }): string[] => text.match(/\b(?:pod_events|nodejs|process)_\w+/gu) ?? []);
    expect(named.length).toBeGreaterThanOrEqual(4);
    expect([ ...families.keys() ]).toEqual(expect.arrayContaining(named));
  });

  it('count what is accepted and copied.', async(): Promise<void> => {
    const event: AcceptedEvent = { event: anEvent(), forwards: []};
    metrics.accepted([ event, event ], 30);
    metrics.accepted([ event ], 2_000);
    metrics.received(5);
    metrics.copied(7);
    metrics.copied(1);
    await told();
    expect(changed()).toEqual({
      'accepted_total{kind="published"}': 3,
      'accepted_total{kind="received"}': 1,
      'accept_duration_seconds_count{kind="published"}': 2,
      'accept_duration_seconds_sum{kind="published"}': 2.03,
      'accept_duration_seconds_count{kind="received"}': 1,
      'accept_duration_seconds_sum{kind="received"}': 0.005,
      copies_total: 8,
    });
    expect(value('pod_events_accept_duration_seconds_bucket{kind="published",le="0.025"}')).toBe(0);
    expect(value('pod_events_accept_duration_seconds_bucket{kind="published",le="0.05"}')).toBe(1);
  });

  it('count what became of deliveries, by kind.', async(): Promise<void> => {
    const attempt = { at: 0, duration: 250 };
    metrics.attempted(delivery('webhook'), verdict(204), attempt);
    metrics.attempted(delivery('webhook'), verdict(503), attempt);
    metrics.attempted(delivery('webhook'), verdict(503, 2), attempt);
    metrics.attempted(delivery('inbox'), verdict(400), attempt);
    metrics.unsent(delivery('inbox'), 'refused');
    metrics.unsent(delivery('inbox'), 'ended');
    metrics.unsent(delivery('webhook'), 'dead');
    await metrics.failed();
    await told();
    expect(changed()).toEqual({
      'deliveries_total{kind="webhook",outcome="delivered"}': 1,
      'deliveries_total{kind="webhook",outcome="retried"}': 1,
      'deliveries_total{kind="webhook",outcome="dead"}': 2,
      'deliveries_total{kind="inbox",outcome="dead"}': 1,
      'deliveries_total{kind="inbox",outcome="refused"}': 1,
      'deliveries_total{kind="inbox",outcome="ended"}': 1,
      'delivery_attempt_duration_seconds_count{kind="webhook"}': 3,
      'delivery_attempt_duration_seconds_sum{kind="webhook"}': 0.75,
      'delivery_attempt_duration_seconds_count{kind="inbox"}': 1,
      'delivery_attempt_duration_seconds_sum{kind="inbox"}': 0.25,
    });
  });

  it('count the attempts that are made within the request of a publisher.', async(): Promise<void> => {
    const recipient: RemoteRecipient = { kind: 'recipient', agent: 'https://a.example/#me', host: 'a.example', isDelivered: true, due: 0, attempt: { at: 0, duration: 500 }};
    metrics.accepted([{
      event: anEvent(),
      forwards: [],
      recipients: [
        recipient,
        { ...recipient, isDelivered: false, attempt: { at: 0, duration: 250, reason: new OutgoingFailed('timeout', 'late').message }},
        { ...recipient, isDelivered: false, attempt: undefined },
      ],
    }], 1_000);
    await told();
    expect(changed()).toMatchObject({
      'accepted_total{kind="published"}': 1,
      'deliveries_total{kind="recipient",outcome="delivered"}': 1,
      'deliveries_total{kind="recipient",outcome="retried"}': 1,
      'delivery_attempt_duration_seconds_count{kind="recipient"}': 2,
      'delivery_attempt_duration_seconds_sum{kind="recipient"}': 0.75,
    });
  });

  it('tell the state of the queue, whose age is never negative.', async(): Promise<void> => {
    await told({ waiting: 12, openCircuits: 2, oldestDue: 1_500 }, 4_000);
    expect(changed()).toEqual({ waiting_deliveries: 12, oldest_due_delivery_age_seconds: 2.5, resting_hosts: 2 });
    await told({ waiting: 1, openCircuits: 0, oldestDue: 5_000 }, 4_000);
    expect(changed()).toEqual({ waiting_deliveries: 1 });
  });

  it('are of one object each, and count nothing until they are started.', async(): Promise<void> => {
    metrics.copied(1);
    metrics = new Metrics();
    metrics.copied(5);
    metrics.accepted([{ event: anEvent(), forwards: []}], 1);
    metrics.received(1);
    metrics.attempted(delivery('inbox'), verdict(201), { at: 0, duration: 1 });
    metrics.unsent(delivery('inbox'), 'ended');
    expect((await metrics.text(NOTHING, 0)).trim()).toBe('');
    metrics.start([ 'inbox', 'webhook', 'recipient' ]);
    await told();
    expect(changed()).toEqual({});
  });

  it('tell whether the store is damaged.', async(): Promise<void> => {
    metrics.damaged(true);
    await told();
    expect(value('pod_events_store_damaged')).toBe(1);
    metrics.damaged(false);
    await told();
    expect(value('pod_events_store_damaged')).toBe(0);
    new Metrics().damaged(true);
  });
});
