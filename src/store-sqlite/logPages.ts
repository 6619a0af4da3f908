import type { LogPage } from '../http/ldes/ports';
import type { SqliteSession } from './SqliteSession';

/** Maximum number of events of a page of a log. */
export const MAX_PAGE_EVENTS = 100;
/** Maximum size of the documents of a page, in bytes, if it has more than one. */
const MAX_PAGE_BYTES = 1_024 * 1_024;

/** An event that was added to the log of a pod. */
export interface LoggedEvent {
  readonly key: number;
  /** Time of arrival, in milliseconds since 1970. */
  readonly time: number;
  /** Size of its document, in bytes. */
  readonly bytes: number;
}

interface PageRow { readonly first: number; readonly at: number }

/** Adds events to the last page of a log, or to new pages; inside the transaction that adds their entries. */
export function addToLog(session: SqliteSession, container: number, added: readonly LoggedEvent[]): void {
  let { events, bytes } = session.get<{ events: number; bytes: number }>(
    'SELECT page_events AS events, page_bytes AS bytes FROM containers WHERE id = ?',
    container,
  )!;
  for (const event of added) {
    if (events === 0 || events >= MAX_PAGE_EVENTS || bytes + event.bytes > MAX_PAGE_BYTES) {
      session.run('INSERT INTO log_pages (container, first, at) VALUES (?, ?, ?)', container, event.key, event.time);
      [ events, bytes ] = [ 0, 0 ];
    }
    events += 1;
    bytes += event.bytes;
  }
  session.run('UPDATE containers SET page_events = ?, page_bytes = ? WHERE id = ?', events, bytes, container);
}

/** Returns a page of a log, as `LogPages.logPage` specifies. */
export function logPage(session: SqliteSession, container: string, first: number): LogPage | undefined {
  const [ page, next ] = session.all<PageRow>(`
    SELECT p.first, p.at FROM containers c CROSS JOIN log_pages p
    WHERE c.url = ? AND c.gone = 0 AND p.container = c.id AND p.first >= ? ORDER BY p.first LIMIT 2
  `, container, first) as (PageRow | undefined)[];
  return page?.first === first ?
    { first, time: page.at, ...next && { next: { first: next.first, time: next.at }}} :
    undefined;
}

/** Returns the page with a position in a log, as `LogPages.logPageAt` specifies. */
export function logPageAt(session: SqliteSession, container: string, event: number): number | undefined {
  const pages = 'SELECT p.first FROM containers c CROSS JOIN log_pages p WHERE c.url = ? AND c.gone = 0 AND p.container = c.id';
  const page = session.get<PageRow>(`${pages} AND p.first <= ? ORDER BY p.first DESC LIMIT 1`, container, event) ??
    session.get<PageRow>(`${pages} ORDER BY p.first LIMIT 1`, container);
  return page?.first;
}

/** Removes the pages of a log before its first entry, or all but the last one if it has none; inside a transaction. */
export function removeEmptyPages(session: SqliteSession, container: number): void {
  session.run(`
    DELETE FROM log_pages WHERE container = ? AND first < (
      SELECT MAX(first) FROM log_pages WHERE container = ?
        AND first <= IFNULL((SELECT MIN(event) FROM entries WHERE container = ?), ${Number.MAX_SAFE_INTEGER})
    )
  `, container, container, container);
}

/** Removes some pages of a log without entries; inside a transaction. Returns their number. */
export function removePages(session: SqliteSession, container: number, limit: number): number {
  const { changes } = session.run(`
    DELETE FROM log_pages WHERE (container, first) IN (
      SELECT container, first FROM log_pages WHERE container = ? ORDER BY first LIMIT ?
    )
  `, container, limit);
  if (changes > 0) {
    session.run('UPDATE containers SET page_events = 0, page_bytes = 0 WHERE id = ?', container);
  }
  return changes;
}
