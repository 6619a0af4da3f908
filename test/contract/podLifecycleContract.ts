import { hashKey, generateKey, prefixOf } from '../../src/identity/ApiKey';
import type { ApiKeyStore } from '../../src/identity/ApiKeyStore';
import { ContainerGone } from '../../src/store/ContainerGone';
import type { PodLifecycle } from '../../src/pod/PodLifecycle';
import { anEvent, aSubscription, forwardAll, idsIn, POD, PRODUCER, subscriptionsOf } from './fixtures';
import type { DeliveryStore, EventStore, OpenStores, Stores } from './stores';
import { shared } from './stores';

const OWNER = `${POD}profile/card#me`;
const OTHER = `${PRODUCER}profile/card#me`;
const INBOX = `${POD}inbox/`;
const HOOK = { kind: 'webhook', host: 'hooks.example', secret: 'whsec_1' } as const;

type Ports = 'deliveries' | 'events' | 'keys' | 'lifecycle' | 'probe';

/** Contract of `PodLifecycle`. */
export function describePodLifecycleContract(name: string, open: OpenStores<Ports>): void {
  describe(`${name}: lifecycle of pods and containers`, (): void => {
    let instances: readonly Pick<Stores, Ports>[];
    let events: EventStore;
    let deliveries: DeliveryStore;
    let keys: ApiKeyStore;
    let lifecycle: PodLifecycle;
    const count = (): number => instances[0].probe.countRows();
    const publishTo = async(pod: string, from = pod): Promise<string> => {
      const event = anEvent({ pod: from });
      await events.accept([{ event, forwards: [{ pod, inbox: `${pod}inbox/` }]}]);
      return event.id;
    };
    const addKey = async(webId: string, pods?: string[]): Promise<Buffer> => {
      const hash = hashKey(generateKey());
      await keys.addKey({ id: hash.toString('hex'), account: 'a', name: 'n', webId, created: Date.now(), scopes: [ 'publish' ], ...pods && { pods }}, hash);
      return prefixOf(hash);
    };
    const sweepAll = async(limit = 2): Promise<void> => {
      for (let more = true; more;) {
        more = await lifecycle.sweep(limit);
      }
    };

    beforeEach(async(): Promise<void> => {
      instances = await open();
      ({ events, deliveries, keys, lifecycle } = shared(instances));
      await events.open();
      await events.registerPod(POD);
      await events.registerPod(PRODUCER);
    });

    afterEach(async(): Promise<void> => events.close());

    it('keeps by what a registered pod is known.', async(): Promise<void> => {
      const key = expect.any(Number);
      expect(await lifecycle.recordOf(POD)).toEqual({ key, hasLayout: false });
      await lifecycle.setRecord(POD, { identity: '1', hasLayout: true });
      expect(await lifecycle.recordOf(POD)).toEqual({ key, identity: '1', hasLayout: true });
      expect(await lifecycle.recordOf('http://localhost/nobody/')).toBeUndefined();
      expect(await lifecycle.podsAfter('', 1)).toEqual([ PRODUCER ]);
      expect(await lifecycle.podsAfter(PRODUCER, 10)).toEqual([ POD ]);
    });

    it('ends nothing where there is nothing.', async(): Promise<void> => {
      expect(await lifecycle.endPod('http://localhost/nobody/')).toBe(false);
      expect(await lifecycle.sweep(10)).toBe(false);
    });

    it('changes nothing of the next pod of a URL for a decision about the former one.', async(): Promise<void> => {
      const { key } = (await lifecycle.recordOf(POD))!;
      await publishTo(POD);
      expect(await lifecycle.endPod(POD, key)).toBe(true);
      // No pod has the URL.
      expect(await lifecycle.endPod(POD, key)).toBe(false);
      await events.registerPod(POD);
      const next = await publishTo(POD);
      const record = { ...(await lifecycle.recordOf(POD))!, identity: '2', hasLayout: true };
      await lifecycle.setRecord(POD, record);
      expect(await lifecycle.endPod(POD, key)).toBe(false);
      await lifecycle.setRecord(POD, { identity: '1', hasLayout: false }, key);
      expect(await lifecycle.recordOf(POD)).toEqual(record);
      expect(await idsIn(events, INBOX)).toEqual([ next ]);
      await lifecycle.setRecord(POD, { identity: '3', hasLayout: true }, record.key);
      expect(await lifecycle.recordOf(POD)).toEqual({ ...record, identity: '3' });
      expect(await lifecycle.endPod(POD, record.key)).toBe(true);
      expect(await idsIn(events, INBOX)).toEqual([]);
    });

    it('leaves nothing of a pod to the next one of its URL.', async(): Promise<void> => {
      const own = await publishTo(POD);
      await events.addSubscription(aSubscription({ pod: POD, inbox: `${PRODUCER}inbox/`, agent: OTHER }));
      await events.addSubscription(aSubscription({ pod: PRODUCER, inbox: INBOX, agent: OWNER }));
      await publishTo(POD);
      const [ of, limited ] = [ await addKey(OWNER), await addKey(OTHER, [ POD ]) ];
      const both = await addKey(OTHER, [ POD, PRODUCER ]);
      const epoch = await events.epochOf(POD) ?? 0;
      const revision = await events.revisionOf(POD) ?? 0;
      expect(await lifecycle.endPod(POD)).toBe(true);
      expect(await lifecycle.unfinishedEndings()).toEqual([]);
      const expectNone = async(): Promise<void> => {
        expect(await events.hasPod(POD)).toBe(false);
        expect(await lifecycle.recordOf(POD)).toBeUndefined();
        expect([ await idsIn(events, INBOX), await idsIn(events, `${POD}publish/`) ]).toEqual([[], []]);
        expect(await events.getEntry(INBOX, own)).toBeUndefined();
        expect([ await subscriptionsOf(events, POD), await subscriptionsOf(events, PRODUCER, OWNER) ]).toEqual([[], []]);
        expect(await subscriptionsOf(events, PRODUCER)).toEqual([]);
        expect(await keys.findKeys(of)).toEqual([]);
      };
      await expectNone();
      // No decision cached under the former numbers is used again.
      expect(await events.epochOf(POD)).toBeGreaterThan(epoch);
      expect(await events.revisionOf(POD)).toBeGreaterThan(revision);
      expect(await events.pendingForwards(10)).toEqual([]);
      await events.registerPod(POD);
      const next = await publishTo(POD);
      await sweepAll();
      expect([ await idsIn(events, INBOX), await idsIn(events, `${POD}publish/`) ]).toEqual([[ next ], [ next ]]);
      expect(await keys.findKeys(limited)).toEqual([]);
      expect((await keys.findKeys(both))[0].key.pods).toEqual([ PRODUCER ]);
      expect(count()).toBe(3);
      expect(await lifecycle.sweep(10)).toBe(false);
    });

    it('leaves others the copies that they have, as they were.', async(): Promise<void> => {
      await events.addSubscription(aSubscription({ pod: POD, inbox: `${PRODUCER}inbox/`, agent: OTHER, pattern: 'realestate/*' }));
      const event = anEvent({ pod: POD, publisher: OWNER });
      await events.accept([{ event, forwards: [{ pod: POD, inbox: INBOX }]}]);
      await forwardAll(events);
      const kept = await events.getEntry(`${PRODUCER}inbox/`, event.id);
      expect(kept).toEqual(event);
      await lifecycle.endPod(POD);
      await sweepAll(1);
      expect(await events.getEntry(`${PRODUCER}inbox/`, event.id)).toEqual(event);
      expect(await events.getEntry(INBOX, event.id)).toBeUndefined();
    });

    it('does not end what lies in another registered pod below the URL.', async(): Promise<void> => {
      const root = 'http://localhost/';
      await events.registerPod(root);
      const inner = await publishTo(POD);
      const key = await addKey(OWNER);
      const outer = await publishTo(root);
      expect(await lifecycle.endPod(root)).toBe(true);
      expect(await idsIn(events, INBOX)).toEqual([ inner ]);
      expect(await keys.findKeys(key)).toHaveLength(1);
      expect(await events.getEntry(`${root}inbox/`, outer)).toBeUndefined();
    });

    it('ends many subscriptions and containers in steps, and goes on where that was interrupted.', async(): Promise<void> => {
      for (let index = 0; index < 1_100; index += 1) {
        await events.addSubscription(aSubscription({ pod: PRODUCER, pattern: `a/b${index}`, inbox: `${POD}box${index % 300}/`, agent: OWNER }));
      }
      const counters = [ instances[0].probe.failWrite(4), instances.at(-1)!.probe.failWrite(Number.MAX_SAFE_INTEGER) ];
      await expect(instances[0].lifecycle.endPod(POD)).rejects.toThrow('killed');
      expect([ await lifecycle.isEnding(POD), await lifecycle.unfinishedEndings() ]).toEqual([ true, [ POD ]]);
      expect(await instances.at(-1)!.lifecycle.endPod(POD)).toBe(true);
      expect(await lifecycle.isEnding(POD)).toBe(false);
      expect(await subscriptionsOf(events, PRODUCER)).toEqual([]);
      expect(counters.reduce((sum, writes): number => sum + writes(), 0)).toBeGreaterThan(6);
    });

    it('ends what waits for those that have ended, with the reason, and sends none of it.', async(): Promise<void> => {
      const follow = { inbox: undefined, webhook: 'https://hooks.example/a', pattern: 'realestate/*' };
      await events.addSubscription(aSubscription({ ...follow, pod: PRODUCER, agent: OWNER }), undefined, undefined, HOOK);
      await events.addSubscription(aSubscription({ ...follow, pod: POD, agent: OTHER, webhook: 'https://hooks.example/b' }), undefined, undefined, HOOK);
      await publishTo(PRODUCER);
      await publishTo(POD);
      await forwardAll(events);
      await forwardAll(events);
      const now = Date.now() + 60_000;
      expect((await deliveries.queue(now)).waiting).toBe(2);
      await lifecycle.endPod(POD);
      const hosts = await deliveries.dueHosts(now, 10);
      expect(await deliveries.claim(hosts.map(({ host }) => ({ host, limit: 10 })), now, now + 1)).toEqual([]);
      expect((await deliveries.queue(now)).waiting).toBe(0);
      const [ log ] = await deliveries.listDeliveries(PRODUCER, {}, Number.MAX_SAFE_INTEGER, 10);
      expect(log).toMatchObject({ state: 'ended', attempts: [{ reason: expect.stringContaining('was removed') }]});
      // The next agent with this WebID is another one.
      expect(log.agent).not.toBe(OWNER);
      expect(await deliveries.listDeliveries(PRODUCER, { agent: OWNER }, Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
      await sweepAll();
    });

    it('stops copies into a container that is closed, until it is opened.', async(): Promise<void> => {
      await events.addSubscription(aSubscription({ pod: POD, inbox: `${PRODUCER}box/`, agent: OTHER, pattern: 'realestate/*' }));
      const first = await publishTo(POD);
      await forwardAll(events);
      expect(await lifecycle.closeContainer(INBOX)).toBe('occupied');
      expect(await lifecycle.closeContainer(`${PRODUCER}box/`, true)).toBe('closed');
      await events.removeEntry(INBOX, first);
      expect([ await lifecycle.isClosed(INBOX), await lifecycle.closeContainer(INBOX), await lifecycle.isClosed(INBOX) ])
        .toEqual([ false, 'closed', true ]);
      expect(await lifecycle.containersIn(POD, '', 10)).toEqual([ `${POD}publish/` ]);
      await publishTo(POD);
      await forwardAll(events);
      expect([ await idsIn(events, INBOX), await idsIn(events, `${PRODUCER}box/`) ]).toEqual([[], []]);
      await lifecycle.openContainer(INBOX);
      await lifecycle.openContainer(`${PRODUCER}box/`);
      expect([ await idsIn(events, INBOX), await idsIn(events, `${PRODUCER}box/`) ]).toEqual([[], []]);
      const third = await publishTo(POD);
      await forwardAll(events);
      expect([ await idsIn(events, INBOX), await idsIn(events, `${PRODUCER}box/`) ]).toEqual([[ third ], [ third ]]);
    });

    it('stops the copy of a watched inbox too, and replays.', async(): Promise<void> => {
      await events.watch(INBOX, true);
      await publishTo(POD);
      await lifecycle.closeContainer(INBOX);
      await forwardAll(events);
      expect(await idsIn(events, INBOX)).toEqual([]);
      const subscription = aSubscription({ pod: POD, inbox: INBOX, agent: OTHER });
      await events.addSubscription(subscription);
      expect(await deliveries.replay(POD, subscription.id, [ 1 ], Date.now())).toEqual({ events: 0, watched: []});
      await lifecycle.openContainer(INBOX);
      expect((await deliveries.replay(POD, subscription.id, [ 1 ], Date.now()))?.events).toBe(1);
    });

    it('removes what is in a container that was deleted without the server.', async(): Promise<void> => {
      const event = await publishTo(POD);
      expect(await lifecycle.closeContainer(INBOX, true)).toBe('closed');
      await lifecycle.openContainer(INBOX);
      expect(await events.getEntry(INBOX, event)).toBeUndefined();
      expect(await idsIn(events, `${POD}publish/`)).toEqual([ event ]);
      expect(await lifecycle.closeContainer(`${POD}other/`)).toBe('unused');
      expect(await lifecycle.isClosed(`${POD}other/`)).toBe(false);
    });

    it('refuses events for a container that is closed, and stores nothing of them.', async(): Promise<void> => {
      await lifecycle.closeContainer(`${POD}publish/`);
      await expect(publishTo(POD)).rejects.toThrow(ContainerGone);
      const event = anEvent({ pod: 'https://elsewhere.example/a/' });
      await lifecycle.closeContainer(INBOX);
      await expect(events.receive({ event, hops: 1, pod: POD, inbox: INBOX, isForwarded: false })).rejects.toThrow(INBOX);
      expect(count()).toBe(0);
    });

    describe('by two instances at the same time', (): void => {
      it.each([ 1, 2, 3 ])('ends nothing of the next pod, if one is late at its write %d.', async(write): Promise<void> => {
        await publishTo(POD);
        const [ one, other ] = [ instances[0], instances.at(-1)! ];
        const { reached, release } = other.probe.holdWrite(write);
        const late = other.lifecycle.endPod(POD);
        await reached;
        await one.lifecycle.endPod(POD);
        await one.events.registerPod(POD);
        const next = await publishTo(POD);
        const key = await addKey(OWNER);
        await one.events.addSubscription(aSubscription({ pod: POD, agent: OWNER, inbox: INBOX }));
        release();
        await late;
        expect(await lifecycle.isEnding(POD)).toBe(false);
        expect(await events.hasPod(POD)).toBe(true);
        expect([ await idsIn(events, INBOX), await idsIn(events, `${POD}publish/`) ]).toEqual([[ next ], [ next ]]);
        expect(await keys.findKeys(key)).toHaveLength(1);
        expect(await subscriptionsOf(events, POD)).toHaveLength(1);
      });

      it('sweeps no event of which another pod has a copy.', async(): Promise<void> => {
        const [ one, other ] = [ instances[0].lifecycle, instances.at(-1)!.lifecycle ];
        const kept: string[] = [];
        for (let calls = 1; calls <= 14; calls += 1) {
          const pod = `http://localhost/ending${calls}/`;
          await events.registerPod(pod);
          const event = anEvent({ pod });
          await events.accept([{ event, forwards: [{ pod: PRODUCER, inbox: `${PRODUCER}inbox/` }]}]);
          kept.push(event.id);
          await one.endPod(pod);
          // One instance is some steps ahead, then the other one begins, and both continue.
          for (let call = 0; call < calls; call += 1) {
            await one.sweep(100);
          }
          for (let call = 0; call < 4; call += 1) {
            await other.sweep(100);
          }
          while (await one.sweep(100) || await other.sweep(100)) {
            // Until both are complete.
          }
        }
        expect(await idsIn(events, `${PRODUCER}inbox/`)).toEqual(kept);
      });

      it('removes no copy that was written after a container was opened again.', async(): Promise<void> => {
        await publishTo(POD);
        await lifecycle.closeContainer(INBOX, true);
        const [ one, other ] = [ instances[0], instances.at(-1)! ];
        const { reached, release } = other.probe.holdWrite(1);
        const late = other.lifecycle.openContainer(INBOX);
        await reached;
        await one.lifecycle.openContainer(INBOX);
        const copy = anEvent({ pod: POD });
        await one.events.accept([{ event: copy, forwards: [{ pod: POD, inbox: INBOX }]}]);
        release();
        await late;
        expect(await idsIn(events, INBOX)).toEqual([ copy.id ]);
      });
    });
  });
}
