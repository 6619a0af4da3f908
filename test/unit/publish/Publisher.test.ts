import { Conflict } from '../../../src/event/Conflict';
import { NotAuthorized } from '../../../src/event/NotAuthorized';
import type { AudienceCount, Pods } from '../../../src/access/ports';
import type { Published, PublishRequest } from '../../../src/publish/PublishRequest';
import { EventFactory } from '../../../src/publish/EventFactory';
import { Publisher } from '../../../src/publish/Publisher';
import { PublishRate } from '../../../src/access/PublishRate';
import { TooMany } from '../../../src/event/TooMany';
import { DuplicateRequest } from '../../../src/store/DuplicateRequest';
import { SqliteEventStore } from '../../../src/store-sqlite/SqliteEventStore';
import { IN_MEMORY, SqliteSession } from '../../../src/store-sqlite/SqliteSession';
import { ServerUrls } from '../../../src/url/ServerUrls';
import { FilterMatcher } from '../../../src/subscription/FilterMatcher';
import { inlineWork } from '../../util/work';

const POD = 'http://localhost/producer/';
const USER = 'http://localhost/user/';
const ME = `${POD}profile/card#me`;
const RECIPIENT = `${USER}profile/card#me`;
const AWAY = 'https://elsewhere.example/#me';
const TOPIC = 'realestate/contact#add';

describe('The accept step', (): void => {
  let session: SqliteSession;
  let store: SqliteEventStore;
  let publisher: Publisher;
  let forbidden: string;
  const offer = jest.fn();
  const problemOf = jest.fn();
  const audience = {
    countOf: jest.fn(async(): Promise<AudienceCount> => ({ unfiltered: 3, filtered: new Map() })),
    hasAny: jest.fn(async(): Promise<boolean> => true),
    membersOf: async(): Promise<[]> => [],
  };

  const draft = (fields: object = {}): any =>
    ({ topic: TOPIC, recipients: [ RECIPIENT ], sources: [], data: '{"n":1}', ...fields });
  const publish = async(fields: Partial<PublishRequest> = {}): Promise<Published> =>
    publisher.publish({ pod: POD, caller: { agent: ME }, resource: `${POD}publish/`, drafts: [ draft() ], ...fields });
  const stored = async(): Promise<number> => (await store.listEntries(`${POD}publish/`, 0, 100)).length;

  beforeEach(async(): Promise<void> => {
    session = new SqliteSession(IN_MEMORY);
    store = new SqliteEventStore(session);
    await store.registerPod(POD);
    await store.registerPod(USER);
    forbidden = '';
    publisher = new Publisher({
      store,
      pods: {
        podOf: async(webId): ReturnType<Pods['podOf']> => {
          const pod = [ POD, USER ].find((url): boolean => webId.startsWith(url));
          return pod ? { pod } : { reason: webId === AWAY ? 'elsewhere' : 'unknown' };
        },
        canonical: (webId, name): string => new ServerUrls('http://localhost/').canonical(webId, name),
      },
      access: {
        allowed: async(_caller, resources): Promise<Set<string>> =>
          new Set(resources.filter((resource): boolean => !forbidden || !resource.includes(forbidden))),
      },
      factory: new EventFactory(inlineWork()),
      fanOut: { wake: (): void => {} },
      rate: new PublishRate(50),
      remote: { kind: 'recipient', offer, problemOf },
      outbox: { now: (): number => Date.now(), wake: (): void => {}, firstRetryDelay: (): number => 5_000 },
      audience,
      filters: new FilterMatcher(inlineWork(), 'http://localhost/'),
    });
  });

  afterEach((): void => {
    session.close();
    jest.clearAllMocks();
  });

  describe('for a request with a key', (): void => {
    const once = { key: 'k', fingerprint: 'f' };

    it('makes its events once, and answers the same again.', async(): Promise<void> => {
      const first = await publish({ idempotencyKey: once, asksAudience: true });
      audience.hasAny.mockResolvedValueOnce(false);
      expect(await publish({ idempotencyKey: once, asksAudience: true })).toEqual(first);
      expect(first).toEqual({ events: [{ id: expect.any(String), pod: POD }], hasAudience: true });
      expect(await stored()).toBe(1);
    });

    it('makes them once also when it is sent several times at once.', async(): Promise<void> => {
      const all = await Promise.all(Array.from({ length: 10 }, async(): Promise<Published> => publish({ idempotencyKey: once })));
      expect(new Set(all.map(({ events }): string => events[0].id)).size).toBe(1);
      expect(await stored()).toBe(1);
    });

    it('refuses another request with the same key, by the same agent and at the same pod alone.', async(): Promise<void> => {
      await publish({ idempotencyKey: once });
      await expect(publish({ idempotencyKey: { key: 'k', fingerprint: 'other' }})).rejects.toThrow(Conflict);
      await publish({ idempotencyKey: { key: 'K', fingerprint: 'other' }});
      await publish({ idempotencyKey: { key: 'k', fingerprint: 'other' }, caller: { agent: RECIPIENT }});
      await publish({ idempotencyKey: { key: 'k', fingerprint: 'other' }, caller: {}});
      await publish({ idempotencyKey: { key: 'k', fingerprint: 'other' }, pod: USER });
      expect(await stored()).toBe(4);
    });

    it('tries again what was refused.', async(): Promise<void> => {
      forbidden = 'topics/';
      const refused = await Promise.allSettled([ publish({ idempotencyKey: once }), publish({ idempotencyKey: once }) ]);
      expect(refused.map(({ status }): string => status)).toEqual([ 'rejected', 'rejected' ]);
      forbidden = '';
      await publish({ idempotencyKey: once });
      expect(await stored()).toBe(1);
    });

    it('can be asked whether it was made.', async(): Promise<void> => {
      const caller = { agent: ME };
      expect(await publisher.storedResponse({ pod: POD, caller }, once)).toBeUndefined();
      const made = await publish({ idempotencyKey: once });
      expect(await publisher.storedResponse({ pod: POD, caller }, once)).toEqual(made);
      await expect(publisher.storedResponse({ pod: POD, caller }, { key: 'k', fingerprint: 'other' })).rejects.toThrow(Conflict);
      expect(await publisher.storedResponse({ pod: POD, caller: {}}, once)).toBeUndefined();
    });

    it('answers what another process has made meanwhile.', async(): Promise<void> => {
      const made = { fingerprint: 'f', result: JSON.stringify({ events: [{ id: 'theirs', pod: POD }]}) };
      jest.spyOn(store, 'accept').mockRejectedValue(new DuplicateRequest(made));
      expect(await publish({ idempotencyKey: once })).toEqual({ events: [{ id: 'theirs', pod: POD }]});
      await expect(publish({ idempotencyKey: { key: 'k', fingerprint: 'other' }})).rejects.toThrow(Conflict);
    });

    it('refuses a key that is not good for the topic before it looks.', async(): Promise<void> => {
      await publish({ idempotencyKey: once });
      await expect(publish({ idempotencyKey: once, caller: { agent: ME, limits: { topics: [ 'other/*' ]}}})).rejects.toThrow(NotAuthorized);
    });
  });

  it('does not forward what three systems have passed on.', async(): Promise<void> => {
    await publish({ hops: 2, asksAudience: true });
    expect(await store.listEntries(`${USER}inbox/`, 0, 10)).toHaveLength(1);
    for (const hops of [ 3, Infinity ]) {
      expect(await publish({ hops, asksAudience: true, drafts: [ draft({ recipients: [ RECIPIENT, AWAY ]}) ]}))
        .toMatchObject({ hasAudience: false });
    }
    expect(await store.listEntries(`${USER}inbox/`, 0, 10)).toHaveLength(1);
    expect(await stored()).toBe(3);
    expect(offer).not.toHaveBeenCalled();
  });

  it('tells whether anybody would get one of the events.', async(): Promise<void> => {
    audience.hasAny.mockResolvedValueOnce(false);
    expect(await publish({ asksAudience: true, drafts: [ draft(), draft() ]})).toMatchObject({ hasAudience: true });
    audience.hasAny.mockResolvedValueOnce(false);
    expect(await publish({ asksAudience: true })).toMatchObject({ hasAudience: false });
    expect(await publish()).not.toHaveProperty('hasAudience');
  });

  it.each([[ true, 'realestate/' ], [ false, 'shop/' ]])('tells %s if only a subscription with filters for the type %s could get one.', async(hasAudience, prefix): Promise<void> => {
    audience.hasAny.mockResolvedValueOnce(false);
    const filtered = new Map([[ JSON.stringify([{ prefix: { type: prefix }}]), 1 ]]);
    audience.countOf.mockResolvedValueOnce({ unfiltered: 0, filtered });
    expect(await publish({ asksAudience: true })).toMatchObject({ hasAudience });
  });

  it('names the place of what is wrong in an array, also of one.', async(): Promise<void> => {
    const drafts = [ draft({ recipients: [ 'http://localhost/nobody/#me' ]}) ];
    await expect(publish({ drafts, isArray: true })).rejects.toThrow('[0]: Recipient');
    await expect(publish({ drafts })).rejects.toThrow(/^Recipient/u);
  });

  describe('before anything is published', (): void => {
    const check = async(drafts: any[], fields: Partial<PublishRequest> = {}): ReturnType<Publisher['check']> =>
      publisher.check({ pod: POD, caller: { agent: ME }, resource: `${POD}publish/`, drafts, ...fields });

    it('tells of each event what would come of it, and stores nothing.', async(): Promise<void> => {
      forbidden = 'secret';
      const forecasts = await check([
        draft(),
        draft({ topic: 'secret/thing' }),
        draft({ recipients: [ 'http://localhost/nobody/#me' ]}),
        draft({ data: '{"@context":"https://schema.org"}' }),
        draft({ recipients: [ RECIPIENT, POD, AWAY ]}),
      ]);
      expect(forecasts).toEqual([
        { subscriptions: 3, excluded: 0, elsewhere: []},
        { fault: new NotAuthorized(`Not authorized to publish to ${RECIPIENT} on topic secret/thing`), subscriptions: 0, excluded: 0, elsewhere: []},
        { fault: expect.objectContaining({ message: 'Recipient http://localhost/nobody/#me has no pod on this server' }), subscriptions: 0, excluded: 0, elsewhere: []},
        { fault: expect.objectContaining({ message: expect.stringContaining('JSON-LD') }), subscriptions: 0, excluded: 0, elsewhere: []},
        { subscriptions: 6, excluded: 0, elsewhere: [ AWAY ]},
      ]);
      expect(await stored()).toBe(0);
      expect(offer).not.toHaveBeenCalled();
    });

    it('tells of the limits of an API key.', async(): Promise<void> => {
      const [{ fault }] = await check([ draft() ], { caller: { agent: ME, limits: { topics: [ 'other/*' ]}}});
      expect(fault).toBeInstanceOf(NotAuthorized);
    });

    it('fails where it would fail.', async(): Promise<void> => {
      audience.countOf.mockRejectedValueOnce(new Error('no store'));
      await expect(check([ draft() ])).rejects.toThrow('no store');
    });

    it('counts nothing, but tells when too much was published.', async(): Promise<void> => {
      const many = (count: number): any[] => Array.from({ length: count }, (): any => draft());
      await expect(check(many(51))).rejects.toThrow(TooMany);
      await check(many(50));
      await check(many(50));
      await publish({ drafts: many(40) });
      await check(many(10));
      await expect(check(many(11))).rejects.toThrow(TooMany);
      const remote = draft({ recipients: [ AWAY ]});
      await check([ remote, remote, remote, remote, remote ]);
      await expect(check([ remote, remote, remote, remote, remote, remote ])).rejects.toThrow(TooMany);
      await expect(publish({ drafts: many(11) })).rejects.toThrow(TooMany);
    });
  });
});
