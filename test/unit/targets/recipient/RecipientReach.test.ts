import { RecipientReach } from '../../../../src/targets/recipient/RecipientReach';
import type { Event } from '../../../../src/event/Event';
import { ProfileUnavailable } from '../../../../src/identity/profiles/ProfileUnavailable';
import type { OutgoingResponse, OutgoingRequest } from '../../../../src/outgoing/Outgoing';
import { OutgoingFailed } from '../../../../src/outgoing/Outgoing';
import type { RetryPolicy } from '../../../../src/delivery/retry';
import { retryPolicy } from '../../../../src/delivery/retry';
import type { AudienceCount, Pods } from '../../../../src/access/ports';
import { Publisher } from '../../../../src/publish/Publisher';
import { PublishRate } from '../../../../src/access/PublishRate';
import type { DeliveryRecord } from '../../../../src/store/deliveries';
import { SqliteDeliveryStore } from '../../../../src/store-sqlite/SqliteDeliveryStore';
import { SqliteEventStore } from '../../../../src/store-sqlite/SqliteEventStore';
import { IN_MEMORY, SqliteSession } from '../../../../src/store-sqlite/SqliteSession';
import { EventFactory } from '../../../../src/publish/EventFactory';
import { inlineWork } from '../../../util/work';

const POD = 'http://localhost/producer/';
const PUBLISHER = `${POD}profile/card#me`;
const HERE = 'http://localhost/user/profile/card#me';
const TOPIC = 'realestate/contact#add';
const away = (name: string): string => `https://id.example/${name}#me`;
const inboxOf = (name: string): string => `https://${name}.example/inbox/`;

describe('Recipients on other servers', (): void => {
  let events: SqliteEventStore;
  let deliveries: SqliteDeliveryStore;
  let publisher: Publisher;
  let requests: OutgoingRequest[];
  let woken: number;
  /** What the inbox of each name answers; nothing if it hangs. */
  let answer: (name: string, request: OutgoingRequest) => Partial<OutgoingResponse> | Error | undefined;
  /** Whether the profile of each name can be had, and names an inbox. */
  let profile: (name: string) => Promise<string | undefined>;

  const publish = async(recipients: string[], sources: string[] = []): Promise<Event[]> => publishAll([{ recipients, sources }]);
  async function publishAll(drafts: { recipients: string[]; sources: string[] }[]): Promise<Event[]> {
    return (await publisher.publish({
      pod: POD, caller: { agent: PUBLISHER }, resource: `${POD}publish/`, drafts: drafts.map((draft) => ({ topic: TOPIC, ...draft })),
    })).events as Event[];
  }
  const log = async(): Promise<DeliveryRecord[]> => (await deliveries.listDeliveries(POD, {}, Number.MAX_SAFE_INTEGER, 1_000)).reverse();
  const hostsOf = async(): Promise<string[]> => (await deliveries.dueHosts(Date.now() + 60_000, 100)).map(({ name }): string => name).sort();
  const published = async(): Promise<number> => (await events.listEntries(`${POD}publish/`, 0, 1_000)).length;

  beforeEach(async(): Promise<void> => {
    const session = new SqliteSession(IN_MEMORY);
    events = new SqliteEventStore(session);
    deliveries = new SqliteDeliveryStore(session);
    await events.registerPod(POD);
    [ requests, woken ] = [ [], 0 ];
    answer = (): object => ({ status: 201 });
    profile = async(name): Promise<string> => inboxOf(name);
    const outgoing = {
      send: async(request: OutgoingRequest): Promise<OutgoingResponse> => {
        requests.push(request);
        const given = answer(new URL(request.url).hostname.split('.')[0], request);
        if (given instanceof Error) {
          throw given;
        }
        if (!given) {
          await new Promise((resolve): unknown => setTimeout(resolve, request.timeout));
          throw new OutgoingFailed('timeout', 'no complete answer');
        }
        return { status: 201, headers: {}, body: '', isCut: false, ...given };
      },
    };
    const agent = { webId: 'http://localhost/.events/agent#this', headersFor: async(): Promise<Record<string, string>> => ({ authorization: 'DPoP x' }) };
    const profiles = { inboxOf: async(webId: string): Promise<string | undefined> => profile(/\/(\w+)#me$/u.exec(webId)![1]) };
    const outbox = { now: Date.now, firstRetryDelay: (): number => 5_000, wake: (): void => { woken += 1; } };
    publisher = new Publisher({
      store: events,
      pods: {
        podOf: async(webId): ReturnType<Pods['podOf']> => webId === HERE ? { pod: 'http://localhost/user/' } : { reason: 'elsewhere' },
        canonical: (webId): string => webId,
      },
      access: { allowed: async(_caller, resources): Promise<Set<string>> => new Set(resources) },
      factory: new EventFactory(inlineWork()),
      fanOut: { wake: (): void => {} },
      rate: new PublishRate(),
      remote: new RecipientReach({
        outgoing,
        agent,
        profiles,
        deliveries,
        outbox,
        retry: { retryPolicy: (): RetryPolicy => retryPolicy() },
      }),
      outbox,
      audience: {
        countOf: async(): Promise<AudienceCount> => ({ unfiltered: 0, filtered: new Map() }),
        hasAny: async(): Promise<boolean> => false,
        membersOf: async(): Promise<[]> => [],
      },
      filters: { matching: async(): Promise<Set<string>> => new Set() },
      budget: 300,
    });
  });

  afterEach(async(): Promise<void> => {
    jest.restoreAllMocks();
    await events.close();
  });

  it('get the event at once, with the number of hops, signed and within the budget.', async(): Promise<void> => {
    answer = (): object => ({ status: 201, headers: { location: '/inbox/1' }});
    const [{ id }] = await publish([ away('ann') ], [ away('bob') ]);
    expect(requests.map(({ url }): string => url).sort()).toEqual([ inboxOf('ann'), inboxOf('bob') ]);
    expect(requests[0]).toMatchObject({ method: 'POST', headers: { authorization: 'DPoP x', 'content-type': 'application/ld+json' }});
    expect(requests[0].timeout).toBeLessThanOrEqual(300);
    expect(JSON.parse(String(requests[0].body))).toMatchObject({ id: `${POD}publish/${id}`, 'events:hops': 1, recipient: away('ann'), source: away('bob') });
    expect(await log()).toMatchObject([
      { kind: 'recipient', url: away('ann'), agent: away('ann'), state: 'delivered', copy: 'https://ann.example/inbox/1', attempts: [{ status: 201 }]},
      { url: away('bob'), state: 'delivered' },
    ]);
    expect(await events.getEntry(`${POD}publish/`, id)).not.toMatchObject({ members: expect.stringContaining('hops') });
  });

  it('whose host is left alone are not asked, and get it later.', async(): Promise<void> => {
    answer = (): object => ({ status: 500 });
    await publish([ away('ann') ]);
    const [{ host }] = await deliveries.dueHosts(Date.now() + 60_000, 1);
    const asked = requests.length;
    await deliveries.finish([], {
      hosts: new Map([[ host, { failures: 5, since: 0, openUntil: Date.now() + 60_000 }]]), failing: new Map(),
    });
    await publish([ away('ann') ]);
    expect(requests).toHaveLength(asked);
    expect((await log())[1]).toMatchObject({ url: away('ann'), state: 'waiting', attempts: []});
  });

  it('refuse by 403, and then nothing is stored.', async(): Promise<void> => {
    answer = (name): object => ({ status: name === 'bob' ? 403 : 201 });
    await expect(publish([ away('ann'), away('bob'), HERE ])).rejects
      .toThrow(`Not authorized to publish to ${away('bob')} on topic ${TOPIC}`);
    expect(await published()).toBe(0);
    expect(await log()).toEqual([]);
    expect(await events.listEntries('http://localhost/user/inbox/', 0, 10)).toEqual([]);
  });

  it('are not asked any more once one of them has refused.', async(): Promise<void> => {
    const names = Array.from({ length: 100 }, (_, index): string => `n${index}`);
    answer = (name): object => ({ status: name === 'n0' ? 403 : 201 });
    await expect(publish(names.map(away))).rejects.toThrow(away('n0'));
    await new Promise((resolve): unknown => setTimeout(resolve, 20));
    expect(requests.length).toBeLessThan(30);
  });

  it.each([
    [ '500', { status: 500 }],
    [ '404', { status: 404 }],
    [ '429', { status: 429 }],
    [ '401, which can result from what they could not learn of this server,', { status: 401 }],
    [ 'nothing', new OutgoingFailed('unreachable', 'nothing answers there') ],
  ])('that answer %s get it later.', async(_, given): Promise<void> => {
    answer = (): Partial<OutgoingResponse> | Error => given;
    const before = Date.now();
    await publish([ away('ann') ]);
    const [ record ] = await log();
    expect(record).toMatchObject({ state: 'waiting', attempts: [{ reason: expect.any(String) }]});
    expect(record.due).toBeGreaterThanOrEqual(before + 5_000);
    expect(await published()).toBe(1);
    expect(woken).toBe(1);
    // It is counted to the host of the inbox, not to all whose WebIDs are on the same one.
    expect(await hostsOf()).toEqual([ 'ann.example' ]);
  });

  it.each([ 200, 204, 301, 400, 410, 413 ])('that answer %i for good are not asked again, for that would make second copies or nothing.', async(status): Promise<void> => {
    answer = (): Partial<OutgoingResponse> => ({ status });
    const [{ id }] = await publish([ away('ann') ]);
    expect(await log()).toMatchObject([{ state: 'dead', due: null, attempts: [{ status, reason: expect.stringContaining(`${status}`) }]}]);
    expect(await events.getEntry(`${POD}publish/`, id)).toBeDefined();
    expect(await hostsOf()).toEqual([]);
  });

  it('that ask to be left alone are, by their Retry-After, also when the next event is published.', async(): Promise<void> => {
    answer = (): Partial<OutgoingResponse> => ({ status: 503, headers: { 'retry-after': '20' }});
    const before = Date.now();
    await publish([ away('ann') ]);
    await publish([ away('ann') ]);
    await publish([ away('bob') ]);
    expect(requests.map(({ url }): string => url)).toEqual([ inboxOf('ann'), inboxOf('bob') ]);
    const [ first, second ] = await log();
    expect(first).toMatchObject({ state: 'waiting', attempts: [{ status: 503 }]});
    expect(first.due).toBeGreaterThanOrEqual(before + 20_000);
    expect(second).toMatchObject({ state: 'waiting', attempts: []});
  });

  it('whose profile shows that nothing can be delivered are not tried again.', async(): Promise<void> => {
    profile = async(name): Promise<string | undefined> => {
      if (name === 'ann') {
        throw new ProfileUnavailable(away(name), { reason: 'its server answers 404', status: 404 });
      }
      return name === 'bob' ? undefined : 'http://10.0.0.1/inbox/';
    };
    answer = (): Error => new OutgoingFailed('forbidden', 'not allowed');
    await publish([ away('ann'), away('bob'), away('carol') ]);
    expect((await log()).map(({ state, attempts: [{ reason }]}): string[] => [ state, reason! ]).sort()).toEqual([
      [ 'dead', expect.stringContaining('its server answers 404') ],
      [ 'dead', expect.stringContaining('names no inbox') ],
      [ 'dead', expect.stringContaining('not allowed') ],
    ]);
  });

  it('are told of before anything is published, if they cannot be reached.', async(): Promise<void> => {
    profile = async(name): Promise<string | undefined> => {
      if (name === 'ann') {
        throw new ProfileUnavailable(away(name), { reason: 'it is no profile' });
      }
      return { bob: undefined, carol: new Promise<undefined>((): void => {}), dave: inboxOf('dave') }[name];
    };
    const draft = { topic: TOPIC, recipients: [ away('ann'), away('bob'), away('carol') ], sources: [ away('dave') ]};
    const [ forecast ] = await publisher.check({ pod: POD, caller: { agent: PUBLISHER }, resource: `${POD}publish/`, drafts: [ draft ]});
    expect(forecast.unreachable).toEqual([
      { agent: away('ann'), reason: expect.stringContaining('it is no profile') },
      { agent: away('bob'), reason: expect.stringContaining('names no inbox') },
    ]);
    expect(requests).toEqual([]);
    profile = async(): Promise<string> => {
      throw new Error('a fault of our own');
    };
    await expect(publisher.check({ pod: POD, caller: { agent: PUBLISHER }, resource: `${POD}publish/`, drafts: [ draft ]})).rejects.toThrow('a fault of our own');
  });

  it('whose profile cannot be had or hangs get it later.', async(): Promise<void> => {
    profile = async(name): Promise<string | undefined> => {
      if (name === 'ann') {
        throw new ProfileUnavailable(away(name), { reason: 'it is down', fault: 'unreachable' });
      }
      return new Promise((): void => {});
    };
    await publish([ away('ann'), away('carol') ]);
    expect(requests).toEqual([]);
    expect((await log()).map(({ state, attempts: [{ reason }]}): string[] => [ state, reason! ]).sort()).toEqual([
      [ 'waiting', expect.stringContaining('it is down') ],
      [ 'waiting', expect.stringContaining('no answer within') ],
    ]);
    expect(await hostsOf()).toEqual([ 'id.example' ]);
  });

  it('that hang hold a request up for its budget, all together.', async(): Promise<void> => {
    answer = (name): object | undefined => name === 'live' ? { status: 202 } : undefined;
    const names = Array.from({ length: 98 }, (_, index): string => `n${index}`);
    await publish([ ...names.map(away), away('live') ]);
    // Those that are not asked at once could only wait behind the others, so they are not begun with.
    expect(requests.every(({ timeout }): boolean => timeout! <= 300)).toBe(true);
    expect(requests.length).toBeLessThanOrEqual(16);
    const records = await log();
    expect(records).toHaveLength(99);
    const unasked = records.filter(({ attempts }): boolean => attempts.length === 0);
    expect(unasked.length).toBeGreaterThanOrEqual(83);
    expect(unasked.every(({ due }): boolean => due! <= Date.now())).toBe(true);
  });

  it('of several events get their own, and one refusal is for all.', async(): Promise<void> => {
    answer = (name): Partial<OutgoingResponse> | Error | undefined => ({
      ann: { status: 201 }, bob: { status: 503 }, carol: undefined, eve: { status: 403 },
    })[name];
    const drafts = [
      { recipients: [ away('ann'), HERE ], sources: []},
      { recipients: [ away('bob') ], sources: [ away('carol') ]},
      { recipients: [ HERE ], sources: []},
      { recipients: [], sources: [ away('ann') ]},
    ];
    const made = await publishAll(drafts);
    const urlOf = (index: number): string => `${POD}publish/${made[index].id}`;
    expect((await log()).map(({ event, agent, state }): string[] => [ event, agent, state ]).sort()).toEqual([
      [ urlOf(0), away('ann'), 'delivered' ],
      [ urlOf(1), away('bob'), 'waiting' ],
      [ urlOf(1), away('carol'), 'waiting' ],
      [ urlOf(3), away('ann'), 'delivered' ],
    ].sort());
    expect(await events.listEntries('http://localhost/user/inbox/', 0, 10)).toHaveLength(2);
    await expect(publishAll([ ...drafts, { recipients: [ away('eve') ], sources: []}])).rejects.toThrow(away('eve'));
    expect(await published()).toBe(4);
  });

  it('do not hide a fault of our own.', async(): Promise<void> => {
    answer = (): Error => new Error('no key');
    await expect(publish([ away('ann') ])).rejects.toThrow('no key');
    expect(await published()).toBe(0);
  });
});
