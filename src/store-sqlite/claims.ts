import { randomInt } from 'node:crypto';
import { parse, stringify } from 'uuid';
import type { ClaimedDelivery, ClaimRequest, Demand } from '../delivery/ports';
import { endDelivery } from './deliveries';
import { delayHost, scheduleHost } from './hosts';
import { formerSecretsOf } from './secrets';
import type { SqliteSession } from './SqliteSession';

interface ClaimedColumns extends Omit<ClaimedDelivery, 'claim' | 'secrets' | 'subscription' | 'isWanted'> {
  readonly subscription: Buffer | null;
  readonly subscriptionKey: number | null;
}

interface ClaimableRow extends ClaimedColumns {
  readonly secret: string | null;
  /** Whether the pod of the delivery, the pod of the event, or the subscriber was removed. */
  readonly ended: number;
}

/** The due deliveries of a host, oldest first; its parameters are the host, the time, and the limit. */
const CLAIMABLE = `
  SELECT d.id AS delivery, d.host, d.event, d.tries, IFNULL(d.repeated, d.made) AS begun, d.subscription,
    s.id AS subscriptionKey, p.url AS pod, e.topic, t.id AS target, t.kind, t.url, a.webid AS agent, t.secret,
    t.rate, t.rests AS pausedUntil, t.failing, t.disabled,
    p.ended IS NOT NULL OR a.ended IS NOT NULL OR EXISTS (SELECT 1 FROM pods o WHERE o.id = e.pod AND o.ended IS NOT NULL) AS ended
  FROM deliveries d CROSS JOIN targets t CROSS JOIN agents a CROSS JOIN pods p CROSS JOIN events e
  LEFT JOIN subscriptions s ON s.uuid = d.subscription
  WHERE d.host = ? AND d.state = 0 AND d.due <= ?
    AND t.id = d.target AND a.id = t.agent AND p.id = d.pod AND e.id = d.event
  ORDER BY d.due LIMIT ?
`;

/** Upper limit of claim ids. */
const MAX_CLAIM = 2 ** 47;

/**
 * Claims due deliveries of hosts, as `ClaimStore.claim` specifies; inside a transaction.
 *
 * A due delivery whose pod or subscriber was removed ends instead.
 */
export function claimDeliveries(
  session: SqliteSession,
  requests: readonly ClaimRequest[],
  now: number,
  until: number,
): ClaimedDelivery[] {
  const claimed: ClaimedDelivery[] = [];
  const secrets = new Map<number, readonly string[]>();
  for (const { host, limit } of requests) {
    if (limit === 0) {
      delayHost(session, host, until);
      continue;
    }
    const claim = randomInt(MAX_CLAIM);
    for (const { ended, secret, ...row } of session.all<ClaimableRow>(CLAIMABLE, host, now, limit)) {
      if (ended === 1) {
        endDelivery(session, row.delivery, now);
        continue;
      }
      session.run('UPDATE deliveries SET claim = ?, due = ? WHERE id = ?', claim, until, row.delivery);
      if (!secrets.has(row.target)) {
        secrets.set(row.target, secret === null ? [] : [ secret, ...formerSecretsOf(session, row.target) ]);
      }
      claimed.push(toClaimed(row, claim, secrets.get(row.target)!));
    }
    scheduleHost(session, host);
  }
  return claimed;
}

function toClaimed(
  { subscription, subscriptionKey, ...row }: ClaimedColumns,
  claim: number,
  secrets: readonly string[],
): ClaimedDelivery {
  return {
    ...row,
    claim,
    subscription: subscription && stringify(subscription),
    isWanted: subscription === null || subscriptionKey !== null,
    secrets,
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
