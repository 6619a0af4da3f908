import { Attempts } from '../../../src/delivery/Attempts';
import { HEALTHY, healthPolicy } from '../../../src/delivery/health';
import { HostQueue } from '../../../src/delivery/HostQueue';
import type { Obstacle } from '../../../src/delivery/Obstacles';
import { OutcomeWriter } from '../../../src/delivery/OutcomeWriter';
import { DeliveryListener } from '../../../src/delivery/DeliveryListener';
import type { ClaimedDelivery, FinishedDelivery, Findings, Sent } from '../../../src/delivery/ports';
import type { Verdict } from '../../../src/delivery/retry';
import { retryPolicy } from '../../../src/delivery/retry';
import { Slots } from '../../../src/delivery/Slots';
import { TargetStates } from '../../../src/delivery/TargetStates';
import { Tasks } from '../../../src/delivery/Tasks';
import { OutgoingFailed } from '../../../src/outgoing/Outgoing';
import type { DeliveryState } from '../../../src/store/deliveries';
import { aClaim } from '../../util/claims';
import { kindOf } from '../../util/kinds';

const NOW = 1_700_000_000_000;

const answered = (status: number, headers: Record<string, string> = {}): Sent => ({ result: { status, headers }});

describe('An attempt', (): void => {
  let send: (delivery?: ClaimedDelivery) => Promise<Sent>;
  let find: (delivery?: ClaimedDelivery) => Promise<Obstacle | undefined>;
  let finished: FinishedDelivery[];
  let findings: Findings;
  let calls: unknown[][];
  let messages: string[];
  let slots: Slots;
  let outcomes: OutcomeWriter;
  let queue: HostQueue;
  let attempts: Attempts;

  class Recorder extends DeliveryListener {
    public attempted({ delivery }: ClaimedDelivery, { outcome }: Verdict): void {
      calls.push([ 'attempted', delivery, outcome ]);
    }

    public override unsent({ delivery }: ClaimedDelivery, state: DeliveryState): void {
      calls.push([ 'unsent', delivery, state ]);
    }

    public async failed(): Promise<void> {}
  }

  const make = async(fields: object = {}): Promise<FinishedDelivery[]> => {
    const delivery = aClaim(1, fields);
    slots.occupy(delivery);
    await attempts.make(queue, delivery);
    await outcomes.drain();
    return finished;
  };

  beforeEach((): void => {
    [ finished, calls, messages ] = [ [], [], []];
    send = async(): Promise<Sent> => answered(204);
    find = async(): Promise<undefined> => undefined;
    slots = new Slots({ maxRequestsPerHost: 4, maxRequests: 8 });
    queue = new HostQueue(1, 'hooks.example', HEALTHY, 1);
    outcomes = new OutcomeWriter({
      finish: async(some, found): Promise<void> => {
        finished.push(...some);
        findings = found;
      },
    }, (): void => {}, (message): unknown => messages.push(message));
    attempts = new Attempts({
      sender: { kindOf, isSentByOrigin: async(): Promise<boolean> => false, send: async(delivery): Promise<Sent> => send(delivery) },
      clock: { now: (): number => NOW, workTime: (): number => 1_000 },
      obstacles: {
        find: async(members): Promise<ReadonlyMap<ClaimedDelivery, Obstacle>> => {
          const found = members.map(async(member) => [ member, await find(member) ] as const);
          return new Map((await Promise.all(found)).filter((one): one is [ClaimedDelivery, Obstacle] => one[1] !== undefined));
        },
      },
      outcomes,
      slots,
      targets: new TargetStates(),
      failures: {
        notify: async({ delivery }, failure, reason): Promise<void> => {
          calls.push([ failure, delivery, reason ]);
        },
      },
      tasks: new Tasks(),
      listeners: [ new Recorder() ],
      release: ({ host }, target): unknown => calls.push([ 'release', host, target ]),
      report: (message): unknown => messages.push(message),
      retry: retryPolicy({ jitter: 0 }),
      health: healthPolicy(),
    });
  });

  it('that succeeds is recorded with its claim, and enlarges the next claim of the host.', async(): Promise<void> => {
    expect(await make({ claim: 77 })).toEqual([{
      delivery: 1, claim: 77, host: 1, state: 'delivered',
      attempt: { at: expect.any(Number), duration: expect.any(Number), status: 204 },
    }]);
    expect([ queue.batch, slots.firstBatch(1), slots.inProgress ]).toEqual([ 2, 4, []]);
    expect(calls).toEqual([[ 'attempted', 1, 'delivered' ]]);
  });

  it('that fails is retried, with the health of its host and the first failure of its target.', async(): Promise<void> => {
    queue.batch = 16;
    send = async(): Promise<Sent> => ({ result: new OutgoingFailed('timeout', 'too late') });
    expect(await make()).toMatchObject([{ state: 'waiting', due: NOW + 5_000, attempt: { reason: 'too late' }}]);
    expect(queue).toMatchObject({ batch: 1, health: { failures: 1, since: NOW }});
    expect(findings).toMatchObject({ hosts: new Map([[ 1, queue.health ]]), failing: new Map([[ 1, 1_000 ]]) });
  });

  it('does not change the health of the host if another host responds.', async(): Promise<void> => {
    send = async(): Promise<Sent> => ({ ...answered(500), host: 'inbox.example' });
    await make();
    expect([ queue.health, findings.hosts.size ]).toEqual([ HEALTHY, 0 ]);
  });

  it('that a target answers with Retry-After pauses the target.', async(): Promise<void> => {
    send = async(): Promise<Sent> => answered(429, { 'retry-after': '60' });
    await make();
    expect(findings.pauses).toEqual(new Map([[ 1, NOW + 60_000 ]]));
    expect(queue.health).toBe(HEALTHY);
  });

  it('that disables the target releases its other deliveries after the outcome.', async(): Promise<void> => {
    send = async(): Promise<Sent> => answered(410);
    expect(await make()).toMatchObject([{ state: 'dead' }]);
    expect(calls).toEqual([
      [ 'attempted', 1, 'dead' ], [ 'disabled', 1, 'answered 410 Gone' ], [ 'release', 1, 1 ],
    ]);
    calls.length = 0;
    await make({ kind: 'recipient' });
    expect(calls).toEqual([[ 'attempted', 1, 'dead' ], [ 'dead', 1, 'answered 410 Gone' ]]);
  });

  it('is not made with an obstacle, of which listeners learn if the delivery ends.', async(): Promise<void> => {
    send = async(): Promise<never> => {
      throw new Error('not to be sent');
    };
    find = async(): Promise<Obstacle> => ({ state: 'waiting', due: NOW + 9 });
    expect(await make()).toEqual([{ delivery: 1, claim: 1, host: 1, state: 'waiting', due: NOW + 9 }]);
    expect(calls).toEqual([]);
    find = async(): Promise<Obstacle> => ({ state: 'dead', news: 'dead', attempt: { at: 1, duration: 0, reason: 'old' }});
    await make();
    expect(calls).toEqual([[ 'unsent', 1, 'dead' ], [ 'dead', 1, 'old' ]]);
    expect(messages).toEqual([]);
  });

  it('is discarded if a stop released the delivery meanwhile.', async(): Promise<void> => {
    send = async(): Promise<Sent> => {
      slots.clear();
      return answered(204);
    };
    expect(await make()).toEqual([]);
    send = async(): Promise<never> => {
      slots.clear();
      throw new Error('aborted');
    };
    expect(await make()).toEqual([]);
    expect([ calls, queue.batch ]).toEqual([[], 1 ]);
  });

  it('that fails by an error of this server is repeated after 5 seconds, and reported without its URL.', async(): Promise<void> => {
    send = async(): Promise<never> => {
      throw new Error('disk');
    };
    expect(await make()).toEqual([{ delivery: 1, claim: 1, host: 1, state: 'waiting', due: NOW + 5_000 }]);
    expect(messages).toEqual([ 'Delivery 1 to hooks.example could not be attempted: disk' ]);
    expect([ queue.health, calls ]).toEqual([ HEALTHY, []]);
  });

  describe('of a batch', (): void => {
    const others = [ aClaim(2, { tries: 3 }), aClaim(3) ];
    const batch = { id: 'batch-1', others };
    let sent: ClaimedDelivery[];

    beforeEach((): void => {
      sent = [];
      send = async(delivery): Promise<Sent> => {
        sent.push(delivery!);
        return answered(503);
      };
    });

    it('is one request, whose outcome is that of each delivery, with one failure of the host.', async(): Promise<void> => {
      const outcome = { state: 'waiting', due: NOW + 5_000, attempt: expect.objectContaining({ status: 503 }) };
      expect(await make({ batch })).toEqual([ 1, 2, 3 ].map((delivery): object => ({ delivery, claim: delivery, host: 1, ...outcome })));
      expect(sent).toEqual([ aClaim(1, { batch }) ]);
      expect(queue.health.failures).toBe(1);
      expect(calls).toEqual([ 1, 2, 3 ].map((delivery): unknown[] => [ 'attempted', delivery, 'retry' ]));
      expect(slots.inProgress).toEqual([]);
    });

    it('is made without the deliveries that have an obstacle, also if that is the first one.', async(): Promise<void> => {
      find = async(delivery): Promise<Obstacle | undefined> =>
        delivery!.delivery === 2 ? undefined : { state: 'refused', attempt: { at: 1, duration: 0, reason: 'no access' }};
      expect((await make({ batch })).map(({ delivery, state, due }): unknown[] => [ delivery, state, due ]))
        .toEqual([[ 1, 'refused', undefined ], [ 3, 'refused', undefined ], [ 2, 'waiting', NOW + 30 * 60_000 ]]);
      expect(sent).toEqual([ aClaim(2, { tries: 3, batch: { id: 'batch-1', others: []}}) ]);
      expect(calls).toEqual([[ 'attempted', 2, 'retry' ], [ 'unsent', 1, 'refused' ], [ 'unsent', 3, 'refused' ]]);
    });

    it('is not made if each delivery has an obstacle.', async(): Promise<void> => {
      find = async(): Promise<Obstacle> => ({ state: 'waiting', due: NOW + 9 });
      expect((await make({ batch })).map(({ delivery, due }): unknown[] => [ delivery, due ])).toEqual([[ 1, NOW + 9 ], [ 2, NOW + 9 ], [ 3, NOW + 9 ]]);
      expect(sent).toEqual([]);
    });

    it('that fails for good makes each delivery dead, and notifies once.', async(): Promise<void> => {
      send = async(): Promise<Sent> => answered(413);
      expect((await make({ batch })).map(({ state }): unknown => state)).toEqual([ 'dead', 'dead', 'dead' ]);
      expect(calls.filter(([ name ]): boolean => name === 'dead')).toEqual([[ 'dead', 1, 'answered 413 Payload Too Large' ]]);
    });

    it('that fails by an error of this server repeats all of it.', async(): Promise<void> => {
      send = async(): Promise<never> => {
        throw new Error('disk');
      };
      expect((await make({ batch })).map(({ delivery, due }): unknown[] => [ delivery, due ]))
        .toEqual([[ 1, NOW + 5_000 ], [ 2, NOW + 5_000 ], [ 3, NOW + 5_000 ]]);
    });
  });
});
