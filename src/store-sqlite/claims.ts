import { randomInt } from 'node:crypto';
import { parse, stringify, v7 } from 'uuid';
import type { ClaimedDelivery, ClaimRequest, Demand } from '../delivery/ports';
import { GATHERING, makeFullBatchDue } from './batches';
import { endDelivery } from './deliveries';
import { delayHost, scheduleHost } from './hosts';
import type { TargetSecrets } from './secrets';
import { secretsOf } from './secrets';
import type { SqliteSession } from './SqliteSession';

interface ClaimedColumns extends Omit<ClaimedDelivery, 'batch' | 'claim' | 'credential' | 'secrets' | 'subscription' | 'isWanted'> {
  readonly subscription: Buffer | null;
  readonly subscriptionKey: number | null;
}

interface ClaimableRow extends ClaimedColumns {
  readonly secret: string | null;
  readonly credential: string | null;
  /** Whether the pod of the delivery, the pod of the event, or the subscriber was removed. */
  readonly ended: number;
  /** Id of the batch, empty before its first claim; `null` for a delivery that is sent alone. */
  readonly batch: Buffer | null;
  /** Maximum number of events of a batch of the target, or `null`. */
  readonly maxBatch: number | null;
  /** Size of the event, in bytes. */
  readonly bytes: number;
}

/** Claimable deliveries; conditions follow. */
const DELIVERIES = `
  SELECT d.id AS delivery, d.host, d.event, d.tries, IFNULL(d.repeated, d.made) AS begun, d.subscription,
    s.id AS subscriptionKey, p.url AS pod, e.topic, t.id AS target, t.kind, t.url, a.webid AS agent, t.secret, t.credential, t.settings,
    t.max_batch AS maxBatch, d.batch, e.bytes, t.rate, t.rests AS pausedUntil, t.failing, t.disabled,
    p.ended IS NOT NULL OR a.ended IS NOT NULL OR EXISTS (SELECT 1 FROM pods o WHERE o.id = e.pod AND o.ended IS NOT NULL) AS ended
  FROM deliveries d CROSS JOIN targets t CROSS JOIN agents a CROSS JOIN pods p CROSS JOIN events e
  LEFT JOIN subscriptions s ON s.uuid = d.subscription
  WHERE t.id = d.target AND a.id = t.agent AND p.id = d.pod AND e.id = d.event AND d.state = 0
`;
/** The due deliveries of a host, oldest first; its parameters are the host, the time, and the limit. */
const DUE = `${DELIVERIES} AND d.host = ? AND d.due <= ? ORDER BY d.due LIMIT ?`;
/** The deliveries of a batch of a target; its parameters are the target, the batch, and the limit. */
const OF_BATCH = `${DELIVERIES} AND d.target = ? AND d.batch = ? ORDER BY d.id LIMIT ?`;

/** Maximum total size of the events of a batch, in bytes; a larger event is sent alone. */
const MAX_BATCH_BYTES = 1_024 * 1_024;
/** Upper limit of the number of members of any batch. */
const MAX_MEMBERS = 1_000;

/** Upper limit of claim ids. */
const MAX_CLAIM = 2 ** 47;

/**
 * Claims due deliveries of hosts, as `ClaimStore.claim` specifies; inside a transaction.
 *
 * A due delivery whose pod or subscriber was removed ends instead. A due delivery of a batch is claimed with all other
 * waiting ones of it. Without a batch, it gets a new one with further deliveries to its target, due or not, if
 * the target receives batches. Only a claim adds deliveries to a batch, and only to a new one.
 */
export function claimDeliveries(
  session: SqliteSession,
  requests: readonly ClaimRequest[],
  now: number,
  until: number,
): ClaimedDelivery[] {
  const claimed: ClaimedDelivery[] = [];
  const secrets = new Map<number, TargetSecrets>();
  for (const { host, limit } of requests) {
    if (limit === 0) {
      delayHost(session, host, until);
      continue;
    }
    const claim = randomInt(MAX_CLAIM);
    const taken = new Set<number>();
    for (const row of session.all<ClaimableRow>(DUE, host, now, limit)) {
      const { id, rows } = taken.has(row.delivery) ? { id: null, rows: []} : attemptOf(session, row);
      const members: ClaimedDelivery[] = [];
      for (const member of rows) {
        taken.add(member.delivery);
        if (member.ended === 1) {
          endDelivery(session, member.delivery, now);
          continue;
        }
        session.run('UPDATE deliveries SET claim = ?, due = ?, batch = ? WHERE id = ?', claim, until, id, member.delivery);
        if (!secrets.has(member.target)) {
          const { secret, credential, target, kind } = member;
          secrets.set(target, secretsOf(session, { id: target, kind, secret, credential }));
        }
        members.push(toClaimed(member, claim, secrets.get(member.target)!));
      }
      const [ first, ...others ] = members;
      if (members.length > 0) {
        claimed.push(id === null ? first : { ...first, batch: { id: stringify(id), others }});
      }
      if (id !== null) {
        makeFullBatchDue(session, row.target, now);
      }
    }
    scheduleHost(session, host);
  }
  return claimed;
}

/** Returns the deliveries of the attempt of a due delivery, by increasing keys, with the id of their batch. */
function attemptOf(
  session: SqliteSession,
  row: ClaimableRow,
): { readonly id: Uint8Array | null; readonly rows: readonly ClaimableRow[] } {
  const { batch, target, maxBatch } = row;
  if (batch !== null && batch.length > 0) {
    return { id: batch, rows: session.all<ClaimableRow>(OF_BATCH, target, batch, MAX_MEMBERS) };
  }
  if (maxBatch === null) {
    return { id: null, rows: [ row ]};
  }
  const rows = [ row ];
  let bytes = row.bytes;
  for (const other of session.all<ClaimableRow>(OF_BATCH, target, GATHERING, maxBatch)) {
    bytes += other.delivery === row.delivery ? 0 : other.bytes;
    if (rows.length >= maxBatch || bytes > MAX_BATCH_BYTES) {
      break;
    }
    if (other.delivery !== row.delivery) {
      rows.push(other);
    }
  }
  return { id: parse(v7()), rows: rows.sort((left, right): number => left.delivery - right.delivery) };
}

function toClaimed(row: ClaimableRow, claim: number, { secrets, credential }: TargetSecrets): ClaimedDelivery {
  const { delivery, host, event, tries, begun, pod, topic, target, kind, url, agent, settings } = row;
  const { subscription, subscriptionKey, rate, pausedUntil, failing, disabled } = row;
  return {
    delivery,
    claim,
    host,
    event,
    tries,
    begun,
    pod,
    topic,
    target,
    kind,
    url,
    agent,
    subscription: subscription && stringify(subscription),
    isWanted: subscription === null || subscriptionKey !== null,
    secrets,
    credential,
    settings,
    rate,
    pausedUntil,
    failing,
    disabled,
  };
}

/** Whether a claimed delivery is still required; the claim may be old. */
export function demandFor(session: SqliteSession, { target, subscription }: ClaimedDelivery): Demand {
  const uuid = subscription && parse(subscription);
  const row = session.get<{ disabled: number | null; wanted: number }>(`
    SELECT disabled, ? IS NULL OR EXISTS (SELECT 1 FROM subscriptions WHERE uuid = ?) AS wanted FROM targets WHERE id = ?
  `, uuid, uuid, target);
  return { isWanted: row?.wanted === 1, disabled: row?.disabled ?? null };
}
