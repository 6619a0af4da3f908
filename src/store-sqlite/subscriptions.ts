import { parse, stringify } from 'uuid';
import type {
  AddedSubscription,
  InboxConsent,
  OtherSubscription,
  RemoteTarget,
  SubscriptionBounds,
  SubscriptionContent,
  SubscriptionStore,
} from '../subscription/ports';
import type { Subscription } from '../subscription/Subscription';
import { confirmAt, removeConsent } from './consents';
import { filterKey, hasRoomForFilter, releaseFilter } from './filters';
import type { SubscriptionVersion } from './formerSubscriptions';
import { eventsOfVersion, keepVersion, removeVersions } from './formerSubscriptions';
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
  readonly filters: string | null;
}

/** A page of subscriptions, as `SubscriptionStore.subscriptionsAfter` returns it. */
type SubscriptionPage = Awaited<ReturnType<SubscriptionStore['subscriptionsAfter']>>;

const selectFrom = (source: string, alias: string): string => `
  SELECT ${alias}.id, ${alias}.uuid, p.url AS pod, ${alias}.pattern, c.url AS inbox, a.webid AS agent, ${alias}.created,
    t.kind, t.url, t.disabled, t.settings, f.text AS filters
  FROM ${source} ${alias} JOIN pods p ON p.id = ${alias}.pod JOIN containers c ON c.id = ${alias}.inbox
  JOIN agents a ON a.id = ${alias}.agent LEFT JOIN targets t ON t.id = ${alias}.target
  LEFT JOIN filters f ON f.id = ${alias}.filter
`;
const SUBSCRIPTIONS = selectFrom('subscriptions', 's');

/** Condition of the subscription of an agent with a pattern and a target; at most one exists. */
const SAME = 'pod = ? AND pattern = ? AND inbox = ? AND agent = ?';

interface ChangedRow extends SubscriptionVersion {
  readonly agent: number;
}

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
  { id, pod, pattern, filters, url, agent, created }: Subscription,
  bounds?: SubscriptionBounds,
  consent?: InboxConsent,
  target?: RemoteTarget,
): AddedSubscription | OtherSubscription | keyof SubscriptionBounds {
  // A target that is not a container has a row in the table of containers, under a name that no container has.
  const place = target && !target.isContainer ? `${target.kind} ${url}` : url;
  const podKey = session.key('pods', 'url', pod);
  const agentKey = session.key('agents', 'webid', agent);
  const keys = [ podKey, pattern, session.key('containers', 'url', place), agentKey ];
  const same = session.get<{ id: number }>(`SELECT id FROM subscriptions WHERE ${SAME}`, ...keys);
  if (same) {
    const known = byKey(session, same.id);
    return known.filters === filters ? setUp(session, same.id, podKey, known, consent, target) : { other: known };
  }
  const reached = bounds && reachedBound(session, bounds, podKey, agentKey, filters);
  if (reached) {
    return reached;
  }
  const filter = filters === undefined ? null : filterKey(session, podKey, filters);
  const row = session.get<{ id: number }>(`
    INSERT INTO subscriptions (pod, pattern, inbox, agent, uuid, created, filter) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id
  `, ...keys, parse(id), created, filter)!;
  return setUp(session, row.id, podKey, { url, agent }, consent, target);
}

/** Changes a subscription, as `SubscriptionStore.changeSubscription` specifies; inside a transaction. */
export function changeSubscription(
  session: SqliteSession,
  { id, pod, pattern, filters }: Subscription,
  former: SubscriptionContent,
  { filtersOfPod = Number.MAX_SAFE_INTEGER }: Partial<SubscriptionBounds> = {},
  consent?: InboxConsent,
  target?: RemoteTarget,
): AddedSubscription | OtherSubscription | 'busy' | 'filtersOfPod' | 'stale' | undefined {
  const row = session.get<ChangedRow>(`
    SELECT s.id, s.pod, s.pattern, s.inbox, s.agent, s.filter FROM subscriptions s
    WHERE s.uuid = ? AND s.pod = (SELECT id FROM pods WHERE url = ?)
  `, parse(id), pod);
  if (!row) {
    return undefined;
  }
  const known = byKey(session, row.id);
  if (known.pattern !== former.pattern || known.filters !== former.filters) {
    return 'stale';
  }
  const isSame = known.pattern === pattern && known.filters === filters;
  if (!isSame) {
    const other = session.get<{ id: number }>(
      `SELECT id FROM subscriptions WHERE ${SAME} AND id <> ?`,
      row.pod,
      pattern,
      row.inbox,
      row.agent,
      row.id,
    );
    if (other) {
      return { other: byKey(session, other.id) };
    }
    const reached = replaceContent(session, row, pattern, filters, filtersOfPod);
    if (reached) {
      return reached;
    }
  }
  return setUp(session, row.id, row.pod, known, consent, target);
}

/** Replaces pattern and filters of a subscription, or returns the reason for which that is not possible. */
function replaceContent(
  session: SqliteSession,
  row: ChangedRow,
  pattern: string,
  filters: string | undefined,
  maxFilters: number,
): 'busy' | 'filtersOfPod' | undefined {
  const kept = eventsOfVersion(session, row);
  if (kept === 'busy') {
    return kept;
  }
  // The former filters of this subscription can make room for the new ones.
  const isLast = !kept && row.filter !== null && !isUsed(session, row.filter, row.id);
  if (filters !== undefined && !hasRoomForFilter(session, row.pod, filters, maxFilters + Number(isLast))) {
    return 'filtersOfPod';
  }
  if (kept) {
    keepVersion(session, row, kept);
  }
  const filter = filters === undefined ? null : filterKey(session, row.pod, filters);
  session.run(
    'UPDATE subscriptions SET pattern = ?, filter = ?, modified = ? WHERE id = ?',
    pattern,
    filter,
    Date.now(),
    row.id,
  );
  releaseFilter(session, row.filter);
  return undefined;
}

/** Whether another subscription, or a former version, uses filters. */
function isUsed(session: SqliteSession, filter: number, besides: number): boolean {
  return session.get('SELECT 1 FROM subscriptions WHERE filter = ? AND id <> ?', filter, besides) !== undefined ||
    session.get('SELECT 1 FROM former_subscriptions WHERE filter = ?', filter) !== undefined;
}

/** Stores consent and target of a subscription. */
function setUp(
  session: SqliteSession,
  key: number,
  pod: number,
  { url, agent }: Pick<Subscription, 'agent' | 'url'>,
  consent?: InboxConsent,
  target?: RemoteTarget,
): AddedSubscription {
  if (consent) {
    confirmAt(session, key, pod, consent);
  }
  const change = target && setTarget(session, key, { ...target, url, agent: session.key('agents', 'webid', agent) });
  return { subscription: byKey(session, key), isResumed: false, isSecretNew: false, ...change };
}

function byKey(session: SqliteSession, key: number): Subscription {
  return toSubscription(session.get<SubscriptionRow>(`${SUBSCRIPTIONS} WHERE s.id = ?`, key)!);
}

/** Returns the name of a reached maximum. Counts up to the maximum only. */
function reachedBound(
  session: SqliteSession,
  { ofAgent, ofPod, filtersOfPod }: SubscriptionBounds,
  pod: number,
  agent: number,
  filters?: string,
): keyof SubscriptionBounds | undefined {
  const has = (column: string, key: number, count: number): boolean =>
    session.get(`SELECT 1 FROM subscriptions WHERE ${column} = ? LIMIT 1 OFFSET ?`, key, count - 1) !== undefined;
  if (has('agent', agent, ofAgent)) {
    return 'ofAgent';
  }
  if (has('pod', pod, ofPod)) {
    return 'ofPod';
  }
  const isFull = filters !== undefined && filtersOfPod !== undefined &&
    !hasRoomForFilter(session, pod, filters, filtersOfPod);
  return isFull ? 'filtersOfPod' : undefined;
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

/** Removes a subscription with all its rows; inside a transaction. */
export function deleteSubscription(session: SqliteSession, id: number): void {
  removeConsent(session, id);
  removeVersions(session, id);
  const row = session.get<{ filter: number | null }>('DELETE FROM subscriptions WHERE id = ? RETURNING filter', id);
  releaseFilter(session, row?.filter ?? null);
}

function toSubscription(row: SubscriptionRow): Subscription {
  const { uuid, pod, pattern, filters, agent, created, kind, url, disabled, settings, inbox } = row;
  return {
    id: stringify(uuid),
    pod,
    pattern,
    ...filters !== null && { filters },
    agent,
    created,
    ...kind === null ? { url: inbox } : { kind, url: url! },
    ...disabled !== null && { isDisabled: true },
    ...settings !== null && { settings },
  };
}
