import { parse, stringify } from 'uuid';
import type { AddedSubscription, InboxConsent, RemoteTarget, SubscriptionBounds, SubscriptionStore } from '../subscription/ports';
import type { Subscription } from '../subscription/Subscription';
import { confirmAt, removeConsent } from './consents';
import type { SqliteSession } from './SqliteSession';
import { setTarget } from './targets';

interface SubscriptionRow {
  readonly id: number;
  readonly uuid: Buffer;
  readonly pod: string;
  readonly pattern: string;
  readonly inbox: string;
  readonly agent: string;
  readonly created: number;
  readonly kind: string | null;
  readonly url: string | null;
  readonly disabled: number | null;
  readonly settings: string | null;
}

/** A page of subscriptions, as `SubscriptionStore.subscriptionsAfter` returns it. */
type SubscriptionPage = Awaited<ReturnType<SubscriptionStore['subscriptionsAfter']>>;

const selectFrom = (source: string, alias: string): string => `
  SELECT ${alias}.id, ${alias}.uuid, p.url AS pod, ${alias}.pattern, c.url AS inbox, a.webid AS agent, ${alias}.created,
    t.kind, t.url, t.disabled, t.settings
  FROM ${source} ${alias} JOIN pods p ON p.id = ${alias}.pod JOIN containers c ON c.id = ${alias}.inbox
  JOIN agents a ON a.id = ${alias}.agent LEFT JOIN targets t ON t.id = ${alias}.target
`;
const SUBSCRIPTIONS = selectFrom('subscriptions', 's');

/** A query of one page. An index selects the rows in the order of their ids before any join, so it reads one page. */
const pageOf = (index: string, condition: string): string => `${selectFrom(`(
  SELECT * FROM subscriptions INDEXED BY ${index}
  WHERE pod = (SELECT id FROM pods WHERE url = ?) AND id > ? ${condition} ORDER BY id LIMIT ?
)`, 'few')} ORDER BY few.id`;
const PAGE_OF_POD = pageOf('subscriptions_of_pod', '');
const PAGE_OF_AGENT = pageOf('subscriptions_by_agent', 'AND agent = (SELECT id FROM agents WHERE webid = ?)');

/** Adds a subscription, as `SubscriptionStore.addSubscription` specifies; inside a transaction. */
export function addSubscription(
  session: SqliteSession,
  { id, pod, pattern, url, agent, created }: Subscription,
  bounds?: SubscriptionBounds,
  consent?: InboxConsent,
  target?: RemoteTarget,
): AddedSubscription | keyof SubscriptionBounds {
  // A target that is not a container has a row in the table of containers, under a name that no container has.
  const place = target && !target.isContainer ? `${target.kind} ${url}` : url;
  const podKey = session.key('pods', 'url', pod);
  const agentKey = session.key('agents', 'webid', agent);
  const keys = [ podKey, pattern, session.key('containers', 'url', place), agentKey ];
  const same = 'pod = ? AND pattern = ? AND inbox = ? AND agent = ?';
  let row = session.get<{ id: number }>(`SELECT id FROM subscriptions WHERE ${same}`, ...keys);
  if (!row) {
    const reached = bounds && reachedBound(session, bounds, podKey, agentKey);
    if (reached) {
      return reached;
    }
    row = session.get<{ id: number }>(`
      INSERT INTO subscriptions (pod, pattern, inbox, agent, uuid, created) VALUES (?, ?, ?, ?, ?, ?) RETURNING id
    `, ...keys, parse(id), created)!;
  }
  if (consent) {
    confirmAt(session, row.id, podKey, consent);
  }
  const change = target && setTarget(session, row.id, { ...target, url, agent: agentKey });
  const subscription = toSubscription(session.get<SubscriptionRow>(`${SUBSCRIPTIONS} WHERE s.id = ?`, row.id)!);
  return { subscription, isResumed: false, isSecretNew: false, ...change };
}

/** Returns the name of a reached maximum. Counts up to the maximum only. */
function reachedBound(
  session: SqliteSession,
  { ofAgent, ofPod }: SubscriptionBounds,
  pod: number,
  agent: number,
): keyof SubscriptionBounds | undefined {
  const has = (column: string, key: number, count: number): boolean =>
    session.get(`SELECT 1 FROM subscriptions WHERE ${column} = ? LIMIT 1 OFFSET ?`, key, count - 1) !== undefined;
  if (has('agent', agent, ofAgent)) {
    return 'ofAgent';
  }
  return has('pod', pod, ofPod) ? 'ofPod' : undefined;
}

/** Returns a subscription of a pod, by its id. */
export function getSubscription(session: SqliteSession, pod: string, id: string): Subscription | undefined {
  const row = session.get<SubscriptionRow>(`${SUBSCRIPTIONS} WHERE s.uuid = ? AND p.url = ?`, parse(id), pod);
  return row && toSubscription(row);
}

/** Returns a page of the subscriptions of a pod, as `SubscriptionStore.subscriptionsAfter` specifies. */
export function subscriptionsAfter(
  session: SqliteSession,
  pod: string,
  place: number,
  limit: number,
  agent?: string,
): SubscriptionPage {
  // One row more than the limit shows whether there is a next page.
  const rows = agent === undefined ?
    session.all<SubscriptionRow>(PAGE_OF_POD, pod, place, limit + 1) :
    session.all<SubscriptionRow>(PAGE_OF_AGENT, pod, place, agent, limit + 1);
  const page = rows.slice(0, limit);
  return {
    items: page.map(toSubscription),
    ...rows.length > limit && { next: page.at(-1)!.id },
  };
}

/** Removes a subscription of a pod; inside a transaction. Returns whether it existed. */
export function removeSubscription(session: SqliteSession, pod: string, id: string): boolean {
  const row = session.get<{ id: number }>(`
    SELECT id FROM subscriptions WHERE uuid = ? AND pod = (SELECT id FROM pods WHERE url = ?)
  `, parse(id), pod);
  if (!row) {
    return false;
  }
  deleteSubscription(session, row.id);
  return true;
}

/** Removes some of the subscriptions that refer to a row; inside a transaction. Returns their number. */
export function removeSubscriptions(
  session: SqliteSession,
  reference: 'agent' | 'inbox' | 'pod',
  key: number,
  limit: number,
): number {
  const rows = session.all<{ id: number }>(`SELECT id FROM subscriptions WHERE ${reference} = ? LIMIT ?`, key, limit);
  for (const { id } of rows) {
    deleteSubscription(session, id);
  }
  return rows.length;
}

function deleteSubscription(session: SqliteSession, id: number): void {
  removeConsent(session, id);
  session.run('DELETE FROM subscriptions WHERE id = ?', id);
}

function toSubscription(row: SubscriptionRow): Subscription {
  const { uuid, pod, pattern, agent, created, kind, url, disabled, settings, inbox } = row;
  return {
    id: stringify(uuid),
    pod,
    pattern,
    agent,
    created,
    ...kind === null ? { url: inbox } : { kind, url: url! },
    ...disabled !== null && { isDisabled: true },
    ...settings !== null && { settings },
  };
}
