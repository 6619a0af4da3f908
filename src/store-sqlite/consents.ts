import type { UnconfirmedConsent } from '../delivery/ports';
import type { InboxConsent } from '../subscription/ports';
import type { SqliteSession } from './SqliteSession';

/**
 * Confirms a subscription by an access decision, or marks it as unconfirmed if access has changed since the decision.
 *
 * @param session - The connection, inside a transaction of the caller.
 * @param subscription - Key of the subscription.
 * @param pod - Key of the pod of the subscription.
 * @param consent - The access decision.
 */
export function confirmAt(session: SqliteSession, subscription: number, pod: number, consent: InboxConsent): void {
  removeConsent(session, subscription);
  if (session.epoch(consent.pod) !== consent.epoch) {
    session.run('INSERT INTO doubts (subscription, pod, mark) VALUES (?, ?, hex(randomblob(8)))', subscription, pod);
  }
}

/** Stores confirmations and refusals, as `FanOutQueue.confirm` specifies; inside a transaction. */
export function confirm(session: SqliteSession, answers: ReadonlyMap<UnconfirmedConsent, boolean>): void {
  for (const [{ subscription, mark }, isControlled ] of answers) {
    session.run(
      isControlled ?
        'DELETE FROM doubts WHERE subscription = ? AND mark = ?' :
        'UPDATE doubts SET refused = 1 WHERE subscription = ? AND mark = ?',
      subscription,
      mark,
    );
  }
}

/** Removes the mark of an unconfirmed subscription; inside a transaction. */
export function removeConsent(session: SqliteSession, subscription: number): void {
  session.run('DELETE FROM doubts WHERE subscription = ?', subscription);
}
