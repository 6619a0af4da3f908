import { v7 } from 'uuid';
import type { Event } from '../../src/event/Event';
import { DuplicateRequest } from '../../src/store/DuplicateRequest';
import type { AddedSubscription } from '../../src/subscription/ports';
import type { UnconfirmedConsent, FanOutStepResult, PendingForward, ReaderScope } from '../../src/delivery/ports';
import type { EventStore } from './stores';
import type { Follower, FollowerPlace } from '../../src/access/ports';
import type { StoredResponse, IdempotencyKey } from '../../src/store/idempotency';
import type { Subscription } from '../../src/subscription/Subscription';
import { subscriptionsOf } from './stores';

export const POD = 'http://localhost/user/';
export const PRODUCER = 'http://localhost/producer/';
const PUBLISH = `${PRODUCER}publish/`;
const AGENT = 'http://localhost/subscriber/profile/card#me';
const inboxOf = (name: string | number): string => `http://localhost/${name}/inbox/`;

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

export interface SubscriptionFields extends Partial<Subscription> {
  /** The URL of an inbox, or of a webhook in its place. */
  readonly inbox?: string;
  readonly webhook?: string;
}

export function aSubscription({ inbox = inboxOf('subscriber'), webhook, ...fields }: SubscriptionFields = {}): Subscription {
  return {
    id: v7(), pod: POD, pattern: 'realestate/contact', url: webhook ?? inbox, agent: AGENT, created: 5, ...fields,
  };
}

/** Forwards the oldest event of the pod to its end, with the given answers to "who may receive". */
export async function forwardAll(
  store: EventStore,
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
  store: EventStore,
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
      await store.confirm(new Map(result.unconfirmed.map((consent): [UnconfirmedConsent, boolean] => [ consent, true ])));
      await store.learn(scope, new Map(result.unknown.map((agent): [string, boolean] => [ agent, may(agent) ])));
    } else if (result.outcome !== 'more') {
      return results;
    }
  }
}

/** What every adapter of the event store has to do. */
export function describeEventStore(name: string, create: () => Promise<EventStore>): void {
  describe(`${name} as an event store`, (): void => {
    let store: EventStore;
    const idsIn = async(container: string): Promise<string[]> =>
      (await store.listEntries(container, 0, 1_000)).map(({ id }): string => id);

    beforeEach(async(): Promise<void> => {
      store = await create();
      await store.open();
    });

    afterEach(async(): Promise<void> => store.close());

    it('knows the pods that were registered.', async(): Promise<void> => {
      expect(await store.hasPod(POD)).toBe(false);
      await store.addSubscription(aSubscription());
      expect(await store.hasPod(POD)).toBe(false);
      await store.registerPod(POD);
      await store.registerPod(PRODUCER);
      await store.registerPod(POD);
      expect(await store.hasPod(POD)).toBe(true);
      expect(await store.listPods('', 10)).toEqual([ PRODUCER, POD ]);
    });

    it('stores events in the containers of their pods, in order.', async(): Promise<void> => {
      const events = [ anEvent(), anEvent({ publisher: undefined }), anEvent({ context: '{"b":"@id"}' }) ];
      await store.accept(events.map((event): any => ({ event, forwards: []})));
      expect(await idsIn(PUBLISH)).toEqual(events.map(({ id }): string => id));
      for (const event of events) {
        expect(await store.getEntry(PUBLISH, event.id)).toEqual(event);
      }
      expect(await store.getEntry(inboxOf('user'), events[0].id)).toBeUndefined();
      expect(await store.getEntry(PUBLISH, v7())).toBeUndefined();
      expect(await store.pendingForwards(10)).toEqual([]);
    });

    it('lists a container page by page, with what a listing shows.', async(): Promise<void> => {
      const events = Array.from({ length: 5 }, (): Event => anEvent());
      await store.accept(events.map((event): any => ({ event, forwards: []})));
      const first = await store.listEntries(PUBLISH, 0, 2);
      const second = await store.listEntries(PUBLISH, first[1].event, 2);
      const third = await store.listEntries(PUBLISH, second[1].event, 2);
      expect([ ...first, ...second, ...third ].map(({ id }): string => id)).toEqual(events.map(({ id }): string => id));
      const document = `{"@context":${events[0].context},${events[0].members.slice(1)}`;
      expect(first[0]).toMatchObject({ published: events[0].published, bytes: document.length });
    });

    it('takes no more subscriptions than there may be, but again those that are there.', async(): Promise<void> => {
      const bounds = { ofAgent: 2, ofPod: 3 };
      const add = async(changes: SubscriptionFields): Promise<unknown> => {
        const added = await store.addSubscription(aSubscription(changes), bounds);
        return typeof added === 'string' ? added : added.subscription.url;
      };
      expect(await add({ inbox: inboxOf(1) })).toBe(inboxOf(1));
      expect(await add({ inbox: inboxOf(2) })).toBe(inboxOf(2));
      expect(await add({ inbox: inboxOf(2) })).toBe(inboxOf(2));
      expect(await add({ inbox: inboxOf(3) })).toBe('ofAgent');
      expect(await add({ inbox: inboxOf(3), pod: PRODUCER })).toBe('ofAgent');
      expect(await add({ inbox: inboxOf(3), agent: 'http://localhost/other#me' })).toBe(inboxOf(3));
      expect(await add({ inbox: inboxOf(4), agent: 'http://localhost/other#me' })).toBe('ofPod');
      expect(await subscriptionsOf(store, POD)).toHaveLength(3);
    });

    it('knows on what access depends.', async(): Promise<void> => {
      await store.registerPod(POD);
      await store.registerPod(PRODUCER);
      const group = 'http://localhost/other/friends';
      await store.noteDependency(group, `${POD}topics/`);
      await store.noteDependency(group, `${POD}topics/`);
      await store.raiseDependents('http://localhost/other/enemies');
      expect(await store.epochOf(POD)).toBe(0);
      await store.raiseDependents(group);
      expect([ await store.epochOf(POD), await store.epochOf(PRODUCER) ]).toEqual([ 1, 0 ]);
    });

    describe('an event of another server', (): void => {
      const inbox = `${POD}inbox/`;
      const receive = async(event: Event, pod = POD): Promise<string> =>
        store.receive({ event, hops: 1, pod, inbox: `${pod}inbox/`, isForwarded: true });

      it('is received once by each pod.', async(): Promise<void> => {
        const event = anEvent({ pod: 'https://away.example/ann/' });
        expect(await receive(event)).toBe('new');
        expect(await receive(event)).toBe('known');
        expect(await receive(event, PRODUCER)).toBe('new');
        expect(await store.getEntry(inbox, event.id)).toEqual(event);
        await store.removeEntry(inbox, event.id);
        expect(await receive(event)).toBe('known');
        expect(await idsIn(inbox)).toEqual([]);
      });

      it('is another one where it says something else, or its place is taken.', async(): Promise<void> => {
        const event = anEvent({ pod: 'https://away.example/ann/' });
        await receive(event);
        expect(await receive({ ...event, members: event.members.replace('}', ',"more":1}') })).toBe('other');
        expect(await receive({ ...event, context: '{}' })).toBe('known');
        expect(await receive({ ...event, pod: 'https://evil.example/' })).toBe('other');
      });

      it('does not take the id of an event that is published here.', async(): Promise<void> => {
        const event = anEvent();
        expect(await receive({ ...event, pod: 'https://evil.example/' })).toBe('new');
        await store.accept([{ event, forwards: []}]);
        expect(await store.getEntry(PUBLISH, event.id)).toEqual(event);
      });

      it('goes with its context when it is old.', async(): Promise<void> => {
        const event = anEvent({ pod: 'https://away.example/ann/', context: '{"own":"urn:of-its-own"}', published: 1 });
        await receive(event);
        await forwardAll(store);
        expect(await store.removeEventsBefore(2, 0, 10)).toEqual({ removed: 1 });
        expect(await receive(event)).toBe('new');
        expect(await store.getEntry(inbox, event.id)).toEqual(event);
      });
    });

    it('accepts all events of a request or none.', async(): Promise<void> => {
      const event = anEvent();
      await store.addSubscription(aSubscription());
      await expect(store.accept([ event, event ].map((same): any => ({ event: same, forwards: []})))).rejects
        .toMatchObject({ message: expect.stringContaining('UNIQUE') });
      expect(await idsIn(PUBLISH)).toEqual([]);
      const other = anEvent();
      const refused = store.accept([{ event: other, forwards: [{ pod: POD }, { pod: POD }]}]);
      const accepted = store.accept([{ event, forwards: []}]);
      await expect(refused).rejects.toMatchObject({ message: expect.stringContaining('UNIQUE') });
      await accepted;
      expect(await idsIn(PUBLISH)).toEqual([ event.id ]);
      expect(await store.pendingForwards(10)).toEqual([]);
    });

    describe('a request that makes its events once', (): void => {
      const once = (fields: Partial<IdempotencyKey & StoredResponse> = {}): IdempotencyKey & Pick<StoredResponse, 'result'> =>
        ({ agent: AGENT, pod: PRODUCER, key: 'k', fingerprint: 'f', result: 'r', ...fields });
      const publish = async(fields?: Partial<IdempotencyKey & StoredResponse>): Promise<boolean> =>
        store.accept([{ event: anEvent(), forwards: []}], once(fields));
      const count = async(): Promise<number> => (await idsIn(PUBLISH)).length;

      it('stores nothing when it is repeated, and tells what it made.', async(): Promise<void> => {
        expect(await store.findResponse(once())).toBeUndefined();
        await publish();
        expect(await store.findResponse(once({ fingerprint: 'other' }))).toEqual({ fingerprint: 'f', result: 'r' });
        const before = await store.modifiedOf(PUBLISH);
        for (const fields of [{}, { fingerprint: 'other', result: 'other' }]) {
          await expect(publish(fields)).rejects.toThrow(DuplicateRequest);
          await expect(publish(fields)).rejects.toMatchObject({ response: { fingerprint: 'f', result: 'r' }});
        }
        expect(await count()).toBe(1);
        expect(await store.modifiedOf(PUBLISH)).toBe(before);
        expect(await store.findResponse(once())).toEqual({ fingerprint: 'f', result: 'r' });
      });

      it('is another one for another agent, pod or key, and for the public.', async(): Promise<void> => {
        const others = [{ agent: 'http://localhost/new#me' }, { agent: undefined }, { pod: POD }, { key: 'K' }, { key: 'k ' }];
        await publish();
        for (const [ index, fields ] of others.entries()) {
          expect(await store.findResponse(once(fields))).toBeUndefined();
          await publish({ ...fields, result: `${index}` });
        }
        for (const [ index, fields ] of others.entries()) {
          expect(await store.findResponse(once(fields))).toEqual({ fingerprint: 'f', result: `${index}` });
          await expect(publish(fields)).rejects.toThrow(DuplicateRequest);
        }
        expect(await count()).toBe(6);
      });

      it('is stored once when it is made twice at once, whatever else is written with it.', async(): Promise<void> => {
        const results = await Promise.allSettled([ publish({ result: '1' }), publish({ result: '2' }), store.accept([{ event: anEvent(), forwards: []}]) ]);
        expect(results.map(({ status }): string => status)).toEqual([ 'fulfilled', 'rejected', 'fulfilled' ]);
        expect(results[1]).toMatchObject({ reason: { response: { result: '1' }}});
        expect(await count()).toBe(2);
      });

      it('is not noted if its events are not stored.', async(): Promise<void> => {
        const event = anEvent();
        const twice = [{ event, forwards: []}, { event, forwards: []}];
        await expect(store.accept(twice, once({ agent: 'http://localhost/new#me' }))).rejects
          .toMatchObject({ message: expect.stringContaining('UNIQUE') });
        expect(await store.findResponse(once({ agent: 'http://localhost/new#me' }))).toBeUndefined();
        await publish({ agent: 'http://localhost/new#me' });
        expect(await count()).toBe(1);
      });
    });

    describe('the followers of a topic', (): void => {
      const topic = 'realestate/contact#add';
      const agentOf = (index: number): string => `http://localhost/${index}#me`;
      const all = async(limit = 100, pod = POD): Promise<Follower[]> => {
        const found: Follower[] = [];
        let place: FollowerPlace | undefined;
        do {
          const { followers, next } = await store.followersOf(pod, topic, place, limit);
          found.push(...followers);
          place = next;
        } while (place);
        return found;
      };
      const unconfirmedOf = async(): Promise<readonly UnconfirmedConsent[]> => {
        await store.accept([{ event: anEvent({ topic }), forwards: [{ pod: POD }]}]);
        const [ forward ] = await store.pendingForwards(1);
        const scope = await store.openScope(POD);
        await store.learn(scope, new Map([[ AGENT, true ]]));
        return (await store.fanOutStep(forward, scope, 10)).unconfirmed;
      };

      it('are those of all patterns that match it, and of no other pod.', async(): Promise<void> => {
        expect(await all()).toEqual([]);
        const patterns = [ 'realestate/*', topic, '*', 'realestate/contact', 'realestate/contact#remove', 'realestate', 'estate/*' ];
        for (const [ index, pattern ] of patterns.entries()) {
          await store.addSubscription(aSubscription({ pattern, agent: agentOf(index) }));
        }
        await store.addSubscription(aSubscription({ pattern: '*', pod: PRODUCER, agent: agentOf(9) }));
        expect((await all()).map(({ agent }): string => agent)).toEqual([ 1, 3, 0, 2 ].map(agentOf));
        expect(await all(100, PRODUCER)).toEqual([{ agent: agentOf(9) }]);
      });

      it.each([ 1, 2, 3, 7, 100 ])('are the same in steps of %d, where those of one inbox stay together.', async(limit): Promise<void> => {
        for (let index = 0; index < 12; index += 1) {
          await store.addSubscription(aSubscription({ agent: agentOf(index), inbox: inboxOf(Math.floor(index / 3)), pattern: index < 6 ? '*' : topic }));
        }
        const first = await store.followersOf(POD, topic, undefined, limit);
        expect(first.followers).toHaveLength(limit === 100 ? 12 : Math.ceil(limit / 3) * 3);
        expect(first.next === undefined).toBe(limit === 100);
        expect((await all(limit)).map(({ agent }): string => agent).sort())
          .toEqual(Array.from({ length: 12 }, (_, index): string => agentOf(index)).sort());
      });

      it('are none whose webhook takes no events.', async(): Promise<void> => {
        const webhook = aSubscription({ inbox: undefined, webhook: 'https://a.example/' });
        await store.addSubscription(webhook, undefined, undefined, { kind: 'webhook', host: 'a.example', secret: 'x' });
        expect(await all()).toEqual([{ agent: AGENT }]);
      });

      it('are told with the inbox that is unconfirmed, and left out once it is known to be somebody else\'s.', async(): Promise<void> => {
        await store.addSubscription(aSubscription());
        await store.raiseEpoch(`${inboxOf('subscriber')}.acl`);
        expect(await all()).toEqual([{ agent: AGENT, doubtedInbox: inboxOf('subscriber') }]);
        await store.confirm(new Map([[ (await unconfirmedOf())[0], false ]]));
        expect(await all()).toEqual([]);
        await store.raiseEpoch(`${inboxOf('subscriber')}.acl`);
        await store.confirm(new Map([[ (await unconfirmedOf())[0], true ]]));
        expect(await all()).toEqual([{ agent: AGENT }]);
      });

      it('may have changed when the revision of the pod has risen, and never otherwise.', async(): Promise<void> => {
        expect(await store.revisionOf(POD)).toBeUndefined();
        await store.registerPod(POD);
        await store.registerPod(PRODUCER);
        let last = (await store.revisionOf(POD))!;
        const rises = async(change: () => Promise<unknown>): Promise<void> => {
          await change();
          const now = (await store.revisionOf(POD))!;
          expect(now).toBeGreaterThan(last);
          last = now;
        };
        const { subscription } = await store.addSubscription(aSubscription({ pod: PRODUCER })) as AddedSubscription;
        await store.accept([{ event: anEvent(), forwards: [{ pod: POD }]}]);
        expect(await store.revisionOf(POD)).toBe(last);
        await rises(async(): Promise<unknown> => store.addSubscription(aSubscription()));
        await rises(async(): Promise<unknown> => store.raiseEpoch(`${inboxOf('subscriber')}.acl`));
        const [ consent ] = await unconfirmedOf();
        await rises(async(): Promise<unknown> => store.confirm(new Map([[ consent, false ]])));
        await rises(async(): Promise<unknown> => store.raiseEpoch(`${inboxOf('subscriber')}.acl`));
        const [ another ] = await unconfirmedOf();
        await rises(async(): Promise<unknown> => store.confirm(new Map([[ another, true ]])));
        const [{ id }] = await subscriptionsOf(store, POD);
        await rises(async(): Promise<unknown> => store.removeSubscription(POD, id));
        const before = await store.revisionOf(PRODUCER);
        expect(before).toBeGreaterThan(0);
        await store.removeSubscription(PRODUCER, subscription.id);
        expect(await store.revisionOf(PRODUCER)).toBeGreaterThan(before!);
        expect(await store.revisionOf(POD)).toBe(last);
      });
    });

    it('tells when a container changed, with another time for each change.', async(): Promise<void> => {
      expect(await store.modifiedOf(PUBLISH)).toBeUndefined();
      const times: number[] = [];
      const event = anEvent();
      await store.accept([{ event, forwards: []}]);
      times.push((await store.modifiedOf(PUBLISH))!);
      await store.accept([{ event: anEvent(), forwards: []}]);
      times.push((await store.modifiedOf(PUBLISH))!);
      await store.removeEntry(PUBLISH, event.id);
      times.push((await store.modifiedOf(PUBLISH))!);
      expect(new Set(times).size).toBe(3);
      expect(times).toEqual([ ...times ].sort((left, right): number => left - right));
      expect(Math.abs(times[0] - Date.now())).toBeLessThan(5_000);
      await store.removeEntry(PUBLISH, event.id);
      expect(await store.modifiedOf(PUBLISH)).toBe(times[2]);
    });

    it('adds, shows, lists and ends subscriptions.', async(): Promise<void> => {
      const one = aSubscription();
      const two = aSubscription({ pattern: '*', agent: 'http://localhost/other#me' });
      expect(await store.addSubscription(one)).toEqual({ subscription: one, isResumed: false, isSecretNew: false });
      expect(await store.addSubscription(two)).toMatchObject({ subscription: two });
      expect(await store.getSubscription(POD, one.id)).toEqual(one);
      expect(await store.getSubscription(PRODUCER, one.id)).toBeUndefined();
      expect(await subscriptionsOf(store, POD)).toEqual([ one, two ]);
      expect(await subscriptionsOf(store, POD, AGENT)).toEqual([ one ]);
      expect(await subscriptionsOf(store, PRODUCER)).toEqual([]);
      const first = await store.subscriptionsAfter(POD, 0, 1);
      expect(first).toEqual({ items: [ one ], next: expect.any(Number) });
      expect(await store.subscriptionsAfter(POD, first.next!, 1)).toEqual({ items: [ two ]});
      expect(await store.subscriptionsAfter(POD, 0, 2)).toEqual({ items: [ one, two ]});
      expect(await store.subscriptionsAfter(POD, 0, 1, AGENT)).toEqual({ items: [ one ]});
      expect(await store.subscriptionsAfter(PRODUCER, 0, 5)).toEqual({ items: []});
      expect(await store.removeSubscription(PRODUCER, one.id)).toBe(false);
      expect(await store.removeSubscription(POD, one.id)).toBe(true);
      expect(await store.removeSubscription(POD, one.id)).toBe(false);
      expect(await subscriptionsOf(store, POD)).toEqual([ two ]);
    });

    it('keeps one subscription of an agent, pattern and inbox.', async(): Promise<void> => {
      const one = await store.addSubscription(aSubscription());
      expect(await store.addSubscription(aSubscription())).toEqual(one);
      expect(await store.addSubscription(aSubscription({ inbox: inboxOf(2) }))).not.toEqual(one);
      expect(await subscriptionsOf(store, POD)).toHaveLength(2);
    });

    describe('with an event to forward', (): void => {
      const event = anEvent({ id: v7() });
      const accept = async(inbox?: string): Promise<boolean> => store.accept([{ event, forwards: [{ pod: POD, inbox }]}]);

      it('copies it to the pod\'s own inbox at once, where nobody follows, and nothing waits.', async(): Promise<void> => {
        await store.addSubscription(aSubscription({ pod: PRODUCER }));
        await accept(inboxOf('user'));
        expect(await idsIn(inboxOf('user'))).toEqual([ event.id ]);
        expect(await store.modifiedOf(inboxOf('user'))).toBeDefined();
        expect(await store.pendingForwards(10)).toEqual([]);
      });

      it('copies it to the pod\'s own inbox first, when that is watched.', async(): Promise<void> => {
        await store.watch(inboxOf('user'), true);
        await accept(inboxOf('user'));
        expect(await idsIn(inboxOf('user'))).toEqual([]);
        expect(await store.pendingForwards(10)).toEqual([{ pod: POD, topic: event.topic, event: 1 }]);
        const [{ watched }] = await forwardAll(store);
        expect(watched).toEqual([{ container: inboxOf('user'), copy: `${inboxOf('user')}${event.id}`, notice: expect.any(Number) }]);
        expect(await idsIn(inboxOf('user'))).toEqual([ event.id ]);
        expect(await store.getEntry(inboxOf('user'), event.id)).toEqual(event);
        expect(await store.pendingForwards(10)).toEqual([]);
      });

      it('copies it once to each inbox, however many subscriptions match.', async(): Promise<void> => {
        for (const pattern of [ 'realestate/contact#add', 'realestate/contact', 'realestate/*', '*' ]) {
          await store.addSubscription(aSubscription({ pattern }));
          await store.addSubscription(aSubscription({ pattern, agent: 'http://localhost/other#me' }));
        }
        for (const pattern of [ 'realestate/contact#remove', 'realestate', 'realestate/lead/*', 'estate/*' ]) {
          await store.addSubscription(aSubscription({ pattern, inbox: inboxOf('none') }));
        }
        await store.addSubscription(aSubscription({ pod: PRODUCER, inbox: inboxOf('none') }));
        await accept();
        await forwardAll(store);
        expect(await idsIn(inboxOf('subscriber'))).toEqual([ event.id ]);
        expect(await idsIn(inboxOf('none'))).toEqual([]);
      });

      it('copies it to the inboxes of all subscriptions, a bounded number at a time.', async(): Promise<void> => {
        await Promise.all(Array.from({ length: 25 }, async(_, index): Promise<unknown> => store.addSubscription(
          aSubscription({ inbox: inboxOf(index), pattern: index % 2 ? '*' : 'realestate/contact' }),
        )));
        await accept();
        const results = await forwardAll(store, undefined, 4);
        expect(results.filter(({ outcome }): boolean => outcome === 'more').length).toBeGreaterThan(5);
        for (let index = 0; index < 25; index += 1) {
          expect(await idsIn(inboxOf(index))).toEqual([ event.id ]);
        }
      });

      it('asks for each agent once, and copies only to those who may receive.', async(): Promise<void> => {
        await store.addSubscription(aSubscription({ inbox: inboxOf(1) }));
        await store.addSubscription(aSubscription({ inbox: inboxOf(2) }));
        await store.addSubscription(aSubscription({ inbox: inboxOf(3), agent: 'http://localhost/denied#me' }));
        await accept();
        const asked: string[] = [];
        await forwardAll(store, (agent): boolean => {
          asked.push(agent);
          return !agent.includes('denied');
        });
        expect(asked.sort()).toEqual([ 'http://localhost/denied#me', AGENT ]);
        expect(await idsIn(inboxOf(1))).toEqual([ event.id ]);
        expect(await idsIn(inboxOf(2))).toEqual([ event.id ]);
        expect(await idsIn(inboxOf(3))).toEqual([]);
        expect(await store.modifiedOf(inboxOf(3))).toBeUndefined();
      });

      it('writes nothing by answers of before access changed.', async(): Promise<void> => {
        await store.addSubscription(aSubscription());
        await accept(inboxOf('user'));
        const [ forward ] = await store.pendingForwards(10);
        const scope = await store.openScope(POD);
        await store.learn(scope, new Map([[ AGENT, true ]]));
        await store.raiseEpoch(`${POD}topics/.acl`);
        expect(await store.fanOutStep(forward, scope, 10)).toEqual({ outcome: 'stale', unknown: [], unconfirmed: [], watched: [], hasDeliveries: false });
        await store.raiseEpoch('http://localhost/.acl');
        await store.raiseEpoch(`${PRODUCER}.acl`);
        expect(await store.epochOf(POD)).toBe(scope.epoch + 2);
        expect(await store.epochOf('http://localhost/nobody/')).toBeUndefined();
        expect(await idsIn(inboxOf('subscriber'))).toEqual([]);
        const answers = await forwardAll(store, (): boolean => false);
        expect(answers.at(-1)).toMatchObject({ outcome: 'done' });
        expect(await idsIn(inboxOf('subscriber'))).toEqual([]);
      });

      it('copies nothing for a subscription that was ended before its turn.', async(): Promise<void> => {
        const { subscription } = await store.addSubscription(aSubscription()) as AddedSubscription;
        await accept();
        await store.removeSubscription(POD, subscription.id);
        await forwardAll(store);
        expect(await idsIn(inboxOf('subscriber'))).toEqual([]);
      });

      describe('for a subscriber whose inbox has changed hands', (): void => {
        const inbox = inboxOf('subscriber');
        const landAll = async(): Promise<FanOutStepResult> => {
          const [ forward ] = await store.pendingForwards(10);
          const scope = await store.openScope(POD);
          await store.learn(scope, new Map([[ AGENT, true ]]));
          return store.fanOutStep(forward, scope, 10);
        };
        const answer = async({ unconfirmed }: FanOutStepResult, controls: boolean): Promise<void> =>
          store.confirm(new Map(unconfirmed.map((consent): [UnconfirmedConsent, boolean] => [ consent, controls ])));

        const another = async(): Promise<boolean> => store.accept([{ event: anEvent(), forwards: [{ pod: POD }]}]);

        beforeEach(async(): Promise<void> => {
          await store.addSubscription(aSubscription());
          await accept();
        });

        it('copies nothing until it is known whose it is.', async(): Promise<void> => {
          await store.raiseEpoch(`${inbox}.acl`);
          const result = await landAll();
          expect(result).toMatchObject({ outcome: 'unknown', unknown: [], unconfirmed: [{ agent: AGENT, inbox }]});
          expect(await idsIn(inbox)).toEqual([]);
          await answer(result, true);
          expect(await landAll()).toMatchObject({ outcome: 'done', unconfirmed: []});
          expect(await idsIn(inbox)).toEqual([ event.id ]);
        });

        it('copies nothing while it is somebody else\'s.', async(): Promise<void> => {
          await store.raiseEpoch(`${inbox}.acl`);
          await answer(await landAll(), false);
          expect(await landAll()).toMatchObject({ outcome: 'done', unconfirmed: []});
          expect(await idsIn(inbox)).toEqual([]);
          await another();
          await store.raiseEpoch(`${inbox}.acl`);
          await answer(await landAll(), true);
          await landAll();
          expect(await idsIn(inbox)).toEqual([ expect.not.stringContaining(event.id) ]);
        });

        it('does not take an answer of before the next change.', async(): Promise<void> => {
          for (const controls of [ true, false ]) {
            await store.raiseEpoch(`${inbox}.acl`);
            const result = await landAll();
            await store.raiseEpoch(`${inbox}.acl`);
            await answer(result, controls);
            expect(await landAll()).toMatchObject({ outcome: 'unknown', unconfirmed: [{ agent: AGENT }]});
          }
        });

        it('takes access control of containers, and of the inbox alone, to be about it.', async(): Promise<void> => {
          await store.raiseEpoch('http://localhost/subscriber/other/.acl');
          await store.raiseEpoch('http://localhost/subscriber0/.acl');
          expect(await landAll()).toMatchObject({ outcome: 'done', unconfirmed: []});
          await another();
          await store.raiseEpoch('http://localhost/subscriber/.acl');
          expect((await landAll()).unconfirmed).toHaveLength(1);
        });

        it('forgets the consent with the subscription, and when it is made anew.', async(): Promise<void> => {
          const subscriberPod = 'http://localhost/subscriber/';
          await store.registerPod(subscriberPod);
          await store.raiseEpoch(`${inbox}.acl`);
          const again = await store.addSubscription(aSubscription(), undefined, { pod: subscriberPod, epoch: 1 });
          expect((await landAll()).unconfirmed).toEqual([]);
          await another();
          await store.addSubscription(aSubscription(), undefined, { pod: subscriberPod, epoch: 0 });
          expect((await landAll()).unconfirmed).toHaveLength(1);
          await store.removeSubscription(POD, (again as AddedSubscription).subscription.id);
          expect(await landAll()).toMatchObject({ outcome: 'done', unconfirmed: []});
        });
      });

      it('does not put a copy back that was removed while it is forwarded.', async(): Promise<void> => {
        await store.addSubscription(aSubscription());
        await store.addSubscription(aSubscription({ pattern: '*' }));
        await accept(inboxOf('subscriber'));
        const [ forward ] = await store.pendingForwards(10);
        const scope = await store.openScope(POD);
        await store.fanOutStep(forward, scope, 10);
        expect(await idsIn(inboxOf('subscriber'))).toEqual([ event.id ]);
        expect(await store.removeEntry(inboxOf('subscriber'), event.id)).toBe(true);
        expect(await store.removeEntry(inboxOf('subscriber'), event.id)).toBe(false);
        await forwardAll(store);
        expect(await idsIn(inboxOf('subscriber'))).toEqual([]);
        expect(await store.getEntry(PUBLISH, event.id)).toEqual(event);
        expect(await store.fanOutStep(forward, scope, 10)).toEqual({ outcome: 'done', unknown: [], unconfirmed: [], watched: [], hasDeliveries: false });
      });

      it('reports each copy in a watched container once, whatever patterns, agents, pods and steps bring it.', async(): Promise<void> => {
        await store.registerPod(PRODUCER);
        for (const agent of [ 'a', 'b', 'c' ]) {
          for (const pattern of [ 'realestate/contact', 'realestate/*', '*', 'realestate/contact#add' ]) {
            for (const pod of [ POD, PRODUCER ]) {
              for (const inbox of [ inboxOf('user'), inboxOf(1), inboxOf(2) ]) {
                await store.addSubscription(aSubscription({ pod, pattern, inbox, agent: `https://${agent}.example/#me` }));
              }
            }
          }
        }
        await store.watch(inboxOf('user'), true);
        await store.watch(inboxOf(1), true);
        for (const limit of [ 1, 2, 5, 100 ]) {
          const event = anEvent();
          await store.accept([{ event, forwards: [{ pod: POD, inbox: inboxOf('user') }, { pod: PRODUCER }]}]);
          const told: string[] = [];
          while ((await store.pendingForwards(1)).length > 0) {
            // One agent is not allowed to receive; of the others it becomes known step by step.
            told.push(...(await forwardAll(store, (agent): boolean => !agent.includes('b.'), limit)).flatMap(({ watched }): string[] => watched.map(({ copy }): string => copy)));
          }
          expect(told.sort()).toEqual([ inboxOf('user'), inboxOf(1) ].map((inbox): string => `${inbox}${event.id}`).sort());
        }
      });

      it('reports copies in watched containers, and no others.', async(): Promise<void> => {
        await store.addSubscription(aSubscription({ inbox: inboxOf(1) }));
        await store.addSubscription(aSubscription({ inbox: inboxOf(2) }));
        await store.watch(inboxOf(2), true);
        await store.watch(inboxOf('user'), true);
        await store.watch(inboxOf(1), true);
        await store.watch(inboxOf(1), false);
        await accept(inboxOf('user'));
        const watched = (await forwardAll(store)).flatMap((result): unknown => result.watched);
        expect(watched).toEqual([ inboxOf('user'), inboxOf(2) ].map((container): object =>
          ({ container, copy: `${container}${event.id}`, notice: expect.any(Number) })));
      });

      it('goes on with later events of the pod and topic, as far as the bound allows.', async(): Promise<void> => {
        await store.addSubscription(aSubscription());
        await accept();
        for (let index = 0; index < 30; index += 1) {
          await store.accept([{ event: anEvent(), forwards: [{ pod: POD }]}]);
        }
        const [ forward ] = await store.pendingForwards(1);
        const scope = await store.openScope(POD);
        await store.learn(scope, new Map([[ AGENT, true ]]));
        expect(await store.fanOutStep(forward, scope, 100)).toMatchObject({ outcome: 'more' });
        expect(await store.fanOutStep(forward, scope, 100)).toMatchObject({ outcome: 'done' });
        const landed = (await idsIn(inboxOf('subscriber'))).length;
        expect(landed).toBeGreaterThan(1);
        expect(landed).toBeLessThan(30);
        expect((await store.pendingForwards(1))[0].event).toBeGreaterThanOrEqual(landed);
      });

      it('gives the oldest event of each pod, and that of later ones after it.', async(): Promise<void> => {
        const later = anEvent({ topic: 'other' });
        for (const pod of [ POD, 'http://localhost/third/' ]) {
          await store.addSubscription(aSubscription({ pod }));
        }
        await accept();
        await store.accept([{ event: later, forwards: [{ pod: POD }, { pod: 'http://localhost/third/' }]}]);
        expect(await store.pendingForwards(10)).toMatchObject([{ pod: POD, event: 1 }, { pod: 'http://localhost/third/', event: 2 }]);
        expect(await store.pendingForwards(1)).toMatchObject([{ pod: POD }]);
        expect(await store.pendingForwards(1)).toMatchObject([{ pod: 'http://localhost/third/' }]);
        expect(await store.pendingForwards(1)).toMatchObject([{ pod: POD }]);
        expect(await store.pendingForwards(10)).toMatchObject([{ pod: 'http://localhost/third/' }, { pod: POD }]);
        await forwardAll(store);
        expect(await store.pendingForwards(10)).toMatchObject([{ pod: POD, event: 2 }]);
      });
    });
  });
}
