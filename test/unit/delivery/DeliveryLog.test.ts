import { v7 } from 'uuid';
import type { Event } from '../../../src/event/Event';
import { podInbox } from '../../../src/publish/recipients';
import { Conflict } from '../../../src/event/Conflict';
import { DeliveryLog } from '../../../src/delivery/DeliveryLog';
import { NotAuthorized } from '../../../src/event/NotAuthorized';
import type { Mode } from '../../../src/access/ports';
import type { Outbox } from '../../../src/publish/ports';
import type { ClaimedDelivery } from '../../../src/delivery/ports';
import type { DeliveryRecord } from '../../../src/store/deliveries';
import type { AddedSubscription } from '../../../src/subscription/ports';
import type { WatchedCopy } from '../../../src/store/WatchedCopy';
import { SqliteDeliveryStore } from '../../../src/store-sqlite/SqliteDeliveryStore';
import { SqliteEventStore } from '../../../src/store-sqlite/SqliteEventStore';
import { IN_MEMORY, SqliteSession } from '../../../src/store-sqlite/SqliteSession';
import { FilterMatcher } from '../../../src/subscription/FilterMatcher';
import type { Subscription } from '../../../src/subscription/Subscription';
import { forwardAll } from '../../contract/fixtures';
import { inlineWork } from '../../util/work';

const POD = 'http://localhost/user/';
const OTHER = 'http://localhost/other/';
const OWNER = `${POD}profile/card#me`;
const OTHER_OWNER = `${OTHER}profile/card#me`;
const ALICE = 'https://alice.example/card#me';
const BOB = 'https://bob.example/card#me';
const WEBHOOK = 'https://hooks.example/';
const TOPIC = 'realestate/contact#add';
const RESOURCE = `${POD}topics/realestate/contact/add`;
const EVERYTHING = { since: 0 };

describe('The log of deliveries', (): void => {
  let store: SqliteEventStore;
  let deliveries: SqliteDeliveryStore;
  let outbox: Outbox & { wake: jest.Mock };
  let landed: WatchedCopy[];
  let refused: Set<string>;
  let asked: string[];
  /** Agents that may publish on topics. */
  let publishers: readonly string[] = [];

  /** Owners may do everything in their pods, and everybody may read topics, unless that is refused. */
  function isAllowed(agent: string | undefined, resource: string, mode: Mode): boolean {
    const isOwner = agent !== undefined && resource.startsWith(agent.replace('profile/card#me', ''));
    const isReader = agent !== undefined && mode === 'read' && resource.includes('/topics/');
    const isPublisher = agent !== undefined && mode === 'append' && publishers.includes(agent) && resource.includes('/topics/');
    return (isOwner || isReader || isPublisher) && !refused.has(`${agent} ${mode} ${resource}`);
  }
  const newLog = (maxEvents?: number): DeliveryLog => new DeliveryLog({
    store,
    deliveries,
    filters: new FilterMatcher(inlineWork(), 'http://localhost/'),
    access: {
      allowed: async({ agent }, resources, mode): Promise<ReadonlySet<string>> => {
        asked.push(...resources.map((resource): string => `${agent} ${mode} ${resource}`));
        return new Set(resources.filter((resource): boolean => isAllowed(agent, resource, mode)));
      },
    },
    pods: {
      podOf: async(webId): Promise<{ pod: string } | { reason: 'elsewhere' | 'unknown' }> => {
        const pod = /^(http:\/\/localhost\/\w+\/)profile\/card#me$/u.exec(webId)?.[1];
        return pod === undefined ? { reason: 'elsewhere' } : { pod };
      },
    },
    outbox,
    listeners: [{ copyWritten: (copy): unknown => landed.push(copy) }],
    maxHops: 3,
    maxEvents,
  });
  const list = async(agent: string | undefined, limits?: object): Promise<readonly DeliveryRecord[]> =>
    (await newLog().list(POD, { agent, limits }, {}, undefined, 100)).deliveries;

  async function follow({ inbox, ...fields }: Partial<Subscription> & { inbox?: string } = {}): Promise<Subscription> {
    const draft = { id: v7(), pod: POD, pattern: '*', agent: ALICE, created: 5, url: inbox ?? WEBHOOK, ...fields };
    const added = await store.addSubscription(draft, undefined, undefined, inbox ? undefined : { kind: 'webhook', host: 'hooks.example', secret: 'x' });
    return (added as AddedSubscription).subscription;
  }
  function anEvent(recipient: unknown, fields: Partial<Event> = {}, more: object = {}): Event {
    const id = v7();
    return { id, pod: OTHER, topic: TOPIC, published: Date.now(), context: '{}', members: JSON.stringify({ id, recipient, ...more }), ...fields };
  }
  /** Accepts an event as the accept step does. */
  async function publish(event: Event, ...forwards: string[]): Promise<Event> {
    await store.accept([{ event, forwards: forwards.map((pod) => ({ pod, ...pod !== event.pod && { inbox: podInbox(pod) }})) }]);
    await forwardAll(store);
    return event;
  }
  async function attempt(state: 'delivered' | 'dead'): Promise<ClaimedDelivery[]> {
    const now = Date.now() + 60_000;
    const hosts = await deliveries.dueHosts(now, 10);
    const claimed = await deliveries.claim(hosts.map(({ host }) => ({ host, limit: 100 })), now, now + 60_000);
    await deliveries.finish(claimed.map((one) => ({ ...one, state, attempt: { at: now, duration: 1 }})), { hosts: new Map(), failing: new Map() });
    return claimed;
  }
  /** The ids of the events that a replay delivers again. */
  async function replayed(subscription: Subscription, range: { since: number; until?: number; after?: number } = EVERYTHING): Promise<(string | undefined)[]> {
    const { events } = (await newLog().replay(POD, { agent: subscription.agent }, subscription.id, range))!;
    const claimed = await attempt('delivered');
    expect(events).toBe(claimed.length);
    return Promise.all(claimed.map(async({ event }): Promise<string | undefined> => (await deliveries.eventOf(event))?.id));
  }

  beforeEach(async(): Promise<void> => {
    const session = new SqliteSession(IN_MEMORY);
    store = new SqliteEventStore(session);
    deliveries = new SqliteDeliveryStore(session);
    await store.registerPod(POD);
    await store.registerPod(OTHER);
    outbox = { now: (): number => Date.now(), wake: jest.fn() };
    landed = [];
    refused = new Set();
    asked = [];
  });

  afterEach(async(): Promise<void> => store.close());

  describe('shows', (): void => {
    beforeEach(async(): Promise<void> => {
      await follow();
      await follow({ agent: BOB });
      await publish(anEvent(OWNER), POD);
      await publish(anEvent(OWNER, { topic: 'news' }), POD);
    });

    it('all to who may read deliveries/, and to others their own.', async(): Promise<void> => {
      expect(await list(OWNER)).toHaveLength(4);
      expect((await list(ALICE)).map(({ agent }): string => agent)).toEqual([ ALICE, ALICE ]);
      expect(await list(OTHER_OWNER)).toEqual([]);
      await expect(list(undefined)).rejects.toThrow(NotAuthorized);
      expect(asked[0]).toBe(`${OWNER} read ${POD}deliveries/`);
    });

    it('no agent but the caller to who may not read all, whatever is asked for.', async(): Promise<void> => {
      const { deliveries: found } = await newLog().list(POD, { agent: ALICE }, { agent: BOB }, undefined, 10);
      expect(found.map(({ agent }): string => agent)).toEqual([ ALICE, ALICE ]);
    });

    it('with an API key only its topics.', async(): Promise<void> => {
      const limits = { topics: [ 'news' ]};
      expect((await list(OWNER, limits)).map(({ topic }): string => topic)).toEqual([ 'news', 'news' ]);
      expect((await list(ALICE, limits)).map(({ topic }): string => topic)).toEqual([ 'news' ]);
      const [ , hidden ] = await list(ALICE);
      expect(hidden.topic).toBe(TOPIC);
      for (const act of [ 'get', 'redeliver' ] as const) {
        await expect(newLog()[act](POD, { agent: ALICE, limits }, hidden.id)).rejects.toThrow(NotAuthorized);
      }
    });

    it('pages.', async(): Promise<void> => {
      const log = newLog();
      const first = await log.list(POD, { agent: OWNER }, {}, undefined, 3);
      expect(first.next).toBe(first.deliveries[2].id);
      const second = await log.list(POD, { agent: OWNER }, {}, first.next, 3);
      expect([ second.deliveries.length, second.next ]).toEqual([ 1, undefined ]);
    });

    it('the last hundred attempts of one.', async(): Promise<void> => {
      const [{ id }] = await list(ALICE);
      for (let at = 0; at < 120; at += 1) {
        const now = Date.now() + 1_000_000 + at;
        await deliveries.redeliver(POD, id, now);
        const claimed = await deliveries.claim([{ host: 1, limit: 100 }], now, now + 1);
        const { delivery, claim, host } = claimed.find((one): boolean => one.delivery === id)!;
        await deliveries.finish([{ delivery, claim, host, state: 'dead', attempt: { at, duration: 1 }}], { hosts: new Map(), failing: new Map() });
      }
      const { attempts } = (await newLog().get(POD, { agent: ALICE }, id))!;
      expect([ attempts.length, attempts[0].at, attempts.at(-1)!.at ]).toEqual([ 100, 20, 119 ]);
    });

    it('one to its subscriber and the owner alone, and only the owner hears that there is none.', async(): Promise<void> => {
      const [{ id }] = await list(ALICE);
      const log = newLog();
      expect(await log.get(POD, { agent: ALICE }, id)).toMatchObject({ id });
      expect(await log.get(POD, { agent: OWNER }, id)).toMatchObject({ id });
      for (const agent of [ BOB, OTHER_OWNER, undefined ]) {
        await expect(log.get(POD, { agent }, id)).rejects.toThrow('Not authorized to see this delivery');
      }
      expect(await log.get(POD, { agent: OWNER }, 999)).toBeUndefined();
      await expect(log.get(POD, { agent: ALICE }, 999)).rejects.toThrow(NotAuthorized);
    });
  });

  describe('repeats', (): void => {
    let subscription: Subscription;
    let id: number;

    beforeEach(async(): Promise<void> => {
      subscription = await follow();
      await publish(anEvent(OWNER), POD);
      await attempt('dead');
      [{ id }] = await list(ALICE);
      outbox.wake.mockClear();
    });

    it.each([ OWNER, ALICE ])('a delivery for %s.', async(agent): Promise<void> => {
      expect(await newLog().redeliver(POD, { agent }, id)).toMatchObject({ id, state: 'waiting', attempts: [{ duration: 1 }]});
      expect(outbox.wake).toHaveBeenCalledTimes(1);
      expect(asked).toContain(`${ALICE} read ${RESOURCE}`);
      await attempt('delivered');
      expect(await newLog().redeliver(POD, { agent }, id)).toMatchObject({ state: 'waiting', attempts: [{}, {}]});
    });

    it('nothing for others, nor what is not there.', async(): Promise<void> => {
      await expect(newLog().redeliver(POD, { agent: BOB }, id)).rejects.toThrow('Not authorized to repeat this delivery');
      await expect(newLog().redeliver(POD, {}, id)).rejects.toThrow(NotAuthorized);
      refused.add(`${OWNER} write ${POD}deliveries/`);
      await expect(newLog().redeliver(POD, { agent: OWNER }, id)).rejects.toThrow(NotAuthorized);
      refused.clear();
      expect(await newLog().redeliver(POD, { agent: OWNER }, 999)).toBeUndefined();
      expect(await list(OWNER)).toMatchObject([{ state: 'dead' }]);
    });

    it.each([ OWNER, ALICE ])('nothing for %s to a subscriber who may not read the topic any more.', async(agent): Promise<void> => {
      refused.add(`${ALICE} read ${RESOURCE}`);
      await expect(newLog().redeliver(POD, { agent }, id)).rejects.toThrow(`${ALICE} has no read access to topic ${TOPIC} of ${POD}`);
      expect(await list(OWNER)).toMatchObject([{ state: 'dead' }]);
      expect(outbox.wake).not.toHaveBeenCalled();
    });

    it('nothing to a target that is disabled, nor for a subscription that has ended.', async(): Promise<void> => {
      await newLog().redeliver(POD, { agent: ALICE }, id);
      const [{ target }] = await attempt('dead');
      await deliveries.disable(target, 1);
      await expect(newLog().redeliver(POD, { agent: ALICE }, id)).rejects.toThrow(Conflict);
      await expect(newLog().redeliver(POD, { agent: ALICE }, id)).rejects.toThrow('subscribe again');
      await expect(newLog().replay(POD, { agent: ALICE }, subscription.id, EVERYTHING)).rejects.toThrow(Conflict);
      await store.removeSubscription(POD, subscription.id);
      await expect(newLog().redeliver(POD, { agent: ALICE }, id)).rejects.toThrow('has ended');
    });

    it('what is for a recipient on another server, who is asked there.', async(): Promise<void> => {
      const event = anEvent(ALICE, { pod: POD });
      await store.accept([{ event, forwards: [], recipients: [{ kind: 'recipient', agent: ALICE, host: 'alice.example', isDelivered: true, due: 1 }]}]);
      const [ delivery ] = await list(OWNER);
      refused.add(`${ALICE} read ${RESOURCE}`);
      expect(delivery).toMatchObject({ kind: 'recipient', state: 'delivered', subscription: null });
      expect(await newLog().redeliver(POD, { agent: OWNER }, delivery.id)).toMatchObject({ state: 'waiting' });
      const { target } = (await attempt('dead')).find(({ kind }): boolean => kind === 'recipient')!;
      await deliveries.disable(target, 1);
      await expect(newLog().redeliver(POD, { agent: OWNER }, delivery.id)).rejects.toThrow(/for too long$/u);
    });
  });

  describe('retries and aborts', (): void => {
    const PUBLISHER = 'http://localhost/producer/profile/card#me';
    let id: number;

    beforeEach(async(): Promise<void> => {
      await follow();
      await publish(anEvent(OWNER, { publisher: PUBLISHER }), POD);
      await attempt('dead');
      [{ id }] = await list(OWNER);
    });

    /** Whether agents may publish on topics. */
    const mayPublish = (isAllowedToPublish: boolean): void => {
      publishers = isAllowedToPublish ? [ PUBLISHER ] : [];
    };

    it('a delivery for who manages it, and for the publisher of its event.', async(): Promise<void> => {
      mayPublish(true);
      for (const caller of [{ agent: OWNER }, { agent: ALICE, limits: { scopes: [ 'manage' ] as const }}, { agent: PUBLISHER, limits: { scopes: [ 'publish' ] as const }}]) {
        expect(await newLog().toManage(POD, caller, id)).toMatchObject({ id });
      }
      expect(await newLog().retry(POD, { agent: PUBLISHER }, id)).toBe(true);
      expect(outbox.wake).toHaveBeenCalledTimes(1);
      expect(await newLog().retry(POD, { agent: OWNER }, id)).toBe(false);
      await attempt('dead');
      expect(await newLog().retry(POD, { agent: OWNER }, id)).toBe(false);
      expect(await newLog().abort(POD, { agent: PUBLISHER }, id)).toBe(true);
      expect(await newLog().abort(POD, { agent: OWNER }, id)).toBe(false);
      expect(await list(OWNER)).toMatchObject([{ id, state: 'ended' }]);
      expect(await newLog().redeliver(POD, { agent: OWNER }, id)).toMatchObject({ state: 'waiting' });
    });

    it('nothing for others, nor what does not exist.', async(): Promise<void> => {
      mayPublish(true);
      const refusedCallers = [
        {}, { agent: BOB }, { agent: OTHER_OWNER }, { agent: OWNER, limits: { scopes: [ 'publish', 'subscribe' ] as const }},
        { agent: PUBLISHER, limits: { scopes: [ 'subscribe' ] as const }}, { agent: OWNER, limits: { topics: [ 'news' ]}}, { agent: PUBLISHER, limits: { topics: [ 'news' ]}},
      ];
      for (const caller of refusedCallers) {
        for (const act of [ 'retry', 'abort' ] as const) {
          await expect(newLog()[act](POD, caller, id)).rejects.toThrow('Not authorized to retry or abort this delivery');
        }
      }
      mayPublish(false);
      await expect(newLog().retry(POD, { agent: PUBLISHER }, id)).rejects.toThrow(NotAuthorized);
      await expect(newLog().abort(POD, { agent: PUBLISHER }, 999)).rejects.toThrow(NotAuthorized);
      expect(await newLog().retry(POD, { agent: OWNER }, 999)).toBe(false);
      expect(await newLog().abort(POD, { agent: OWNER }, 999)).toBe(false);
      expect(await list(OWNER)).toMatchObject([{ state: 'dead' }]);
      expect(outbox.wake).not.toHaveBeenCalled();
    });

    it('nothing to a subscriber who may not read the topic any more.', async(): Promise<void> => {
      refused.add(`${ALICE} read ${RESOURCE}`);
      await expect(newLog().retry(POD, { agent: OWNER }, id)).rejects.toThrow(`${ALICE} has no read access to topic ${TOPIC} of ${POD}`);
      expect(await newLog().abort(POD, { agent: OWNER }, id)).toBe(true);
    });
  });

  describe('replays', (): void => {
    it('what the pod forwarded: what is addressed to it, as recipient or source, or to itself.', async(): Promise<void> => {
      const forwarded = [
        await publish(anEvent(OWNER), POD),
        await publish(anEvent([ OTHER_OWNER, OWNER ]), POD, OTHER),
        await publish(anEvent(OTHER_OWNER, {}, { source: OWNER }), POD, OTHER),
        await publish(anEvent(OWNER, { pod: POD }), POD),
        await publish(anEvent(POD, { pod: POD }), POD),
      ];
      const subscription = await follow();
      expect(await replayed(subscription)).toEqual(forwarded.map(({ id }): string => id));
      expect(outbox.wake).toHaveBeenCalledTimes(1);
    });

    it('nothing that was only published through the pod, whatever its data names.', async(): Promise<void> => {
      await publish(anEvent(OTHER_OWNER, { pod: POD }), OTHER);
      await publish(anEvent(OTHER_OWNER, { pod: POD }, { data: { recipient: OWNER, source: POD }}), OTHER);
      await publish(anEvent([ OTHER, ALICE, 'not a url' ], { pod: POD }));
      await publish(anEvent([], { pod: POD }));
      await publish(anEvent({ [OWNER]: OWNER }, { pod: POD }));
      const subscription = await follow();
      expect(await replayed(subscription)).toEqual([]);
    });

    it('nothing that the owner follows elsewhere, with the same inbox.', async(): Promise<void> => {
      await follow({ pod: OTHER, agent: OWNER, inbox: podInbox(POD) });
      const event = await publish(anEvent(OTHER_OWNER, { pod: 'http://localhost/third/' }), OTHER);
      const named = await publish(anEvent(POD, { pod: 'http://localhost/third/' }), OTHER);
      for (const { id } of [ event, named ]) {
        expect(await store.getEntry(podInbox(POD), id)).toBeDefined();
      }
      expect(await replayed(await follow())).toEqual([]);
    });

    it('of other servers what it has taken itself, whatever their documents say, unless that went too far.', async(): Promise<void> => {
      const remote = (hops: number): Event => anEvent(OWNER, { pod: `https://far.example/${hops}/` });
      const take = async(pod: string, hops: number): Promise<string> => {
        const event = remote(hops);
        await store.receive({ event, hops, pod, inbox: podInbox(pod), isForwarded: hops < 3 });
        await forwardAll(store);
        return event.id;
      };
      await follow({ pod: OTHER, agent: OWNER, inbox: podInbox(POD) });
      const foreign = await take(OTHER, 1);
      expect(await store.getEntry(podInbox(POD), foreign)).toBeDefined();
      const taken = await take(POD, 2);
      await take(POD, 3);
      expect(await replayed(await follow())).toEqual([ taken ]);
    });

    it('what was passed on before it was published here, unless that was too often to forward it.', async(): Promise<void> => {
      const [ few, many ] = [ anEvent(OWNER), anEvent(OWNER) ];
      for (const [ hops, event ] of [[ 2, few ], [ 3, many ]] as const) {
        await store.accept([{ event, forwards: [{ pod: POD, inbox: podInbox(POD) }], hops }]);
      }
      await forwardAll(store);
      expect(await replayed(await follow())).toEqual([ few.id ]);
    });

    it('only what the subscriber may read now, and asks once for each topic.', async(): Promise<void> => {
      for (const topic of [ TOPIC, 'news', TOPIC, 'news' ]) {
        await publish(anEvent(OWNER, { topic }), POD);
      }
      const subscription = await follow();
      refused.add(`${ALICE} read ${RESOURCE}`);
      expect(await replayed(subscription)).toHaveLength(2);
      expect(asked.filter((question): boolean => question === `${ALICE} read ${RESOURCE}`)).toHaveLength(1);
      const byOwner = await newLog().replay(POD, { agent: OWNER }, subscription.id, EVERYTHING);
      expect(byOwner).toEqual({ events: 2 });
    });

    it('by pattern and time.', async(): Promise<void> => {
      const published = [ 10, 20, 30 ];
      for (const time of published) {
        await publish(anEvent(OWNER, { published: time }), POD);
      }
      await publish(anEvent(OWNER, { topic: 'news', published: 20 }), POD);
      const subscription = await follow({ pattern: 'realestate/*' });
      expect(await replayed(subscription, { since: 20 })).toHaveLength(2);
      expect(await replayed(subscription, { since: 20, until: 30 })).toHaveLength(1);
      expect(await replayed(subscription, { since: 31 })).toHaveLength(0);
    });

    it('for the subscriber and the owner alone, within the limits of an API key.', async(): Promise<void> => {
      const { id } = await follow();
      const log = newLog();
      for (const caller of [{ agent: BOB }, {}, { agent: ALICE, limits: { topics: [ 'news' ]}}]) {
        await expect(log.replay(POD, caller, id, EVERYTHING)).rejects.toThrow('Not authorized to replay this subscription');
      }
      await expect(log.replay(POD, { agent: ALICE }, v7(), EVERYTHING)).rejects.toThrow(NotAuthorized);
      expect(await log.replay(POD, { agent: OWNER }, v7(), EVERYTHING)).toBeUndefined();
      expect(await log.replay(POD, { agent: OWNER }, id, EVERYTHING)).toEqual({ events: 0 });
    });

    it('the copies that an inbox of this server does not have, if the subscriber still controls it.', async(): Promise<void> => {
      const inbox = `${OTHER}shared/`;
      const events = [ await publish(anEvent(OWNER), POD), await publish(anEvent(OWNER), POD) ];
      const { id } = await follow({ inbox, agent: OTHER_OWNER });
      await store.watch(inbox, true);
      const replay = async(): Promise<unknown> => newLog().replay(POD, { agent: OTHER_OWNER }, id, EVERYTHING);
      expect(await replay()).toEqual({ events: 2 });
      expect(landed).toEqual(events.map((event): unknown =>
        ({ container: inbox, copy: `${inbox}${event.id}`, notice: expect.any(Number) })));
      expect(await replay()).toEqual({ events: 0 });
      await store.removeEntry(inbox, events[0].id);
      expect(await replay()).toEqual({ events: 1 });
      await store.removeEntry(inbox, events[0].id);
      refused = new Set([ 'write', 'control' ].map((mode): string => `${OTHER_OWNER} ${mode} ${inbox}`));
      await expect(replay()).rejects.toThrow(NotAuthorized);
      expect(await store.getEntry(inbox, events[0].id)).toBeUndefined();
    });

    it('no more than a bound at a time, and tells where to go on.', async(): Promise<void> => {
      await store.accept(Array.from({ length: 1_300 }, () => ({ event: anEvent(OWNER), forwards: [{ pod: POD, inbox: podInbox(POD) }]})));
      const { id } = await follow();
      const log = newLog(1_000);
      const first = (await log.replay(POD, { agent: ALICE }, id, EVERYTHING))!;
      expect(first).toEqual({ events: 1_000, next: expect.any(Number) });
      expect(await log.replay(POD, { agent: ALICE }, id, { since: 0, after: first.next })).toEqual({ events: 300 });
      expect(new Set((await attempt('delivered')).map(({ event }): number => event)).size).toBe(100);
    });

    it('counts what it looks at, be it replayed or not.', async(): Promise<void> => {
      await store.accept(Array.from({ length: 120 }, () => ({ event: anEvent(OTHER_OWNER), forwards: [{ pod: POD, inbox: podInbox(POD) }]})));
      await publish(anEvent(OWNER), POD);
      const { id } = await follow();
      const log = newLog(75);
      const first = (await log.replay(POD, { agent: ALICE }, id, EVERYTHING))!;
      expect(first).toEqual({ events: 0, next: expect.any(Number) });
      expect(await log.replay(POD, { agent: ALICE }, id, { since: 0, after: first.next })).toEqual({ events: 1 });
    });

    it('only what the subscriber may have at each step.', async(): Promise<void> => {
      await store.accept(Array.from({ length: 200 }, () => ({ event: anEvent(OWNER), forwards: [{ pod: POD, inbox: podInbox(POD) }]})));
      const { id } = await follow();
      outbox.wake.mockImplementationOnce((): unknown => refused.add(`${ALICE} read ${RESOURCE}`));
      expect(await newLog().replay(POD, { agent: ALICE }, id, EVERYTHING)).toEqual({ events: 50 });

      refused.clear();
      const inbox = `${OTHER}shared/`;
      const local = await follow({ inbox, agent: OTHER_OWNER });
      outbox.wake.mockImplementationOnce((): void => {
        refused = new Set([ 'write', 'control' ].map((mode): string => `${OTHER_OWNER} ${mode} ${inbox}`));
      });
      await expect(newLog().replay(POD, { agent: OTHER_OWNER }, local.id, EVERYTHING)).rejects.toThrow(NotAuthorized);
      expect(await store.listEntries(inbox, 0, 1_000)).toHaveLength(50);
    });

    it('a subscription once at a time, and stops where it is ended.', async(): Promise<void> => {
      await store.accept(Array.from({ length: 1_100 }, () => ({ event: anEvent(OWNER), forwards: [{ pod: POD, inbox: podInbox(POD) }]})));
      const { id } = await follow();
      const log = newLog();
      outbox.wake.mockImplementationOnce((): void => {
        store.removeSubscription(POD, id).catch((): void => undefined);
      });
      const [ first, second ] = await Promise.allSettled([
        log.replay(POD, { agent: ALICE }, id, EVERYTHING),
        log.replay(POD, { agent: ALICE }, id, EVERYTHING),
      ]);
      expect(first).toMatchObject({ status: 'fulfilled', value: { events: expect.any(Number) }});
      expect((first as PromiseFulfilledResult<any>).value.events).toBeLessThan(1_100);
      expect(second).toMatchObject({ status: 'rejected', reason: expect.any(Conflict) });
    });
  });
});
