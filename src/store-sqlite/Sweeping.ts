import { removeEntries } from './entries';
import { hasEndedChains, removeEndedChains } from './refreshChains';
import { removeEvent } from './retention';
import type { SqliteSession } from './SqliteSession';
import { removeSubscriptions } from './subscriptions';

/** One step of a round, called until it returns `false`: then it is complete. */
type Step = (session: SqliteSession, round: Round, limit: number) => boolean;

/** One pass over ended pods and containers. */
interface Round {
  /** The ended pods, with their former URLs and the times of their ends. */
  readonly pods: readonly { readonly id: number; readonly ended: string; readonly at: number }[];
  /** Index of the current step. */
  step: number;
  /** Cursor of the current step. */
  place: { readonly container: number; readonly event: number };
}

const START = { container: 0, event: 0 };

/** Statements that delete rows of an ended pod; no request can reach these rows. */
const ROWS = [
  'DELETE FROM forwards WHERE (pod, event) IN (SELECT pod, event FROM forwards WHERE pod = ? ORDER BY event LIMIT ?)',
  'DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE pod = ? ORDER BY id LIMIT ?)',
  'DELETE FROM removed_events WHERE id IN (SELECT id FROM removed_events WHERE pod = ? ORDER BY id LIMIT ?)',
  'DELETE FROM received WHERE (pod, event) IN (SELECT pod, event FROM received WHERE pod = ? ORDER BY event LIMIT ?)',
  `DELETE FROM given_identities WHERE (pod, agent, hash) IN (
    SELECT pod, agent, hash FROM given_identities WHERE pod = ? LIMIT ?
  )`,
  'DELETE FROM made WHERE (pod, agent, key) IN (SELECT pod, agent, key FROM made WHERE pod = ? LIMIT ?)',
  'DELETE FROM entries_of_catalogue WHERE id IN (SELECT id FROM entries_of_catalogue WHERE pod = ? LIMIT ?)',
  'DELETE FROM systems WHERE id IN (SELECT id FROM systems WHERE pod = ? LIMIT ?)',
  'DELETE FROM refresh_chains WHERE id IN (SELECT id FROM refresh_chains WHERE pod = ? LIMIT ?)',
];

const STEPS: readonly Step[] = [ sweepContainers, sweepRows, sweepKeys, findEvents, keepCopied, removeEvents ];

/**
 * Deletes the rows of ended pods, containers and chains of refresh tokens, a bounded number at a time.
 *
 * An event of an ended pod is deleted when no other pod has a copy of it. The rows of ended pods, containers and agents
 * stay, because copies and logs of other pods refer to them.
 */
export class Sweeping {
  private round?: Round;

  /** Runs a part of a step, inside a transaction of the caller. Returns whether there is more work. */
  public next(session: SqliteSession, limit: number): boolean {
    const now = Date.now();
    if (hasEndedChains(session, now)) {
      return removeEndedChains(session, now, limit) > 0;
    }
    this.round ??= begin(session);
    if (!this.round) {
      return false;
    }
    if (!STEPS[this.round.step](session, this.round, limit)) {
      this.round.step += 1;
      this.round.place = START;
    }
    if (this.round.step === STEPS.length) {
      this.round.pods.forEach(({ id }): unknown => session.run('UPDATE pods SET swept = 1 WHERE id = ?', id));
      session.run('DELETE FROM temp.unreferenced');
      this.round = undefined;
    }
    return true;
  }
}

function begin(session: SqliteSession): Round | undefined {
  const pods = session.all<Round['pods'][number]>(`
    SELECT id, ended, ended_at AS at FROM pods WHERE ended IS NOT NULL AND swept = 0 LIMIT 1000
  `);
  const hasContainers = session.get('SELECT 1 FROM containers WHERE ended IS NOT NULL AND swept = 0 LIMIT 1') !== undefined;
  return pods.length > 0 || hasContainers ? { pods, step: 0, place: START } : undefined;
}

function sweepContainers(session: SqliteSession, _round: Round, limit: number): boolean {
  const row = session.get<{ id: number }>('SELECT id FROM containers WHERE ended IS NOT NULL AND swept = 0 LIMIT 1');
  if (!row) {
    return false;
  }
  if (removeEntries(session, row.id, limit) + removeSubscriptions(session, 'inbox', row.id, limit) === 0) {
    session.run('UPDATE containers SET swept = 1 WHERE id = ?', row.id);
  }
  return true;
}

function sweepRows(session: SqliteSession, { pods }: Round, limit: number): boolean {
  return pods.some(({ id }): boolean =>
    removeSubscriptions(session, 'pod', id, limit) > 0 ||
    ROWS.some((sql): boolean => session.run(sql, id, limit).changes > 0));
}

/** Removes ended pods from the limits of API keys; a key without a remaining pod ends. */
function sweepKeys(session: SqliteSession, round: Round, limit: number): boolean {
  const rows = session.all<{ id: number; created: number; pods: string | null }>(
    'SELECT id, created, pods FROM api_keys WHERE id > ? ORDER BY id LIMIT ?',
    round.place.event,
    limit,
  );
  for (const { id, created, pods } of rows) {
    const listed = pods === null ? [] : JSON.parse(pods) as string[];
    const left = listed.filter((url): boolean =>
      !round.pods.some(({ ended, at }): boolean => ended === url && created <= at));
    if (left.length === 0 && listed.length > 0) {
      session.run('DELETE FROM api_keys WHERE id = ?', id);
    } else if (left.length < listed.length) {
      session.run('UPDATE api_keys SET pods = ? WHERE id = ?', JSON.stringify(left), id);
    }
  }
  return advance(round, rows.map(({ id }): Round['place'] => ({ container: 0, event: id })), limit);
}

/** Collects events of ended pods without pending fan-outs and deliveries. */
function findEvents(session: SqliteSession, round: Round, limit: number): boolean {
  const rows = session.all<{ id: number; ended: number }>(`
    SELECT e.id, p.ended IS NOT NULL AND p.swept = 0 AND NOT EXISTS (SELECT 1 FROM forwards f WHERE f.event = e.id)
      AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.event = e.id AND d.state = 0) AS ended
    FROM events e CROSS JOIN pods p WHERE e.id > ? AND p.id = e.pod ORDER BY e.id LIMIT ?
  `, round.place.event, limit);
  for (const { id } of rows.filter(({ ended }): boolean => ended === 1)) {
    session.run('INSERT OR IGNORE INTO temp.unreferenced (event) VALUES (?)', id);
  }
  return advance(round, rows.map(({ id }): Round['place'] => ({ container: 0, event: id })), limit);
}

/** Releases collected events of which other pods have copies. */
function keepCopied(session: SqliteSession, round: Round, limit: number): boolean {
  const { container, event } = round.place;
  const rows = session.all<Round['place']>(`
    SELECT container, event FROM entries WHERE (container, event) > (?, ?) ORDER BY container, event LIMIT ?
  `, container, event, limit);
  for (const row of rows) {
    session.run('DELETE FROM temp.unreferenced WHERE event = ?', row.event);
  }
  return advance(round, rows, limit);
}

function removeEvents(session: SqliteSession, _round: Round, limit: number): boolean {
  const rows = session.all<{ event: number }>('SELECT event FROM temp.unreferenced LIMIT ?', limit);
  let left = limit;
  for (const { event } of rows) {
    if (session.get('SELECT 1 FROM events WHERE id = ?', event)) {
      const removed = left > 0 ? removeEvent(session, event, '', left) : undefined;
      if (!removed?.isGone) {
        return true;
      }
      left -= removed.rows;
    }
    session.run('DELETE FROM temp.unreferenced WHERE event = ?', event);
    session.run('DELETE FROM removed WHERE event = ?', event);
  }
  return rows.length > 0;
}

/** Moves the cursor to the last place. Returns whether the step has more rows. */
function advance(round: Round, places: readonly Round['place'][], limit: number): boolean {
  round.place = places.at(-1) ?? round.place;
  return places.length === limit;
}
