import type { CopyListener } from '../../../src/delivery/CopyListener';
import { Forwarder } from '../../../src/delivery/Forwarder';
import type { Access, Readers } from '../../../src/access/ports';
import type { WatchedCopy } from '../../../src/store/WatchedCopy';
import { SqliteEventStore } from '../../../src/store-sqlite/SqliteEventStore';
import { IN_MEMORY, SqliteSession } from '../../../src/store-sqlite/SqliteSession';
import { FilterMatcher } from '../../../src/subscription/FilterMatcher';
import { anEvent, aSubscription, POD } from '../../contract/fixtures';
import { eventually } from '../../util/wait';
import { inlineWork } from '../../util/work';

describe('The fan-out', (): void => {
  let store: SqliteEventStore;
  let forwarder: Forwarder;
  let asked: string[];
  let messages: string[];
  let landed: WatchedCopy[];
  let controls: (agent: string, mode: string) => boolean | Promise<boolean>;
  let decide: (agent: string, resource: string) => boolean | Promise<boolean>;
  const readers: Readers = {
    readersOf: async(resource, agents): Promise<Set<string>> => {
      const may = new Set<string>();
      for (const agent of agents) {
        asked.push(`${agent} ${resource}`);
        if (await decide(agent, resource)) {
          may.add(agent);
        }
      }
      return may;
    },
  };
  const access: Access = {
    allowed: async(caller, resources, mode): Promise<Set<string>> => {
      asked.push(`${caller.agent} ${mode} ${resources[0]}`);
      return new Set(await controls(caller.agent!, mode) ? resources : []);
    },
  };
  const listener: CopyListener = { copyWritten: (copy): unknown => landed.push(copy) };
  const outbox = { wake: (): void => {}, now: Date.now };
  const create = (options = {}): Forwarder =>
    new Forwarder({
      store,
      readers,
      access,
      filters: new FilterMatcher(inlineWork(), 'http://localhost/'),
      listeners: [ listener ],
      report: (message): unknown => messages.push(message),
      outbox,
    }, options);
  const inboxOf = (name: string | number): string => `http://localhost/${name}/inbox/`;
  const count = async(inbox: string): Promise<number> => (await store.listEntries(inbox, 0, 1_000)).length;
  const publish = async(pod = POD, topic = 'realestate/contact#add'): Promise<void> => {
    await store.accept([{ event: anEvent({ topic }), forwards: [{ pod }]}]);
    forwarder.wake();
  };
  const done = async(): Promise<unknown> => eventually(async(): Promise<true | undefined> =>
    (await store.pendingForwards(1)).length === 0 ? true : undefined);

  beforeEach(async(): Promise<void> => {
    store = new SqliteEventStore(new SqliteSession(IN_MEMORY));
    [ asked, messages, landed ] = [ [], [], [] ];
    decide = (): boolean => true;
    controls = (): boolean => true;
    forwarder = create();
  });

  afterEach(async(): Promise<void> => {
    await forwarder.stop();
    await store.close();
  });

  it('rests until it is started, and then does what was left.', async(): Promise<void> => {
    await store.addSubscription(aSubscription());
    await publish();
    expect(await count(inboxOf('subscriber'))).toBe(0);
    forwarder.start();
    await done();
    expect(await count(inboxOf('subscriber'))).toBe(1);
    await publish();
    await done();
    expect(await count(inboxOf('subscriber'))).toBe(2);
  });

  it('asks once for each agent and topic while access stands.', async(): Promise<void> => {
    await store.addSubscription(aSubscription({ inbox: inboxOf(1) }));
    await store.addSubscription(aSubscription({ inbox: inboxOf(2) }));
    forwarder.start();
    await publish();
    await done();
    await publish();
    await done();
    expect(asked).toEqual([ `${aSubscription().agent} ${POD}topics/realestate/contact/add` ]);
    await publish(POD, 'realestate/contact#remove');
    await done();
    expect(asked).toHaveLength(2);
    await store.raiseEpoch(POD);
    decide = (): boolean => false;
    await publish();
    await done();
    expect(asked).toHaveLength(3);
    expect(await count(inboxOf(1))).toBe(3);
  });

  it('asks again when an answer is too old.', async(): Promise<void> => {
    await store.addSubscription(aSubscription());
    const clock = jest.spyOn(Date, 'now');
    let now = 1_000_000;
    clock.mockImplementation((): number => now);
    forwarder = create({ maxAge: 1 });
    forwarder.start();
    await publish();
    await new Promise((resolve): unknown => setTimeout(resolve, 100));
    now += 1_001;
    await publish();
    await new Promise((resolve): unknown => setTimeout(resolve, 100));
    clock.mockRestore();
    await done();
    expect(asked).toHaveLength(2);
  });

  it('copies nothing to whom access is taken while it reads who may receive.', async(): Promise<void> => {
    await store.addSubscription(aSubscription());
    let allowed = true;
    decide = async(): Promise<boolean> => {
      const answer = allowed;
      if (allowed) {
        allowed = false;
        await store.raiseEpoch(POD);
      }
      return answer;
    };
    forwarder.start();
    await publish();
    await done();
    expect(asked).toHaveLength(2);
    expect(await count(inboxOf('subscriber'))).toBe(0);
  });

  it('asks whose the inbox is where access to it has changed, and copies nothing into that of another.', async(): Promise<void> => {
    await store.addSubscription(aSubscription({ inbox: inboxOf(1) }));
    await store.addSubscription(aSubscription({ inbox: inboxOf(2), agent: 'http://localhost/other#me' }));
    await store.raiseEpoch('http://localhost/.acl');
    controls = (agent, mode): boolean => agent === aSubscription().agent && mode === 'control';
    forwarder.start();
    await publish();
    await done();
    expect(await count(inboxOf(1))).toBe(1);
    expect(await count(inboxOf(2))).toBe(0);
    expect(asked.filter((question): boolean => question.includes('/inbox/')).sort()).toEqual([
      `http://localhost/other#me control ${inboxOf(2)}`,
      `http://localhost/other#me write ${inboxOf(2)}`,
      `${aSubscription().agent} control ${inboxOf(1)}`,
      `${aSubscription().agent} write ${inboxOf(1)}`,
    ]);
  });

  it('passes over who stays in doubt, and holds up nobody.', async(): Promise<void> => {
    await store.addSubscription(aSubscription({ inbox: inboxOf(1) }));
    await store.addSubscription(aSubscription({ inbox: inboxOf(2), agent: 'http://localhost/other#me' }));
    await store.raiseEpoch('http://localhost/2/.acl');
    // Access to the inbox changes each time it is asked about.
    controls = async(): Promise<boolean> => {
      await store.raiseEpoch('http://localhost/2/.acl');
      return true;
    };
    forwarder.start();
    await publish();
    await done();
    expect([ await count(inboxOf(1)), await count(inboxOf(2)) ]).toEqual([ 1, 0 ]);
    controls = (): boolean => true;
    await publish();
    await done();
    expect([ await count(inboxOf(1)), await count(inboxOf(2)) ]).toEqual([ 2, 1 ]);
  });

  it('asks about an inbox again only after some time where there was no answer.', async(): Promise<void> => {
    await store.addSubscription(aSubscription({ inbox: inboxOf(1) }));
    await store.addSubscription(aSubscription({ inbox: inboxOf(2), agent: 'http://localhost/other#me' }));
    await store.raiseEpoch('http://localhost/2/.acl');
    controls = (): never => {
      throw new Error('the ACL cannot be read');
    };
    forwarder.start();
    for (let time = 1; time <= 2; time += 1) {
      await publish();
      await done();
      expect([ await count(inboxOf(1)), await count(inboxOf(2)) ]).toEqual([ time, 0 ]);
    }
    expect(messages).toEqual([ expect.stringContaining(`controls ${inboxOf(2)} failed: the ACL cannot be read`) ]);
  });

  it('does not wait for an answer for ever.', async(): Promise<void> => {
    await store.addSubscription(aSubscription());
    await store.raiseEpoch('http://localhost/subscriber/.acl');
    const timer = jest.spyOn(global, 'setTimeout').mockImplementation(((run: () => void, time: number): unknown =>
      time === 5_000 ? setImmediate(run) : setInterval(run, time)) as any);
    controls = async(): Promise<boolean> => new Promise((): void => undefined);
    forwarder.start();
    await publish();
    await done().finally((): void => timer.mockRestore());
    expect(messages).toEqual([ expect.stringContaining('no answer within 5000 ms') ]);
    expect(await count(inboxOf('subscriber'))).toBe(0);
  });

  it('goes on with others while as many pods as it does at a time fail.', async(): Promise<void> => {
    forwarder = create({ concurrency: 2 });
    decide = (_, resource): boolean => {
      if (resource.includes('/broken')) {
        throw new Error('the ACL cannot be read');
      }
      return true;
    };
    for (const pod of [ 'broken1', 'broken2', 'broken3', 'whole' ]) {
      await store.addSubscription(aSubscription({ pod: `http://localhost/${pod}/`, inbox: inboxOf(pod) }));
    }
    forwarder.start();
    for (const pod of [ 'broken1', 'broken2', 'broken3', 'whole' ]) {
      await publish(`http://localhost/${pod}/`);
    }
    await eventually(async(): Promise<true | undefined> => await count(inboxOf('whole')) === 1 || undefined);
    expect(messages.length).toBeGreaterThanOrEqual(2);
    expect(messages[0]).toContain('is retried in 1000 ms');
  });

  it('uses what it has learned, however long that took.', async(): Promise<void> => {
    forwarder = create({ maxAge: 0.001 });
    await store.addSubscription(aSubscription());
    decide = async(): Promise<boolean> => new Promise((resolve): unknown => setTimeout(resolve, 30, true));
    forwarder.start();
    await publish();
    await done();
    expect(await count(inboxOf('subscriber'))).toBe(1);
    expect(asked).toHaveLength(1);
  });

  it('does not let one pod wait for another.', async(): Promise<void> => {
    let release: (answer: boolean) => void = (): void => undefined;
    decide = (_, resource): boolean | Promise<boolean> => resource.startsWith(POD) ?
      new Promise((resolve): void => { release = resolve; }) :
      true;
    await store.addSubscription(aSubscription());
    await store.addSubscription(aSubscription({ pod: 'http://localhost/other/', inbox: inboxOf('other') }));
    forwarder.start();
    await publish();
    await publish('http://localhost/other/');
    await eventually(async(): Promise<true | undefined> => await count(inboxOf('other')) === 1 ? true : undefined);
    expect(await count(inboxOf('subscriber'))).toBe(0);
    release(true);
    await done();
    expect(await count(inboxOf('subscriber'))).toBe(1);
  });

  it('forwards more pods than it does at a time.', async(): Promise<void> => {
    forwarder = create({ concurrency: 2, chunk: 1 });
    forwarder.start();
    for (let pod = 0; pod < 10; pod += 1) {
      await store.addSubscription(aSubscription({ pod: `http://localhost/${pod}/`, inbox: inboxOf(pod) }));
      await store.addSubscription(aSubscription({ pod: `http://localhost/${pod}/`, inbox: inboxOf(`${pod}b`) }));
      await publish(`http://localhost/${pod}/`);
    }
    await done();
    for (let pod = 0; pod < 10; pod += 1) {
      expect([ await count(inboxOf(pod)), await count(inboxOf(`${pod}b`)) ]).toEqual([ 1, 1 ]);
    }
  });

  it('reports what fails, and tries again.', async(): Promise<void> => {
    await store.addSubscription(aSubscription());
    let fails = 1;
    decide = (): boolean => {
      fails -= 1;
      if (fails >= 0) {
        throw new Error('the ACL cannot be read');
      }
      return true;
    };
    forwarder.start();
    await publish();
    await done();
    expect(messages).toEqual([ expect.stringContaining('the ACL cannot be read') ]);
    expect(await count(inboxOf('subscriber'))).toBe(1);
  });

  it('stops while it waits to try again.', async(): Promise<void> => {
    await store.addSubscription(aSubscription());
    decide = (): never => { throw new Error('no'); };
    forwarder.start();
    await publish();
    await eventually(async(): Promise<true | undefined> => messages.length > 0 ? true : undefined);
    await forwarder.stop();
    expect(await store.pendingForwards(1)).toHaveLength(1);
  });

  it('reports that it cannot look for events.', async(): Promise<void> => {
    await store.close();
    forwarder.start();
    await eventually(async(): Promise<true | undefined> => messages.length > 0 ? true : undefined);
    expect(messages[0]).toContain('is closed');
  });

  it('tells of copies in watched inboxes.', async(): Promise<void> => {
    await store.addSubscription(aSubscription());
    await store.watch(inboxOf('subscriber'), true);
    forwarder.start();
    await publish();
    await done();
    const copy = { container: inboxOf('subscriber'), copy: expect.stringContaining('/subscriber/inbox/'), notice: 1 };
    expect(landed).toEqual([ copy ]);
  });
});
