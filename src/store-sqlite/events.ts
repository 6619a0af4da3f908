import { parse } from 'uuid';
import type { Event } from '../event/Event';
import { documentBytes, publishContainer } from '../event/Event';
import type { AcceptedEvent, Forward } from '../store/AcceptedEvent';
import type { StoredResponse, IdempotencyKey } from '../store/idempotency';
import type { ReceivedEvent, Reception } from '../publish/ports';
import { ContainerGone } from '../store/ContainerGone';
import { addRecipients } from './deliveries';
import { addEntry } from './entries';
import { saveResponse } from './idempotency';
import { addIdentity } from './identities';
import type { LoggedEvent } from './logPages';
import { addToLog } from './logPages';
import type { SqliteSession } from './SqliteSession';

/** Cursor of a fan-out without subscriptions: an index after those of all patterns. */
const AFTER_ALL_PATTERNS = 1_000_000;

const ADD_ENTRY_UNLESS_GONE = 'INSERT INTO entries (container, event) SELECT id, ? FROM containers WHERE id = ? AND gone = 0';

/** Stores published events, as `EventLog.accept` specifies; inside a transaction of the caller. */
export function accept(
  session: SqliteSession,
  events: readonly AcceptedEvent[],
  once?: IdempotencyKey & Pick<StoredResponse, 'result'>,
): boolean {
  if (once) {
    saveResponse(session, once, Date.now());
  }
  const touched = new Set<number>();
  const logged = new Map<number, LoggedEvent[]>();
  const routes = new Map<string, Route>();
  for (const accepted of events) {
    storeAccepted(session, accepted, { touched, logged, routes });
  }
  for (const [ container, added ] of logged) {
    addToLog(session, container, added);
  }
  for (const container of touched) {
    session.touch(container);
  }
  return events.some(({ recipients }): boolean => recipients !== undefined && recipients.length > 0) ||
    [ ...routes.values() ].some(({ isForwarded }): boolean => isForwarded);
}

/** Route of an event into a pod. */
interface Route {
  readonly pod: number;
  /** Key of the pod's own inbox, if it receives a copy. */
  readonly inbox?: number;
  /** Whether the copy is written at once, because its inbox has no notification subscribers. */
  readonly isDirect: boolean;
  /** Whether a fan-out follows. */
  readonly isForwarded: boolean;
}

/** Changes of one transaction, by keys of containers and URLs of pods. */
interface Changes {
  readonly touched: Set<number>;
  /** Events that were added to the logs of pods. */
  readonly logged: Map<number, LoggedEvent[]>;
  readonly routes: Map<string, Route>;
}

function storeAccepted(session: SqliteSession, accepted: AcceptedEvent, { touched, logged, routes }: Changes): void {
  const { event, forwards, recipients = []} = accepted;
  const stored = insertEvent(session, event, 0, accepted);
  const { key } = stored;
  if (accepted.identity && event.publisher !== undefined) {
    addIdentity(session, key, event, accepted.identity);
  }
  const container = session.key('containers', 'url', publishContainer(event.pod));
  if (session.run(ADD_ENTRY_UNLESS_GONE, key, container).changes === 0) {
    throw new ContainerGone(publishContainer(event.pod));
  }
  touched.add(container);
  const added = logged.get(container) ?? [];
  added.push(stored);
  logged.set(container, added);
  for (const forward of forwards) {
    const { pod, inbox, isDirect, isForwarded } = routeOf(session, forward, routes);
    if (isDirect) {
      addEntry(session, inbox!, key);
      touched.add(inbox!);
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

/**
 * Stores an event. An event published on this server has 0 hops, and its earlier hops in `passed`.
 *
 * Its time of arrival is never before that of an event with a smaller key, also if the system clock goes back.
 */
function insertEvent(session: SqliteSession, event: Event, hops: number, accepted?: AcceptedEvent): LoggedEvent {
  const bytes = documentBytes(event);
  const { key, time } = session.get<Omit<LoggedEvent, 'bytes'>>(
    `
      INSERT INTO events (
        uuid, pod, topic, publisher, published, context, members, bytes, hops, passed, forwarded, entry, request, arrived
      ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, MAX(?, IFNULL((
        SELECT IFNULL(arrived, published) FROM events WHERE id = (SELECT MAX(id) FROM events)
      ), 0))) RETURNING id AS "key", arrived AS time
    `,
    parse(event.id),
    session.key('pods', 'url', event.pod),
    event.topic,
    event.publisher === undefined ? null : session.key('agents', 'webid', event.publisher),
    event.published,
    // Contexts of other servers are unbounded in number, so their keys are not cached.
    hops === 0 ? session.key('contexts', 'text', event.context) : session.findOrAdd('contexts', 'text', event.context),
    event.members,
    bytes,
    hops,
    accepted?.hops ?? 0,
    accepted ? Number(accepted.forwards.some(({ pod }): boolean => pod === event.pod)) : null,
    accepted?.entry ?? null,
    accepted?.request ? JSON.stringify(accepted.request) : null,
    Date.now(),
  )!;
  return { key, time, bytes };
}

/** Stores an event of another server, as `ReceptionStore.receive` specifies; inside a transaction of the caller. */
export function receive(session: SqliteSession, received: ReceivedEvent): Reception {
  const { event } = received;
  const known = session.get<{ id: number; members: string }>(`
    SELECT e.id, e.members FROM events e CROSS JOIN pods p WHERE e.uuid = ? AND p.url = ? AND e.pod = p.id
  `, parse(event.id), event.pod);
  // Only members are compared, because the text of the context differs between versions of the sender.
  const isOther = known && known.members !== event.members;
  if (isOther || isTaken(session, received, known?.id)) {
    return 'other';
  }
  const pod = session.key('pods', 'url', received.pod);
  if (known && session.get('SELECT 1 FROM received WHERE pod = ? AND event = ?', pod, known.id)) {
    return 'known';
  }
  const key = known?.id ?? insertEvent(session, event, received.hops).key;
  session.run('INSERT INTO received (pod, event) VALUES (?, ?)', pod, key);
  const touched = new Set<number>();
  const { inbox, isDirect, isForwarded } = routeOf(session, received, new Map());
  if (inbox === undefined) {
    throw new ContainerGone(received.inbox);
  }
  if (isDirect && !session.get('SELECT 1 FROM entries WHERE container = ? AND event = ?', inbox, key)) {
    addEntry(session, inbox, key);
    touched.add(inbox);
    session.noteCopies(1);
  }
  if (isForwarded && (received.isForwarded || !isDirect)) {
    const pattern = received.isForwarded ? 0 : AFTER_ALL_PATTERNS;
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

/** Whether the inbox holds an event of another pod with the same id, and therefore the same URL. */
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

/** Returns whether a container has notification subscribers, and whether it was deleted. */
function placeOf(session: SqliteSession, container: number): { watched: number; gone: number } {
  return session.get('SELECT watched, gone FROM containers WHERE id = ?', container)!;
}
