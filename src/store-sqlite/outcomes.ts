import { parse, stringify } from 'uuid';
import { parseTopic } from '../event/Topic';
import { patternsOf } from '../event/TopicPattern';
import type { Outcome, OutcomeState } from '../catalogue/RequestLog';
import { attemptsOf } from './attempts';
import { STATES } from './deliveries';
import type { SqliteSession } from './SqliteSession';
import { nextTimeSlice } from '../event/timeSlices';

/** Facts about an event that decide its outcomes. */
export interface OutcomeEvent {
  readonly event: number;
  /** Key of the pod through which it was published. */
  readonly pod: number;
  readonly uuid: Buffer;
  readonly topic: string;
  readonly published: number;
  /** Whether that pod also forwards it; `null` if unknown. */
  readonly forwarded: number | null;
  /** Whether the fan-out of that pod is pending. */
  readonly pending: number;
}

interface SubscriptionRow {
  readonly uuid: Buffer;
  readonly pattern: string;
  readonly inbox: number;
  readonly agent: number;
  /** Index of the outcome in {@link OUTCOMES}; `null` if the subscription has none. */
  readonly outcome: number | null;
  /** Key of the delivery to its target, and whether the delivery belongs to this subscription. */
  readonly delivery: number | null;
  readonly own: number | null;
  readonly repeated: number | null;
  readonly kind: string | null;
  readonly url: string;
}

interface DeliveryRow {
  readonly id: number;
  readonly subscription: Buffer | null;
  readonly pattern: string | null;
  readonly state: number;
  readonly kind: string;
  readonly url: string;
  readonly repeated: number | null;
}

/** Outcomes, by the numbers of the {@link STATES} of deliveries; the last one exists only for copies. */
const OUTCOMES: readonly OutcomeState[] = [ 'waiting', 'processed', 'error', 'ended', 'ended', 'absent' ];

const numberOf = (state: (typeof STATES)[number]): number => STATES.indexOf(state);

/**
 * SQL expression of the outcome of an event for a subscription `s`, from its delivery `d` or its copy. Without these, a
 * subscription with filters has no outcome, because they may exclude the event.
 *
 * The parameters are the event, whether its fan-out is pending, whether it is forwarded, and the time of publication.
 */
const OUTCOME = `CASE
  WHEN s.target IS NOT NULL AND d.id IS NOT NULL THEN d.state
  WHEN s.target IS NULL AND EXISTS (SELECT 1 FROM entries n WHERE n.container = s.inbox AND n.event = ?)
    THEN ${numberOf('delivered')}
  WHEN s.filter IS NOT NULL THEN NULL
  WHEN ? THEN ${numberOf('waiting')}
  WHEN ? AND IFNULL(s.modified, s.created) <= ? THEN ${OUTCOMES.indexOf('absent')}
END`;

/** Subscriptions with the outcome of an event; the parameters are those of {@link OUTCOME}, and the event. */
const SUBSCRIPTIONS = `
  SELECT s.uuid, s.pattern, s.inbox, s.agent, ${OUTCOME} AS outcome, d.id AS delivery,
    d.pod = s.pod AND d.subscription = s.uuid AS own, d.repeated, t.kind, IFNULL(t.url, c.url) AS url
  FROM subscriptions s CROSS JOIN containers c LEFT JOIN targets t ON t.id = s.target
  LEFT JOIN deliveries d ON d.event = ? AND d.target = s.target
`;

const DELIVERIES = `
  SELECT d.id, d.subscription, s.pattern, d.state, d.repeated, t.kind, t.url
  FROM deliveries d CROSS JOIN targets t LEFT JOIN subscriptions s ON s.uuid = d.subscription
`;

/** Number of rows to examine in one turn of the event loop. */
const CHUNK = 250;
/** Maximum number of deliveries, and of subscriptions, to examine for the states of an event. */
const MAX_FOR_STATES = 1_000;

/** Returns the distinct states of the outcomes of an event, within the limits of {@link hasState}. */
export function statesOf(session: SqliteSession, row: Omit<OutcomeEvent, 'uuid'>): OutcomeState[] {
  return [ ...new Set(OUTCOMES) ].filter((state): boolean => hasState(session, row, state));
}

/**
 * Whether an event has an outcome with a state. Examines the first 1,000 deliveries, and the first 1,000 matching
 * subscriptions.
 */
export function hasState(session: SqliteSession, row: Omit<OutcomeEvent, 'uuid'>, state: OutcomeState): boolean {
  const { event, pod, topic, forwarded, pending } = row;
  const numbers = [ OUTCOMES.indexOf(state), OUTCOMES.lastIndexOf(state) ];
  const patterns = forwarded === 0 ? [] : patternsOf(parseTopic(topic));
  const found = session.get(`
    SELECT 1 FROM (SELECT target, state, pod FROM deliveries WHERE event = ? LIMIT ?) few
    WHERE few.state IN (?, ?) AND (few.pod = ? OR EXISTS (
      SELECT 1 FROM subscriptions s WHERE s.target = few.target AND s.pod = ?
        AND s.pattern IN (SELECT value FROM json_each(?))
    )) LIMIT 1
  `, event, MAX_FOR_STATES, ...numbers, pod, pod, JSON.stringify(patterns));
  const isOfSubscriptions = state === 'processed' || (state === 'waiting' ? pending === 1 : state === 'absent');
  if (found !== undefined || !isOfSubscriptions || patterns.length === 0) {
    return found !== undefined;
  }
  return session.get(`
    SELECT 1 FROM (
      SELECT ${OUTCOME} AS outcome
      FROM json_each(?) j CROSS JOIN subscriptions s LEFT JOIN deliveries d ON d.event = ? AND d.target = s.target
      WHERE s.pod = ? AND s.pattern = j.value LIMIT ?
    ) WHERE outcome = ? LIMIT 1
  `, ...parametersOf(row), JSON.stringify(patterns), event, pod, MAX_FOR_STATES, numbers[0]) !== undefined;
}

/**
 * Returns the outcomes of an event: first for recipients and for ended subscriptions, then for subscriptions by
 * pattern, the most specific first.
 */
export async function listOutcomes(session: SqliteSession, row: OutcomeEvent, limit: number): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const walk of [ deliveriesOf(session, row), subscriptionsOf(session, row) ]) {
    for (const chunk of walk) {
      outcomes.push(...chunk.slice(0, limit - outcomes.length).map((outcome): Outcome => outcome()));
      if (outcomes.length >= limit) {
        return outcomes;
      }
      await nextTimeSlice();
    }
  }
  return outcomes;
}

/** Returns the outcome of an event by a delivery of the pod through which it was published. */
export function outcomeOfDelivery(session: SqliteSession, row: OutcomeEvent, delivery: number): Outcome | undefined {
  const found = session.get<DeliveryRow>(`
    ${DELIVERIES} WHERE d.id = ? AND d.event = ? AND d.pod = ? AND t.id = d.target
  `, delivery, row.event, row.pod);
  return found && toDeliveryOutcome(session, row, found);
}

/** Returns the outcome of an event for a subscription of the pod through which it was published. */
export function outcomeOfSubscription(
  session: SqliteSession,
  row: OutcomeEvent,
  subscription: string,
): Outcome | undefined {
  const found = session.get<SubscriptionRow>(`
    ${SUBSCRIPTIONS} WHERE s.uuid = ? AND s.pod = ? AND c.id = s.inbox
  `, ...parametersOf(row), row.event, parse(subscription), row.pod);
  const isMatched = found !== undefined && patternsOf(parseTopic(row.topic)).includes(found.pattern);
  return isMatched && found.outcome !== null ? toSubscriptionOutcome(session, row, found) : undefined;
}

/** Walks the deliveries of the pod for recipients and for ended subscriptions, in chunks. */
function* deliveriesOf(session: SqliteSession, row: OutcomeEvent): Generator<(() => Outcome)[]> {
  for (let after: number | undefined = 0; after !== undefined;) {
    const rows: (DeliveryRow & { target: number; pod: number })[] = session.all(`
      SELECT few.id, few.subscription, few.target, few.pod, s.pattern, few.state, few.repeated, t.kind, t.url
      FROM (SELECT * FROM deliveries WHERE event = ? AND target > ? ORDER BY target LIMIT ?) few
      CROSS JOIN targets t LEFT JOIN subscriptions s ON s.uuid = few.subscription
      WHERE t.id = few.target
    `, row.event, after, CHUNK);
    // Deliveries for existing subscriptions are part of the other walk, unless the pod did not forward the event.
    yield rows.filter(({ pod, pattern }): boolean => pod === row.pod && (pattern === null || row.forwarded === 0))
      .map((found): () => Outcome => (): Outcome => toDeliveryOutcome(session, row, found));
    after = rows.length < CHUNK ? undefined : rows.at(-1)!.target;
  }
}

/** Walks the subscriptions of the pod that match the topic, in chunks. */
function* subscriptionsOf(session: SqliteSession, row: OutcomeEvent): Generator<(() => Outcome)[]> {
  const patterns = row.forwarded === 0 ? [] : patternsOf(parseTopic(row.topic));
  for (const pattern of patterns) {
    for (let after: SubscriptionRow | undefined | null = null; after !== undefined;) {
      const rows: SubscriptionRow[] = session.all(
        `
          ${SUBSCRIPTIONS} WHERE s.pod = ? AND s.pattern = ? AND (s.inbox, s.agent) > (?, ?) AND c.id = s.inbox
          ORDER BY s.inbox, s.agent LIMIT ?
        `,
        ...parametersOf(row),
        row.event,
        row.pod,
        pattern,
        after?.inbox ?? 0,
        after?.agent ?? 0,
        CHUNK,
      );
      yield rows.filter(({ outcome }): boolean => outcome !== null)
        .map((found): () => Outcome => (): Outcome => toSubscriptionOutcome(session, row, found));
      after = rows.length < CHUNK ? undefined : rows.at(-1);
    }
  }
}

/** Returns the parameters of {@link OUTCOME}. */
function parametersOf({ event, pending, forwarded, published }: Omit<OutcomeEvent, 'uuid'>): unknown[] {
  return [ event, pending, forwarded ?? 0, published ];
}

function toDeliveryOutcome(session: SqliteSession, { uuid }: OutcomeEvent, row: DeliveryRow): Outcome {
  return {
    id: `${row.id}`,
    event: stringify(uuid),
    state: OUTCOMES[row.state],
    ...row.subscription !== null && { subscription: stringify(row.subscription) },
    ...row.pattern !== null && { pattern: row.pattern },
    kind: row.kind,
    url: row.url,
    attempts: attemptsOf(session, row.id),
    ...row.repeated !== null && { isRepeated: true },
  };
}

function toSubscriptionOutcome(session: SqliteSession, { uuid }: OutcomeEvent, row: SubscriptionRow): Outcome {
  const event = stringify(uuid);
  const subscription = stringify(row.uuid);
  return {
    id: row.delivery !== null && row.own === 1 ? `${row.delivery}` : `${event}.${subscription}`,
    event,
    state: OUTCOMES[row.outcome!],
    subscription,
    pattern: row.pattern,
    kind: row.kind ?? 'copy',
    url: row.url,
    attempts: row.delivery === null ? [] : attemptsOf(session, row.delivery),
    ...row.repeated !== null && { isRepeated: true },
  };
}
