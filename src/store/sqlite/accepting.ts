import { parse } from 'uuid';
import { documentBytes, publishContainer } from '../../event/Event';
import type { AcceptedEvent, Forward } from '../EventStore';
import type { SqliteSession } from './SqliteSession';

/** Stores events, as {@link EventStore.accept} says; inside a transaction of the caller. */
export function accept(session: SqliteSession, events: readonly AcceptedEvent[]): boolean {
  const touched = new Set<number>();
  const routes = new Map<string, Route>();
  for (const accepted of events) {
    insert(session, accepted, touched, routes);
  }
  for (const container of touched) {
    session.touch(container);
  }
  return [ ...routes.values() ].some(({ isForwarded }): boolean => isForwarded);
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
  { event, forwards }: AcceptedEvent,
  touched: Set<number>,
  routes: Map<string, Route>,
): void {
  const { lastInsertRowid } = session.run(
    `
      INSERT INTO events (uuid, pod, topic, publisher, published, context, members, bytes)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    `,
    parse(event.id),
    session.key('pods', 'url', event.pod),
    event.topic,
    event.publisher === undefined ? null : session.key('agents', 'webid', event.publisher),
    event.published,
    session.key('contexts', 'text', event.context),
    event.members,
    documentBytes(event),
  );
  const put = (container: number): void => {
    session.run('INSERT INTO entries (container, event) VALUES (?, ?)', container, lastInsertRowid);
    touched.add(container);
  };
  put(session.key('containers', 'url', publishContainer(event.pod)));
  for (const forward of forwards) {
    const { pod, inbox, isDirect, isForwarded } = routeOf(session, forward, routes);
    if (isDirect) {
      put(inbox!);
    }
    if (isForwarded) {
      const pending = isDirect ? null : inbox ?? null;
      session.run('INSERT INTO forwards (pod, event, inbox) VALUES (?, ?, ?)', pod, lastInsertRowid, pending);
    }
  }
}

function routeOf(session: SqliteSession, forward: Forward, routes: Map<string, Route>): Route {
  let route = routes.get(forward.pod);
  if (!route) {
    const pod = session.key('pods', 'url', forward.pod);
    const inbox = forward.inbox === undefined ? undefined : session.key('containers', 'url', forward.inbox);
    const isDirect = inbox !== undefined &&
      session.get('SELECT 1 FROM containers WHERE id = ? AND watched = 1', inbox) === undefined;
    const isForwarded = (inbox !== undefined && !isDirect) ||
      session.get('SELECT 1 FROM subscriptions WHERE pod = ? LIMIT 1', pod) !== undefined;
    route = { pod, inbox, isDirect, isForwarded };
    routes.set(forward.pod, route);
  }
  return route;
}
