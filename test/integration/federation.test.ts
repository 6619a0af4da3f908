import { join } from 'node:path';
import Database from 'better-sqlite3';
import { parse } from 'uuid';
import type { TestAgent } from '../util/accounts';
import { grant } from '../util/access';
import type { Member } from '../util/federation';
import { startMember } from '../util/federation';
import { killAll } from '../util/process';
import { members, post } from '../util/scene';
import { eventually } from '../util/wait';

const TOPIC = 'realestate/contact#add';

/** The events in an inbox, as JSON-LD, once there are so many. */
async function eventsIn(agent: TestAgent, count: number, inbox = agent.inbox, patience = 10_000): Promise<any[]> {
  const urls = await eventually(async(): Promise<string[] | undefined> => {
    const found = await members(agent, inbox);
    return found.length >= count ? found : undefined;
  }, patience);
  return Promise.all(urls.map(async(url): Promise<any> =>
    (await agent.fetch(url, { headers: { accept: 'application/ld+json' }})).json()));
}

/** A delivery as the database of its server has it. */
interface Delivery { readonly url: string; readonly kind: string }

function look<T>({ data }: Member, read: (db: Database.Database) => T): T {
  const db = new Database(join(data, '.events/events.sqlite'), { readonly: true });
  try {
    return read(db);
  } finally {
    db.close();
  }
}

/** How much there is to forward or to deliver, and how much there ever was to deliver. */
const workOf = (member: Member): number[] => look(member, (db): number[] => [
  'forwards', 'deliveries WHERE state = 0', 'deliveries',
].map((rows): number => db.prepare(`SELECT COUNT(*) FROM ${rows}`).pluck().get() as number));

/** Waits until no server has anything to do: twice, as work could have gone from one to another between two looks. */
async function settled(all: readonly Member[]): Promise<void> {
  let before = '';
  await eventually(async(): Promise<true | undefined> => {
    const work = all.map(workOf);
    const isSame = JSON.stringify(work) === before;
    before = JSON.stringify(work);
    return isSame && work.every(([ forwards, waiting ]): boolean => forwards + waiting === 0) ? true : undefined;
  });
}

/** Where each server has delivered an event. */
const deliveriesOf = (all: readonly Member[], event: string): Delivery[][] => all.map((member): Delivery[] =>
  look(member, (db): Delivery[] => db.prepare(`
    SELECT t.url, t.kind FROM events e JOIN deliveries d ON d.event = e.id JOIN targets t ON t.id = d.target
    WHERE e.uuid = ? ORDER BY t.kind, t.url
  `).all(parse(event.split('/').at(-1)!)) as Delivery[]));

describe('Between servers', (): void => {
  let home: Member;
  let away: Member;
  let far: Member;
  let stock: Member;
  let producer: TestAgent;
  let reader: TestAgent;
  let user: TestAgent;
  let neighbour: TestAgent;
  let friend: TestAgent;
  let ann: TestAgent;
  let ben: TestAgent;
  let cleo: TestAgent;

  const publish = async(body: object): Promise<Response> => post(producer.fetch, `${producer.pod}publish/`, { topic: TOPIC, data: { name: 'Ann' }, ...body });

  beforeAll(async(): Promise<void> => {
    [ home, away, far, stock ] = await Promise.all([
      startMember('test/config/federation.json', [ 'producer', 'reader', 'ann' ]),
      startMember('test/config/federation.json', [ 'user', 'neighbour', 'ben' ]),
      startMember('test/config/federation.json', [ 'cleo' ]),
      startMember('test/config/plain.json', [ 'friend' ]),
    ]);
    [ ann, ben, cleo ] = await Promise.all([ home.agent('ann'), away.agent('ben'), far.agent('cleo') ]);
    [ producer, reader, user, neighbour, friend ] = [
      await home.agent('producer'), await home.agent('reader', 'Bearer'),
      await away.agent('user'), await away.agent('neighbour', 'Bearer'), await stock.agent('friend'),
    ];
    await grant(user, `${user.pod}topics/realestate/`, {
      [producer.webId]: [ 'Append' ], [reader.webId]: [ 'Read' ], [neighbour.webId]: [ 'Read' ],
    });
    // An inbox on a server that has never heard of events: a container, and a line in the profile.
    await friend.fetch(`${friend.pod}letters/`, { method: 'PUT', headers: { 'content-type': 'text/turtle' }});
    await grant(friend, `${friend.pod}letters/`, { [`${home.baseUrl}.events/agent#this`]: [ 'Append' ]});
    await friend.fetch(friend.webId.split('#')[0], {
      method: 'PATCH',
      headers: { 'content-type': 'text/n3' },
      body: `@prefix solid: <http://www.w3.org/ns/solid/terms#>.
        _:patch a solid:InsertDeletePatch;
          solid:inserts { <${friend.webId}> <http://www.w3.org/ns/ldp#inbox> <${friend.pod}letters/>. }.`,
    });
    for (const [ agent, inbox ] of [[ reader, reader.inbox ], [ neighbour, neighbour.inbox ]] as const) {
      const response = await post(agent.fetch, `${user.pod}subscriptions/`, { topic: 'realestate/*', inbox });
      expect([ response.status, await response.clone().text() ]).toEqual([ 201, expect.any(String) ]);
    }
  });

  afterAll(killAll);

  it('an event reaches a recipient elsewhere, and the subscribers there and here.', async(): Promise<void> => {
    const response = await publish({ recipient: user.webId });
    expect(response.status).toBe(201);
    const { id } = await response.json() as { id: string };
    const [ received ] = await eventsIn(user, 1);
    expect(received).toMatchObject({ id, publisher: producer.webId, origin: producer.pod, topic: TOPIC, data: { name: 'Ann' }});
    expect(await eventsIn(neighbour, 1)).toMatchObject([{ id }]);
    expect(await eventsIn(reader, 1)).toMatchObject([{ id, 'events:hops': 2 }]);
  });

  it('an event reaches an inbox of a server without events.', async(): Promise<void> => {
    const { id } = await (await publish({ recipient: friend.webId })).json() as { id: string };
    expect(await eventsIn(friend, 1, `${friend.pod}letters/`)).toMatchObject([{ id, topic: TOPIC }]);
  });

  it('a refusal is told to the publisher, and nothing is stored.', async(): Promise<void> => {
    const before = await members(producer, `${producer.pod}publish/`);
    const response = await publish({ recipient: user.webId, topic: 'secret/plan#make' });
    expect([ response.status, await response.json() ]).toEqual([
      403, { error: `Not authorized to publish to ${user.webId} on topic secret/plan#make` },
    ]);
    expect(await members(producer, `${producer.pod}publish/`)).toEqual(before);
  });

  it('who is no server may not bring the events of others, and a stock sender may bring notifications.', async(): Promise<void> => {
    const origin = friend.pod;
    const forged = {
      '@context': { as: 'https://www.w3.org/ns/activitystreams#', events: 'https://w3id.org/pod-events#', id: '@id', type: '@type' },
      id: `${origin}publish/0198c5f0-0000-7000-8000-000000000000`,
      type: [ 'events:Event' ],
      'as:actor': { id: producer.webId },
      'as:to': { id: user.webId },
      'as:origin': { id: origin },
      'events:topic': TOPIC,
    };
    const before = (await members(user, user.inbox)).length;
    const headers = { 'content-type': 'application/ld+json' };
    const refused = await post(friend.fetch, user.inbox, forged, headers);
    expect([ refused.status, await refused.json() ]).toEqual([ 403, { error: expect.stringContaining('may not speak for') }]);
    expect(await members(user, user.inbox)).toHaveLength(before);
    const note = { '@context': 'https://www.w3.org/ns/activitystreams', type: 'Announce', actor: friend.webId, object: friend.pod };
    const taken = await post(friend.fetch, user.inbox, note, headers);
    expect(taken.status).toBe(201);
    expect(await (await user.fetch(taken.headers.get('location')!, { headers: { accept: 'application/ld+json' }})).text())
      .toContain('Announce');
    expect((await post(friend.fetch, user.inbox, '{not json', headers)).status).toBe(400);
    // Nothing is fetched: what does not claim to be an event need not be read.
    expect((await post(friend.fetch, user.inbox, { '@context': 'http://127.0.0.1:1/x' }, headers)).status).toBe(201);
  });

  /** Agents follow all topics of each other's pods, into their own inboxes. */
  async function followEachOther(agents: readonly TestAgent[]): Promise<void> {
    for (const agent of agents) {
      const others = agents.filter((other): boolean => other !== agent);
      await grant(agent, `${agent.pod}topics/`, {
        [producer.webId]: [ 'Append' ],
        ...Object.fromEntries(agents.map(({ webId }): [string, string[]] => [ webId, [ 'Append', 'Read' ]])),
      });
      for (const { fetch: fetcher, inbox } of others) {
        expect((await post(fetcher, `${agent.pod}subscriptions/`, { topic: '*', inbox })).status).toBe(201);
      }
    }
  }

  /** Publishes, and waits until all has come where it goes. Returns how many copies each inbox has, and the deliveries. */
  async function follow(all: readonly Member[], publisher: TestAgent, recipient: readonly TestAgent[]): Promise<{ copies: number[]; deliveries: Delivery[][] }> {
    const body = { topic: TOPIC, data: '', recipient: recipient.map(({ webId }): string => webId) };
    const response = await post(publisher.fetch, `${publisher.pod}publish/`, body);
    expect(response.status).toBe(201);
    const { id } = await response.json() as { id: string };
    await settled(all);
    const copies = await Promise.all([ ann, ben, cleo ].map(async(agent): Promise<number> =>
      (await eventsIn(agent, 0)).filter((event): boolean => event.id === id).length));
    return { copies, deliveries: deliveriesOf(all, id) };
  }

  it('an event comes once to each of two pods that follow each other, and its way ends.', async(): Promise<void> => {
    await followEachOther([ ann, ben ]);
    const [ toAnn, toBen ] = [ ann, ben ].map(({ inbox }): Delivery => ({ url: inbox, kind: 'inbox' }));
    const recipientBen = { url: ben.webId, kind: 'recipient' };
    const all = [ home, away ];
    expect(await follow(all, producer, [ ann, ben ])).toEqual({ copies: [ 1, 1, 0 ], deliveries: [[ toBen, recipientBen ], [ toAnn ]]});
    expect(await follow(all, producer, [ ben ])).toEqual({ copies: [ 1, 1, 0 ], deliveries: [[ recipientBen ], [ toAnn ]]});
    expect(await follow(all, producer, [ ann ])).toEqual({ copies: [ 1, 1, 0 ], deliveries: [[ toBen ], []]});
    // Her own copy is that of a recipient; none comes back.
    expect(await follow(all, ann, [ ann, ben ])).toEqual({ copies: [ 1, 1, 0 ], deliveries: [[ toBen, recipientBen ], [ toAnn ]]});
  });

  it('an event comes once to each of three pods that follow each other, and its way ends.', async(): Promise<void> => {
    await followEachOther([ ann, ben, cleo ]);
    const all = [ home, away, far ];
    const { copies, deliveries } = await follow(all, producer, [ ann, ben, cleo ]);
    expect(copies).toEqual([ 1, 1, 1 ]);
    expect(deliveries.map((some): string[] => some.map(({ url }): string => url).sort())).toEqual([
      [ ben.inbox, cleo.inbox, ben.webId, cleo.webId ].sort(),
      [ ann.inbox, cleo.inbox ].sort(),
      [ ann.inbox, ben.inbox ].sort(),
    ]);
    const one = await follow(all, producer, [ ben ]);
    expect(one.copies).toEqual([ 1, 1, 1 ]);
    expect(one.deliveries.map(({ length }): number => length)).toEqual([ 1, 2, 0 ]);
    for (const { output } of all) {
      expect(output()).not.toMatch(/ error: | 5\d\d /u);
    }
  });

  it('an event comes to a server that was away, once it is back, and once only.', async(): Promise<void> => {
    const before = (await members(user, user.inbox)).length;
    await away.kill();
    const response = await publish({ recipient: user.webId, data: { name: 'Later' }});
    expect(response.status).toBe(201);
    const { id } = await response.json() as { id: string };
    await away.start();
    const events = await eventsIn(user, before + 1, user.inbox, 20_000);
    expect(events.filter((event): boolean => event.id === id)).toHaveLength(1);
  });
});
