import type { Event } from '../../src/event/Event';
import { v7 } from 'uuid';
import type { AddedSubscription } from '../../src/subscription/ports';
import type { UnconfirmedConsent, FanOutStepResult } from '../../src/delivery/ports';
import { AGENT, anEvent, aSubscription, forwardAll, idsIn, inboxOf, POD, PRODUCER, PUBLISH } from './fixtures';
import type { EventStore, OpenStores, Stores } from './stores';
import { shared } from './stores';

/** Contract of `FanOutStore` and `ContainerWatches`. */
export function describeFanOutContract(name: string, open: OpenStores<'events'>): void {
  describe(`${name}: fan-out queue`, (): void => {
    let instances: readonly Pick<Stores, 'events'>[];
    let store: EventStore;

    beforeEach(async(): Promise<void> => {
      instances = await open();
      store = shared(instances).events;
      await store.open();
    });

    afterEach(async(): Promise<void> => store.close());

    describe('with an event to forward', (): void => {
      const event = anEvent({ id: v7() });
      const accept = async(inbox?: string): Promise<boolean> => store.accept([{ event, forwards: [{ pod: POD, inbox }]}]);

      it('copies it to the pod\'s own inbox at once, where nobody follows, and nothing waits.', async(): Promise<void> => {
        await store.addSubscription(aSubscription({ pod: PRODUCER }));
        await accept(inboxOf('user'));
        expect(await idsIn(store, inboxOf('user'))).toEqual([ event.id ]);
        expect(await store.modifiedOf(inboxOf('user'))).toBeDefined();
        expect(await store.pendingForwards(10)).toEqual([]);
      });

      it('copies it to the pod\'s own inbox first, when that is watched.', async(): Promise<void> => {
        await store.watch(inboxOf('user'), true);
        await accept(inboxOf('user'));
        expect(await idsIn(store, inboxOf('user'))).toEqual([]);
        expect(await store.pendingForwards(10)).toEqual([{ pod: POD, topic: event.topic, event: 1 }]);
        const [{ watched }] = await forwardAll(store);
        expect(watched).toEqual([{ container: inboxOf('user'), copy: `${inboxOf('user')}${event.id}`, notice: expect.any(Number) }]);
        expect(await idsIn(store, inboxOf('user'))).toEqual([ event.id ]);
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
        expect(await idsIn(store, inboxOf('subscriber'))).toEqual([ event.id ]);
        expect(await idsIn(store, inboxOf('none'))).toEqual([]);
      });

      it('copies it to the inboxes of all subscriptions, a bounded number at a time.', async(): Promise<void> => {
        await Promise.all(Array.from({ length: 25 }, async(_, index): Promise<unknown> => store.addSubscription(
          aSubscription({ inbox: inboxOf(index), pattern: index % 2 ? '*' : 'realestate/contact' }),
        )));
        await accept();
        const results = await forwardAll(store, undefined, 4);
        expect(results.filter(({ outcome }): boolean => outcome === 'more').length).toBeGreaterThan(5);
        for (let index = 0; index < 25; index += 1) {
          expect(await idsIn(store, inboxOf(index))).toEqual([ event.id ]);
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
        expect(await idsIn(store, inboxOf(1))).toEqual([ event.id ]);
        expect(await idsIn(store, inboxOf(2))).toEqual([ event.id ]);
        expect(await idsIn(store, inboxOf(3))).toEqual([]);
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
        expect(await idsIn(store, inboxOf('subscriber'))).toEqual([]);
        const answers = await forwardAll(store, (): boolean => false);
        expect(answers.at(-1)).toMatchObject({ outcome: 'done' });
        expect(await idsIn(store, inboxOf('subscriber'))).toEqual([]);
      });

      it('copies nothing for a subscription that was ended before its turn.', async(): Promise<void> => {
        const { subscription } = await store.addSubscription(aSubscription()) as AddedSubscription;
        await accept();
        await store.removeSubscription(POD, subscription.id);
        await forwardAll(store);
        expect(await idsIn(store, inboxOf('subscriber'))).toEqual([]);
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
          expect(await idsIn(store, inbox)).toEqual([]);
          await answer(result, true);
          expect(await landAll()).toMatchObject({ outcome: 'done', unconfirmed: []});
          expect(await idsIn(store, inbox)).toEqual([ event.id ]);
        });

        it('copies nothing while it is somebody else\'s.', async(): Promise<void> => {
          await store.raiseEpoch(`${inbox}.acl`);
          await answer(await landAll(), false);
          expect(await landAll()).toMatchObject({ outcome: 'done', unconfirmed: []});
          expect(await idsIn(store, inbox)).toEqual([]);
          await another();
          await store.raiseEpoch(`${inbox}.acl`);
          await answer(await landAll(), true);
          await landAll();
          expect(await idsIn(store, inbox)).toEqual([ expect.not.stringContaining(event.id) ]);
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
        expect(await idsIn(store, inboxOf('subscriber'))).toEqual([ event.id ]);
        expect(await store.removeEntry(inboxOf('subscriber'), event.id)).toBe(true);
        expect(await store.removeEntry(inboxOf('subscriber'), event.id)).toBe(false);
        await forwardAll(store);
        expect(await idsIn(store, inboxOf('subscriber'))).toEqual([]);
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
            // One agent may not receive; decisions about the others are added step by step.
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
        const landed = (await idsIn(store, inboxOf('subscriber'))).length;
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

    describe('by two instances at the same time', (): void => {
      /** Fans out until the queues are empty, as one process does. */
      const drain = async(instance: EventStore, limit: number): Promise<string[]> => {
        const told: string[] = [];
        while ((await instance.pendingForwards(1)).length > 0) {
          told.push(...(await forwardAll(instance, undefined, limit)).flatMap(({ watched }): string[] => watched.map(({ copy }): string => copy)));
        }
        return told;
      };

      it('writes each copy once, and reports each in a watched container once.', async(): Promise<void> => {
        const inboxes = Array.from({ length: 20 }, (_, index): string => inboxOf(index));
        for (const [ index, inbox ] of inboxes.entries()) {
          await store.addSubscription(aSubscription({ inbox, pattern: index % 2 ? '*' : 'realestate/contact', agent: `https://${index % 3}.example/#me` }));
        }
        await store.watch(inboxes[3], true);
        await store.watch(inboxes[4], true);
        const events = Array.from({ length: 4 }, (): Event => anEvent());
        await store.accept(events.map((event) => ({ event, forwards: [{ pod: POD, inbox: inboxOf('user') }]})));
        const told = await Promise.all([ drain(instances[0].events, 3), drain(instances.at(-1)!.events, 4) ]);
        for (const inbox of [ ...inboxes, inboxOf('user') ]) {
          expect(await idsIn(store, inbox)).toEqual(events.map(({ id }): string => id));
        }
        expect(told.flat().sort()).toEqual(events.flatMap(({ id }): string[] => [ `${inboxes[3]}${id}`, `${inboxes[4]}${id}` ]).sort());
      });

      it('writes no copy by answers of before a change that another instance has acknowledged.', async(): Promise<void> => {
        const [ one, other ] = [ instances[0].events, instances.at(-1)!.events ];
        await store.registerPod(POD);
        await store.addSubscription(aSubscription());
        for (let round = 0; round < 5; round += 1) {
          const event = anEvent();
          await store.accept([{ event, forwards: [{ pod: POD }]}]);
          const [ forward ] = await one.pendingForwards(1);
          const scope = await one.openScope(POD);
          await one.learn(scope, new Map([[ AGENT, true ]]));
          const step = one.fanOutStep(forward, scope, 10);
          await other.raiseEpoch(`${POD}topics/.acl`);
          const before = await idsIn(other, inboxOf('subscriber'));
          const { outcome } = await step;
          // Either the step was first and wrote its copy, or it wrote none.
          expect(await idsIn(other, inboxOf('subscriber'))).toEqual(before);
          expect(before.includes(event.id)).toBe(outcome === 'done');
          expect(await one.fanOutStep(forward, scope, 10)).toMatchObject({ outcome: 'stale' });
          await forwardAll(one, (): boolean => false);
        }
      });

      it('leaves out a copy that another instance removes while its event is fanned out.', async(): Promise<void> => {
        const [ one, other ] = [ instances[0].events, instances.at(-1)!.events ];
        for (const pattern of [ '*', 'realestate/*', 'realestate/contact' ]) {
          await store.addSubscription(aSubscription({ pattern }));
          await store.addSubscription(aSubscription({ pattern, inbox: inboxOf('second') }));
        }
        const event = anEvent();
        await store.accept([{ event, forwards: [{ pod: POD }]}]);
        const fanOut = drain(one, 1);
        let isRemoved = false;
        while (!isRemoved) {
          isRemoved = await other.removeEntry(inboxOf('subscriber'), event.id);
          await new Promise(setImmediate);
        }
        await fanOut;
        expect(await idsIn(store, inboxOf('subscriber'))).toEqual([]);
        expect(await idsIn(store, inboxOf('second'))).toEqual([ event.id ]);
      });
    });
  });
}
