import { stringify } from 'uuid';
import { parseTopic } from '../event/Topic';
import { patternsOf } from '../event/TopicPattern';
import type { UnconfirmedConsent, FanOutStepResult, PendingForward, ReaderScope } from '../delivery/ports';
import type { WatchedCopy } from '../store/WatchedCopy';
import type { SubscriptionRange } from './deliveries';
import { addDeliveries } from './deliveries';
import { addEntry, addLateEntries, NEXT_MODIFIED } from './entries';
import type { Facts } from './fanOutFacts';
import { factsOf } from './fanOutFacts';
import { IS_EXCLUDED, IS_UNDECIDED, MATCHES, removeFilterDecisions } from './filters';
import { FORMER, HAS_FORMER, removeForwardedVersions } from './formerSubscriptions';
import { addNotices } from './notices';
import type { SqliteSession } from './SqliteSession';

interface ForwardRow {
  readonly pod: number;
  readonly event: number;
  readonly topic: string;
  /** Key of the pod's own inbox, until its copy is written. */
  readonly inbox: number | null;
  /** Index of the current pattern: first the patterns that match the topic, then the same of former versions. */
  readonly pattern: number;
  /** Key of the last processed inbox of the current pattern. */
  readonly after: number;
}

/** Condition of one range of subscriptions; its parameters are pod, pattern, and the inboxes that bound it. */
const RANGE = 's.pod = ? AND s.pattern = ? AND s.inbox > ? AND s.inbox <= ?';

/** Subscriptions that decide about an event. */
interface Source extends SubscriptionRange {
  readonly table: 'former_subscriptions' | 'subscriptions';
}

/** Part of the limit that each event uses, so that events without subscriptions are bounded too. */
const EVENT_COST = 10;

/**
 * Makes one fan-out step, as `FanOutQueue.fanOutStep` specifies; inside a transaction of the caller.
 *
 * The rest of the limit is used for the next events of the pod with the same topic.
 */
export function fanOutStep(
  session: SqliteSession,
  forward: PendingForward,
  scope: ReaderScope,
  limit: number,
  passDoubts: boolean,
  now: number,
): FanOutStepResult {
  if (session.epoch(forward.pod) !== scope.epoch) {
    return { outcome: 'stale', unknown: [], unconfirmed: [], watched: [], hasDeliveries: false };
  }
  const progress: Progress = {
    outcome: 'done',
    unknown: [],
    unconfirmed: [],
    watched: [],
    hasDeliveries: false,
    rest: limit,
    passDoubts,
    now,
    touched: new Set(),
  };
  let row = queueHead(session, forward.pod);
  const facts = row && factsOf(session, row.pod);
  // Another event at the head of the queue means that the fan-out of this event is complete.
  let continues = row?.event === forward.event;
  while (row && continues) {
    fanOutEvent(session, row, scope, facts!, progress);
    row = queueHead(session, forward.pod);
    continues = row?.topic === forward.topic && progress.outcome === 'done' && progress.rest > 0;
  }
  for (const container of progress.touched) {
    session.touch(container);
  }
  const { outcome, unknown, unconfirmed, watched, hasDeliveries, isUndecided } = progress;
  return {
    outcome,
    unknown,
    unconfirmed,
    watched: addNotices(session, watched),
    hasDeliveries,
    ...isUndecided && { isUndecided },
  };
}

interface Progress extends Mutable<FanOutStepResult> {
  /** Number of subscriptions until the limit of the step. */
  rest: number;
  /** Whether to skip unconfirmed subscriptions. */
  readonly passDoubts: boolean;
  /** Due time of deliveries. */
  readonly now: number;
  /** Keys of the own inboxes with new copies. */
  readonly touched: Set<number>;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Returns the head of the fan-out queue of a pod. */
function queueHead(session: SqliteSession, pod: string): ForwardRow | undefined {
  return session.get<ForwardRow>(`
    SELECT f.pod, f.event, f.inbox, f.pattern, f.after, e.topic
    FROM pods p CROSS JOIN forwards f CROSS JOIN events e
    WHERE p.url = ? AND f.pod = p.id AND e.id = f.event ORDER BY f.event LIMIT 1
  `, pod);
}

/** Writes the copy in the pod's own inbox, without an access decision. */
function copyToOwnInbox(session: SqliteSession, event: number, inbox: number, facts: Facts, progress: Progress): void {
  const isRemoved = (facts.hasGone && session.get('SELECT 1 FROM containers WHERE id = ? AND gone = 1', inbox) !== undefined) ||
    (facts.hasRemoved &&
      session.get('SELECT 1 FROM removed WHERE container = ? AND event = ?', inbox, event) !== undefined);
  if (!isRemoved && addEntry(session, inbox, event)) {
    session.noteCopies(1);
    progress.touched.add(inbox);
    progress.watched = [ ...progress.watched, ...watchedBetween(session, event, inbox - 1, inbox, facts) ];
  }
}

/** Writes the copies and deliveries of one event, pattern by pattern, up to the limit. */
function fanOutEvent(
  session: SqliteSession,
  row: ForwardRow,
  scope: ReaderScope,
  facts: Facts,
  progress: Progress,
): void {
  const { pod, event, topic } = row;
  if (row.inbox !== null) {
    copyToOwnInbox(session, event, row.inbox, facts, progress);
  }
  const patterns = facts.hasSubscriptions ? patternsOf(parseTopic(topic)) : [];
  const sources = sourcesOf(event, facts);
  const count = patterns.length * sources.length;
  let { pattern, after } = row;
  while (pattern < count && progress.rest > 0 && progress.outcome === 'done') {
    const source = sources[Math.floor(pattern / patterns.length)];
    const text = patterns[pattern % patterns.length];
    const next = nextRange(session, source, [ pod, text, after ], progress.rest);
    if (!next) {
      pattern += 1;
      after = 0;
      continue;
    }
    const range: SubscriptionRange = {
      from: source.from,
      where: `${RANGE} ${source.where}`,
      parameters: [ pod, text, after, next.to, ...source.parameters ],
    };
    // Another pattern, agent or pod can have written the copy before: each copy is notified once.
    const earlier = watchedBetween(session, event, after, next.to, facts);
    let written = writeCopies(session, event, { ...range, subscriptions: next.subscriptions }, scope, facts);
    if (written > 0) {
      const known = new Set(earlier.map(({ copy }): string => copy));
      const watched = watchedBetween(session, event, after, next.to, facts);
      progress.watched = [ ...progress.watched, ...watched.filter(({ copy }): boolean => !known.has(copy)) ];
    }
    if (facts.hasRemote) {
      const deliveries = addDeliveries(session, event, filtered(range, event, facts), scope.id, progress.now);
      progress.hasDeliveries ||= deliveries > 0;
      written += deliveries;
    }
    // An agent can lack a decision only if fewer rows were written than the range has subscriptions.
    const isComplete = written === next.subscriptions;
    progress.isUndecided = !isComplete && facts.hasFilters && hasUndecided(session, range, event);
    const possible = isComplete ? range : notExcluded(range, event, facts);
    progress.unknown = isComplete ? [] : undecidedAgents(session, possible, scope);
    progress.unconfirmed = isComplete || progress.passDoubts ? [] : unconfirmedIn(session, possible);
    if (progress.isUndecided || progress.unknown.length + progress.unconfirmed.length > 0) {
      progress.outcome = 'unknown';
    } else {
      after = next.to;
      progress.rest -= next.subscriptions;
    }
  }
  progress.rest -= EVENT_COST;
  if (progress.outcome === 'done' && pattern >= count) {
    finishForward(session, pod, event, facts);
    return;
  }
  session.run(
    'UPDATE forwards SET inbox = NULL, pattern = ?, after = ? WHERE pod = ? AND event = ?',
    pattern,
    after,
    pod,
    event,
  );
  progress.outcome = progress.outcome === 'done' ? 'more' : progress.outcome;
}

/** Returns the subscriptions, and the former versions of changed ones, that decide about an event. */
function sourcesOf(event: number, { hasFormer }: Facts): Source[] {
  return hasFormer ?
      [
        { from: 'subscriptions s', table: 'subscriptions', where: `AND NOT ${HAS_FORMER}`, parameters: [ event, event ]},
        { from: FORMER, table: 'former_subscriptions', where: 'AND s.since < ? AND s.until >= ?', parameters: [ event, event ]},
      ] :
      [{ from: 'subscriptions s', table: 'subscriptions', where: '', parameters: []}];
}

/** Limits a range to subscriptions whose filters match an event. */
function filtered(range: SubscriptionRange, event: number, { hasFilters }: Facts): SubscriptionRange {
  return hasFilters ?
      { ...range, where: `${range.where} AND ${MATCHES}`, parameters: [ ...range.parameters, event ]} :
    range;
}

/** Limits a range to subscriptions whose filters do not exclude an event. */
function notExcluded(range: SubscriptionRange, event: number, { hasFilters }: Facts): SubscriptionRange {
  return hasFilters ?
      { ...range, where: `${range.where} AND NOT ${IS_EXCLUDED}`, parameters: [ ...range.parameters, event ]} :
    range;
}

/** Returns whether filters in a range lack a decision about an event. */
function hasUndecided(session: SqliteSession, { from, where, parameters }: SubscriptionRange, event: number): boolean {
  return session.get(`SELECT 1 FROM ${from} WHERE ${where} AND ${IS_UNDECIDED} LIMIT 1`, ...parameters, event) !== undefined;
}

/** Returns the agents of a range of subscriptions without an access decision. */
function undecidedAgents(
  session: SqliteSession,
  { from, where, parameters }: SubscriptionRange,
  { id }: ReaderScope,
): string[] {
  return session.all<{ webid: string }>(`
    SELECT DISTINCT a.webid FROM ${from} JOIN agents a ON a.id = s.agent
    WHERE ${where} AND NOT EXISTS (SELECT 1 FROM temp.readers r WHERE r.scope = ? AND r.agent = s.agent)
  `, ...parameters, id).map(({ webid }): string => webid);
}

/** Returns the unconfirmed subscriptions of a range. */
function unconfirmedIn(
  session: SqliteSession,
  { from, where, parameters }: SubscriptionRange,
): UnconfirmedConsent[] {
  return session.all<UnconfirmedConsent>(`
    SELECT s.id AS subscription, d.mark, a.webid AS agent, c.url AS inbox
    FROM ${from} CROSS JOIN doubts d CROSS JOIN agents a CROSS JOIN containers c
    WHERE ${where} AND d.subscription = s.id AND d.refused = 0 AND a.id = s.agent AND c.id = s.inbox
  `, ...parameters);
}

/** Writes the copies for a range of subscriptions. Returns their number. */
function writeCopies(
  session: SqliteSession,
  event: number,
  { from, where, parameters: range, subscriptions }: SubscriptionRange & { readonly subscriptions: number },
  { id }: ReaderScope,
  { hasFilters, hasUnconfirmed, hasRemote, hasGone, hasRemoved }: Facts,
): number {
  const readers = `FROM ${from} CROSS JOIN temp.readers r
    WHERE ${where} AND r.scope = ? AND r.agent = s.agent AND r.allowed = 1 ${hasRemote ? 'AND s.target IS NULL' : ''}
    ${hasFilters ? `AND ${MATCHES}` : ''}
    ${hasUnconfirmed ? 'AND NOT EXISTS (SELECT 1 FROM doubts d WHERE d.subscription = s.id)' : ''}
    ${hasGone ? 'AND NOT EXISTS (SELECT 1 FROM containers g WHERE g.id = s.inbox AND g.gone = 1)' : ''}
    ${hasRemoved ? 'AND NOT EXISTS (SELECT 1 FROM removed x WHERE x.event = ? AND x.container = s.inbox)' : ''}`;
  const parameters = [ ...range, id, ...hasFilters ? [ event ] : [], ...hasRemoved ? [ event ] : []];
  const newestIn = session.run(`
    UPDATE containers SET modified = ${NEXT_MODIFIED}, newest = ?
    WHERE id IN (SELECT s.inbox ${readers}) AND newest < ?
  `, Date.now(), event, ...parameters, event).changes;
  // Copies are late only in inboxes of which the event is not the newest.
  if (newestIn < subscriptions) {
    addLateEntries(session, event, `
      SELECT c.id FROM containers c WHERE c.id IN (SELECT s.inbox ${readers}) AND c.newest > ?
      AND NOT EXISTS (SELECT 1 FROM entries n WHERE n.container = c.id AND n.event = ?)
    `, [ ...parameters, event, event ]);
  }
  const { changes } = session.run(
    `INSERT OR IGNORE INTO entries (container, event) SELECT s.inbox, ? ${readers}`,
    event,
    ...parameters,
  );
  if (changes > 0) {
    session.noteCopies(changes);
  }
  return changes;
}

/** Returns the last inbox of the next `limit` subscriptions, and their number; `undefined` after the last one. */
function nextRange(
  session: SqliteSession,
  { table }: Source,
  after: readonly [ pod: number, pattern: string, inbox: number ],
  limit: number,
): { to: number; subscriptions: number } | undefined {
  const { to, subscriptions } = session.get<{ to: number | null; subscriptions: number }>(`
    SELECT MAX(inbox) AS "to", COUNT(*) AS subscriptions FROM (
      SELECT inbox FROM ${table} WHERE pod = ? AND pattern = ? AND inbox > ? ORDER BY inbox LIMIT ?
    )
  `, ...after, limit)!;
  return to === null ? undefined : { to, subscriptions };
}

function finishForward(
  session: SqliteSession,
  pod: number,
  event: number,
  { hasFilters, hasFormer, hasRemoved }: Facts,
): void {
  session.run('DELETE FROM forwards WHERE pod = ? AND event = ?', pod, event);
  if (hasFilters) {
    removeFilterDecisions(session, pod, event);
  }
  if (hasFormer) {
    removeForwardedVersions(session, pod);
  }
  if (hasRemoved && !session.get('SELECT 1 FROM forwards WHERE event = ?', event)) {
    session.run('DELETE FROM removed WHERE event = ?', event);
  }
}

/** Returns the copies of an event in watched containers with keys in a range. */
function watchedBetween(
  session: SqliteSession,
  event: number,
  from: number,
  to: number,
  { hasWatched }: Facts,
): WatchedCopy[] {
  return !hasWatched ? [] : session.all<{ url: string; uuid: Buffer }>(`
    SELECT c.url, e.uuid FROM containers c CROSS JOIN entries n CROSS JOIN events e
    WHERE c.watched = 1 AND c.id > ? AND c.id <= ? AND n.container = c.id AND n.event = ? AND e.id = n.event
  `, from, to, event)
    .map(({ url, uuid }): WatchedCopy => ({ container: url, copy: `${url}${stringify(uuid)}` }));
}
