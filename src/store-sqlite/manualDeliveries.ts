import { addAttempt } from './attempts';
import { LEAVE_BATCH } from './batches';
import { STATES } from './deliveries';
import { WORKED } from './deliveryClock';
import { passOn } from './deliveryOutcomes';
import { scheduleHost } from './hosts';
import type { SqliteSession } from './SqliteSession';

/** Reason in the log of a delivery that {@link abort} ends. */
const ABORTED = 'not sent: the delivery was ended by hand';

const OF_POD = 'id = ? AND pod = (SELECT id FROM pods WHERE url = ?)';
const [ WAITING, DEAD, ENDED ] = ([ 'waiting', 'dead', 'ended' ] as const).map((state): number => STATES.indexOf(state));

/** Returns the publisher of a delivery's event, as `ManualDeliveries.publisherOf` specifies. */
export function publisherOf(session: SqliteSession, pod: string, id: number): string | undefined {
  return session.get<{ webid: string }>(`
    SELECT a.webid FROM deliveries d CROSS JOIN events e CROSS JOIN agents a
    WHERE d.id = ? AND d.pod = (SELECT id FROM pods WHERE url = ?) AND e.id = d.event AND a.id = e.publisher
  `, id, pod)?.webid;
}

/** Requests a delivery again, as `DeliveryHistory.redeliver` specifies; inside a transaction. */
export function redeliver(session: SqliteSession, pod: string, id: number, now: number): boolean {
  return requestAgain(session, pod, id, now);
}

/** Requests a dead delivery again, as `ManualDeliveries.retry` specifies; inside a transaction. */
export function retry(session: SqliteSession, pod: string, id: number, now: number): boolean {
  return requestAgain(session, pod, id, now, `AND state = ${DEAD} AND repeated IS NULL`);
}

function requestAgain(session: SqliteSession, pod: string, id: number, now: number, condition = ''): boolean {
  const row = session.get<{ host: number }>(`
    UPDATE deliveries SET state = ${WAITING}, due = ?, tries = 0, claim = NULL, repeated = ${WORKED}, ${LEAVE_BATCH}
    WHERE ${OF_POD} ${condition}
      AND EXISTS (SELECT 1 FROM events e WHERE e.id = deliveries.event) RETURNING host
  `, now, id, pod);
  if (row) {
    scheduleHost(session, row.host);
  }
  return row !== undefined;
}

/** Ends a delivery, as `ManualDeliveries.abort` specifies; inside a transaction. */
export function abort(session: SqliteSession, pod: string, id: number, now: number): boolean {
  const row = session.get<{ host: number; state: number }>(
    `SELECT host, state FROM deliveries WHERE ${OF_POD} AND state IN (${WAITING}, ${DEAD})`,
    id,
    pod,
  );
  if (!row) {
    return false;
  }
  session.run('DELETE FROM alternatives WHERE delivery = ? AND pod = (SELECT id FROM pods WHERE url = ?)', id, pod);
  if (row.state !== WAITING || !passOn(session, id)) {
    session.run('UPDATE deliveries SET state = ?, claim = NULL WHERE id = ?', ENDED, id);
    addAttempt(session, id, { at: now, duration: 0, reason: ABORTED });
  }
  scheduleHost(session, row.host);
  return true;
}
