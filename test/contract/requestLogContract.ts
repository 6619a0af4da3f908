import { v7 } from 'uuid';
import type { Event } from '../../src/event/Event';
import type { CatalogueEntry, CatalogueStore, System } from '../../src/catalogue/CatalogueStore';
import type { ClaimedDelivery } from '../../src/delivery/ports';
import type { DeliveryState } from '../../src/store/deliveries';
import type { AcceptedEvent, RemoteRecipient } from '../../src/store/AcceptedEvent';
import type { AddedSubscription } from '../../src/subscription/ports';
import type { PageRequest } from '../../src/store/Page';
import type { LoggedEvent, Outcome, OutcomeState, RequestFilter, RequestLog } from '../../src/catalogue/RequestLog';
import type { RequestRecord } from '../../src/store/RequestRecord';
import type { Subscription } from '../../src/subscription/Subscription';
import { aCatalogueEntry, aSystem } from './catalogueStoreContract';
import type { SubscriptionFields } from './fixtures';
import { anEvent, aSubscription, forwardAll, POD, PRODUCER } from './fixtures';
import type { DeliveryStore, EventStore, OpenStores } from './stores';
import { shared } from './stores';

const HOST = 'hooks.example';
const WEBHOOK = `https://${HOST}/hook`;
const ALICE = 'https://alice.example/card#me';
const PAGE: PageRequest = { index: 0, size: 100, isDescending: false };
const REQUEST: RequestRecord = { method: 'POST', url: 'http://localhost/user/event/send', query: { a: 'b' }, headers: { host: 'localhost' }};

/** Contract of `RequestLog`. */
export function describeRequestLogContract(
  name: string,
  open: OpenStores<'catalogue' | 'deliveries' | 'events' | 'log'>,
): void {
  describe(`${name}: log of requests`, (): void => {
    let events: EventStore;
    let deliveries: DeliveryStore;
    let catalogue: CatalogueStore;
    let log: RequestLog;

    beforeEach(async(): Promise<void> => {
      ({ events, deliveries, catalogue, log } = shared(await open()));
      await events.open();
      await events.registerPod(POD);
    });

    afterEach(async(): Promise<void> => {
      await events.close();
    });

    /** Publishes through the pod, to the pod itself. */
    async function publish(fields: Partial<Event> = {}, more: Partial<AcceptedEvent> = {}): Promise<Event> {
      const event = anEvent({ pod: POD, ...fields });
      await events.accept([{ event, forwards: [{ pod: POD }], ...more }]);
      return event;
    }
    async function follow(fields: SubscriptionFields = {}): Promise<Subscription> {
      const draft = aSubscription(fields);
      const target = fields.webhook === undefined ? undefined : { kind: 'webhook', host: HOST, secret: 'x' } as const;
      return (await events.addSubscription(draft, undefined, undefined, target) as AddedSubscription).subscription;
    }
    const hook = async(fields: SubscriptionFields = {}): Promise<Subscription> => follow({ webhook: WEBHOOK, ...fields });
    const claim = async(): Promise<ClaimedDelivery> => {
      const now = Date.now() + 60_000;
      const hosts = await deliveries.dueHosts(now, 10);
      const [ claimed ] = await deliveries.claim(hosts.map(({ host }) => ({ host, limit: 1 })), now, now);
      return claimed;
    };
    const finish = async(claimed: ClaimedDelivery, state: DeliveryState): Promise<void> => deliveries.finish(
      [{ ...claimed, state, attempt: { at: 5, duration: 7, ...state === 'delivered' ? { status: 204 } : { reason: 'no' }}}],
      { hosts: new Map(), failing: new Map() },
    );
    const recipient = (fields: Partial<RemoteRecipient> = {}): RemoteRecipient =>
      ({ kind: 'recipient', agent: ALICE, host: 'alice.example', isDelivered: false, due: 1, ...fields });
    const ids = async(filter: RequestFilter = {}, page: Partial<PageRequest> = {}): Promise<string[]> =>
      (await log.listEvents(POD, filter, { ...PAGE, ...page })).items.map(({ id }): string => id);
    const statesOf = async({ id }: Event): Promise<readonly OutcomeState[] | undefined> => (await log.getEvent(POD, id))?.states;
    const outcomesOf = async({ id }: Event, limit = 100): Promise<Outcome[]> => log.listOutcomes(POD, id, limit);

    it('shows what was published through a pod, with its request and entry.', async(): Promise<void> => {
      const system = await catalogue.addSystem(POD, aSystem(), 9) as System;
      const entry = await catalogue.addEntry(POD, 'contact-1', aCatalogueEntry(system.id), 9) as CatalogueEntry;
      const event = await publish({ members: '{"topic":"x","data": [1, 2.50]}' }, { entry: entry.id, request: REQUEST });
      const plain = await publish();
      await events.accept([{ event: anEvent(), forwards: [{ pod: POD, inbox: `${POD}inbox/` }]}]);
      const { id, identifier, name, operation, description, systemName, systemIdentifier } = entry;
      const logged: LoggedEvent = {
        id: event.id, topic: event.topic, published: event.published, request: REQUEST, states: [],
        entry: { id, identifier, name, operation, description, system: system.id, systemName, systemIdentifier },
      };
      const rest = { id: plain.id, topic: plain.topic, published: plain.published, states: []};
      expect(await log.listEvents(POD, {}, PAGE)).toEqual({ items: [ logged, rest ], total: 2 });
      expect(await log.getEvent(POD, event.id)).toEqual({ ...logged, data: '[1, 2.50]' });
      expect(await log.getEvent(POD, plain.id)).toEqual(rest);
      await catalogue.removeEntry(POD, entry.id);
      await catalogue.removeSystem(POD, system.id);
      expect(await log.getEvent(POD, event.id)).toMatchObject({ entry: logged.entry });
    });

    it('shows nothing of other pods, of what was taken out, or of what there is not.', async(): Promise<void> => {
      await follow();
      const event = await publish();
      await forwardAll(events);
      const [{ id: outcome }] = await outcomesOf(event);
      expect(await log.getOutcome(POD, outcome)).toBeDefined();
      for (const pod of [ PRODUCER, 'http://localhost/nobody/' ]) {
        expect(await log.listEvents(pod, {}, PAGE)).toEqual({ items: [], total: 0 });
        expect(await log.getEvent(pod, event.id)).toBeUndefined();
        expect(await log.listOutcomes(pod, event.id, 10)).toEqual([]);
        expect(await log.getOutcome(pod, outcome)).toBeUndefined();
      }
      for (const id of [ '', '.', 'x', '1', '0', '-1', `${event.id}.`, `.${event.id}`, `${event.id}.${v7()}`, `${outcome}.1`, `1.${event.id}`, '9'.repeat(40) ]) {
        expect(await log.getEvent(POD, id)).toBeUndefined();
        expect(await log.listOutcomes(POD, id, 10)).toEqual([]);
        expect(await log.getOutcome(POD, id)).toBeUndefined();
      }
      await events.removeEntry(`${POD}publish/`, event.id);
      expect(await log.listEvents(POD, {}, PAGE)).toEqual({ items: [], total: 0 });
      expect(await log.getEvent(POD, event.id)).toBeUndefined();
      expect(await log.getOutcome(POD, outcome)).toBeUndefined();
    });

    it('shows events page by page, in either order.', async(): Promise<void> => {
      const all: string[] = [];
      for (let index = 0; index < 7; index += 1) {
        all.push((await publish({ published: index })).id);
      }
      const reversed = [ ...all ].reverse();
      // A full page, for the counting and the filtering walk.
      for (const filter of [{}, { since: 0 }]) {
        for (const size of [ 1, 3, 7, 8 ]) {
          for (let index = 0; index * size <= 8; index += 1) {
            expect(await ids(filter, { index, size })).toEqual(all.slice(index * size, (index + 1) * size));
            expect(await ids(filter, { index, size, isDescending: true })).toEqual(reversed.slice(index * size, (index + 1) * size));
          }
        }
        expect((await log.listEvents(POD, filter, { index: 9, size: 2, isDescending: true })).total).toBe(7);
      }
    });

    it('ends when nobody waits for it any more.', async(): Promise<void> => {
      await publish();
      for (const filter of [{}, { since: 0 }, { state: 'absent' }] as const) {
        const controller = new AbortController();
        const asked = log.listEvents(POD, filter, PAGE, controller.signal);
        controller.abort(new Error('gone'));
        await expect(asked).rejects.toThrow('gone');
        expect((await log.listEvents(POD, filter, PAGE, new AbortController().signal)).items).toHaveLength('state' in filter ? 0 : 1);
      }
    });

    it('finds events by time, id, topic, system and entry.', async(): Promise<void> => {
      const crm = await catalogue.addSystem(POD, aSystem(), 9) as System;
      const erp = await catalogue.addSystem(POD, aSystem({ identifier: 'erp' }), 9) as System;
      const entryOf = async(identifier: string, { id }: System): Promise<number> =>
        (await catalogue.addEntry(POD, identifier, aCatalogueEntry(id), 9) as CatalogueEntry).id;
      const one = await publish({ published: 10, id: '01890000-0000-7000-8000-00000000000a' }, { entry: await entryOf('contact-add', crm) });
      const two = await publish({ published: 20, id: '01890000-0000-7000-8000-0000000000bb', topic: 'lead' }, { entry: await entryOf('contact_drop', crm) });
      const three = await publish({ published: 30, id: '0189ffff-0000-7000-8000-000000000000' }, { entry: await entryOf('lead', erp) });
      const four = await publish({ published: 40, topic: 'lead' });
      expect(await ids({ since: 20, until: 40 })).toEqual([ two.id, three.id ]);
      expect(await ids({ topics: [ 'realestate/*' ]})).toEqual([ one.id, three.id ]);
      expect(await ids({ topics: []})).toEqual([]);
      expect(await ids({ system: crm.id })).toEqual([ one.id, two.id ]);
      expect(await ids({ system: erp.id, until: 30 })).toEqual([]);
      expect(await ids({ identifier: 'contact' })).toEqual([ one.id, two.id ]);
      expect(await ids({ identifier: 't_d' })).toEqual([ two.id ]);
      expect(await ids({ identifier: '%' })).toEqual([]);
      expect(await ids({ id: '0189' })).toEqual([ one.id, two.id, three.id ]);
      expect(await ids({ id: '01890000-0' })).toEqual([ one.id, two.id ]);
      expect(await ids({ id: '0189FFFF' })).toEqual([ three.id ]);
      expect(await ids({ id: four.id })).toEqual([ four.id ]);
      expect(await ids({ id: '' })).toHaveLength(4);
      for (const id of [ '0189x', '-', '%', '018900000', `${one.id}0`, `${one.id}-`, 'é' ]) {
        expect(await ids({ id })).toEqual([]);
      }
      expect(await log.listEvents(POD, { topics: [ 'lead' ], since: 5 }, { index: 1, size: 1, isDescending: false }))
        .toMatchObject({ items: [{ id: four.id }], total: 2 });
    });

    it('tells of each subscription whether it got a copy.', async(): Promise<void> => {
      const allowed = await follow();
      const refused = await follow({ agent: 'http://localhost/refused#me', inbox: 'http://localhost/refused/inbox/', pattern: '*' });
      const other = await follow({ pattern: 'other' });
      const event = await publish({ published: 10 });
      const late = await follow({ created: 11, inbox: 'http://localhost/late/inbox/', agent: 'http://localhost/refused#me' });
      const base = { event: event.id, kind: 'copy', attempts: []};
      const shown = (subscription: Subscription, state: OutcomeState): Outcome => ({
        ...base, id: `${event.id}.${subscription.id}`, state, subscription: subscription.id, pattern: subscription.pattern, url: subscription.url,
      });
      expect((await outcomesOf(event)).map(({ state }): string => state)).toEqual([ 'waiting', 'waiting', 'waiting' ]);
      expect(await statesOf(event)).toEqual([ 'waiting' ]);
      await forwardAll(events, (agent): boolean => !agent.includes('refused'));
      expect(await outcomesOf(event)).toEqual([ shown(allowed, 'processed'), shown(refused, 'absent') ]);
      expect(await statesOf(event)).toEqual([ 'processed', 'absent' ]);
      expect(await log.getOutcome(POD, `${event.id}.${refused.id}`)).toEqual(shown(refused, 'absent'));
      for (const { id } of [ late, other ]) {
        expect(await log.getOutcome(POD, `${event.id}.${id}`)).toBeUndefined();
      }
      // The subscriber received the event later.
      await deliveries.replay(POD, late.id, [ 1 ], 1);
      expect((await outcomesOf(event)).map(({ subscription }): unknown => subscription)).toContain(late.id);
      await events.removeEntry(allowed.url, event.id);
      expect(await log.getOutcome(POD, `${event.id}.${allowed.id}`)).toEqual(shown(allowed, 'absent'));
      await events.removeSubscription(POD, allowed.id);
      expect(await log.getOutcome(POD, `${event.id}.${allowed.id}`)).toBeUndefined();
    });

    it('has no outcomes for the subscriptions of a pod that does not forward the event.', async(): Promise<void> => {
      await follow();
      const theirs = await follow({ pod: PRODUCER, pattern: '*' });
      const event = await publish({}, { forwards: [{ pod: PRODUCER, inbox: `${PRODUCER}inbox/` }]});
      expect(await outcomesOf(event)).toEqual([]);
      await forwardAll(events);
      expect(await events.listEntries(theirs.url, 0, 10)).toHaveLength(1);
      expect(await outcomesOf(event)).toEqual([]);
      expect(await statesOf(event)).toEqual([]);
    });

    it('tells what became of deliveries to webhooks, with the attempts.', async(): Promise<void> => {
      const first = await hook();
      const second = await hook({ pattern: 'realestate/*' });
      const event = await publish();
      expect((await outcomesOf(event)).map(({ state }): string => state)).toEqual([ 'waiting', 'waiting' ]);
      await forwardAll(events);
      const [ own, other ] = await outcomesOf(event);
      const base = { event: event.id, state: 'waiting', kind: 'webhook', url: WEBHOOK, attempts: []};
      expect(own).toEqual({ ...base, id: expect.stringMatching(/^\d+$/u), subscription: first.id, pattern: first.pattern });
      expect(other).toEqual({ ...base, id: `${event.id}.${second.id}`, subscription: second.id, pattern: second.pattern });
      const attempts = [{ at: 5, duration: 7, status: 204 }];
      await finish(await claim(), 'delivered');
      expect(await outcomesOf(event)).toEqual([ own, other ].map((outcome): object => ({ ...outcome, state: 'processed', attempts })));
      for (const outcome of [ own, other ]) {
        expect(await log.getOutcome(POD, outcome.id)).toEqual({ ...outcome, state: 'processed', attempts });
      }
      await events.removeSubscription(POD, first.id);
      const ended = { ...own, state: 'processed', attempts, pattern: undefined };
      expect(await outcomesOf(event)).toEqual([ ended, { ...other, state: 'processed', attempts }]);
      expect(await log.getOutcome(POD, own.id)).toEqual(ended);
    });

    it.each([[ 'dead', 'error' ], [ 'refused', 'ended' ], [ 'ended', 'ended' ], [ 'waiting', 'waiting' ]] as const)('shows a delivery that is %s as %s.', async(state, shown): Promise<void> => {
      await hook();
      const event = await publish();
      await forwardAll(events);
      await finish(await claim(), state);
      expect(await outcomesOf(event)).toMatchObject([{ state: shown, attempts: [{ reason: 'no' }]}]);
      expect(await statesOf(event)).toEqual([ shown ]);
      expect(await ids({ state: shown })).toEqual([ event.id ]);
      expect(await ids({ state: 'processed' })).toEqual([]);
      expect(await ids({ state: 'absent' })).toEqual([]);
    });

    it('tells what became of it at recipients elsewhere, whether or not the pod forwards it.', async(): Promise<void> => {
      await hook();
      const recipients = [ recipient(), recipient({ agent: 'https://bob.example/#me', isDelivered: true, attempt: { at: 1, duration: 2, status: 201 }}) ];
      for (const forwards of [[], [{ pod: POD }]]) {
        const event = await publish({}, { forwards, recipients });
        await forwardAll(events);
        const outcomes = await outcomesOf(event);
        expect(outcomes.slice(0, 2)).toEqual([
          { id: expect.any(String), event: event.id, state: 'waiting', kind: 'recipient', url: ALICE, attempts: []},
          { id: expect.any(String), event: event.id, state: 'processed', kind: 'recipient', url: 'https://bob.example/#me', attempts: [{ at: 1, duration: 2, status: 201 }]},
        ]);
        expect(outcomes).toHaveLength(2 + forwards.length);
        expect(await log.getOutcome(POD, outcomes[1].id)).toEqual(outcomes[1]);
        expect(await log.getOutcome(PRODUCER, outcomes[1].id)).toBeUndefined();
        expect(await outcomesOf(event, 1)).toEqual(outcomes.slice(0, 1));
        expect(await statesOf(event)).toEqual([ 'waiting', 'processed' ]);
      }
    });

    it('shows what serves its subscriptions, though another pod has it delivered, and nothing else of that.', async(): Promise<void> => {
      await hook({ pod: PRODUCER, pattern: '*' });
      const event = await publish({}, { forwards: [{ pod: PRODUCER, inbox: `${PRODUCER}inbox/` }, { pod: POD }]});
      await forwardAll(events);
      expect(await outcomesOf(event)).toEqual([]);
      expect(await statesOf(event)).toEqual([]);
      const { id } = await hook({ created: event.published + 1 });
      expect(await outcomesOf(event)).toMatchObject([{ id: `${event.id}.${id}`, state: 'waiting', kind: 'webhook' }]);
      expect(await statesOf(event)).toEqual([ 'waiting' ]);
    });

    it('finds events by the states of their outcomes.', async(): Promise<void> => {
      await follow();
      await follow({ pattern: 'lead', agent: 'http://localhost/refused#me' });
      const nobody = await publish({ topic: 'nobody' });
      const got = await publish();
      const absent = await publish({ topic: 'lead', published: 1_700_000_000_001 });
      for (let index = 0; index < 3; index += 1) {
        await forwardAll(events, (agent): boolean => !agent.includes('refused'));
      }
      const waits = await publish();
      expect(await ids({ state: 'processed' })).toEqual([ got.id ]);
      expect(await ids({ state: 'absent' })).toEqual([ absent.id ]);
      expect(await ids({ state: 'waiting' })).toEqual([ waits.id ]);
      expect(await ids({ state: 'error' })).toEqual([]);
      expect(await ids({ state: 'processed', topics: [ 'lead' ]})).toEqual([]);
      expect(await ids()).toEqual([ nobody.id, got.id, absent.id, waits.id ]);
    });

    it('shows no more outcomes than asked for, of however many.', async(): Promise<void> => {
      const many = 1_203;
      await Promise.all(Array.from({ length: many }, async(_, index): Promise<unknown> => index % 2 ?
        follow({ inbox: `http://localhost/${index}/`, pattern: '*' }) :
        follow({ agent: `http://localhost/${index}#me` })));
      const recipients = Array.from({ length: 300 }, (_, index): RemoteRecipient => recipient({ agent: `https://alice.example/${index}` }));
      const event = await publish({}, { recipients });
      const all = await outcomesOf(event, 5_000);
      expect(new Set(all.map(({ id }): string => id)).size).toBe(many + 300);
      expect(all.slice(0, 300).every(({ kind }): boolean => kind === 'recipient')).toBe(true);
      expect(await outcomesOf(event, 700)).toEqual(all.slice(0, 700));
      expect(await outcomesOf(event, 1)).toEqual(all.slice(0, 1));
    });
  });
}
