import { ProfileUnavailable } from '../../../src/identity/profiles/ProfileUnavailable';
import type { ProfileProblem } from '../../../src/identity/profiles/ProfileUnavailable';
import { OutgoingFailed } from '../../../src/outgoing/Outgoing';
import type { Pods } from '../../../src/access/ports';
import type { Sent } from '../../../src/delivery/ports';
import { Sender } from '../../../src/delivery/Sender';
import type { DeliveredEvent, TargetKind } from '../../../src/delivery/TargetKind';
import { TargetKinds } from '../../../src/delivery/TargetKinds';
import type { SigningAgent } from '../../../src/identity/SigningAgent';
import type { Outgoing } from '../../../src/outgoing/Outgoing';
import type { ClaimedDelivery } from '../../../src/delivery/ports';
import { SqliteDeliveryStore } from '../../../src/store-sqlite/SqliteDeliveryStore';
import { SqliteEventStore } from '../../../src/store-sqlite/SqliteEventStore';
import { IN_MEMORY, SqliteSession } from '../../../src/store-sqlite/SqliteSession';
import { anEvent } from '../../contract/fixtures';
import { aClaim } from '../../util/claims';
import { kindOf, targetKinds } from '../../util/kinds';

const ANN = 'https://away.example/ann#me';
const BOB = 'https://away.example/bob#me';
const HERE = 'http://localhost/user/profile/card#me';

describe('What a recipient on another server follows', (): void => {
  const session = new SqliteSession(IN_MEMORY);
  const store = new SqliteDeliveryStore(session);
  const pods: Pods = {
    podOf: async(webId): ReturnType<Pods['podOf']> => webId === HERE ? { pod: 'http://localhost/user/' } : { reason: 'elsewhere' },
  };
  const sender = new Sender(store, targetKinds({ pods }));
  const isSentByOrigin = async(kind: string, agent: string): Promise<boolean> =>
    sender.isSentByOrigin({ kind, agent, event: 1 } as unknown as ClaimedDelivery);

  beforeAll(async(): Promise<void> => {
    const event = anEvent();
    const members = JSON.stringify({ ...JSON.parse(event.members), recipient: [ ANN, HERE ], source: BOB });
    await new SqliteEventStore(session).accept([{ event: { ...event, members }, forwards: []}]);
  });

  afterAll((): void => session.close());

  it('is sent to it by the server where it was published.', async(): Promise<void> => {
    expect(await isSentByOrigin('inbox', ANN)).toBe(true);
    expect(await isSentByOrigin('inbox', BOB)).toBe(true);
  });

  it('is forwarded to webhooks, to others, and to inboxes elsewhere of those who are here.', async(): Promise<void> => {
    expect(await isSentByOrigin('webhook', ANN)).toBe(false);
    expect(await isSentByOrigin('recipient', ANN)).toBe(false);
    expect(await isSentByOrigin('inbox', 'https://away.example/eve#me')).toBe(false);
    expect(await isSentByOrigin('inbox', HERE)).toBe(false);
  });
});

describe('The host of which a try tells', (): void => {
  const session = new SqliteSession(IN_MEMORY);
  let inbox: () => Promise<string | undefined>;
  let send: Outgoing['send'];
  const outgoing: Outgoing = { send: async(request): ReturnType<Outgoing['send']> => send(request) };
  const agent = { headersFor: async(): Promise<object> => ({}) } as unknown as SigningAgent;
  const sender = new Sender(
    new SqliteDeliveryStore(session),
    targetKinds({ outgoing, agent, profiles: { inboxOf: async(): Promise<string | undefined> => inbox() }}),
  );
  const sent = async(kind: string, url: string): Promise<Sent> =>
    sender.send({ kind, url, event: 1, secrets: []} as unknown as ClaimedDelivery);

  beforeAll(async(): Promise<void> => {
    await new SqliteEventStore(session).accept([{ event: anEvent(), forwards: []}]);
  });

  beforeEach((): void => {
    inbox = async(): Promise<string> => 'https://inbox.example/inbox/';
    send = async(): ReturnType<Outgoing['send']> => ({ status: 201, headers: {}, body: '', isCut: false });
  });

  afterAll((): void => session.close());

  it('is that of the inbox, also if that fails.', async(): Promise<void> => {
    expect(await sent('recipient', ANN)).toMatchObject({ result: { status: 201 }, host: 'inbox.example' });
    send = async(): Promise<never> => { throw new OutgoingFailed('timeout', 'too late'); };
    expect(await sent('recipient', ANN)).toMatchObject({ result: { fault: 'timeout' }, host: 'inbox.example' });
  });

  it('is that of the delivery for what names its address itself.', async(): Promise<void> => {
    expect((await sent('inbox', 'https://inbox.example/inbox/')).host).toBeUndefined();
  });

  it.each<ProfileProblem>([
    { reason: 'down', fault: 'unreachable' }, { reason: 'down', fault: 'timeout' }, { reason: 'down', status: 500 }, { reason: 'down', status: 429 },
  ])('is that of the profile where this has trouble: %j.', async(problem): Promise<void> => {
    inbox = async(): Promise<never> => { throw new ProfileUnavailable(ANN, problem); };
    expect(await sent('recipient', ANN)).toMatchObject({ result: { fault: problem.fault ?? 'unreachable' }, host: 'away.example' });
  });

  it.each<ProfileProblem>([
    { reason: 'none', status: 404 }, { reason: 'private', status: 403 }, { reason: 'moved', status: 301 }, { reason: 'no Turtle' },
  ])('is none where the profile is answered, but not as it should: %j.', async(problem): Promise<void> => {
    inbox = async(): Promise<never> => { throw new ProfileUnavailable(ANN, problem); };
    const { result, host } = await sent('recipient', ANN);
    expect(host).toBeNull();
    expect(result).toMatchObject({ fault: 'forbidden', message: expect.stringContaining(problem.reason) });
  });
});

describe('The sender', (): void => {
  const event = { ...anEvent(), hops: 0 };
  const seen: unknown[][] = [];
  const aKind = (name: string, isByOrigin?: boolean): TargetKind => ({
    ...kindOf({ kind: 'inbox' } as ClaimedDelivery)!,
    name,
    description: name,
    displayUrl: (url): string => url,
    send: async({ delivery }, sentEvent): Promise<Sent> => {
      seen.push([ name, delivery, sentEvent ]);
      return { result: { status: 204, headers: {}}};
    },
    ...isByOrigin !== undefined && { isSentByOrigin: async(): Promise<boolean> => isByOrigin },
  });
  let read: number;
  let sender: Sender;

  beforeEach((): void => {
    read = 0;
    seen.length = 0;
    sender = new Sender({
      eventOf: async(key): Promise<DeliveredEvent | undefined> => {
        read += 1;
        return key === 1 ? event : undefined;
      },
    }, new TargetKinds([ aKind('one', true), aKind('two') ]));
  });

  it('finds registered kinds only.', (): void => {
    expect(sender.kindOf(aClaim(1, { kind: 'two' }))).toMatchObject({ name: 'two' });
    expect(sender.kindOf(aClaim(1, { kind: 'three' }))).toBeUndefined();
  });

  it('sends each delivery by its kind, with one object of the event.', async(): Promise<void> => {
    await sender.send(aClaim(1, { kind: 'one' }));
    await sender.send(aClaim(2, { kind: 'two' }));
    expect(seen.map(([ kind, delivery ]): unknown[] => [ kind, delivery ])).toEqual([[ 'one', 1 ], [ 'two', 2 ]]);
    expect(seen[0][2]).toBe(seen[1][2]);
    expect(read).toBe(1);
  });

  it('asks only kinds with an origin, and reads no event for others.', async(): Promise<void> => {
    expect(await sender.isSentByOrigin(aClaim(1, { kind: 'two' }))).toBe(false);
    expect(read).toBe(0);
    expect(await sender.isSentByOrigin(aClaim(1, { kind: 'one' }))).toBe(true);
  });

  it('fails for a removed event, and sends nothing.', async(): Promise<void> => {
    await expect(sender.send(aClaim(1, { kind: 'one', event: 2 }))).rejects.toThrow('no longer in the store');
    expect(seen).toEqual([]);
  });
});
