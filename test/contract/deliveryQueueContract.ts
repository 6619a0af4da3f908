import type { ClaimedDelivery } from '../../src/delivery/ports';
import { eventUrl } from '../../src/event/Event';
import type { DeliveryScene } from './deliveryScene';
import { ALICE, HOST, MINUTE, NEWEST, NOTHING, openScene, WEBHOOK } from './deliveryScene';
import { anEvent, forwardAll, POD, PRODUCER, subscriptionsOf } from './fixtures';
import type { DeliveryStore, EventStore, OpenStores } from './stores';
import { shared } from './stores';

/** Contract of the ports `DeliveryQueue`, `WorkerStore`, `HostStates` and `QueueCounts`. */
export function describeDeliveryQueueContract(name: string, open: OpenStores<'deliveries' | 'events'>): void {
  describe(`${name}: queue of deliveries`, (): void => {
    let scene: DeliveryScene;
    let events: EventStore;
    let deliveries: DeliveryStore;
    let now: number;
    let follow: DeliveryScene['follow'];
    let publish: DeliveryScene['publish'];
    let list: DeliveryScene['list'];
    let claimAll: DeliveryScene['claimAll'];
    let finish: DeliveryScene['finish'];

    beforeEach(async(): Promise<void> => {
      scene = await openScene(shared(await open()));
      ({ events, deliveries, now, follow, publish, list, claimAll, finish } = scene);
    });

    afterEach(async(): Promise<void> => scene.close());

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
      expect(await deliveries.queue(now)).toEqual({ waiting: 2, openCircuits: 0, oldestDue: expect.any(Number) });
    });

    it('claims each due delivery once, and again when its lease has ended.', async(): Promise<void> => {
      const { id } = await follow({}, HOST, 600);
      const event = await publish();
      expect(await deliveries.dueHosts(0, 10)).toEqual([]);
      const [ host ] = await deliveries.dueHosts(now, 10);
      expect(host).toEqual({ host: expect.any(Number), name: HOST, failures: 0, since: null, openUntil: null });
      const [ claimed ] = await claimAll();
      expect(claimed).toMatchObject({
        kind: 'webhook', url: WEBHOOK, agent: ALICE, host: host.host, topic: event.topic, pod: POD, subscription: id, isWanted: true,
        tries: 0, secrets: [ 'whsec_1' ], rate: 600, pausedUntil: null, failing: null, disabled: null,
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
      expect(await deliveries.claim([{ host, limit: 0 }], now, now + 5)).toEqual([]);
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
      const health = { failures: 5, since: now - 10, openUntil: now + 500 };
      await finish(claimed, 'waiting', now + 1, { hosts: new Map([[ claimed.host, health ]]), failing: new Map([[ claimed.target, now ]]) });
      expect(await deliveries.dueHosts(now + 499, 10)).toEqual([]);
      expect(await deliveries.queue(now)).toMatchObject({ waiting: 2, openCircuits: 1 });
      expect(await deliveries.dueHosts(now + 500, 10)).toEqual([{ host: claimed.host, name: HOST, ...health }]);
      const [ probe ] = await claimAll(1, now + 500);
      expect(probe.failing).toBe(now);
      await finish(probe, 'delivered', undefined, {
        hosts: new Map([[ probe.host, { failures: 0, since: null, openUntil: null }]]), failing: new Map([[ probe.target, null ]]),
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

    it('leaves a target alone until it may be sent to again, wherever it is named, and no other.', async(): Promise<void> => {
      const bob = 'https://bob.example/card#me';
      await follow();
      await follow({ agent: bob });
      await follow({ webhook: `https://${HOST}/other` });
      await publish();
      const claimed = await claimAll();
      const one = claimed.find(({ url, agent }): boolean => url === WEBHOOK && agent === ALICE)!;
      for (const each of claimed) {
        await finish(each, 'waiting', now + 1, { ...NOTHING, pauses: new Map(each === one ? [[ one.target, now + 500 ]] : []) });
      }
      const rests = async(): Promise<(number | null)[]> =>
        (await claimAll(100, now + 2, now + 3)).sort((left, right): number => left.target - right.target).map((each): number | null => each.pausedUntil);
      expect(await rests()).toEqual([ now + 500, now + 500, null ]);
      await deliveries.finish([], { ...NOTHING, pauses: new Map([[ one.target, now + 400 ]]) });
      await publish();
      const [ due ] = (await list({ agent: bob })).map((record): number | null => record.due);
      expect(due).toBe(now + 500);
      await events.registerPod(PRODUCER);
      const recipient = { kind: 'recipient', agent: ALICE, host: 'alice.example', isDelivered: false, due: now + 700, rests: now + 700 };
      await publish({}, POD, [ recipient ]);
      expect(await deliveries.isPaused('alice.example', now, { kind: 'recipient', url: ALICE })).toBe(true);
      expect(await deliveries.isPaused('alice.example', now, { kind: 'recipient', url: bob })).toBe(false);
      expect(await deliveries.isPaused('alice.example', now + 700, { kind: 'recipient', url: ALICE })).toBe(false);
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

    it('gives each delivery to one of several that claim at the same time, and takes one outcome.', async(): Promise<void> => {
      await follow();
      await follow({ webhook: 'https://other.example/' }, 'other.example');
      for (let index = 0; index < 10; index += 1) {
        await publish();
      }
      const hosts = await deliveries.dueHosts(now, 10);
      const claims = await Promise.all(Array.from({ length: 4 }, async(): Promise<ClaimedDelivery[]> =>
        deliveries.claim(hosts.map(({ host }) => ({ host, limit: 6 })), now, now + MINUTE)));
      const keys = claims.flat().map(({ delivery }): number => delivery);
      expect(keys).toHaveLength(20);
      expect(new Set(keys).size).toBe(20);
      const [ late ] = claims.flat();
      const again = (await claimAll(100, now + MINUTE)).find(({ delivery }): boolean => delivery === late.delivery)!;
      await Promise.all([ finish(late, 'dead'), finish(again, 'delivered') ]);
      expect((await list()).find(({ id }): boolean => id === late.delivery)).toMatchObject({ state: 'delivered', attempts: [{ status: 204 }]});
    });

    it('keeps a target that is subscribed to while unused targets are removed.', async(): Promise<void> => {
      for (let index = 0; index < 5; index += 1) {
        const { id } = await follow();
        await events.removeSubscription(POD, id);
        await Promise.all([ deliveries.removeUnusedTargets(0, 10), follow(), deliveries.removeUnusedTargets(0, 10) ]);
        const event = await publish();
        expect((await list({ event: event.id }))).toMatchObject([{ url: WEBHOOK, state: 'waiting' }]);
        expect(await claimAll()).toHaveLength(1);
        await deliveries.finish([], NOTHING);
        for (const claimed of await claimAll(100, now + MINUTE)) {
          await finish(claimed, 'delivered');
        }
        await deliveries.removeDeliveriesBefore(NEWEST, 100);
        const [ left ] = await subscriptionsOf(events, POD);
        await events.removeSubscription(POD, left.id);
      }
    });

    it('disables a target once, whichever instances find that at the same time.', async(): Promise<void> => {
      await follow();
      await publish();
      const [{ target }] = await claimAll();
      const news = await Promise.all([ 1, 2, 3 ].map(async(): Promise<unknown> => deliveries.disable(target, now)));
      expect(news.filter((each): boolean => each !== undefined)).toHaveLength(1);
      const dead = await Promise.all([ 1, 2, 3 ].map(async(): Promise<unknown> => deliveries.noteDead(target, now, now - 5)));
      expect(dead.filter((each): boolean => each !== undefined)).toHaveLength(1);
    });
  });
}
