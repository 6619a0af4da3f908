import { v7 } from 'uuid';
import { eventUrl } from '../../src/event/Event';
import type { Event } from '../../src/event/Event';
import type { ClaimedDelivery, DeliveryFilter, Findings } from '../../src/delivery/ports';
import type { DeliveryRecord, DeliveryState } from '../../src/store/deliveries';
import type { DeliveryStore } from './stores';
import type { AddedSubscription } from '../../src/subscription/ports';
import type { EventStore } from './stores';
import type { Removal } from '../../src/server/ports';
import type { RemoteRecipient } from '../../src/store/AcceptedEvent';
import type { Subscription } from '../../src/subscription/Subscription';
import type { SubscriptionFields } from './eventStoreContract';
import { anEvent, aSubscription, forwardAll, POD, PRODUCER } from './eventStoreContract';
import { subscriptionsOf } from './stores';

const HOST = 'hooks.example';
const WEBHOOK = `https://${HOST}/hook`;
const ALICE = 'https://alice.example/card#me';
const NOTHING: Findings = { hosts: new Map(), failing: new Map() };
const NEWEST = Number.MAX_SAFE_INTEGER;
const MINUTE = 60_000;

/** A store of events and one of deliveries that share what they keep. */
export interface Stores {
  readonly events: EventStore;
  readonly deliveries: DeliveryStore;
}

/** What every adapter of the store of deliveries has to do. */
export function describeDeliveryStore(name: string, create: () => Promise<Stores>): void {
  describe(`${name} as a store of deliveries`, (): void => {
    let events: EventStore;
    let deliveries: DeliveryStore;
    /** Later than all that was made. */
    let now: number;

    beforeEach(async(): Promise<void> => {
      ({ events, deliveries } = await create());
      await deliveries.open();
      await events.registerPod(POD);
      now = Date.now() + MINUTE;
    });

    afterEach(async(): Promise<void> => {
      await events.close();
      await deliveries.close();
    });

    async function follow(fields: SubscriptionFields = {}, host = HOST, rate?: number): Promise<Subscription> {
      const all = { webhook: WEBHOOK, agent: ALICE, ...fields };
      const draft = aSubscription(all);
      const kind = all.webhook === undefined ? 'inbox' : 'webhook';
      const added = await events.addSubscription(draft, undefined, undefined, {
        kind, host, isContainer: kind === 'inbox', ...kind === 'webhook' && { secret: 'whsec_1' }, ...rate !== undefined && { rate },
      }) as AddedSubscription;
      return added.subscription;
    }
    async function publish(fields: Partial<Event> = {}, pod = POD, recipients: RemoteRecipient[] = []): Promise<Event> {
      const event = anEvent(fields);
      await events.accept([{ event, forwards: [{ pod }], recipients }]);
      await forwardAll(events);
      return event;
    }
    const list = async(filter: DeliveryFilter = {}, before = NEWEST, limit = 100): Promise<DeliveryRecord[]> =>
      deliveries.listDeliveries(POD, filter, before, limit);
    const claimAll = async(most = 100, at = now, until = at + MINUTE): Promise<ClaimedDelivery[]> => {
      const hosts = await deliveries.dueHosts(at, 100);
      return deliveries.claim(hosts.map(({ host }) => ({ host, most })), at, until);
    };
    const finish = async(claimed: ClaimedDelivery, state: DeliveryState, due?: number, findings = NOTHING, at = now): Promise<void> =>
      deliveries.finish([{
        delivery: claimed.delivery, claim: claimed.claim, host: claimed.host, state, due,
        attempt: { at, duration: 7, ...state === 'delivered' ? { status: 204 } : { reason: 'no' }},
      }], findings);

    it('remembers the latest moment.', async(): Promise<void> => {
      expect(await deliveries.moment()).toBe(0);
      await deliveries.noteMoment(5);
      await deliveries.noteMoment(3);
      expect(await deliveries.moment()).toBe(5);
    });

    it('counts for how long it was worked.', async(): Promise<void> => {
      expect(await deliveries.worked()).toBe(0);
      await deliveries.noteMoment(5, 10);
      await deliveries.noteMoment(3, 5);
      await deliveries.noteMoment(6);
      expect(await deliveries.worked()).toBe(15);
    });

    it('makes one delivery for each target, however many of its subscriptions match.', async(): Promise<void> => {
      const first = await follow();
      await follow({ pattern: 'realestate/*' });
      await follow({ agent: 'https://bob.example/card#me' });
      const event = await publish();
      const records = await list();
      expect(records.map(({ agent }): string => agent).sort()).toEqual([ ALICE, 'https://bob.example/card#me' ]);
      expect(records.find(({ agent }): boolean => agent === ALICE)).toEqual({
        id: expect.any(Number), kind: 'webhook', url: WEBHOOK, agent: ALICE, state: 'waiting', event: eventUrl(event), topic: event.topic,
        subscription: first.id, created: expect.any(Number), due: expect.any(Number), copy: null, isDisabled: false, attempts: [],
      });
      expect(await deliveries.queue(now)).toEqual({ waiting: 2, resting: 0, oldestDue: expect.any(Number) });
    });

    it('claims each due delivery once, and again when its lease has ended.', async(): Promise<void> => {
      const { id } = await follow({}, HOST, 600);
      const event = await publish();
      expect(await deliveries.dueHosts(0, 10)).toEqual([]);
      const [ host ] = await deliveries.dueHosts(now, 10);
      expect(host).toEqual({ host: expect.any(Number), name: HOST, failures: 0, since: null, rests: null });
      const [ claimed ] = await claimAll();
      expect(claimed).toMatchObject({
        kind: 'webhook', url: WEBHOOK, agent: ALICE, host: host.host, topic: event.topic, pod: POD, subscription: id, isWanted: true,
        tries: 0, secrets: [ 'whsec_1' ], rate: 600, rests: null, failing: null, disabled: null,
      });
      expect(await deliveries.eventOf(claimed.event)).toEqual({ ...event, hops: 0 });
      expect(await claimAll()).toEqual([]);
      expect(await deliveries.nextDue()).toBe(now + MINUTE);
      const [ again ] = await claimAll(100, now + MINUTE);
      expect(again.delivery).toBe(claimed.delivery);
      expect(again.claim).not.toBe(claimed.claim);
      await finish(claimed, 'delivered');
      expect(await list()).toMatchObject([{ state: 'waiting', attempts: []}]);
      await finish(again, 'delivered');
      expect(await list()).toMatchObject([{ state: 'delivered', due: null, attempts: [{ at: now, duration: 7, status: 204 }]}]);
      expect(await deliveries.nextDue()).toBeUndefined();
    });

    it('claims the oldest first, no more than asked for, and lets a host be that has its fill.', async(): Promise<void> => {
      await follow();
      const published = [ await publish(), await publish(), await publish() ];
      const claimed = await claimAll(2);
      const urls = (await list()).map(({ event }): string => event);
      expect(urls).toEqual(published.map((event): string => eventUrl(event)).reverse());
      expect(claimed).toHaveLength(2);
      const [{ host }] = await deliveries.dueHosts(now, 10);
      expect(await deliveries.claim([{ host, most: 0 }], now, now + 5)).toEqual([]);
      expect(await deliveries.dueHosts(now, 10)).toEqual([]);
      expect(await claimAll(100, now + 5)).toHaveLength(1);
    });

    it('keeps what is tried again with its attempts, until it is due.', async(): Promise<void> => {
      await follow();
      await publish();
      const [ first ] = await claimAll();
      await finish(first, 'waiting', now + 50);
      expect(await claimAll()).toEqual([]);
      const [ second ] = await claimAll(100, now + 50);
      expect(second).toMatchObject({ delivery: first.delivery, tries: 1 });
      await finish(second, 'dead', undefined, NOTHING, now + 50);
      expect(await list()).toMatchObject([{
        state: 'dead', attempts: [{ at: now, duration: 7, reason: 'no' }, { at: now + 50, duration: 7, reason: 'no' }],
      }]);
    });

    it('leaves a host alone while it rests, and keeps how it was.', async(): Promise<void> => {
      await follow();
      await publish();
      await publish();
      const [ claimed ] = await claimAll(1);
      const health = { failures: 5, since: now - 10, rests: now + 500 };
      await finish(claimed, 'waiting', now + 1, { hosts: new Map([[ claimed.host, health ]]), failing: new Map([[ claimed.target, now ]]) });
      expect(await deliveries.dueHosts(now + 499, 10)).toEqual([]);
      expect(await deliveries.queue(now)).toMatchObject({ waiting: 2, resting: 1 });
      expect(await deliveries.dueHosts(now + 500, 10)).toEqual([{ host: claimed.host, name: HOST, ...health }]);
      const [ probe ] = await claimAll(1, now + 500);
      expect(probe.failing).toBe(now);
      await finish(probe, 'delivered', undefined, {
        hosts: new Map([[ probe.host, { failures: 0, since: null, rests: null }]]), failing: new Map([[ probe.target, null ]]),
      });
      expect(await claimAll(10, now + 500)).toMatchObject([{ failing: null }]);
    });

    it('tells that nobody wants a delivery any more.', async(): Promise<void> => {
      const { id } = await follow();
      await publish();
      await events.removeSubscription(POD, id);
      const [ claimed ] = await claimAll();
      expect(claimed).toMatchObject({ subscription: id, isWanted: false });
      await finish(claimed, 'ended');
      expect(await list()).toMatchObject([{ state: 'ended', subscription: id }]);
    });

    it('makes deliveries for recipients on other servers, with the attempt that was made.', async(): Promise<void> => {
      const attempt = { at: 5, duration: 6, status: 500, reason: 'answered with 500' };
      await events.registerPod(PRODUCER);
      const due = now - 1;
      await publish({}, POD, [
        { kind: 'recipient', agent: ALICE, host: 'alice.example', attempt, isDelivered: false, due },
        { kind: 'recipient', agent: 'https://bob.example/card#me', host: 'bob.example', attempt: { at: 5, duration: 6, status: 201 }, isDelivered: true, copy: 'https://bob.example/inbox/1', due },
      ]);
      expect(await list()).toEqual([]);
      expect(await deliveries.listDeliveries(PRODUCER, {}, NEWEST, 10)).toMatchObject([
        { agent: 'https://bob.example/card#me', kind: 'recipient', state: 'delivered', subscription: null, copy: 'https://bob.example/inbox/1', attempts: [{ status: 201 }]},
        { agent: ALICE, kind: 'recipient', state: 'waiting', subscription: null, copy: null, attempts: [ attempt ]},
      ]);
      expect(await claimAll()).toMatchObject([{ kind: 'recipient', url: ALICE, tries: 1, isWanted: true, secrets: []}]);
    });

    describe('the secret of a webhook', (): void => {
      const DAY = 24 * 60 * MINUTE;
      const rotated = { outcome: 'rotated' };
      const missing = { outcome: 'missing' };
      let leases: number;
      const secrets = async(): Promise<readonly string[]> => {
        leases += 2 * MINUTE;
        return (await claimAll(1, leases))[0].secrets;
      };

      beforeEach((): void => {
        leases = now;
      });

      it('signs beside each that it has replaced within a day.', async(): Promise<void> => {
        const { id } = await follow();
        await publish();
        expect(await deliveries.rotateSecret(POD, id, 'whsec_2')).toEqual(rotated);
        expect(await deliveries.rotateSecret(POD, v7(), 'whsec_x')).toEqual(missing);
        expect(await deliveries.rotateSecret(PRODUCER, id, 'whsec_x')).toEqual(missing);
        const local = await events.addSubscription(aSubscription()) as AddedSubscription;
        expect(await deliveries.rotateSecret(POD, local.subscription.id, 'whsec_x')).toEqual(missing);
        expect(await secrets()).toEqual([ 'whsec_2', 'whsec_1' ]);
        expect(await deliveries.rotateSecret(POD, id, 'whsec_3')).toEqual(rotated);
        expect(await secrets()).toEqual([ 'whsec_3', 'whsec_2', 'whsec_1' ]);
        // Whatever moment was noted: only work time counts.
        await deliveries.noteMoment(now + (40 * DAY), DAY - 1);
        expect(await secrets()).toEqual([ 'whsec_3', 'whsec_2', 'whsec_1' ]);
        await deliveries.noteMoment(now, 10);
        expect(await secrets()).toEqual([ 'whsec_3' ]);
      });

      it('is replaced a few times a day.', async(): Promise<void> => {
        const { id } = await follow();
        await publish();
        for (let index = 2; index <= 6; index += 1) {
          expect(await deliveries.rotateSecret(POD, id, `whsec_${index}`)).toEqual(rotated);
        }
        await deliveries.noteMoment(now, 1_000);
        expect(await deliveries.rotateSecret(POD, id, 'whsec_7')).toEqual({ outcome: 'full', wait: DAY - 1_000 });
        expect(await secrets()).toEqual([ 6, 5, 4, 3, 2, 1 ].map((index): string => `whsec_${index}`));
        await deliveries.noteMoment(now, DAY - 1_000);
        expect(await deliveries.rotateSecret(POD, id, 'whsec_7')).toEqual(rotated);
      });

      it('is made once by a request with a key.', async(): Promise<void> => {
        const { id } = await follow();
        await publish();
        const once = { pod: POD, agent: ALICE, key: 'k', fingerprint: 'f' };
        const requests = [ 'whsec_2', 'whsec_3' ].map(async(secret): Promise<unknown> => deliveries.rotateSecret(POD, id, secret, once));
        expect(await Promise.allSettled(requests)).toEqual([
          { status: 'fulfilled', value: rotated },
          { status: 'rejected', reason: expect.objectContaining({ response: { fingerprint: 'f', result: 'whsec_2' }}) },
        ]);
        expect(await secrets()).toEqual([ 'whsec_2', 'whsec_1' ]);
        expect(await deliveries.rotateSecret(POD, id, 'whsec_4', { ...once, agent: 'https://bob.example/card#me' })).toEqual(rotated);
      });
    });

    it('leaves a target alone until it may be sent to again, wherever it is named, and no other.', async(): Promise<void> => {
      const bob = 'https://bob.example/card#me';
      await follow();
      await follow({ agent: bob });
      await follow({ webhook: `https://${HOST}/other` });
      await publish();
      const claimed = await claimAll();
      const one = claimed.find(({ url, agent }): boolean => url === WEBHOOK && agent === ALICE)!;
      for (const each of claimed) {
        await finish(each, 'waiting', now + 1, { ...NOTHING, rests: new Map(each === one ? [[ one.target, now + 500 ]] : []) });
      }
      const rests = async(): Promise<(number | null)[]> =>
        (await claimAll(100, now + 2, now + 3)).sort((left, right): number => left.target - right.target).map((each): number | null => each.rests);
      expect(await rests()).toEqual([ now + 500, now + 500, null ]);
      await deliveries.finish([], { ...NOTHING, rests: new Map([[ one.target, now + 400 ]]) });
      await publish();
      const [ due ] = (await list({ agent: bob })).map((record): number | null => record.due);
      expect(due).toBe(now + 500);
      await events.registerPod(PRODUCER);
      const recipient = { kind: 'recipient', agent: ALICE, host: 'alice.example', isDelivered: false, due: now + 700, rests: now + 700 };
      await publish({}, POD, [ recipient ]);
      expect(await deliveries.isResting('alice.example', now, { kind: 'recipient', url: ALICE })).toBe(true);
      expect(await deliveries.isResting('alice.example', now, { kind: 'recipient', url: bob })).toBe(false);
      expect(await deliveries.isResting('alice.example', now + 700, { kind: 'recipient', url: ALICE })).toBe(false);
    });

    it('brings forward what waits after the clock was ahead.', async(): Promise<void> => {
      const ahead = 40 * 24 * 60 * MINUTE;
      await follow();
      await follow({ webhook: 'https://other.example/' }, 'other.example');
      await publish();
      await deliveries.noteMoment(now + ahead);
      const claimed = await claimAll();
      for (const [ index, each ] of claimed.entries()) {
        await finish(each, 'waiting', now + ahead + 5_000, {
          hosts: new Map(index === 0 ? [[ each.host, { failures: 5, since: now + ahead, rests: now + ahead + 9_000 }]] : []),
          failing: new Map(),
          rests: new Map([[ each.target, now + ahead + 7_000 ]]),
        });
      }
      await deliveries.noteDead(claimed[0].target, now + ahead, 0);
      await deliveries.turnBack(now, ahead);
      expect(await deliveries.moment()).toBe(now);
      expect(await deliveries.dueHosts(now + 4_999, 10)).toEqual([]);
      expect(await deliveries.dueHosts(now + 9_000, 10)).toEqual(expect.arrayContaining([
        { host: claimed[0].host, name: expect.any(String), failures: 5, since: now, rests: now + 9_000 },
      ]));
      expect(await claimAll(10, now + 9_000)).toEqual([ expect.objectContaining({ rests: now + 7_000 }), expect.objectContaining({ rests: now + 7_000 }) ]);
      expect(await deliveries.noteDead(claimed[0].target, now + 2, now + 1)).toBeDefined();
    });

    describe('retention', (): void => {
      const HELD = 10 * MINUTE;
      const remove = async(): Promise<number> => (await events.removeEventsBeyond(POD, 0, 0, 100)).removed;

      /** Takes all steps; returns what each of them removed. */
      const removeAll = async(limit: number): Promise<number[]> => {
        const steps: number[] = [];
        for (let place: number | undefined = 0; place !== undefined;) {
          const { removed, next }: Removal = await events.removeEventsBefore(now, place, limit);
          steps.push(removed);
          place = next;
        }
        return steps;
      };

      it('looks at no event again that is held, and changes no more rows in a step than it may.', async(): Promise<void> => {
        await follow();
        for (let index = 0; index < 30; index += 1) {
          await publish({ pod: POD });
        }
        expect(await removeAll(10)).toEqual([ 0, 0, 0, 0 ]);
        await deliveries.noteMoment(now, HELD);
        // Each event is a row, and so is its delivery.
        expect(await removeAll(10)).toEqual([ 5, 5, 5, 5, 5, 5 ]);
      });

      it('ends an event with many deliveries in several steps, and each delivery is in the log once.', async(): Promise<void> => {
        for (let index = 0; index < 25; index += 1) {
          await follow({ agent: `https://${index}.example/card#me` });
        }
        const event = await publish({ pod: POD });
        await finish((await claimAll())[0], 'delivered');
        await deliveries.noteMoment(now, HELD);
        expect(await removeAll(10)).toEqual([ 0, 0, 1 ]);
        const log = await list({ event: event.id });
        expect(log.map(({ state, isEventRemoved }): unknown => [ state, isEventRemoved ])).toEqual(Array.from({ length: 24 }, () => [ 'dead', true ]));
        expect(await deliveries.queue(now)).toMatchObject({ waiting: 0 });
      });

      it('waits for a delivery that can still be made, for a while.', async(): Promise<void> => {
        await follow();
        await publish({ pod: POD });
        expect(await remove()).toBe(0);
        await deliveries.noteMoment(now, HELD - 1);
        expect(await remove()).toBe(0);
        await deliveries.noteMoment(now, 1);
        expect(await remove()).toBe(1);
        expect(await list()).toMatchObject([{ state: 'dead', due: null, isEventRemoved: true, attempts: [{ reason: expect.stringContaining('removed by retention') }]}]);
      });

      it('does not wait for one that has failed, or whose host rests, and shows why it has ended.', async(): Promise<void> => {
        await follow();
        await follow({ agent: 'https://bob.example/card#me', webhook: 'https://good.example/' }, 'good.example');
        const event = await publish({ pod: POD });
        const [ bad, good ] = (await claimAll()).sort((left): number => left.url === WEBHOOK ? -1 : 1);
        await finish(good, 'delivered');
        await finish(bad, 'waiting', now + 5);
        expect(await remove()).toBe(0);
        const [ again ] = await claimAll(1, now + 5);
        await finish(again, 'waiting', now + 10);
        expect(await remove()).toBe(1);
        const record = { event: eventUrl(event), topic: event.topic, url: WEBHOOK, state: 'dead', isEventRemoved: true };
        expect(await list()).toMatchObject([ record ]);
        expect(await list({ event: event.id })).toMatchObject([ record ]);
        expect(await list({ event: event.id, agent: ALICE })).toMatchObject([ record ]);
        expect((await list())[0].attempts).toHaveLength(2);
        expect(await deliveries.redeliver(POD, again.delivery, now)).toBe(false);
        expect(await deliveries.queue(now)).toMatchObject({ waiting: 0 });
        expect(await claimAll(1, now + MINUTE)).toEqual([]);

        await publish({ pod: POD });
        const [ last, other ] = (await claimAll()).sort((left): number => left.url === WEBHOOK ? -1 : 1);
        await finish(other, 'delivered');
        await finish(last, 'waiting', now + 5, { ...NOTHING, hosts: new Map([[ last.host, { failures: 5, since: now, rests: now + 50 }]]) });
        expect(await remove()).toBe(1);
        expect(await deliveries.removeDeliveriesBefore(1, 100)).toBeGreaterThan(0);
        expect(await list({ event: event.id })).toEqual([]);
      });

      it('keeps only the last of what it has ended in the log.', async(): Promise<void> => {
        await follow();
        const batch = Array.from({ length: 1_100 }, (): Event => anEvent({ pod: POD }));
        await events.accept(batch.map((event) => ({ event, forwards: [{ pod: POD }]})));
        while ((await events.pendingForwards(1)).length > 0) {
          await forwardAll(events);
        }
        await deliveries.noteMoment(now, HELD);
        await removeAll(500);
        expect((await list({}, NEWEST, 2_000)).map(({ event }): string => event)).toEqual(batch.slice(100).map(eventUrl).reverse());
        expect(await deliveries.queue(now)).toMatchObject({ waiting: 0 });
      });
    });

    it('disables a target once, and tells which subscriptions name it.', async(): Promise<void> => {
      const { id, pattern } = await follow();
      await publish();
      const [{ target }] = await claimAll();
      expect(await deliveries.disable(target, now)).toEqual({ target, subscriptions: [{ pod: POD, id, pattern }]});
      expect(await deliveries.disable(target, now)).toBeUndefined();
      expect(await list()).toMatchObject([{ isDisabled: true }]);
      expect((await events.getSubscription(POD, id))!.isDisabled).toBe(true);
      await publish();
      expect(await list()).toHaveLength(1);
      await follow();
      await publish();
      expect(await list()).toMatchObject([{ isDisabled: false }, { isDisabled: false }]);
    });

    it('notes that the owner is told of dead deliveries, once in a time.', async(): Promise<void> => {
      await follow();
      await publish();
      const [{ target }] = await claimAll();
      expect(await deliveries.noteDead(target, now, now - 10)).toMatchObject({ target });
      expect(await deliveries.noteDead(target, now + 5, now - 5)).toBeUndefined();
      expect(await deliveries.noteDead(target, now + 11, now + 1)).toMatchObject({ target });
    });

    describe('the log', (): void => {
      it('is shown by agent, event, subscription, state, topic and time, newest first.', async(): Promise<void> => {
        const mine = await follow();
        const other = await follow({ agent: 'https://bob.example/card#me', pattern: '*' });
        const contact = await publish();
        const lead = await publish({ topic: 'realestate/lead#add' });
        const [ claimed ] = (await claimAll()).filter(({ agent }): boolean => agent === ALICE);
        await finish(claimed, 'dead');
        const all = await list();
        expect(all.map(({ id }): number => id)).toEqual(all.map(({ id }): number => id).sort((left, right): number => right - left));
        const shown = async(filter: DeliveryFilter): Promise<string[]> =>
          (await list(filter)).map(({ agent, event }): string => `${new URL(agent).host.split('.')[0]} ${event === eventUrl(lead) ? 'lead' : 'contact'}`);
        expect(await shown({})).toHaveLength(3);
        expect(await shown({ agent: ALICE })).toEqual([ 'alice contact' ]);
        expect(await shown({ agent: 'https://nobody.example/' })).toEqual([]);
        expect((await shown({ event: contact.id })).sort()).toEqual([ 'alice contact', 'bob contact' ]);
        expect(await shown({ event: contact.id, agent: ALICE })).toEqual([ 'alice contact' ]);
        expect(await shown({ event: lead.id, agent: ALICE })).toEqual([]);
        expect(await shown({ event: v7() })).toEqual([]);
        expect(await shown({ subscription: mine.id })).toEqual([ 'alice contact' ]);
        expect(await shown({ subscription: other.id })).toEqual([ 'bob lead', 'bob contact' ]);
        expect(await shown({ subscription: other.id, agent: ALICE })).toEqual([]);
        expect(await shown({ state: 'dead' })).toEqual([ 'alice contact' ]);
        expect(await shown({ state: 'waiting', agent: ALICE })).toEqual([]);
        expect(await shown({ topics: [ 'realestate/lead' ]})).toEqual([ 'bob lead' ]);
        expect(await shown({ topics: []})).toEqual([]);
        expect(await shown({ since: now })).toEqual([]);
        expect(await shown({ until: now })).toHaveLength(3);
        expect(await shown({ until: all.at(-1)!.created })).toEqual([]);
        expect(await shown({ since: all.at(-1)!.created })).toHaveLength(3);
        expect(await deliveries.listDeliveries(PRODUCER, {}, NEWEST, 10)).toEqual([]);
        expect(await deliveries.listDeliveries('http://localhost/nobody/', {}, NEWEST, 10)).toEqual([]);
      });

      it('is read in pages, also where few of many are shown.', async(): Promise<void> => {
        await follow();
        const batch = Array.from({ length: 1_200 }, (_, index): Event =>
          anEvent({ topic: index % 400 === 0 ? 'realestate/contact#remove' : 'realestate/contact#add' }));
        await events.accept(batch.map((event) => ({ event, forwards: [{ pod: POD }]})));
        while ((await events.pendingForwards(1)).length > 0) {
          await forwardAll(events);
        }
        const agents = [{ agent: ALICE }, {}, { subscription: (await subscriptionsOf(events, POD))[0].id }];
        for (const filter of agents) {
          const rare = await list({ ...filter, topics: [ 'realestate/contact#remove' ]});
          expect(rare.map(({ event }): string => event)).toEqual([ 800, 400, 0 ].map((index): string => eventUrl(batch[index])));
          const ids: number[] = [];
          for (let before = NEWEST; ;) {
            const page = await list(filter, before, 500);
            ids.push(...page.map(({ id }): number => id));
            if (page.length === 0) {
              break;
            }
            before = page.at(-1)!.id;
          }
          expect(ids).toHaveLength(1_200);
          expect(new Set(ids).size).toBe(1_200);
        }
      });

      it('shows one delivery, of its pod alone.', async(): Promise<void> => {
        await follow();
        await publish();
        const [ record ] = await list();
        expect(await deliveries.getDelivery(POD, record.id)).toEqual(record);
        expect(await deliveries.getDelivery(PRODUCER, record.id)).toBeUndefined();
        expect(await deliveries.getDelivery(POD, record.id + 1)).toBeUndefined();
      });

      it('loses what has ended, when it is old, and with the events that are removed.', async(): Promise<void> => {
        await follow();
        await publish();
        const kept = await publish();
        const [ claimed ] = await claimAll(1);
        await finish(claimed, 'delivered');
        expect(await deliveries.removeDeliveriesBefore(0, 10)).toBe(0);
        expect(await deliveries.removeDeliveriesBefore(now, 10)).toBe(1);
        expect(await list()).toMatchObject([{ event: eventUrl(kept), state: 'waiting' }]);
        expect((await events.removeEventsBefore(now, 0, 10)).removed).toBe(1);
        expect(await list()).toHaveLength(1);
        const [ last ] = await claimAll();
        await finish(last, 'delivered');
        expect((await events.removeEventsBefore(now, 0, 10)).removed).toBe(1);
        expect(await list()).toEqual([]);
      });
    });

    describe('a repetition', (): void => {
      it('makes a delivery wait again, with all attempts before it.', async(): Promise<void> => {
        await follow();
        await publish();
        const [ claimed ] = await claimAll();
        await finish(claimed, 'dead');
        expect(await deliveries.redeliver(PRODUCER, claimed.delivery, now)).toBe(false);
        expect(await deliveries.redeliver(POD, claimed.delivery + 1, now)).toBe(false);
        await deliveries.noteMoment(now, 7);
        expect(await deliveries.redeliver(POD, claimed.delivery, now)).toBe(true);
        expect(await list()).toMatchObject([{ id: claimed.delivery, state: 'waiting', due: now, attempts: [{ reason: 'no' }]}]);
        expect(await claimAll()).toMatchObject([{ delivery: claimed.delivery, tries: 0, begun: 7 }]);
      });

      it('overtakes an attempt that is under way.', async(): Promise<void> => {
        await follow();
        await publish();
        const [ claimed ] = await claimAll();
        await deliveries.redeliver(POD, claimed.delivery, now);
        await finish(claimed, 'dead');
        expect(await list()).toMatchObject([{ state: 'waiting', attempts: []}]);
        expect(await claimAll()).toHaveLength(1);
      });

      it('keeps nothing else in the log.', async(): Promise<void> => {
        await follow();
        await publish();
        await publish();
        for (const claimed of await claimAll()) {
          await finish(claimed, 'delivered');
        }
        await deliveries.noteMoment(now, 10);
        await deliveries.redeliver(POD, (await list())[1].id, now + 10);
        const [ again ] = await claimAll(1, now + 10);
        await finish(again, 'delivered');
        expect(await deliveries.removeDeliveriesBefore(5, 10)).toBe(1);
        expect(await deliveries.removeDeliveriesBefore(15, 10)).toBe(1);
      });
    });

    it('forgets targets that nothing names, with their hosts.', async(): Promise<void> => {
      const { id } = await follow();
      await follow({ agent: 'https://bob.example/card#me' });
      await publish();
      for (const claimed of await claimAll()) {
        await finish(claimed, 'delivered');
      }
      await events.removeSubscription(POD, id);
      expect(await deliveries.removeUnusedTargets(0, 10)).toBe(2);
      expect(await deliveries.removeUnusedTargets(2, 10)).toBeUndefined();
      await deliveries.removeDeliveriesBefore(NEWEST, 10);
      await deliveries.removeUnusedTargets(0, 10);
      expect(await deliveries.removeUnusedTargets(0, 10)).toBe(2);
      await follow();
      await publish();
      expect(await claimAll()).toHaveLength(2);
    });

    it.each([ 'ended', 'refused' ] as const)('makes a delivery that was %s when a later forward wants it.', async(state): Promise<void> => {
      await follow();
      const { id } = await follow({ pod: PRODUCER, pattern: '*' });
      const event = anEvent();
      await events.receive({ event, hops: 1, pod: POD, inbox: `${POD}inbox/`, isForwarded: true });
      await forwardAll(events);
      await finish((await claimAll())[0], state);
      await events.receive({ event, hops: 1, pod: PRODUCER, inbox: `${PRODUCER}inbox/`, isForwarded: true });
      await forwardAll(events);
      expect(await claimAll()).toMatchObject([{ pod: PRODUCER, subscription: id }]);
    });

    it('keeps a delivery that waits for a subscription when it is replayed for another.', async(): Promise<void> => {
      const first = await follow();
      await publish();
      const [{ event }] = await claimAll();
      now += 2 * MINUTE;
      const second = await follow({ pattern: '*' });
      await deliveries.replay(POD, second.id, [ event ], now);
      const [ claimed ] = await claimAll();
      expect(claimed.subscription).toBe(second.id);
      await finish(claimed, 'ended');
      expect(await claimAll()).toMatchObject([{ subscription: first.id }]);
    });

    it('has no follower in a target that takes no events, until that is subscribed to again.', async(): Promise<void> => {
      const { id } = await follow();
      await follow({ pod: PRODUCER });
      const followers = async(pod: string): Promise<number> =>
        (await events.followersOf(pod, 'realestate/contact#add', undefined, 10)).followers.length;
      const revisions = async(): Promise<(number | undefined)[]> =>
        Promise.all([ POD, PRODUCER ].map(async(pod): Promise<number | undefined> => events.revisionOf(pod)));
      await publish();
      const [{ target }] = await claimAll();
      const [ first, other ] = await revisions();
      await deliveries.disable(target, now);
      expect(await followers(POD)).toBe(0);
      expect(await followers(PRODUCER)).toBe(0);
      const [ second, otherSecond ] = await revisions();
      expect([ second! > first!, otherSecond! > other! ]).toEqual([ true, true ]);
      expect((await follow()).id).toBe(id);
      expect(await followers(POD)).toBe(1);
      expect((await revisions())[1]).toBeGreaterThan(otherSecond!);
    });

    it('tells how many systems had passed on what was published here, and to whom it is addressed.', async(): Promise<void> => {
      await follow();
      const event = anEvent({ members: '{"recipient":"https://a.example/"}' });
      await events.accept([{ event, forwards: [{ pod: POD, inbox: `${POD}inbox/` }], hops: 2 }]);
      await forwardAll(events);
      const [ claimed ] = await claimAll();
      expect(await deliveries.eventOf(claimed.event)).toEqual({ ...event, hops: 2 });
      const range = { pattern: '*', since: 0, until: now };
      expect((await deliveries.eventsBetween(POD, [ `${POD}inbox/` ], range, 0, 10)).events)
        .toMatchObject([{ hops: 2, isPublishedHere: true, isReceived: false, addressees: [ 'https://a.example/' ]}]);
      const away = anEvent({ pod: 'https://away.example/' });
      await events.receive({ event: away, hops: 2, pod: POD, inbox: `${POD}inbox/`, isForwarded: true });
      await forwardAll(events);
      expect((await deliveries.eventsBetween(POD, [ `${POD}inbox/` ], range, 1, 10)).events)
        .toMatchObject([{ hops: 2, isPublishedHere: false, isReceived: true, addressees: []}]);
    });

    it.each([ 'ended', 'refused' ] as const)('makes a delivery that is %s for another subscription that wants it.', async(state): Promise<void> => {
      const first = await follow();
      const second = await follow({ pattern: 'realestate/*' });
      await follow({ pattern: 'other/*' });
      await follow({ pod: PRODUCER, pattern: '*' });
      const event = anEvent();
      await events.accept([{ event, forwards: [{ pod: POD }, { pod: PRODUCER }]}]);
      await forwardAll(events);
      const made: (string | null)[] = [];
      for (let claimed = await claimAll(); claimed.length > 0; claimed = await claimAll()) {
        made.push(claimed[0].subscription);
        await finish(claimed[0], state);
      }
      expect(made[0]).toBe(first.id);
      expect(made).toContain(second.id);
      expect(made).toHaveLength(3);
      expect([ ...await list(), ...await deliveries.listDeliveries(PRODUCER, {}, NEWEST, 10) ]).toMatchObject([{ state }]);
    });

    describe('a replay', (): void => {
      const looked = async(pattern = '*', since = 0, until = Date.now() + 1, after = 0, limit = 100, pod = POD): ReturnType<DeliveryStore['eventsBetween']> =>
        deliveries.eventsBetween(pod, [ `${pod}publish/`, `${pod}inbox/` ], { pattern, since, until }, after, limit);
      const keysOf = async(...range: Parameters<typeof looked>): Promise<number[]> =>
        (await looked(...range)).events.map(({ event }): number => event);
      /** An event whose document names recipients, and of which the pod has a copy. */
      async function copied(fields: Partial<Event> = {}, more: object = {}): Promise<Event> {
        const id = v7();
        const members = JSON.stringify({ id: `${PRODUCER}publish/${id}`, ...more });
        const event = anEvent({ id, members, ...fields });
        await events.accept([{ event, forwards: [{ pod: POD, inbox: `${POD}inbox/` }]}]);
        await forwardAll(events);
        return event;
      }

      it('finds events of both containers in order, by pattern and time.', async(): Promise<void> => {
        await copied({ published: 10 }, { recipient: 'https://a.example/', source: [ 'https://b.example/', 'https://c.example/' ], data: { recipient: 'x' }});
        await copied({ published: 20, topic: 'other' }, { recipient: [ 'https://a.example/' ]});
        await events.accept([{ event: anEvent({ pod: POD, published: 30 }), forwards: []}]);
        await events.accept([{ event: anEvent({ published: 40 }), forwards: []}]);
        const { events: found, last } = await looked();
        expect(found).toEqual([
          { event: expect.any(Number), topic: 'realestate/contact#add', origin: PRODUCER, hops: 0, isPublishedHere: true, isReceived: false, addressees: [ 'https://a.example/', 'https://b.example/', 'https://c.example/' ]},
          { event: expect.any(Number), topic: 'other', origin: PRODUCER, hops: 0, isPublishedHere: true, isReceived: false, addressees: [ 'https://a.example/' ]},
          { event: expect.any(Number), topic: 'realestate/contact#add', origin: POD, hops: 0, isPublishedHere: true, isReceived: false, addressees: []},
        ]);
        const keys = found.map(({ event }): number => event);
        expect(last).toBe(keys[2]);
        expect(await keysOf('realestate/*')).toEqual([ keys[0], keys[2] ]);
        expect(await keysOf('*', 11)).toEqual(keys.slice(1));
        expect(await keysOf('*', 20, 30)).toEqual([ keys[1] ]);
        expect(await keysOf('*', 0, 100, keys[0])).toEqual(keys.slice(1));
        expect(await looked('nothing', 0, 100, 0, 2)).toEqual({ events: [], last: keys[1] });
        expect(await looked('*', 0, 100, keys[2])).toEqual({ events: [], last: undefined });
      });

      it('finds an event once that lies in both containers, and none that was removed.', async(): Promise<void> => {
        await events.addSubscription(aSubscription({ inbox: `${POD}inbox/`, pattern: '*' }));
        const event = anEvent({ pod: POD, published: 10 });
        await events.accept([{ event, forwards: [{ pod: POD }]}]);
        await forwardAll(events);
        expect(await events.getEntry(`${POD}inbox/`, event.id)).toBeDefined();
        expect(await keysOf()).toHaveLength(1);
        await events.removeEventsBefore(11, 0, 10);
        expect(await looked()).toEqual({ events: [], last: expect.any(Number) });
      });

      it('tells what a pod has taken from another server.', async(): Promise<void> => {
        const event = anEvent({ pod: 'https://far.example/', members: '{"id":"x","recipient":"http://localhost/user/profile/card#me"}' });
        await events.receive({ event, hops: 2, pod: POD, inbox: `${POD}inbox/`, isForwarded: true });
        expect((await looked()).events).toMatchObject([{ hops: 2, isReceived: true, origin: 'https://far.example/', addressees: []}]);
        await events.addSubscription(aSubscription({ inbox: `${PRODUCER}inbox/`, pattern: '*' }));
        const other = anEvent({ pod: 'https://far.example/' });
        await events.receive({ event: other, hops: 1, pod: POD, inbox: `${POD}inbox/`, isForwarded: true });
        await forwardAll(events);
        expect((await looked('*', 0, Date.now() + 1, 0, 100, PRODUCER)).events).toMatchObject([{ hops: 1, isReceived: false, addressees: []}]);
      });

      it('makes deliveries that were not made, and those that were once more.', async(): Promise<void> => {
        await copied({ published: 10 });
        const before = await follow({ pattern: 'realestate/*' });
        await copied({ published: 20 });
        await finish((await claimAll())[0], 'delivered');
        await events.removeSubscription(POD, before.id);
        const { id } = await follow({ pattern: '*' });
        const keys = await keysOf();
        expect(keys).toHaveLength(2);
        expect(await deliveries.replay(PRODUCER, id, keys, now)).toBeUndefined();
        expect(await deliveries.replay(POD, before.id, keys, now)).toBeUndefined();
        expect(await deliveries.replay(POD, id, [ ...keys, 999 ], now)).toEqual({ events: 2, watched: []});
        expect(await list({ state: 'waiting' })).toMatchObject([{ subscription: id, attempts: []}, { subscription: id, attempts: [{ status: 204 }]}]);
        expect(await claimAll()).toMatchObject([{ isWanted: true, tries: 0 }, { isWanted: true, tries: 0 }]);
      });

      it('writes the copies that an inbox of this server does not have, and tells of them where it is watched.', async(): Promise<void> => {
        const inbox = 'http://localhost/subscriber/inbox/';
        const early = await copied();
        const { subscription: { id }} = await events.addSubscription(aSubscription({ inbox, pattern: '*' })) as AddedSubscription;
        const late = await copied();
        const deleted = await copied();
        await events.removeEntry(inbox, deleted.id);
        const keys = await keysOf();
        const modified = (await events.modifiedOf(inbox))!;
        await events.watch(inbox, true);
        expect(await deliveries.replay(POD, id, keys, now)).toEqual({
          events: 2,
          watched: [ early, deleted ].map((event): object => ({ container: inbox, copy: `${inbox}${event.id}`, notice: expect.any(Number) })),
        });
        expect((await events.listEntries(inbox, 0, 10)).map((entry): string => entry.id)).toEqual([ early.id, late.id, deleted.id ]);
        expect(await events.modifiedOf(inbox)).toBeGreaterThan(modified);
        expect(await deliveries.replay(POD, id, keys, now)).toEqual({ events: 0, watched: []});
      });
    });
  });
}
