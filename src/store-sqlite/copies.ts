import { stringify } from 'uuid';
import { parseTopic } from '../event/Topic';
import { patternsOf } from '../event/TopicPattern';
import type { UnconfirmedConsent, FanOutStepResult, PendingForward, ReaderScope } from '../delivery/ports';
import type { WatchedCopy } from '../store/WatchedCopy';
import { addDeliveries } from './deliveries';
import { addNotices } from './notices';
import type { SqliteSession } from './SqliteSession';

interface ForwardRow {
  readonly pod: number;
  readonly event: number;
  readonly topic: string;
  /** The pod's own inbox, until it has its copy. */
  readonly inbox: number | null;
  /** The pattern that is being walked, as its place among all that match. */
  readonly pattern: number;
  /** The last inbox of that pattern that was reached. */
  readonly after: number;
}

// The subscriptions that one step looks at; its parameters are pod, pattern, and the inboxes it lies between.
const STEP = 's.pod = ? AND s.pattern = ? AND s.inbox > ? AND s.inbox <= ?';

const COPY_ONE = 'INSERT OR IGNORE INTO entries (container, event) VALUES (?, ?)';

/** What an event costs of the bound on subscriptions, so that many events without any are bounded too. */
const EVENT_COST = 10;

/**
 * Goes on with a forward, as `FanOutStore.fanOutStep` says; inside a transaction of the caller.
 *
 * What is left of the bound is used for the pod's next events, as long as they are of the same topic.
 */
export function land(
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
  let row = firstForward(session, forward.pod);
  const facts = row && factsOf(session, row.pod);
  // Another event in front means that this one is done.
  let goesOn = row?.event === forward.event;
  while (row && goesOn) {
    landOne(session, row, scope, facts!, progress);
    row = firstForward(session, forward.pod);
    goesOn = row?.topic === forward.topic && progress.outcome === 'done' && progress.rest > 0;
  }
  for (const container of progress.touched) {
    session.touch(container);
  }
  const { outcome, unknown, unconfirmed: doubts, watched, hasDeliveries } = progress;
  return { outcome, unknown, unconfirmed: doubts, watched: addNotices(session, watched), hasDeliveries };
}

interface Progress extends Mutable<FanOutStepResult> {
  /** How many subscriptions may still be looked at. */
  rest: number;
  /** Whether to go on without subscriptions that are in doubt. */
  readonly passDoubts: boolean;
  /** When deliveries are due. */
  readonly now: number;
  /** The pods' own inboxes that got copies. */
  readonly touched: Set<number>;
}

/** What holds for all events of one transaction, so that it is asked once: mostly there is none of it. */
interface Facts {
  readonly hasSubscriptions: boolean;
  /** Whether any of these have targets that are not on this server. */
  readonly hasElsewhere: boolean;
  readonly hasDoubts: boolean;
  /** Whether any copy was removed while its event was being forwarded. */
  readonly hasRemoved: boolean;
  readonly hasWatched: boolean;
  /** Whether any container was deleted. */
  readonly hasGone: boolean;
}

function factsOf(session: SqliteSession, pod: number): Facts {
  const has = (sql: string, ...parameters: unknown[]): boolean => session.get(sql, ...parameters) !== undefined;
  return {
    hasSubscriptions: has('SELECT 1 FROM subscriptions WHERE pod = ? LIMIT 1', pod),
    hasElsewhere: has('SELECT 1 FROM subscriptions WHERE pod = ? AND target IS NOT NULL LIMIT 1', pod),
    hasDoubts: has('SELECT 1 FROM doubts WHERE pod = ? LIMIT 1', pod),
    hasRemoved: has('SELECT 1 FROM removed LIMIT 1'),
    hasWatched: has('SELECT 1 FROM containers WHERE watched = 1 LIMIT 1'),
    hasGone: has('SELECT 1 FROM containers WHERE gone = 1 LIMIT 1'),
  };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The oldest event that a pod has to forward. */
function firstForward(session: SqliteSession, pod: string): ForwardRow | undefined {
  return session.get<ForwardRow>(`
    SELECT f.pod, f.event, f.inbox, f.pattern, f.after, e.topic
    FROM pods p CROSS JOIN forwards f CROSS JOIN events e
    WHERE p.url = ? AND f.pod = p.id AND e.id = f.event ORDER BY f.event LIMIT 1
  `, pod);
}

/** The copy in the pod's own inbox, which needs nobody's leave. */
function landOwn(session: SqliteSession, event: number, inbox: number, facts: Facts, progress: Progress): void {
  const isRemoved = (facts.hasGone && session.get('SELECT 1 FROM containers WHERE id = ? AND gone = 1', inbox) !== undefined) ||
    (facts.hasRemoved &&
      session.get('SELECT 1 FROM removed WHERE container = ? AND event = ?', inbox, event) !== undefined);
  if (!isRemoved && session.run(COPY_ONE, inbox, event).changes > 0) {
    session.noteCopies(1);
    progress.touched.add(inbox);
    progress.watched = [ ...progress.watched, ...watchedBetween(session, event, inbox - 1, inbox, facts) ];
  }
}

/** The copies of one event, one pattern after the other, as far as the bound allows. */
function landOne(
  session: SqliteSession,
  row: ForwardRow,
  scope: ReaderScope,
  facts: Facts,
  progress: Progress,
): void {
  const { pod, event, topic } = row;
  if (row.inbox !== null) {
    landOwn(session, event, row.inbox, facts, progress);
  }
  const patterns = facts.hasSubscriptions ? patternsOf(parseTopic(topic)) : [];
  let { pattern, after } = row;
  while (pattern < patterns.length && progress.rest > 0 && progress.outcome === 'done') {
    const step = nextStep(session, pod, patterns[pattern], after, progress.rest);
    if (!step) {
      pattern += 1;
      after = 0;
      continue;
    }
    const range = [ pod, patterns[pattern], after, step.to ];
    // Another pattern, agent or pod may have brought the copy before: each is told of once.
    const told = watchedBetween(session, event, after, step.to, facts);
    let copies = copy(session, event, range, scope, facts);
    if (copies > 0) {
      const isTold = new Set(told.map((landed): string => landed.copy));
      const watched = watchedBetween(session, event, after, step.to, facts);
      progress.watched = [ ...progress.watched, ...watched.filter((landed): boolean => !isTold.has(landed.copy)) ];
    }
    if (facts.hasElsewhere) {
      const deliveries = addDeliveries(session, event, { where: STEP, range }, scope.id, progress.now);
      progress.hasDeliveries ||= deliveries > 0;
      copies += deliveries;
    }
    // Only where fewer were written than there are subscriptions can there be agents of whom nothing is known.
    const isComplete = copies === step.subscriptions;
    progress.unknown = isComplete ? [] : unknownReaders(session, range, scope);
    progress.unconfirmed = isComplete || progress.passDoubts ? [] : openDoubts(session, range);
    if (progress.unknown.length + progress.unconfirmed.length > 0) {
      progress.outcome = 'unknown';
    } else {
      after = step.to;
      progress.rest -= step.subscriptions;
    }
  }
  progress.rest -= EVENT_COST;
  if (progress.outcome === 'done' && pattern >= patterns.length) {
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

/** The agents of a range of subscriptions of whom it is not known if they may receive. */
function unknownReaders(session: SqliteSession, range: readonly unknown[], { id }: ReaderScope): string[] {
  return session.all<{ webid: string }>(`
    SELECT DISTINCT a.webid FROM subscriptions s JOIN agents a ON a.id = s.agent
    WHERE ${STEP} AND NOT EXISTS (SELECT 1 FROM temp.readers r WHERE r.scope = ? AND r.agent = s.agent)
  `, ...range, id).map(({ webid }): string => webid);
}

/** The subscriptions of a range of which it is not known if their agents still control their inboxes. */
function openDoubts(session: SqliteSession, range: readonly unknown[]): UnconfirmedConsent[] {
  return session.all<UnconfirmedConsent>(`
    SELECT s.id AS subscription, d.mark, a.webid AS agent, c.url AS inbox
    FROM subscriptions s CROSS JOIN doubts d CROSS JOIN agents a CROSS JOIN containers c
    WHERE ${STEP} AND d.subscription = s.id AND d.refused = 0 AND a.id = s.agent AND c.id = s.inbox
  `, ...range);
}

/** Writes the copies for a range of subscriptions; returns how many were written. */
function copy(
  session: SqliteSession,
  event: number,
  range: readonly unknown[],
  { id }: ReaderScope,
  { hasDoubts, hasElsewhere, hasGone, hasRemoved }: Facts,
): number {
  const readers = `FROM subscriptions s CROSS JOIN temp.readers r
    WHERE ${STEP} AND r.scope = ? AND r.agent = s.agent AND r.allowed = 1 ${hasElsewhere ? 'AND s.target IS NULL' : ''}
    ${hasDoubts ? 'AND NOT EXISTS (SELECT 1 FROM doubts d WHERE d.subscription = s.id)' : ''}
    ${hasGone ? 'AND NOT EXISTS (SELECT 1 FROM containers g WHERE g.id = s.inbox AND g.gone = 1)' : ''}`;
  const { changes } = hasRemoved ?
    session.run(`
      INSERT OR IGNORE INTO entries (container, event) SELECT s.inbox, ? ${readers}
      AND NOT EXISTS (SELECT 1 FROM removed x WHERE x.event = ? AND x.container = s.inbox)
    `, event, ...range, id, event) :
    session.run(`INSERT OR IGNORE INTO entries (container, event) SELECT s.inbox, ? ${readers}`, event, ...range, id);
  if (changes > 0) {
    session.noteCopies(changes);
    session.run(`
      UPDATE containers SET modified = MAX(IFNULL(modified, 0) + 1, ?) WHERE id IN (SELECT s.inbox ${readers})
    `, Date.now(), ...range, id);
  }
  return changes;
}

/** Up to which inbox the next `limit` subscriptions go, and how many they are; `undefined` if there are none. */
function nextStep(
  session: SqliteSession,
  pod: number,
  pattern: string,
  after: number,
  limit: number,
): { to: number; subscriptions: number } | undefined {
  const { to, subscriptions } = session.get<{ to: number | null; subscriptions: number }>(`
    SELECT MAX(inbox) AS "to", COUNT(*) AS subscriptions FROM (
      SELECT inbox FROM subscriptions WHERE pod = ? AND pattern = ? AND inbox > ? ORDER BY inbox LIMIT ?
    )
  `, pod, pattern, after, limit)!;
  return to === null ? undefined : { to, subscriptions };
}

function finishForward(session: SqliteSession, pod: number, event: number, { hasRemoved }: Facts): void {
  session.run('DELETE FROM forwards WHERE pod = ? AND event = ?', pod, event);
  if (hasRemoved && !session.get('SELECT 1 FROM forwards WHERE event = ?', event)) {
    session.run('DELETE FROM removed WHERE event = ?', event);
  }
}

/** The copies of an event in watched containers whose keys lie in a range. */
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
