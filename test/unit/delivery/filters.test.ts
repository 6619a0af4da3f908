import fc from 'fast-check';
import { FilterDecisions } from '../../../src/delivery/FilterDecisions';
import type { FanOutStepResult } from '../../../src/delivery/ports';
import { parseTopic } from '../../../src/event/Topic';
import { patternsOf } from '../../../src/event/TopicPattern';
import { SqliteDeliveryStore } from '../../../src/store-sqlite/SqliteDeliveryStore';
import { SqliteEventStore } from '../../../src/store-sqlite/SqliteEventStore';
import { IN_MEMORY, SqliteSession } from '../../../src/store-sqlite/SqliteSession';
import type { Subscription } from '../../../src/subscription/Subscription';
import type { AddedSubscription } from '../../../src/subscription/ports';
import { AGENT, anEvent, aSubscription, FILTERS, idsIn, inboxOf, POD, PRODUCER } from '../../contract/fixtures';
import { runs } from '../../util/effort';

const TOPICS = [ 'a/b#c', 'a/b#d', 'a' ];
const PATTERNS = [ 'a/b#c', 'a/b', 'a/*', '*' ];
const SUBJECTS = [ 'x1', 'x2', 'y', undefined ];
type Predicate = (event: { readonly topic: string; readonly subject?: string }) => boolean;
/** Filters, with what they mean. */
const CHOICES: readonly (readonly [ filters: object[] | undefined, matches: Predicate ])[] = [
  [ undefined, (): boolean => true ],
  [[{ exact: { type: 'a/b#c' }}], ({ topic }): boolean => topic === 'a/b#c' ],
  [[{ prefix: { subject: 'x' }}], ({ subject }): boolean => subject?.startsWith('x') ?? false ],
  [[{ not: { exact: { subject: 'x1' }}}], ({ subject }): boolean => subject !== 'x1' ],
  [[{ any: [{ exact: { subject: 'y' }}, { suffix: { type: '#d' }}]}], ({ topic, subject }): boolean => subject === 'y' || topic.endsWith('#d') ],
  [[{ sql: 'NOT EXISTS subject OR subject = \'x2\'' }, { suffix: { source: '/producer/' }}], ({ subject }): boolean => subject === 'x2' || subject === undefined ],
];
const TARGETS = [ inboxOf(0), inboxOf(1), inboxOf(2), 'https://hooks.example/0', 'https://hooks.example/1' ];
const isWebhook = (target: number): boolean => target > 2;

interface Version { readonly pattern: string; readonly choice: number }
interface Known { subscription: Subscription; readonly target: number; version: Version; readonly first: Version; isAlive: boolean; readonly addedAt: number }
interface Published {
  readonly id: string;
  readonly topic: string;
  readonly subject?: string;
  /** Versions of the subscriptions at its acceptance. */
  readonly versions: ReadonlyMap<Known, Version>;
  /** Number of subscriptions that were known when its fan-out ended. */
  endedAt?: number;
}

const action = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('publish' as const), topic: fc.nat(2), subject: fc.nat(3) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('add' as const), pattern: fc.nat(3), target: fc.nat(4), choice: fc.nat(5) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('change' as const), which: fc.nat(20), pattern: fc.nat(3), choice: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), which: fc.nat(20) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('step' as const), limit: fc.integer({ min: 1, max: 15 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
);

describe('Filters of subscriptions', (): void => {
  it('decide copies and deliveries as a naive model does, during changes, steps and restarts.', async(): Promise<void> => {
    await fc.assert(fc.asyncProperty(fc.array(action, { minLength: 10, maxLength: 40 }), async(actions): Promise<void> => {
      const session = new SqliteSession(IN_MEMORY);
      const store = new SqliteEventStore(session);
      const known: Known[] = [];
      const events: Published[] = [];
      await store.registerPod(POD);

      const step = async(limit: number): Promise<FanOutStepResult | undefined> => {
        const forward = (await store.pendingForwards(1)).at(0);
        if (!forward) {
          return undefined;
        }
        const scope = await store.openScope(POD);
        await store.learn(scope, new Map([[ AGENT, true ]]));
        const result = await store.fanOutStep(forward, scope, limit);
        await store.closeScope(scope);
        if (result.isUndecided) {
          expect(await new FilterDecisions(store, FILTERS).decide(forward)).toBe(true);
        }
        const head = (await store.pendingForwards(1))[0]?.event ?? Infinity;
        for (const [ index, event ] of events.entries()) {
          if (index + 1 < head) {
            event.endedAt ??= known.length;
          }
        }
        return result;
      };

      for (const each of actions) {
        if (each.do === 'publish') {
          const [ topic, subject ] = [ TOPICS[each.topic], SUBJECTS[each.subject] ];
          const event = anEvent({ topic, members: JSON.stringify({ subject }) });
          const versions = new Map(known.filter(({ isAlive }): boolean => isAlive).map((one): [Known, Version] => [ one, one.version ]));
          await store.accept([{ event, forwards: [{ pod: POD }]}]);
          events.push({ id: event.id, topic, subject, versions, ...versions.size === 0 && { endedAt: known.length }});
        } else if (each.do === 'add') {
          const filters = CHOICES[each.choice][0];
          const draft = aSubscription({ pattern: PATTERNS[each.pattern], url: TARGETS[each.target], ...filters && { filters: JSON.stringify(filters) }});
          const added = await store.addSubscription(draft, undefined, undefined, isWebhook(each.target) ? { kind: 'webhook', host: 'hooks.example', secret: 'x' } : undefined);
          if ('subscription' in (added as object) && (added as AddedSubscription).subscription.id === draft.id) {
            const version = { pattern: PATTERNS[each.pattern], choice: each.choice };
            known.push({ subscription: (added as AddedSubscription).subscription, target: each.target, version, first: version, isAlive: true, addedAt: known.length });
          }
        } else if (each.do === 'change' || each.do === 'remove') {
          const alive = known.filter(({ isAlive }): boolean => isAlive);
          const one = alive[each.which % alive.length] as Known | undefined;
          if (one && each.do === 'remove') {
            one.isAlive = !await store.removeSubscription(POD, one.subscription.id);
          } else if (one && each.do === 'change') {
            const filters = CHOICES[each.choice][0];
            const next = { ...one.subscription, pattern: PATTERNS[each.pattern], filters: filters && JSON.stringify(filters) };
            const changed = await store.changeSubscription(next, one.subscription);
            if (changed !== undefined && typeof changed !== 'string' && 'subscription' in changed) {
              one.subscription = changed.subscription;
              one.version = { pattern: PATTERNS[each.pattern], choice: each.choice };
            }
          }
        } else if (each.do === 'step') {
          await step(each.limit);
        } else {
          // Another process has no decisions.
          session.run('DELETE FROM temp.filter_decisions');
        }
      }
      for (let left = 10_000; await step(7); left -= 1) {
        expect(left).toBeGreaterThan(0);
      }

      const deliveries = new SqliteDeliveryStore(session);
      const delivered = (await deliveries.listDeliveries(POD, {}, Number.MAX_SAFE_INTEGER, 1_000)).map(({ event, url }): string => `${url} ${event}`);
      const copies = await Promise.all(TARGETS.map(async(url): Promise<string[]> => idsIn(store, url)));
      for (const event of events) {
        const matches = ({ pattern, choice }: Version): boolean => patternsOf(parseTopic(event.topic)).includes(pattern) && CHOICES[choice][1](event);
        for (const [ target, url ] of TARGETS.entries()) {
          const ofTarget = known.filter((one): boolean => one.target === target);
          const accepted = ofTarget.filter((one): boolean => event.versions.has(one) && matches(event.versions.get(one)!));
          // A subscription that is added during a fan-out may or may not receive its event.
          const added = ofTarget.filter((one): boolean => !event.versions.has(one) && one.addedAt < event.endedAt! && matches(one.first));
          const isStored = isWebhook(target) ? delivered.includes(`${url} ${PRODUCER}publish/${event.id}`) : copies[target].includes(event.id);
          if (accepted.some(({ isAlive }): boolean => isAlive)) {
            expect([ event, url, isStored ]).toEqual([ event, url, true ]);
          } else if (accepted.length + added.length === 0) {
            expect([ event, url, isStored ]).toEqual([ event, url, false ]);
          }
        }
      }
      // Nothing of the changes is left.
      expect(session.get('SELECT (SELECT COUNT(*) FROM former_subscriptions) + (SELECT COUNT(*) FROM filters WHERE id NOT IN (SELECT IFNULL(filter, 0) FROM subscriptions)) AS count'))
        .toEqual({ count: 0 });
      session.close();
    }), { numRuns: runs(100) });
  });
});
