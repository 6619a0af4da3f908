import { stringify } from 'uuid';
import type { ListedEvent, ListedItem, ListingPlace, ListingStep } from '../http/listing/ports';
import type { EventRow } from './eventRow';
import { EVENTS, toEvent } from './eventRow';
import type { SqliteSession } from './SqliteSession';

/** Maximum number of entries, added after entries with larger keys, to examine in one step. */
const MAX_LATE = 1_000;

interface EntryRow {
  readonly key: number;
  readonly uuid: Buffer | null;
  readonly topic: string;
  readonly bytes: number;
  readonly time: number;
}

interface LateRow extends EntryRow { readonly at: number }

interface NotificationRow { readonly at: number; readonly name: string }

interface ContainerRow { readonly id: number; readonly modified: number | null }

/** A row of a listing; without an item if its event was removed. */
interface Row {
  readonly time: number;
  readonly place: ListingPlace;
  readonly item?: Omit<ListedItem, 'place' | 'time'>;
}

const COLUMNS = 'few.event AS "key", e.uuid, e.topic, e.bytes, IFNULL(e.arrived, e.published) AS time';

/** Reads the next items of a listing, as `ListingStore.listStep` specifies. */
export function listStep(
  session: SqliteSession,
  container: string,
  place: ListingPlace,
  limit: number,
  withNotifications: boolean,
): ListingStep {
  return session.snapshot((): ListingStep => {
    const row = session.get<ContainerRow>('SELECT id, modified FROM containers WHERE url = ? AND gone = 0', container);
    if (!row) {
      return { items: [], place, isEnd: true };
    }
    return lateStep(session, row, place, limit) ?? orderedStep(session, row, place, limit, withNotifications);
  });
}

/**
 * Reads entries that were added before the position since it was reached. All of them are read before later entries,
 * so that each entry is read once.
 */
function lateStep(
  session: SqliteSession,
  { id }: ContainerRow,
  place: ListingPlace,
  limit: number,
): ListingStep | undefined {
  const scanned = place.event === 0 ? [] : session.all<LateRow>(`
    SELECT few.at, ${COLUMNS}
    FROM (SELECT at, event FROM late_entries WHERE container = ? AND at > ? ORDER BY at LIMIT ?) few
    LEFT JOIN events e ON e.id = few.event
  `, id, place.late, MAX_LATE);
  const missed = scanned.filter(({ key }): boolean => key <= place.event).slice(0, limit);
  if (missed.length === 0 && scanned.length < MAX_LATE) {
    return undefined;
  }
  const rows = missed.map((row): Row => toRow(row, { ...place, late: row.at }));
  const last = missed.length === limit ? missed.at(-1)! : scanned.at(-1)!;
  return { items: itemsOf(rows), place: { ...place, late: last.at }, isEnd: false };
}

/** Reads entries in the order of their keys, merged with notifications by time. */
function orderedStep(
  session: SqliteSession,
  { id, modified }: ContainerRow,
  from: ListingPlace,
  limit: number,
  withNotifications: boolean,
): ListingStep {
  let place = { ...from, late: Math.max(modified ?? 0, from.late) };
  const entries = session.all<EntryRow>(`
    SELECT ${COLUMNS}
    FROM (SELECT event FROM entries WHERE container = ? AND event > ? ORDER BY event LIMIT ?) few
    LEFT JOIN events e ON e.id = few.event
  `, id, place.event, limit);
  const notifications = withNotifications ?
    session.all<NotificationRow>(`
      SELECT at, name FROM inbox_notifications WHERE container = ? AND at > ? ORDER BY at LIMIT ?
    `, id, place.notification, limit) :
    [];
  const rows: Row[] = [];
  let [ entry, notification ] = [ 0, 0 ];
  while (rows.length < limit && entry + notification < entries.length + notifications.length) {
    const [ nextEntry, nextNotification ] = [ entries.at(entry), notifications.at(notification) ];
    if (!nextNotification || (nextEntry && (nextEntry.uuid === null || nextEntry.time <= nextNotification.at))) {
      place = { ...place, event: nextEntry!.key };
      rows.push(toRow(nextEntry!, place));
      entry += 1;
    } else {
      const { at, name } = nextNotification;
      place = { ...place, notification: at };
      rows.push({ time: at, place, item: { name }});
      notification += 1;
    }
  }
  return { items: itemsOf(rows), place, isEnd: rows.length < limit };
}

function toRow({ key, uuid, topic, bytes, time }: EntryRow, place: ListingPlace): Row {
  return {
    time,
    place,
    ...uuid !== null && { item: { name: stringify(uuid), event: { key, topic, bytes }}},
  };
}

function itemsOf(rows: readonly Row[]): ListedItem[] {
  return rows.flatMap(({ time, place, item }): ListedItem[] => item ? [{ ...item, time, place }] : []);
}

/** Returns the position behind all items of a container, as `ListingStore.placeAtEnd` specifies. */
export function placeAtEnd(session: SqliteSession, container: string): ListingPlace {
  const row = session.get<{ newest: number; modified: number | null; notification: number | null }>(`
    SELECT newest, modified, (SELECT MAX(at) FROM inbox_notifications n WHERE n.container = c.id) AS notification
    FROM containers c WHERE c.url = ?
  `, container);
  return { event: row?.newest ?? 0, late: row?.modified ?? 0, notification: row?.notification ?? 0 };
}

/**
 * Returns the position before all items of a time or later, as `ListingStore.placeAt` specifies.
 *
 * Times of arrival do not decrease with the keys of events, so this is a binary search. The position is not behind the
 * largest key that the container has had: an entry that is added between both would not be recorded as late.
 */
export function placeAt(session: SqliteSession, container: string, time: number): ListingPlace {
  const newest = session.get<{ newest: number }>('SELECT newest FROM containers WHERE url = ?', container)?.newest ?? 0;
  let low = 1;
  let high = (session.get<{ id: number | null }>('SELECT MAX(id) AS id FROM events')!.id ?? 0) + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const row = session.get<{ id: number; time: number }>(`
      SELECT id, IFNULL(arrived, published) AS time FROM events WHERE id >= ? ORDER BY id LIMIT 1
    `, middle)!;
    if (row.time >= time) {
      high = middle;
    } else {
      low = row.id + 1;
    }
  }
  const before = Math.max(0, time - 1);
  return { event: Math.min(low - 1, newest), late: before, notification: before };
}

/** Returns an event by its key. */
export function listedEvent(session: SqliteSession, key: number): ListedEvent | undefined {
  const row = session.get<EventRow>(`${EVENTS} WHERE e.id = ?`, key);
  return row && { event: toEvent(row), hops: row.hops };
}

/** Returns base URLs of pods with subscriptions to an inbox. */
export function podsFollowedBy(session: SqliteSession, inbox: string, limit: number): string[] {
  return session.all<{ url: string }>(`
    SELECT p.url FROM (
      SELECT s.pod FROM containers c CROSS JOIN subscriptions s WHERE c.url = ? AND s.inbox = c.id LIMIT ?
    ) few CROSS JOIN pods p WHERE p.id = few.pod
  `, inbox, limit).map(({ url }): string => url);
}
