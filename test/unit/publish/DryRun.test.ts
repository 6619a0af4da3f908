import { PublishRate } from '../../../src/access/PublishRate';
import type { AudienceCount, AudienceMember, Pods } from '../../../src/access/ports';
import type { EventDraft } from '../../../src/event/Event';
import { InvalidInput } from '../../../src/event/InvalidInput';
import { DryRun } from '../../../src/publish/DryRun';
import { EventFactory } from '../../../src/publish/EventFactory';
import { NotAdmitted } from '../../../src/publish/NotAdmitted';
import { PublishGate } from '../../../src/publish/PublishGate';
import { RemoteOffers } from '../../../src/publish/RemoteOffers';
import type { Caller } from '../../../src/identity/Caller';
import { FilterMatcher } from '../../../src/subscription/FilterMatcher';
import { inlineWork } from '../../util/work';

const POD = 'http://localhost/producer/';
const OWNER = `${POD}profile/card#me`;
const ANN = 'http://localhost/ann/#me';
const AWAY = 'https://elsewhere.example/#me';
const CALLER = { agent: 'http://localhost/me#me', limits: { topics: [ 'a/*' ]}};
const draft = (fields: Partial<EventDraft> = {}): EventDraft => ({ topic: 'a/b', recipients: [ ANN ], sources: [], data: '1', ...fields });

describe('The dry run of a request', (): void => {
  const asked: string[][] = [];
  let forbidden: string;
  let filtered: ReadonlyMap<string, number>;
  let members: AudienceMember[];
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
    audience: {
      countOf: async(pod): Promise<AudienceCount> => pod === POD ? { unfiltered: 2, filtered } : { unfiltered: 3, filtered: new Map() },
      hasAny: async(): Promise<boolean> => true,
      membersOf: async(_pod, _topic, limit): Promise<AudienceMember[]> => members.slice(0, limit),
    },
    filters: new FilterMatcher(inlineWork(), 'http://localhost/'),
    access: { allowed: async({ agent }, resources): Promise<Set<string>> => new Set(agent === OWNER ? resources : []) },
  });
  const check = async(drafts: EventDraft[], toProducer = false): ReturnType<DryRun['check']> =>
    dryRun.check({ pod: POD, caller: CALLER, resource: `${POD}publish/`, drafts, toProducer });

  beforeEach((): void => {
    asked.length = 0;
    forbidden = '';
    filtered = new Map();
    members = [];
  });

  it('has a result for each event, and asks access control once for all.', async(): Promise<void> => {
    forbidden = 'http://localhost/ann/topics/a/c/';
    const none = { subscriptions: 0, excluded: 0, elsewhere: []};
    expect(await check([
      draft(), draft({ topic: 'a/c', data: '{"@context":"https://x.example/"}' }), draft({ topic: 'b' }), draft({ recipients: [ 'http://localhost/nobody' ]}),
      draft({ data: '{"@context":"https://x.example/"}' }), draft({ recipients: [ AWAY ]}),
    ])).toEqual([
      { subscriptions: 3, excluded: 0, elsewhere: []},
      { fault: expect.objectContaining({ message: `Not authorized to publish to ${ANN} on topic a/c` }), ...none },
      { fault: expect.objectContaining({ message: 'This API key is limited to other topics than b' }), ...none },
      { fault: expect.objectContaining({ message: 'Recipient http://localhost/nobody has no pod on this server' }), ...none },
      { fault: expect.any(InvalidInput), ...none },
      { subscriptions: 0, excluded: 0, elsewhere: [ AWAY ], unreachable: [{ agent: AWAY, reason: 'it is down' }]},
    ]);
    expect(asked).toEqual([[ `${POD}publish/`, 'http://localhost/ann/topics/a/b/', 'http://localhost/ann/topics/a/c/' ]]);
  });

  it('counts the subscriptions of the producer if it forwards.', async(): Promise<void> => {
    expect(await check([ draft() ], true)).toMatchObject([{ subscriptions: 5 }]);
  });

  describe('with filters', (): void => {
    const [ matching, excluding ] = [ '[{"suffix":{"type":"/b"}}]', '[{"exact":{"type":"a/c"}}]' ];
    const run = async(caller: Caller): ReturnType<DryRun['check']> =>
      dryRun.check({ pod: POD, caller, resource: `${POD}publish/`, drafts: [ draft({ recipients: []}) ], toProducer: true });

    beforeEach((): void => {
      filtered = new Map([[ matching, 4 ], [ excluding, 8 ]]);
      members = [{ id: '1' }, { id: '2', filters: matching }, { id: '3', filters: excluding }];
    });

    it('counts the subscriptions that a filter excludes apart.', async(): Promise<void> => {
      expect(await run(CALLER)).toEqual([{ subscriptions: 6, excluded: 8, elsewhere: []}]);
    });

    it('names subscriptions to agents that may read them, 100 at most.', async(): Promise<void> => {
      const url = (id: string): string => `${POD}subscriptions/${id}`;
      const named = { receiving: [ url('1'), url('2') ], excluded: [ url('3') ]};
      expect(await run({ agent: OWNER })).toEqual([{ subscriptions: 6, excluded: 8, named, elsewhere: []}]);
      members = Array.from({ length: 200 }, (_, index): AudienceMember => ({ id: `${index}`, filters: index % 2 ? matching : excluding }));
      const [ many ] = await run({ agent: OWNER });
      expect([ many.named!.receiving.length, many.named!.excluded.length ]).toEqual([ 50, 50 ]);
    });

    it.each<[string, Partial<Caller>]>([
      [ 'limited to topics', { limits: { topics: [ 'a/*' ]}}],
      [ 'without the scope subscribe', { limits: { scopes: [ 'publish' ]}}],
    ])('names none to an API key %s.', async(_name, fields): Promise<void> => {
      const [ result ] = await run({ agent: OWNER, ...fields });
      expect(result.named).toBeUndefined();
    });
  });

  it('tells nothing to callers that are not admitted.', async(): Promise<void> => {
    forbidden = `${POD}publish/`;
    await expect(check([ draft(), draft({ topic: 'b' }) ])).rejects.toThrow(NotAdmitted);
    await expect(check([])).rejects.toThrow(NotAdmitted);
  });
});
