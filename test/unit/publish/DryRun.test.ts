import { PublishRate } from '../../../src/access/PublishRate';
import type { Pods } from '../../../src/access/ports';
import type { EventDraft } from '../../../src/event/Event';
import { InvalidInput } from '../../../src/event/InvalidInput';
import { DryRun } from '../../../src/publish/DryRun';
import { EventFactory } from '../../../src/publish/EventFactory';
import { NotAdmitted } from '../../../src/publish/NotAdmitted';
import { PublishGate } from '../../../src/publish/PublishGate';
import { RemoteOffers } from '../../../src/publish/RemoteOffers';
import { inlineWork } from '../../util/work';

const POD = 'http://localhost/producer/';
const ANN = 'http://localhost/ann/#me';
const AWAY = 'https://elsewhere.example/#me';
const CALLER = { agent: 'http://localhost/me#me', limits: { topics: [ 'a/*' ]}};
const draft = (fields: Partial<EventDraft> = {}): EventDraft => ({ topic: 'a/b', recipients: [ ANN ], sources: [], data: '1', ...fields });

describe('The dry run of a request', (): void => {
  const asked: string[][] = [];
  let forbidden: string;
  const outbox = { now: Date.now, wake: (): void => undefined, firstRetryDelay: (): number => 5_000 };
  const remote = { kind: 'recipient', offer: async(): Promise<never> => Promise.reject(new Error('offered')), problemOf: async(): Promise<string> => 'it is down' };
  const dryRun = new DryRun({
    pods: {
      podOf: async(webId): ReturnType<Pods['podOf']> => webId === ANN ? { pod: 'http://localhost/ann/' } : { reason: webId === AWAY ? 'elsewhere' : 'unknown' },
      canonical: (webId): string => webId,
    },
    gate: new PublishGate({
      allowed: async(_, resources): Promise<Set<string>> => {
        asked.push([ ...resources ]);
        return new Set(resources.filter((url): boolean => url !== forbidden));
      },
    }),
    factory: new EventFactory(inlineWork()),
    rate: new PublishRate(),
    offers: new RemoteOffers(remote, outbox, 100),
    audience: { countOf: async(pod): Promise<number> => pod === POD ? 2 : 3, hasAny: async(): Promise<boolean> => true },
  });
  const check = async(drafts: EventDraft[], toProducer = false): ReturnType<DryRun['check']> =>
    dryRun.check({ pod: POD, caller: CALLER, resource: `${POD}publish/`, drafts, toProducer });

  beforeEach((): void => {
    asked.length = 0;
    forbidden = '';
  });

  it('has a result for each event, and asks access control once for all.', async(): Promise<void> => {
    forbidden = 'http://localhost/ann/topics/a/c/';
    const none = { subscriptions: 0, elsewhere: []};
    expect(await check([
      draft(), draft({ topic: 'a/c', data: '{"@context":"https://x.example/"}' }), draft({ topic: 'b' }), draft({ recipients: [ 'http://localhost/nobody' ]}),
      draft({ data: '{"@context":"https://x.example/"}' }), draft({ recipients: [ AWAY ]}),
    ])).toEqual([
      { subscriptions: 3, elsewhere: []},
      { fault: expect.objectContaining({ message: `Not authorized to publish to ${ANN} on topic a/c` }), ...none },
      { fault: expect.objectContaining({ message: 'This API key is limited to other topics than b' }), ...none },
      { fault: expect.objectContaining({ message: 'Recipient http://localhost/nobody has no pod on this server' }), ...none },
      { fault: expect.any(InvalidInput), ...none },
      { subscriptions: 0, elsewhere: [ AWAY ], unreachable: [{ agent: AWAY, reason: 'it is down' }]},
    ]);
    expect(asked).toEqual([[ `${POD}publish/`, 'http://localhost/ann/topics/a/b/', 'http://localhost/ann/topics/a/c/' ]]);
  });

  it('counts the subscriptions of the producer if it forwards.', async(): Promise<void> => {
    expect(await check([ draft() ], true)).toMatchObject([{ subscriptions: 5 }]);
  });

  it('tells nothing to callers that are not admitted.', async(): Promise<void> => {
    forbidden = `${POD}publish/`;
    await expect(check([ draft(), draft({ topic: 'b' }) ])).rejects.toThrow(NotAdmitted);
    await expect(check([])).rejects.toThrow(NotAdmitted);
  });
});
