import { stringify } from 'uuid';
import type { Event } from '../event/Event';
import type { IdentifiedEvent } from '../publish/ports';
import type { StoredIdentity } from '../store/AcceptedEvent';
import { DuplicateEvent } from '../store/DuplicateEvent';
import type { SqliteSession } from './SqliteSession';

/**
 * Stores the identity that its producer gave to an event; inside the transaction that stores the event.
 *
 * @throws {@link DuplicateEvent} if an event of the same pod and publisher has the identity.
 */
export function addIdentity(
  session: SqliteSession,
  key: number,
  { pod, publisher }: Pick<Event, 'pod' | 'publisher'>,
  { hash, fingerprint }: StoredIdentity,
): void {
  const { changes } = session.run(
    'INSERT OR IGNORE INTO given_identities (pod, agent, hash, fingerprint, event) VALUES (?, ?, ?, ?, ?)',
    session.key('pods', 'url', pod),
    session.key('agents', 'webid', publisher!),
    Buffer.from(hash, 'hex'),
    Buffer.from(fingerprint, 'hex'),
    key,
  );
  if (changes === 0) {
    throw new DuplicateEvent();
  }
}

/** Finds the stored events with identities, as `EventLog.findIdentified` specifies. */
export function findIdentified(
  session: SqliteSession,
  pod: string,
  agent: string,
  hashes: readonly string[],
): Map<string, IdentifiedEvent> {
  const found = new Map<string, IdentifiedEvent>();
  for (const hash of hashes) {
    const row = session.get<{ uuid: Buffer; fingerprint: Buffer }>(`
      SELECT e.uuid, g.fingerprint FROM pods p CROSS JOIN agents a CROSS JOIN given_identities g CROSS JOIN events e
      WHERE p.url = ? AND a.webid = ? AND g.pod = p.id AND g.agent = a.id AND g.hash = ? AND e.id = g.event
    `, pod, agent, Buffer.from(hash, 'hex'));
    if (row) {
      found.set(hash, { id: stringify(row.uuid), fingerprint: row.fingerprint.toString('hex') });
    }
  }
  return found;
}

/** Removes the identity of an event; inside a transaction. */
export function removeIdentity(session: SqliteSession, event: number): void {
  session.run('DELETE FROM given_identities WHERE event = ?', event);
}
