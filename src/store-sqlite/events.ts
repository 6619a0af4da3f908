import { parse } from 'uuid';
import type { Event } from '../event/Event';
import { documentBytes, publishContainer } from '../event/Event';
import type { AcceptedEvent, Forward } from '../store/AcceptedEvent';
import type { StoredResponse, IdempotencyKey } from '../store/idempotency';
import type { ReceivedEvent, Reception } from '../publish/ports';
import { ContainerGone } from '../store/ContainerGone';
import { addRecipients } from './deliveries';
import { saveResponse } from './idempotency';
import type { SqliteSession } from './SqliteSession';

/** The place of a forward that has no subscriptions to walk. */
const BEHIND_ALL_PATTERNS = 1_000_000;

const PUT_UNLESS_GONE = 'INSERT INTO entries (container, event) SELECT id, ? FROM containers WHERE id = ? AND gone = 0';

/** Stores events, as `EventLog.accept` says; inside a transaction of the caller. */
export function accept(
  session: SqliteSession,
  events: readonly AcceptedEvent[],
  once?: IdempotencyKey & Pick<StoredResponse, 'result'>,
): boolean {
  if (once) {
    saveResponse(session, once, Date.now());
  }
  const touched = new Set<number>();
  const routes = new Map<string, Route>();
  for (const accepted of events) {
    insert(session, accepted, touched, routes);
  }
  for (const container of touched) {
    session.touch(container);
  }
  return events.some(({ recipients }): boolean => recipients !== undefined && recipients.length > 0) ||
    [ ...routes.values() ].some(({ isForwarded }): boolean => isForwarded);
}

/** How a pod gets an event. */
interface Route {
  readonly pod: number;
  /** The pod's own inbox, if it gets a copy. */
  readonly inbox?: number;
  /** Whether the copy can be there at once, because nobody has to be told of it. */
  readonly isDirect: boolean;
  /** Whether anything is left to be done when the event has been accepted. */
  readonly isForwarded: boolean;
}

function insert(
  session: SqliteSession,
  accepted: AcceptedEvent,
  touched: Set<number>,
  routes: Map<string, Route>,
): void {
  const { event, forwards, recipients = []} = accepted;
  const key = insertEvent(session, event, 0, accepted);
  const container = session.key('containers', 'url', publishContainer(event.pod));
  if (session.run(PUT_UNLESS_GONE, key, container).changes === 0) {
    throw new ContainerGone(publishContainer(event.pod));
  }
  touched.add(container);
  for (const forward of forwards) {
    const { pod, inbox, isDirect, isForwarded } = routeOf(session, forward, routes);
    if (isDirect) {
      put(session, inbox!, key, touched);
      session.noteCopies(1);
    }
    if (isForwarded) {
      const pending = isDirect ? null : inbox ?? null;
      session.run('INSERT INTO forwards (pod, event, inbox, since) VALUES (?, ?, ?, ?)', pod, key, pending, Date.now());
    }
  }
  if (recipients.length > 0) {
    addRecipients(session, key, session.key('pods', 'url', event.pod), recipients);
  }
}

/** What was published here has no hops, but may have been passed on before that. */
function insertEvent(session: SqliteSession, event: Event, hops: number, accepted?: AcceptedEvent): number {
  const { lastInsertRowid } = session.run(
    `
      INSERT INTO events (
        uuid, pod, topic, publisher, published, context, members, bytes, hops, passed, forwarded, entry, request
      ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    `,
    parse(event.id),
    session.key('pods', 'url', event.pod),
    event.topic,
    event.publisher === undefined ? null : session.key('agents', 'webid', event.publisher),
    event.published,
    // Those of other servers can be any, and many.
    hops === 0 ? session.key('contexts', 'text', event.context) : session.findOrAdd('contexts', 'text', event.context),
    event.members,
    documentBytes(event),
    hops,
    accepted?.hops ?? 0,
    accepted ? Number(accepted.forwards.some(({ pod }): boolean => pod === event.pod)) : null,
    accepted?.entry ?? null,
    accepted?.request ? JSON.stringify(accepted.request) : null,
  );
  return Number(lastInsertRowid);
}

function put(session: SqliteSession, container: number, event: number, touched: Set<number>): void {
  session.run('INSERT INTO entries (container, event) VALUES (?, ?)', container, event);
  touched.add(container);
}

/** Stores an event of another server, as `ReceptionStore.receive` says; inside a transaction of the caller. */
export function receive(session: SqliteSession, received: ReceivedEvent): Reception {
  const { event } = received;
  const known = session.get<{ id: number; members: string }>(`
    SELECT e.id, e.members FROM events e CROSS JOIN pods p WHERE e.uuid = ? AND p.url = ? AND e.pod = p.id
  `, parse(event.id), event.pod);
  // The text of the context differs between versions of the sender.
  const isOther = known && known.members !== event.members;
  if (isOther || isTaken(session, received, known?.id)) {
    return 'other';
  }
  const pod = session.key('pods', 'url', received.pod);
  if (known && session.get('SELECT 1 FROM received WHERE pod = ? AND event = ?', pod, known.id)) {
    return 'known';
  }
  const key = known?.id ?? insertEvent(session, event, received.hops);
  session.run('INSERT INTO received (pod, event) VALUES (?, ?)', pod, key);
  const touched = new Set<number>();
  const { inbox, isDirect, isForwarded } = routeOf(session, received, new Map());
  if (inbox === undefined) {
    throw new ContainerGone(received.inbox);
  }
  if (isDirect && !session.get('SELECT 1 FROM entries WHERE container = ? AND event = ?', inbox, key)) {
    put(session, inbox, key, touched);
    session.noteCopies(1);
  }
  if (isForwarded && (received.isForwarded || !isDirect)) {
    const pattern = received.isForwarded ? 0 : BEHIND_ALL_PATTERNS;
    session.run(
      'INSERT OR IGNORE INTO forwards (pod, event, inbox, pattern, since) VALUES (?, ?, ?, ?, ?)',
      pod,
      key,
      isDirect ? null : inbox,
      pattern,
      Date.now(),
    );
  }
  touched.forEach((container): void => session.touch(container));
  return 'new';
}

/** Whether the inbox holds an event of another pod under the same id, and so under the same URL. */
function isTaken(session: SqliteSession, { event, inbox }: ReceivedEvent, key = 0): boolean {
  return session.get(`
    SELECT 1 FROM events e CROSS JOIN containers c CROSS JOIN entries n
    WHERE e.uuid = ? AND e.id <> ? AND c.url = ? AND n.container = c.id AND n.event = e.id
  `, parse(event.id), key, inbox) !== undefined;
}

function routeOf(session: SqliteSession, forward: Pick<Forward, 'pod' | 'inbox'>, routes: Map<string, Route>): Route {
  let route = routes.get(forward.pod);
  if (!route) {
    const pod = session.key('pods', 'url', forward.pod);
    const container = forward.inbox === undefined ? undefined : session.key('containers', 'url', forward.inbox);
    const place = container === undefined ? undefined : placeOf(session, container);
    const inbox = place?.gone === 0 ? container : undefined;
    const isDirect = inbox !== undefined && place?.watched === 0;
    const isForwarded = (inbox !== undefined && !isDirect) ||
      session.get('SELECT 1 FROM subscriptions WHERE pod = ? LIMIT 1', pod) !== undefined;
    route = { pod, inbox, isDirect, isForwarded };
    routes.set(forward.pod, route);
  }
  return route;
}

/** Whether somebody watches a container, and whether it was deleted. */
function placeOf(session: SqliteSession, container: number): { watched: number; gone: number } {
  return session.get('SELECT watched, gone FROM containers WHERE id = ?', container)!;
}
