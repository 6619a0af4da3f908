import { v7 } from 'uuid';
import { FilterDecisions } from '../../src/delivery/FilterDecisions';
import type { FanOutStepResult, FanOutStore, PendingForward, ReaderScope, UnconfirmedConsent } from '../../src/delivery/ports';
import type { Event } from '../../src/event/Event';
import type { EntryStore } from '../../src/pod/ports';
import { FilterMatcher } from '../../src/subscription/FilterMatcher';
import type { Subscription } from '../../src/subscription/Subscription';
import type { SubscriptionStore } from '../../src/subscription/ports';
import { inlineWork } from '../util/work';

export const POD = 'http://localhost/user/';
export const PRODUCER = 'http://localhost/producer/';
export const PUBLISH = `${PRODUCER}publish/`;
export const AGENT = 'http://localhost/subscriber/profile/card#me';
/** Evaluates filters as the server does. */
export const FILTERS = new FilterMatcher(inlineWork(), 'http://localhost/');
export const inboxOf = (name: string | number): string => `http://localhost/${name}/inbox/`;

export function anEvent(fields: Partial<Event> = {}): Event {
  const id = fields.id ?? v7();
  return {
    id,
    pod: PRODUCER,
    topic: 'realestate/contact#add',
    publisher: `${PRODUCER}profile/card#me`,
    published: 1_700_000_000_000,
    context: '{"id":"@id"}',
    members: `{"id":"${PRODUCER}publish/${id}"}`,
    ...fields,
  };
}

/** Fields of a subscription to an inbox, or to a webhook. */
export interface SubscriptionFields extends Partial<Subscription> {
  readonly inbox?: string;
  readonly webhook?: string;
}

export function aSubscription({ inbox = inboxOf('subscriber'), webhook, ...fields }: SubscriptionFields = {}): Subscription {
  return {
    id: v7(), pod: POD, pattern: 'realestate/contact', url: webhook ?? inbox, agent: AGENT, created: 5, ...fields,
  };
}

/** Completes the fan-out of the oldest event of each pod. `may` returns whether an agent has read access. */
export async function forwardAll(
  store: FanOutStore,
  may: (agent: string) => boolean = (): boolean => true,
  limit = 100,
): Promise<FanOutStepResult[]> {
  const results: FanOutStepResult[] = [];
  for (const forward of await store.pendingForwards(10)) {
    const scope = await store.openScope(forward.pod);
    results.push(...await finish(store, forward, scope, may, limit));
    await store.closeScope(scope);
  }
  return results;
}

async function finish(
  store: FanOutStore,
  forward: PendingForward,
  scope: ReaderScope,
  may: (agent: string) => boolean,
  limit: number,
): Promise<FanOutStepResult[]> {
  const results: FanOutStepResult[] = [];
  for (;;) {
    const result = await store.fanOutStep(forward, scope, limit);
    results.push(result);
    if (result.outcome === 'unknown') {
      if (result.isUndecided) {
        await new FilterDecisions(store, FILTERS).decide(forward);
      }
      await store.confirm(new Map(result.unconfirmed.map((consent): [UnconfirmedConsent, boolean] => [ consent, true ])));
      await store.learn(scope, new Map(result.unknown.map((agent): [string, boolean] => [ agent, may(agent) ])));
    } else if (result.outcome !== 'more') {
      return results;
    }
  }
}

/** Ids of the events in a container, in order. */
export async function idsIn(store: EntryStore, container: string): Promise<string[]> {
  return (await store.listEntries(container, 0, 1_000)).map(({ id }): string => id);
}

/** All subscriptions of a pod, or those of an agent. */
export async function subscriptionsOf(store: SubscriptionStore, pod: string, agent?: string): Promise<Subscription[]> {
  const found: Subscription[] = [];
  for (let place: number | undefined = 0; place !== undefined;) {
    const { items, next }: Awaited<ReturnType<SubscriptionStore['subscriptionsAfter']>> =
      await store.subscriptionsAfter(pod, place, 100, agent);
    found.push(...items);
    place = next;
  }
  return found;
}
