import type { ClaimedDelivery, DeliveryFilter, Findings } from '../../src/delivery/ports';
import type { Event } from '../../src/event/Event';
import type { RemoteRecipient } from '../../src/store/AcceptedEvent';
import type { DeliveryRecord, DeliveryState } from '../../src/store/deliveries';
import type { Subscription } from '../../src/subscription/Subscription';
import type { AddedSubscription } from '../../src/subscription/ports';
import type { SubscriptionFields } from './fixtures';
import { anEvent, aSubscription, forwardAll, POD } from './fixtures';
import type { Stores } from './stores';

export const HOST = 'hooks.example';
export const WEBHOOK = `https://${HOST}/hook`;
export const ALICE = 'https://alice.example/card#me';
export const NOTHING: Findings = { hosts: new Map(), failing: new Map() };
export const NEWEST = Number.MAX_SAFE_INTEGER;
export const MINUTE = 60_000;

/** Stores of events and deliveries, with the steps of cases about deliveries. */
export interface DeliveryScene extends Pick<Stores, 'deliveries' | 'events'> {
  /** A time after all rows of the case, in milliseconds since 1970. */
  readonly now: number;
  /** Adds a subscription of {@link POD}, by default of Alice's webhook. */
  readonly follow: (fields?: SubscriptionFields, host?: string, rate?: number) => Promise<Subscription>;
  /** Stores an event, and fans it out. */
  readonly publish: (fields?: Partial<Event>, pod?: string, recipients?: RemoteRecipient[]) => Promise<Event>;
  readonly list: (filter?: DeliveryFilter, before?: number, limit?: number) => Promise<DeliveryRecord[]>;
  /** Claims due deliveries of all hosts. */
  readonly claimAll: (most?: number, at?: number, until?: number) => Promise<ClaimedDelivery[]>;
  /** Writes the outcome of a claimed delivery. */
  readonly finish: (claimed: ClaimedDelivery, state: DeliveryState, due?: number, findings?: Findings, at?: number) =>
  Promise<void>;
  readonly close: () => Promise<void>;
}

/** Opens the stores, and registers {@link POD}. */
export async function openScene({ events, deliveries }: Pick<Stores, 'deliveries' | 'events'>): Promise<DeliveryScene> {
  await deliveries.open();
  await events.registerPod(POD);
  const now = Date.now() + MINUTE;
  return {
    events,
    deliveries,
    now,
    async follow(fields = {}, host = HOST, rate): Promise<Subscription> {
      const all: SubscriptionFields = { webhook: WEBHOOK, agent: ALICE, ...fields };
      const draft = aSubscription(all);
      const kind = all.webhook === undefined ? 'inbox' : 'webhook';
      const added = await events.addSubscription(draft, undefined, undefined, {
        kind, host, isContainer: kind === 'inbox', ...kind === 'webhook' && { secret: 'whsec_1' }, ...rate !== undefined && { rate },
      }) as AddedSubscription;
      return added.subscription;
    },
    async publish(fields = {}, pod = POD, recipients = []): Promise<Event> {
      const event = anEvent(fields);
      await events.accept([{ event, forwards: [{ pod }], recipients }]);
      await forwardAll(events);
      return event;
    },
    list: async(filter = {}, before = NEWEST, limit = 100): Promise<DeliveryRecord[]> =>
      deliveries.listDeliveries(POD, filter, before, limit),
    async claimAll(most = 100, at = now, until = at + MINUTE): Promise<ClaimedDelivery[]> {
      const hosts = await deliveries.dueHosts(at, 100);
      return deliveries.claim(hosts.map(({ host }) => ({ host, limit: most })), at, until);
    },
    finish: async(claimed, state, due, findings = NOTHING, at = now): Promise<void> =>
      deliveries.finish([{
        delivery: claimed.delivery, claim: claimed.claim, host: claimed.host, state, due,
        attempt: { at, duration: 7, ...state === 'delivered' ? { status: 204 } : { reason: 'no' }},
      }], findings),
    async close(): Promise<void> {
      await events.close();
      await deliveries.close();
    },
  };
}
