import { Admission } from '../../../src/delivery/Admission';
import type { DelivererActivity, DelivererOptions } from '../../../src/delivery/Deliverer';
import { Deliverer } from '../../../src/delivery/Deliverer';
import type { DeliveryListener } from '../../../src/delivery/DeliveryListener';
import type { AttemptResult, DeliverySender, Sent } from '../../../src/delivery/ports';
import { SteadyClock } from '../../../src/delivery/SteadyClock';
import { ContextLoader } from '../../../src/event/ContextLoader';
import { eventDocument } from '../../../src/event/Event';
import type { ServerAgent } from '../../../src/identity/ServerAgent';
import { OutgoingFailed } from '../../../src/outgoing/Outgoing';
import { OwnerNotifier } from '../../../src/server/OwnerNotifier';
import type { ClaimedDelivery, DueHost } from '../../../src/delivery/ports';
import type { DeliveryRecord } from '../../../src/store/deliveries';
import type { AddedSubscription } from '../../../src/subscription/ports';
import type { RemoteRecipient } from '../../../src/store/AcceptedEvent';
import { SqliteDeliveryStore } from '../../../src/store-sqlite/SqliteDeliveryStore';
import { SqlitePodLifecycle } from '../../../src/store-sqlite/SqlitePodLifecycle';
import { SqliteEventStore } from '../../../src/store-sqlite/SqliteEventStore';
import { IN_MEMORY, SqliteSession } from '../../../src/store-sqlite/SqliteSession';
import type { Subscription } from '../../../src/subscription/Subscription';
import { anEvent, aSubscription, POD, PRODUCER } from '../../contract/fixtures';
import { kindOf } from '../../util/kinds';
import { eventually } from '../../util/wait';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const ALICE = 'https://alice.example/card#me';
const BOB = 'https://bob.example/card#me';
const CAROL = 'https://carol.example/card#me';
const HOOK = 'https://hooks.example/hook';

const answered = (status: number, headers: Record<string, string> = {}): Sent => ({ result: { status, headers }});
const timedOut: Sent = { result: new OutgoingFailed('timeout', 'POST https://hooks.example: no complete answer within 15 s.') };

describe('The delivery worker', (): void => {
  let session: SqliteSession;
  let events: SqliteEventStore;
  let store: SqliteDeliveryStore;
  let deliverers: Deliverer[];
  const stores = new WeakMap<Deliverer, SqliteDeliveryStore>();
  let messages: string[];
  let time: number;
  let sends: { readonly delivery: ClaimedDelivery; readonly at: number }[];
  /** What is sent and was not answered yet. */
  let open: Map<ClaimedDelivery, (sent: Sent) => void>;
  /** What a delivery is answered; if nothing, whoever sends it waits. */
  let answer: (delivery: ClaimedDelivery) => Sent | Error | undefined;
  let mayRead: (agent: string) => boolean;

  /** The work time that is noted, which goes on as the time does. */
  let worked: number;

  const clock = {
    now: (): number => time,
    workTime: (): number => time,
    tick: (): void => {},
    note: async(): Promise<void> => {
      await store.noteMoment(time, time - worked);
      worked = time;
    },
  };
  const readers = {
    readersOf: async(_resource: string, agents: readonly string[]): Promise<Set<string>> => new Set(agents.filter((agent): boolean => mayRead(agent))),
  };
  const sender: DeliverySender = {
    kindOf,
    isSentByOrigin: async(): Promise<boolean> => false,
    send: async(delivery: ClaimedDelivery): Promise<Sent> => {
      sends.push({ delivery, at: time });
      const given = answer(delivery);
      if (given instanceof Error) {
        throw given;
      }
      return given ?? new Promise((resolve): unknown => open.set(delivery, resolve));
    },
  };

  function create(options: DelivererOptions = {}, listeners: readonly DeliveryListener[] = [], timer: object = clock): Deliverer {
    const merged = { ...options, retry: { jitter: 0, ...options.retry }};
    // Each worker has a view of the store, which ends with it.
    const view: SqliteDeliveryStore = Object.create(store);
    const deliverer = new Deliverer({ store: view, sender, readers, clock: timer as SteadyClock, listeners, report: (message): unknown => messages.push(message) }, merged);
    deliverers.push(deliverer);
    stores.set(deliverer, view);
    return deliverer;
  }
  async function start(options: DelivererOptions = {}, listeners: readonly DeliveryListener[] = []): Promise<Deliverer> {
    const deliverer = create(options, listeners);
    deliverer.start();
    await idle();
    return deliverer;
  }
  /** Waits until the worker has nothing left to do but to wait for answers. */
  async function idle(): Promise<void> {
    for (;;) {
      const activities = deliverers.map(({ activity }): DelivererActivity => activity);
      const busy = activities.some(({ isLooking, isWriting }): boolean => isLooking || isWriting);
      const underWay = activities.map(({ tasks }): number => tasks);
      if (!busy && underWay.reduce((sum, size): number => sum + size, 0) <= open.size) {
        return;
      }
      await new Promise((resolve): unknown => setTimeout(resolve, 1));
    }
  }
  /** Lets time go by, and the worker do what is due then. */
  async function pass(milliseconds: number): Promise<void> {
    time += milliseconds;
    deliverers.forEach((deliverer): void => deliverer.wake());
    await idle();
  }
  async function reply(delivery: ClaimedDelivery, sent: Sent): Promise<void> {
    open.get(delivery)!(sent);
    open.delete(delivery);
    await idle();
  }
  async function follow(webhook = HOOK, agent = ALICE, rate?: number, fields: Partial<Subscription> = {}): Promise<AddedSubscription> {
    return await events.addSubscription(
      aSubscription({ webhook, agent, ...fields }),
      undefined,
      undefined,
      { kind: 'webhook', host: new URL(webhook).host, secret: 'whsec_1', ...rate !== undefined && { rate }},
    ) as AddedSubscription;
  }
  async function followByInbox(inbox: string): Promise<void> {
    await events.addSubscription(aSubscription({ inbox, agent: ALICE }), undefined, undefined, { kind: 'inbox', host: new URL(inbox).host });
  }
  async function publish(topic = 'realestate/contact#add', recipients: RemoteRecipient[] = []): Promise<void> {
    await clock.note();
    await events.accept([{ event: anEvent({ topic }), forwards: [{ pod: POD }], recipients }]);
    for (const forward of await events.pendingForwards(10)) {
      const scope = await events.openScope(forward.pod);
      for (;;) {
        const { outcome, unknown } = await events.fanOutStep(forward, scope, 10_000, true, time);
        if (outcome === 'done') {
          break;
        }
        await events.learn(scope, new Map(unknown.map((agent): [string, boolean] => [ agent, true ])));
      }
      await events.closeScope(scope);
    }
  }
  const log = async(pod = POD): Promise<DeliveryRecord[]> => store.listDeliveries(pod, {}, Number.MAX_SAFE_INTEGER, 1_000);
  const states = async(): Promise<string[]> => (await log()).map(({ state }): string => state).reverse();
  const urls = (): string[] => sends.map(({ delivery }): string => delivery.url);

  beforeEach(async(): Promise<void> => {
    time = Date.now();
    jest.spyOn(Date, 'now').mockImplementation((): number => time);
    session = new SqliteSession(IN_MEMORY);
    events = new SqliteEventStore(session);
    store = new SqliteDeliveryStore(session);
    [ deliverers, messages, sends, open, worked ] = [ [], [], [], new Map(), 0 ];
    answer = (): Sent => answered(204);
    mayRead = (): boolean => true;
    await events.registerPod(POD);
    await events.registerPod(PRODUCER);
  });

  afterEach(async(): Promise<void> => {
    open.forEach((resolve): void => resolve(timedOut));
    open.clear();
    await Promise.all(deliverers.map(async(deliverer): Promise<void> => deliverer.stop()));
    await events.close();
    jest.restoreAllMocks();
  });

  it('does nothing until it is started, and then what was left.', async(): Promise<void> => {
    await follow();
    await publish();
    const deliverer = create();
    await pass(0);
    expect(sends).toHaveLength(0);
    deliverer.start();
    await idle();
    expect(urls()).toEqual([ HOOK ]);
    expect(await log()).toMatchObject([{ state: 'delivered', attempts: [{ at: time, status: 204 }]}]);
    expect((await log())[0].attempts[0].reason).toBeUndefined();
    await publish();
    await pass(0);
    expect(await states()).toEqual([ 'delivered', 'delivered' ]);
    expect(messages).toEqual([]);
  });

  it('keeps where the copy is.', async(): Promise<void> => {
    await followByInbox('https://alice.example/inbox/');
    await publish();
    answer = (): Sent => ({ ...answered(201), copy: 'https://alice.example/inbox/1' });
    await start();
    expect(await log()).toMatchObject([{ state: 'delivered', copy: 'https://alice.example/inbox/1' }]);
  });

  describe('after an answer', (): void => {
    it('tries again by the ladder, and then no more.', async(): Promise<void> => {
      await follow();
      await publish();
      answer = (): Sent => answered(500);
      await start();
      for (const wait of [ 5 * SECOND, 30 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, DAY ]) {
        const before = sends.length;
        expect(await log()).toMatchObject([{ state: 'waiting', due: time + wait }]);
        await pass(wait - 1);
        expect(sends).toHaveLength(before);
        await pass(1);
        expect(sends).toHaveLength(before + 1);
      }
      expect(sends).toHaveLength(11);
      expect(await log()).toMatchObject([{ state: 'dead', due: null, attempts: new Array(11).fill({ status: 500 }) }]);
      await pass(30 * DAY);
      expect(sends).toHaveLength(11);
    });

    it('adds to each wait by chance.', async(): Promise<void> => {
      for (let hook = 0; hook < 20; hook += 1) {
        await follow(`https://${hook}.example/`);
      }
      await publish();
      answer = (): Sent => answered(500);
      await start({ retry: { jitter: 0.2 }});
      const waits = (await log()).map(({ due }): number => due! - time);
      expect(Math.min(...waits)).toBeGreaterThanOrEqual(5 * SECOND);
      expect(Math.max(...waits)).toBeLessThanOrEqual(6 * SECOND);
      expect(new Set(waits).size).toBeGreaterThan(5);
    });

    it.each([
      [ '3600', HOUR ],
      [ '1', 5 * SECOND ],
      [ '99999999', DAY ],
      [ 'soon', 5 * SECOND ],
    ])('waits as Retry-After %p asks.', async(value, wait): Promise<void> => {
      await follow();
      await publish();
      answer = (): Sent => answered(429, { 'retry-after': value });
      await start();
      expect(await log()).toMatchObject([{ state: 'waiting', due: time + wait }]);
    });

    it('waits until the date of Retry-After.', async(): Promise<void> => {
      time = Math.ceil(time / SECOND) * SECOND;
      await follow();
      await publish();
      answer = (): Sent => answered(503, { 'retry-after': new Date(time + 3 * HOUR).toUTCString() });
      await start();
      expect(await log()).toMatchObject([{ state: 'waiting', due: time + 3 * HOUR }]);
    });

    it.each([ 301, 307, 400, 401, 403, 405, 413, 422 ])('of %i ends for good.', async(status): Promise<void> => {
      await follow();
      await publish();
      answer = (): Sent => answered(status);
      await start();
      await pass(DAY);
      expect(await log()).toMatchObject([{ state: 'dead', isDisabled: false, attempts: [{ status }]}]);
      expect(sends).toHaveLength(1);
    });

    it('of an inbox that does not say that it keeps the event ends for good.', async(): Promise<void> => {
      await followByInbox('https://alice.example/inbox/');
      await publish();
      answer = (): Sent => answered(200);
      await start();
      await pass(DAY);
      expect(await states()).toEqual([ 'dead' ]);
    });

    it('of 404 tries once more.', async(): Promise<void> => {
      await follow();
      await publish();
      answer = (): Sent => answered(404);
      await start();
      expect(await states()).toEqual([ 'waiting' ]);
      await pass(5 * SECOND);
      expect(await states()).toEqual([ 'dead' ]);
      expect(sends).toHaveLength(2);
    });

    it('that our own guard prevents ends for good, and says nothing of the host.', async(): Promise<void> => {
      await follow();
      await follow(HOOK, BOB);
      await follow(HOOK, CAROL);
      await publish();
      await start();
      // All are answered, so several are sent at a time from here on.
      answer = ({ agent }): Sent | undefined => agent === ALICE ? { result: new OutgoingFailed('forbidden', 'not allowed') } : undefined;
      await publish();
      await pass(0);
      expect((await states()).slice(3)).toEqual([ 'dead', 'waiting', 'waiting' ]);
      expect(open.size).toBe(2);
    });
  });

  describe('where a target is gone', (): void => {
    it('sends nothing more to it, not even what is claimed, and goes on when it is named again.', async(): Promise<void> => {
      await follow(HOOK, ALICE);
      await follow(HOOK, BOB);
      await start();
      await publish();
      await pass(0);
      // Many are claimed together.
      answer = ({ agent }): Sent => answered(agent === ALICE ? 410 : 204);
      for (let event = 0; event < 20; event += 1) {
        await publish();
      }
      sends = [];
      await pass(0);
      const toAlice = sends.filter(({ delivery }): boolean => delivery.agent === ALICE);
      expect(toAlice.length).toBeLessThanOrEqual(4);
      const ended = (await log()).filter(({ agent }): boolean => agent === ALICE);
      expect(ended.filter(({ state }): boolean => state === 'dead')).toHaveLength(20);
      expect(ended.every(({ isDisabled }): boolean => isDisabled)).toBe(true);
      expect((await log()).filter(({ agent, state }): boolean => agent === BOB && state === 'delivered')).toHaveLength(21);

      await publish();
      expect((await log()).filter(({ state }): boolean => state === 'waiting').map(({ agent }): string => agent)).toEqual([ BOB ]);
      answer = (): Sent => answered(204);
      expect(await follow(HOOK, ALICE)).toMatchObject({ isResumed: true });
      await publish();
      sends = [];
      await pass(0);
      expect(sends.map(({ delivery }): string => delivery.agent).sort()).toEqual([ ALICE, BOB, BOB ]);
      expect(messages).toEqual([]);
    });

    it('ends what waits for its next try without sending it.', async(): Promise<void> => {
      await follow();
      await publish();
      answer = (): Sent => answered(500);
      await start();
      answer = (): Sent => answered(410);
      await publish();
      await pass(0);
      await pass(5 * SECOND);
      expect(sends).toHaveLength(2);
      const [ , first ] = await log();
      expect(first).toMatchObject({ state: 'dead', attempts: [{ status: 500 }, { reason: expect.stringContaining('subscribe again') }]});
    });

    it('gives up on it after 5 days without a success.', async(): Promise<void> => {
      await follow();
      answer = (): Sent => answered(500);
      await start({ retry: { retryDelays: new Array<number>(20).fill(DAY) }});
      await publish();
      for (let day = 0; day < 5; day += 1) {
        await pass(day === 0 ? 0 : DAY);
        expect(await log()).toMatchObject([{ state: 'waiting', isDisabled: false }]);
      }
      await pass(DAY);
      expect(await log()).toMatchObject([{ isDisabled: true }]);
      await pass(DAY);
      expect(await states()).toEqual([ 'dead' ]);
      expect(sends).toHaveLength(6);
    });

    it('gives up on it too if its host rests so often that nothing is tried five times.', async(): Promise<void> => {
      await follow();
      answer = (): Sent => timedOut;
      await start({ retry: { retryDelays: new Array<number>(4).fill(8 * DAY) }});
      await publish();
      await pass(DAY);
      await publish();
      await pass(0);
      expect(sends).toHaveLength(2);
      await pass(8 * DAY);
      expect(await log()).toMatchObject([{ state: 'dead', isDisabled: true }, { state: 'dead' }]);
      expect(sends).toHaveLength(2);
    });

    it('does not give up on a recipient by the age of a delivery.', async(): Promise<void> => {
      answer = (): Sent => timedOut;
      await start({ retry: { retryDelays: [ 8 * DAY ]}});
      await publish('realestate/contact#add', [{ kind: 'recipient', agent: ALICE, host: 'alice.example', isDelivered: false, due: time }]);
      await pass(0);
      await pass(8 * DAY);
      expect(await log(PRODUCER)).toMatchObject([{ state: 'dead', isDisabled: false }]);
    });

    it('counts from the first failure since the last success, also among what was claimed together.', async(): Promise<void> => {
      await follow();
      await start({ health: { failures: 1_000 }});
      await publish();
      await pass(0);
      // The second is claimed together with the first, before that fails.
      await publish();
      await publish();
      answer = (): undefined => undefined;
      await pass(0);
      const [ first, second ] = [ ...open.keys() ];
      await reply(first, answered(401));
      await reply(second, answered(204));
      await publish();
      await pass(6 * DAY);
      await reply([ ...open.keys() ][0], answered(401));
      expect((await log())[0]).toMatchObject({ state: 'dead', isDisabled: false });
    });

    it('never gives up on a recipient, to whom nobody could subscribe again.', async(): Promise<void> => {
      answer = (): Sent => answered(410);
      await start();
      const recipient = { kind: 'recipient', agent: ALICE, host: 'alice.example', isDelivered: false, due: time };
      await publish('realestate/contact#add', [ recipient ]);
      await pass(0);
      expect(await log(PRODUCER)).toMatchObject([{ state: 'dead', isDisabled: false }]);
      answer = (): Sent => answered(201);
      await publish('realestate/contact#add', [ recipient ]);
      await pass(0);
      expect(await log(PRODUCER)).toMatchObject([{ state: 'delivered' }, { state: 'dead' }]);
    });
  });

  describe('for a host', (): void => {
    it('rests after five failures, and then sends one to see.', async(): Promise<void> => {
      for (let agent = 0; agent < 10; agent += 1) {
        await follow(HOOK, `https://${agent}.example/card#me`);
      }
      await follow('https://other.example/');
      await publish();
      answer = ({ url }): Sent => url === HOOK ? timedOut : answered(204);
      await start();
      await pass(0);
      const toHook = (): number => urls().filter((url): boolean => url === HOOK).length;
      expect(toHook()).toBe(5);
      expect(urls()).toContain('https://other.example/');
      expect(await store.queue(time)).toMatchObject({ waiting: 10, openCircuits: 1 });
      await pass(30 * MINUTE - 1);
      expect(toHook()).toBe(5);
      await pass(1);
      expect(toHook()).toBe(6);
      // The rest begins anew, over a restart too.
      await deliverers[0].stop();
      await start();
      await pass(30 * MINUTE - 1);
      expect(toHook()).toBe(6);
      answer = (): undefined => undefined;
      await pass(1);
      expect(toHook()).toBe(7);
      await pass(MINUTE / 3);
      expect(toHook()).toBe(7);
      answer = (): Sent => answered(204);
      await reply([ ...open.keys() ][0], answered(204));
      expect(toHook()).toBe(7 + 9);
      await pass(0);
      expect((await states()).filter((state): boolean => state !== 'delivered')).toEqual([]);
    });

    it('counts failures that lie far apart anew, and refusals not at all.', async(): Promise<void> => {
      await follow();
      const statuses = [ 500, 500, 500, 500, 400, 500, 500, 500, 500, 204 ];
      answer = (): Sent => answered(statuses.shift()!);
      await start({ retry: { retryDelays: [ DAY ]}});
      while (statuses.length > 0) {
        await publish();
        await pass(SECOND);
      }
      expect(sends).toHaveLength(10);
      expect(await store.queue(time)).toMatchObject({ openCircuits: 0 });
    });

    it.each([ null, 'inbox.example' ])('counts nothing that tells of %p instead.', async(host): Promise<void> => {
      answer = (): Sent => ({ ...timedOut, host });
      await start({ retry: { retryDelays: [ DAY ]}});
      for (let event = 0; event < 6; event += 1) {
        await publish('realestate/contact#add', [{ kind: 'recipient', agent: `https://id.example/${event}#me`, host: 'id.example', isDelivered: false, due: time }]);
        await pass(SECOND);
      }
      expect(sends).toHaveLength(6);
      expect(await store.queue(time)).toMatchObject({ waiting: 6, openCircuits: 0 });
      // Nor does an answer of another host end what was counted.
      answer = (): Sent => ({ ...timedOut, host: 'id.example' });
      await pass(DAY);
      expect(await store.queue(time)).toMatchObject({ openCircuits: 1 });
      answer = (): Sent => ({ ...answered(201), host });
      await pass(30 * MINUTE);
      expect((await store.dueHosts(time + DAY, 10)).every(({ failures }): boolean => failures === 5)).toBe(true);
    });

    it('sends four at a time, and one if it has never answered.', async(): Promise<void> => {
      await follow();
      for (let event = 0; event < 20; event += 1) {
        await publish();
      }
      answer = (): undefined => undefined;
      await start();
      expect(open.size).toBe(1);
      let most = 0;
      while (open.size > 0) {
        await reply([ ...open.keys() ][0], answered(204));
        most = Math.max(most, open.size);
      }
      expect(most).toBe(4);
      expect(new Set(await states())).toEqual(new Set([ 'delivered' ]));
      await publish();
      await publish();
      await pass(0);
      expect(open.size).toBe(2);
      await reply([ ...open.keys() ][0], answered(500));
      await publish();
      await publish();
      await pass(0);
      expect(open.size).toBe(1);
    });

    it('waits for no other: a thousand that hang delay nobody who answers, and all of them get their turn.', async(): Promise<void> => {
      await follow('https://live.example/');
      await start({ maxRequests: 1_024 });
      await publish();
      await pass(0);
      expect(sends).toHaveLength(1);
      for (let host = 0; host < 1_000; host += 1) {
        await follow(`https://dead${host}.example/`);
      }
      await follow('https://new.example/');
      const isLive = ({ url }: ClaimedDelivery): boolean => [ 'https://live.example/', 'https://new.example/' ].includes(url);
      answer = (delivery): Sent | undefined => isLive(delivery) ? answered(204) : undefined;
      sends = [];
      for (let event = 0; event < 3; event += 1) {
        await publish();
        await pass(0);
        // Deliveries begin a few in each turn of the event loop.
        await eventually(async(): Promise<true | undefined> =>
          urls().filter((url): boolean => url === 'https://live.example/').length === event + 1 || undefined);
      }
      // One to each, and not more than three quarters of all that may be under way.
      await eventually(async(): Promise<true | undefined> => open.size >= 768 || undefined);
      await idle();
      expect(open.size).toBe(768);
      expect(new Set([ ...open.keys() ].map(({ url }): string => url)).size).toBe(768);
      time += 15 * SECOND;
      for (const delivery of [ ...open.keys() ]) {
        open.get(delivery)!(timedOut);
        open.delete(delivery);
      }
      await eventually(async(): Promise<true | undefined> => urls().includes('https://new.example/') || undefined);
      await pass(15 * SECOND);
      open.forEach((resolve): void => resolve(timedOut));
      open.clear();
      await pass(60 * SECOND);
      await idle();
      expect(new Set(urls()).size).toBe(1_002);
    });

    it('that sets a rate gets no more in any minute, and what waits for it is not looked at again and again.', async(): Promise<void> => {
      await follow(HOOK, ALICE, 60);
      for (let event = 0; event < 200; event += 1) {
        await publish();
      }
      const claim = jest.spyOn(store, 'claim');
      await start();
      const end = time + 4 * MINUTE;
      while (time < end) {
        await pass(500);
      }
      const moments = sends.map(({ at }): number => at);
      for (const moment of moments) {
        expect(moments.filter((at): boolean => at >= moment && at < moment + MINUTE).length).toBeLessThanOrEqual(60);
      }
      expect(moments).toHaveLength(200);
      const claimed = await Promise.all(claim.mock.results.map(async({ value }): Promise<number> => (await value).length));
      expect(claimed.reduce((sum, count): number => sum + count)).toBeLessThan(600);
    });
  });

  describe('before it sends', (): void => {
    it('gives up what is too old, and tells so.', async(): Promise<void> => {
      await follow();
      await publish();
      answer = (): Sent => timedOut;
      await start({ retry: { retryDelays: [ 8 * DAY ]}});
      await pass(8 * DAY);
      expect(sends).toHaveLength(1);
      expect(await log()).toMatchObject([{ state: 'dead', attempts: [{}, { reason: expect.stringContaining('too long') }]}]);
    });

    it('sees whether the subscription is still there.', async(): Promise<void> => {
      const { subscription } = await follow();
      await publish();
      answer = (): Sent => answered(500);
      await start();
      await events.removeSubscription(POD, subscription.id);
      await pass(5 * SECOND);
      expect(sends).toHaveLength(1);
      expect(await states()).toEqual([ 'ended' ]);
    });

    it('sees so too for what was claimed before that ended, or its target was disabled.', async(): Promise<void> => {
      const { subscription } = await follow();
      await follow(HOOK, BOB);
      await start();
      await publish();
      await pass(0);
      answer = (): undefined => undefined;
      for (let event = 0; event < 10; event += 1) {
        await publish();
      }
      await pass(0);
      expect(open.size).toBe(4);
      const claimed = session.get<{ count: number }>('SELECT COUNT(*) AS count FROM deliveries WHERE claim IS NOT NULL')!;
      expect(claimed.count).toBeGreaterThan(4);
      await events.removeSubscription(POD, subscription.id);
      await store.disable([ ...open.keys() ].find((one): boolean => one.agent === BOB)!.target, time);
      sends = [];
      for (const delivery of [ ...open.keys() ]) {
        await reply(delivery, answered(204));
      }
      await pass(0);
      expect(sends).toEqual([]);
      expect(new Set((await states()).slice(2))).toEqual(new Set([ 'delivered', 'ended', 'dead' ]));
    });

    it('asks anew who may receive.', async(): Promise<void> => {
      await follow();
      await follow(HOOK, BOB);
      await publish();
      answer = (): Sent => answered(500);
      await start();
      expect(sends).toHaveLength(2);
      mayRead = (agent): boolean => agent === BOB;
      answer = (): Sent => answered(204);
      await pass(5 * SECOND);
      expect(sends.slice(2).map(({ delivery }): string => delivery.agent)).toEqual([ BOB ]);
      expect(await states()).toEqual([ 'refused', 'delivered' ]);
      mayRead = (): boolean => true;
      await pass(DAY);
      expect(sends).toHaveLength(3);
    });

    it('waits where it cannot be told who may receive, or the sender itself fails.', async(): Promise<void> => {
      await follow();
      await publish();
      mayRead = (): boolean => {
        throw new Error('no access control today');
      };
      await start();
      expect(sends).toHaveLength(0);
      expect(await log()).toMatchObject([{ state: 'waiting', attempts: []}]);
      mayRead = (): boolean => true;
      answer = (): Error => new Error('no disk today');
      await pass(5 * SECOND);
      expect(await log()).toMatchObject([{ state: 'waiting', attempts: []}]);
      expect(messages).toEqual([ expect.stringContaining('no access control today'), expect.stringContaining('no disk today') ]);
      answer = (): Sent => answered(204);
      await pass(5 * SECOND);
      expect(await states()).toEqual([ 'delivered' ]);
    });
  });

  describe('beside another', (): void => {
    /** What a process leaves that dies: nothing of it is read or written any more. */
    const kill = (deliverer: Deliverer): void => {
      Object.assign(stores.get(deliverer)!, {
        finish: async(): Promise<void> => {},
        dueHosts: async(): Promise<DueHost[]> => [],
        claim: async(): Promise<ClaimedDelivery[]> => [],
      });
      deliverers.splice(deliverers.indexOf(deliverer), 1);
    };

    it('takes up what one that died had claimed, when its lease ends and not before.', async(): Promise<void> => {
      await follow();
      await publish();
      await publish();
      answer = (): undefined => undefined;
      const first = await start();
      expect(sends).toHaveLength(1);
      kill(first);
      answer = (): Sent => answered(204);
      await start();
      await pass(59_999);
      expect(sends).toHaveLength(1);
      await pass(1);
      await pass(MINUTE);
      expect(await states()).toEqual([ 'delivered', 'delivered' ]);
      expect(sends).toHaveLength(3);
    });

    it('sends nothing that the other one has, whatever comes of it.', async(): Promise<void> => {
      for (let hook = 0; hook < 12; hook += 1) {
        await follow(`https://hook${hook % 5}.example/${hook}`);
      }
      const underWay = new Set<number>();
      const delivered = new Set<number>();
      const doubled: number[] = [];
      answer = (): undefined => undefined;
      await start({ health: { failures: 1_000 }});
      await start({ health: { failures: 1_000 }});
      for (let round = 0; round < 60; round += 1) {
        if (round < 25) {
          await publish();
        }
        time += 2 * SECOND;
        deliverers.forEach((deliverer): void => deliverer.wake());
        await idle();
        for (const { delivery: { delivery }} of sends.splice(0)) {
          if (underWay.has(delivery) || delivered.has(delivery)) {
            doubled.push(delivery);
          }
          underWay.add(delivery);
        }
        for (const delivery of [ ...open.keys() ].filter((): boolean => Math.random() < 0.7)) {
          underWay.delete(delivery.delivery);
          const isTaken = Math.random() < 0.8;
          if (isTaken) {
            delivered.add(delivery.delivery);
          }
          open.get(delivery)!(answered(isTaken ? 204 : 500));
          open.delete(delivery);
        }
      }
      expect(doubled).toEqual([]);
      expect(delivered.size).toBeGreaterThan(200);
    });
  });

  describe('with a clock of its own', (): void => {
    let fast: DelivererOptions;

    beforeEach((): void => {
      jest.restoreAllMocks();
      jest.useFakeTimers({ doNotFake: [
        'hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'clearImmediate', 'setInterval', 'clearInterval', 'setTimeout', 'clearTimeout',
      ] });
      fast = { retry: { retryDelays: [ 50, 50, 50, 50, 50, 50 ]}};
    });

    afterEach((): void => {
      jest.useRealTimers();
    });

    it.each([ -DAY, DAY ])('neither stalls nor hurries when the clock of the machine leaps by %i ms.', async(leap): Promise<void> => {
      const steady = new SteadyClock(store);
      await steady.start();
      time = steady.now();
      await follow();
      await follow('https://later.example/');
      await publish();
      answer = ({ url }): Sent => answered(url === HOOK ? 204 : 503, url === HOOK ? {} : { 'retry-after': '7200' });
      const deliverer = create(fast, [], steady);
      deliverer.start();
      await eventually(async(): Promise<true | undefined> => sends.length >= 2 || undefined);
      jest.setSystemTime(Date.now() + leap);
      expect(Math.abs(steady.now() - time)).toBeLessThan(HOUR);
      time = steady.now();
      let tries = 0;
      answer = ({ url }): Sent => {
        tries += url === HOOK ? 1 : 0;
        return answered(tries < 3 ? 500 : 204);
      };
      await publish();
      deliverer.wake();
      // Times out by the real clock alone, for the other one stands.
      while (tries < 3) {
        await idle();
        deliverer.wake();
      }
      await idle();
      // What asked for two hours still waits for them.
      expect((await log()).findLast(({ url }): boolean => url !== HOOK)!.due).toBeGreaterThan(steady.now() + HOUR);
    });

    it('does not go back over a restart.', async(): Promise<void> => {
      const first = new SteadyClock(store);
      await first.start();
      await first.note();
      const noted = first.now();
      jest.setSystemTime(Date.now() - DAY);
      const second = new SteadyClock(store);
      expect(second.now()).toBeLessThan(noted);
      await second.start();
      expect(second.now()).toBeGreaterThanOrEqual(noted - 1);
      expect(second.now()).toBeLessThan(noted + HOUR);
      jest.setSystemTime(Date.now() + 3 * DAY);
      const third = new SteadyClock(store);
      await third.start();
      expect(third.now()).toBeGreaterThan(noted + DAY);
    });
  });

  describe('where its store fails', (): void => {
    it('records what came of deliveries when that works again.', async(): Promise<void> => {
      await follow();
      await publish();
      const finish = jest.spyOn(store, 'finish').mockRejectedValueOnce(new Error('disk full'));
      create().start();
      await eventually(async(): Promise<true | undefined> => messages.length > 0 || undefined);
      expect(messages).toEqual([ expect.stringContaining('disk full') ]);
      expect(await states()).toEqual([ 'waiting' ]);
      await idle();
      expect(await states()).toEqual([ 'delivered' ]);
      expect(sends).toHaveLength(1);
      expect(finish).toHaveBeenCalledTimes(2);
    });

    it('goes on after it could not look for, or claim, what is due.', async(): Promise<void> => {
      await follow();
      await publish();
      jest.spyOn(store, 'dueHosts').mockRejectedValueOnce(new Error('no database'));
      const claim = jest.spyOn(store, 'claim').mockRejectedValueOnce(new Error('disk full'));
      await start();
      expect(messages).toEqual([ expect.stringContaining('no database') ]);
      await pass(0);
      expect(messages).toHaveLength(2);
      await pass(0);
      expect(await states()).toEqual([ 'delivered' ]);
      // And after a further batch could not be claimed.
      for (let event = 0; event < 10; event += 1) {
        await publish();
      }
      answer = (): undefined => undefined;
      await pass(0);
      claim.mockRejectedValueOnce(new Error('disk full'));
      answer = (): Sent => answered(204);
      await reply([ ...open.keys() ][0], answered(204));
      open.forEach((resolve): void => resolve(answered(204)));
      await pass(0);
      await pass(0);
      expect(new Set(await states())).toEqual(new Set([ 'delivered' ]));
    });

    it('ends all the same when it cannot note the time.', async(): Promise<void> => {
      const deliverer = await start();
      jest.spyOn(store, 'noteMoment').mockRejectedValueOnce(new Error('disk full'));
      await deliverer.stop();
      expect(messages).toEqual([ expect.stringContaining('disk full') ]);
    });
  });

  describe('when it stops', (): void => {
    it('records what ends in time, and gives back the rest.', async(): Promise<void> => {
      await follow();
      await follow('https://slow.example/');
      for (let event = 0; event < 5; event += 1) {
        await publish();
      }
      answer = (): undefined => undefined;
      const deliverer = await start();
      const [ quick, slow ] = [ HOOK, 'https://slow.example/' ].map((name): ClaimedDelivery =>
        [ ...open.keys() ].find(({ url }): boolean => url === name)!);
      const stopped = deliverer.stop();
      await idle();
      await reply(quick, answered(204));
      await stopped;
      expect(open.size).toBe(1);
      expect(session.all('SELECT 1 FROM deliveries WHERE claim IS NOT NULL')).toEqual([]);
      expect((await states()).filter((state): boolean => state === 'delivered')).toHaveLength(1);
      // The connection is closed under it, which says nothing of the host.
      await reply(slow, { result: new OutgoingFailed('unreachable', 'this server is stopping.') });
      expect((await log()).flatMap(({ attempts }) => attempts)).toHaveLength(1);
      expect(await store.queue(time)).toMatchObject({ waiting: 9, openCircuits: 0 });
      const sent = sends.length;
      await pass(HOUR);
      expect(sends).toHaveLength(sent);

      answer = (): Sent => answered(204);
      await start();
      await pass(0);
      await pass(0);
      expect(new Set(await states())).toEqual(new Set([ 'delivered' ]));
      expect(sends).toHaveLength(sent + 9);
    });

    it('tries once more to record what it could not.', async(): Promise<void> => {
      await follow();
      await publish();
      answer = (): undefined => undefined;
      const deliverer = await start();
      jest.spyOn(store, 'finish').mockRejectedValueOnce(new Error('disk full'));
      const stopped = deliverer.stop();
      await idle();
      await reply([ ...open.keys() ][0], answered(204));
      await stopped;
      expect(await states()).toEqual([ 'delivered' ]);
    });
  });

  it('claims no more than it can make soon, however much waits.', async(): Promise<void> => {
    for (let host = 0; host < 500; host += 1) {
      await follow(`https://host${host}.example/`);
    }
    for (let event = 0; event < 200; event += 1) {
      await publish();
    }
    expect(await store.queue(time)).toMatchObject({ waiting: 100_000 });
    // Each answers so often that much of it is claimed at once, and then hangs.
    const tries = new Map<string, number>();
    answer = ({ url }): Sent | undefined => {
      const count = (tries.get(url) ?? 0) + 1;
      tries.set(url, count);
      return count > 40 ? undefined : answered(204);
    };
    const { claim } = store;
    let most = 0;
    jest.spyOn(store, 'claim').mockImplementation(async(...parameters): Promise<ClaimedDelivery[]> => {
      const claimed = await claim.apply(store, parameters);
      most = Math.max(most, deliverers[0].activity.waiting);
      return claimed;
    });
    create().start();
    // And still, no host has to wait for another one.
    const isServed = (): boolean => new Set([ ...open.keys() ].map(({ url }): string => url)).size === 500;
    while (!isServed()) {
      await new Promise((resolve): unknown => setTimeout(resolve, 50));
    }
    await idle();
    expect(most).toBeGreaterThan(5_000);
    expect(most).toBeLessThanOrEqual(10_000 + (500 * 4));
    const { count } = session.get<{ count: number }>('SELECT COUNT(*) AS count FROM deliveries WHERE claim IS NOT NULL AND state = 0')!;
    expect(count).toBeLessThanOrEqual(10_000 + (500 * 4));
  });

  describe('for the owner of a pod', (): void => {
    const agent = { webId: 'http://localhost/.events/agent#this' } as unknown as ServerAgent;
    let news: OwnerNotifier;
    const told = async(pod = POD): Promise<any[]> => {
      const entries = await events.listEntries(`${pod}publish/`, 0, 1_000);
      return Promise.all(entries.map(async({ id }): Promise<any> => {
        const { topic, publisher, ...event } = (await events.getEntry(`${pod}publish/`, id))!;
        return { topic, publisher, data: JSON.parse(eventDocument(event)).data };
      }));
    };

    beforeEach((): void => {
      news = new OwnerNotifier(events, new ContextLoader({}), agent);
    });

    it('tells that a target is disabled, once, and that it is resumed.', async(): Promise<void> => {
      const { subscription } = await follow();
      await publish();
      answer = (): Sent => answered(410);
      await start({}, [ news ]);
      await pass(0);
      const url = `${POD}subscriptions/${subscription.id}`;
      expect(await told()).toEqual([{
        topic: 'delivery/subscription#disabled', publisher: agent.webId,
        data: { subscription: url, topic: 'realestate/contact#add', reason: 'answered 410 Gone' },
      }]);
      await news.resumed(subscription);
      expect((await told())[1]).toMatchObject({ topic: 'delivery/subscription#resumed', data: { subscription: url }});
    });

    it('tells that a container is gone, unless there is no place for news.', async(): Promise<void> => {
      await news.gone(POD, `${POD}inbox/`);
      expect(await told()).toEqual([{
        topic: 'delivery/inbox#gone', publisher: agent.webId,
        data: { inbox: `${POD}inbox/`, reason: expect.stringContaining('was deleted') },
      }]);
      const lifecycle = new SqlitePodLifecycle(session);
      await lifecycle.closeContainer(`${POD}publish/`, true);
      await news.gone(POD, `${POD}inbox/`);
      await lifecycle.openContainer(`${POD}publish/`);
      expect(await told()).toEqual([]);
      jest.spyOn(events, 'accept').mockRejectedValueOnce(new Error('disk'));
      await expect(news.gone(POD, `${POD}inbox/`)).rejects.toThrow('disk');
    });

    it('tells of dead deliveries once in an hour, also of those that are too old.', async(): Promise<void> => {
      const { subscription } = await follow();
      answer = (): Sent => answered(401);
      await start({ retry: { retryDelays: [ 8 * DAY ]}}, [ news ]);
      for (let event = 0; event < 3; event += 1) {
        await publish();
        await pass(10 * MINUTE);
      }
      expect(await told()).toMatchObject([{ topic: 'delivery/subscription#dead', data: { subscription: `${POD}subscriptions/${subscription.id}` }}]);
      answer = (): Sent => answered(500);
      await publish();
      await pass(HOUR);
      answer = (): Sent => answered(204);
      await publish();
      await pass(6 * DAY);
      await pass(2 * DAY);
      expect((await told()).map(({ topic, data }): string[] => [ topic, data.reason ])).toEqual([
        [ 'delivery/subscription#dead', 'answered 401 Unauthorized' ],
        [ 'delivery/subscription#dead', 'not sent: it has waited for too long' ],
      ]);
    });

    it('tells of recipients in the pod of the publisher.', async(): Promise<void> => {
      answer = (): Sent => answered(400);
      await start({}, [ news ]);
      await publish('realestate/contact#add', [{ kind: 'recipient', agent: ALICE, host: 'alice.example', isDelivered: false, due: time }]);
      await pass(0);
      expect((await told(PRODUCER)).slice(1)).toMatchObject([{
        topic: 'delivery/recipient#dead', data: { delivery: expect.stringContaining(`${PRODUCER}deliveries/`) },
      }]);
      expect(await told()).toEqual([]);
    });

    it('tells of other topics of the same domain.', async(): Promise<void> => {
      await follow(HOOK, ALICE, undefined, { pattern: 'delivery/*' });
      answer = (): Sent => answered(400);
      await start({}, [ news ]);
      await publish('delivery/parcel#sent');
      await pass(0);
      expect(await told()).toMatchObject([{ topic: 'delivery/subscription#dead', data: { topic: 'delivery/parcel#sent' }}]);
    });

    it('tells nothing of what it has told.', async(): Promise<void> => {
      await follow(HOOK, ALICE, undefined, { pattern: 'delivery/*' });
      answer = (): Sent => answered(410);
      await start({}, [ news ]);
      await publish('delivery/subscription#dead');
      await pass(0);
      expect(await states()).toEqual([ 'dead' ]);
      expect(await told()).toEqual([]);
    });

    it('does not tell one pod what another pod publishes.', async(): Promise<void> => {
      const other = 'http://localhost/other/';
      await follow();
      await follow(HOOK, ALICE, undefined, { pod: other, pattern: 'garden/*' });
      await publish();
      answer = (): Sent => answered(410);
      await start({}, [ news ]);
      await pass(0);
      expect((await told())[0].data).toMatchObject({ topic: 'realestate/contact#add' });
      expect(await told(other)).toMatchObject([{ topic: 'delivery/subscription#disabled', data: { reason: 'answered 410 Gone' }}]);
      expect((await told(other))[0].data).not.toHaveProperty('topic');
    });

    it('goes on when it cannot be told.', async(): Promise<void> => {
      await follow();
      await publish();
      answer = (): Sent => answered(401);
      jest.spyOn(events, 'accept').mockRejectedValueOnce(new Error('disk full'));
      await start({}, [ news ]);
      await pass(0);
      expect(messages).toEqual([ expect.stringMatching(/^Notifying the owner of .* failed: disk full$/u) ]);
      expect(await states()).toEqual([ 'dead' ]);
    });
  });

  it('makes way while somebody waits for an answer, and still makes all, and no more at a time than otherwise.', async(): Promise<void> => {
    const hooks = Array.from({ length: 6 }, (_, index): string => `https://hook${index}.example/`);
    for (const hook of hooks) {
      await follow(hook);
      await follow(hook, BOB);
    }
    const admission = new Admission();
    const deliverer = await start({ admission });
    answer = (): undefined => undefined;
    for (let event = 0; event < 20; event += 1) {
      const answered204 = admission.request();
      await publish();
      deliverer.wake();
      setTimeout(answered204, Math.random() * 8);
      await new Promise((resolve): unknown => setTimeout(resolve, Math.random() * 8));
      for (const hook of hooks) {
        expect([ ...open.keys() ].filter(({ url }): boolean => url === hook).length).toBeLessThanOrEqual(4);
      }
      for (const delivery of [ ...open.keys() ].filter((): boolean => Math.random() < 0.8)) {
        open.get(delivery)!(answered(204));
        open.delete(delivery);
      }
    }
    answer = (): Sent => answered(204);
    open.forEach((resolve): void => resolve(answered(204)));
    open.clear();
    await eventually(async(): Promise<true | undefined> => {
      deliverer.wake();
      await new Promise((resolve): unknown => setTimeout(resolve, 10));
      return (await store.queue(time)).waiting === 0 || undefined;
    });
    expect(sends).toHaveLength(12 * 20);
  });

  describe('where a target asks to be left alone', (): void => {
    const asked = answered(429, { 'retry-after': '20' });

    it('sends nothing to it, whatever waits for it, also after a restart, and goes on with others of its host.', async(): Promise<void> => {
      const other = 'https://hooks.example/other';
      await follow();
      await follow(HOOK, BOB);
      await follow(other, CAROL);
      answer = ({ url }): Sent => url === HOOK ? asked : answered(204);
      const first = await start();
      for (let event = 0; event < 4; event += 1) {
        await publish();
        await pass(SECOND);
      }
      expect(urls().filter((url): boolean => url === HOOK).length).toBeLessThanOrEqual(2);
      expect(urls().filter((url): boolean => url === other)).toHaveLength(4);
      await first.stop();
      deliverers = [];
      sends = [];
      await start();
      await publish();
      await pass(15 * SECOND);
      expect(urls()).toEqual([ other ]);
      // Not a failure of the host, which others share.
      expect((await store.dueHosts(Number.MAX_SAFE_INTEGER, 10)).map(({ failures }): number => failures)).toEqual([ 0 ]);
      answer = (): Sent => answered(204);
      await pass(3 * SECOND);
      await pass(SECOND);
      await pass(5 * SECOND);
      await pass(5 * SECOND);
      expect(await store.queue(time)).toMatchObject({ waiting: 0 });
      expect((await log()).every(({ state }): boolean => state === 'delivered')).toBe(true);
    });

    it('does not wait for more than a day, and its deliveries come to an end.', async(): Promise<void> => {
      await follow();
      await publish();
      answer = (): Sent => answered(503, { 'retry-after': '999999999999' });
      await start();
      await publish();
      for (let day = 0; day < 8; day += 1) {
        await pass(DAY);
      }
      expect(sends.length).toBeGreaterThan(5);
      expect(new Set(await states())).toEqual(new Set([ 'dead' ]));
    });
  });

  describe('after a time in which nothing was attempted', (): void => {
    it('makes one attempt first, and gives nothing up.', async(): Promise<void> => {
      let work = 5 * SECOND;
      const timer = { ...clock, workTime: (): number => work };
      await follow();
      await store.noteMoment(time, work);
      await events.accept([{ event: anEvent(), forwards: [{ pod: POD }] }]);
      const [ forward ] = await events.pendingForwards(1);
      const scope = await events.openScope(POD);
      await events.learn(scope, new Map([[ ALICE, true ]]));
      await events.fanOutStep(forward, scope, 10, true, time);
      answer = (): Sent => answered(500);
      const first = create({}, [], timer);
      first.start();
      await idle();
      expect(sends).toHaveLength(1);
      await first.stop();
      deliverers = [];
      time += 40 * DAY;
      create({}, [], timer).start();
      await idle();
      expect(sends).toHaveLength(2);
      expect(await log()).toMatchObject([{ state: 'waiting', isDisabled: false, attempts: [{ status: 500 }, { status: 500 }]}]);
      work += 7 * DAY;
      await pass(DAY);
      expect(sends).toHaveLength(2);
      expect(await log()).toMatchObject([{ state: 'dead' }]);
    });
  });

  it('does not report the path of a webhook, which can be secret.', async(): Promise<void> => {
    await follow('https://hooks.example/secret?token=secret');
    await publish();
    answer = (): Error => new Error('no memory');
    await start();
    expect(messages).toEqual([ expect.stringMatching(/^Delivery \d+ to hooks\.example could not be attempted: no memory$/u) ]);
  });

  it('takes results of every kind.', async(): Promise<void> => {
    const results: AttemptResult[] = [ answered(204).result, answered(502).result, timedOut.result, new OutgoingFailed('broken', 'what?') ];
    await follow();
    answer = (): Sent => ({ result: results.shift()! });
    await start();
    while (results.length > 0) {
      await publish();
      await pass(MINUTE);
    }
    expect(messages).toEqual([]);
  });
});
