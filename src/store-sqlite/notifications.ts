import type { IndexedNotification } from '../pod/ports';
import type { SqliteSession } from './SqliteSession';

/** Adds a notification at a time, after those that the inbox has. */
const ADD = `
  INSERT OR IGNORE INTO inbox_notifications (container, name, at)
  SELECT id, ?, MAX(IFNULL(?, modified), IFNULL((SELECT MAX(at) + 1 FROM inbox_notifications WHERE container = c.id), 0))
  FROM containers c WHERE id = ?
`;

/** Returns whether the index of an inbox has a notification. */
export function hasNotification(session: SqliteSession, inbox: string, name: string): boolean {
  return session.get(`
    SELECT 1 FROM containers c CROSS JOIN inbox_notifications n WHERE c.url = ? AND n.container = c.id AND n.name = ?
  `, inbox, name) !== undefined;
}

/** Adds a changed notification to the index of an inbox, or removes it; inside a transaction. */
export function noteNotification(session: SqliteSession, inbox: string, name: string, isListed: boolean): void {
  const container = session.key('containers', 'url', inbox);
  session.touch(container);
  if (isListed) {
    session.run(ADD, name, null, container);
  } else {
    session.run('DELETE FROM inbox_notifications WHERE container = ? AND name = ?', container, name);
  }
}

/** Returns the names in the index of an inbox, in their order. */
export function notificationNames(session: SqliteSession, inbox: string, after: string, limit: number): string[] {
  return session.all<{ name: string }>(`
    SELECT n.name FROM containers c CROSS JOIN inbox_notifications n
    WHERE c.url = ? AND n.container = c.id AND n.name > ? ORDER BY n.name LIMIT ?
  `, inbox, after, limit).map(({ name }): string => name);
}

/** Adds missing notifications, as `NotificationIndex.addNotifications` specifies; inside a transaction. */
export function addNotifications(
  session: SqliteSession,
  inbox: string,
  notifications: readonly IndexedNotification[],
  isComplete: boolean,
): void {
  const container = session.key('containers', 'url', inbox);
  const isFirst = session.get('SELECT 1 FROM containers WHERE id = ? AND indexed = 0', container) !== undefined;
  for (const { name, modified } of notifications) {
    if (isFirst) {
      session.run(ADD, name, Math.min(modified, Date.now()), container);
    } else if (!hasNotification(session, inbox, name)) {
      session.touch(container);
      session.run(ADD, name, null, container);
    }
  }
  if (isFirst && isComplete) {
    session.run('UPDATE containers SET indexed = 1 WHERE id = ?', container);
    session.touch(container);
  }
}

/** Removes some notifications from the index of a container; inside a transaction. Returns their number. */
export function removeNotifications(session: SqliteSession, container: number, limit: number): number {
  return session.run(`
    DELETE FROM inbox_notifications WHERE (container, name) IN (
      SELECT container, name FROM inbox_notifications WHERE container = ? LIMIT ?
    )
  `, container, limit).changes;
}
