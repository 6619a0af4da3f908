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

describe('Between servers', (): void => {
  let home: Member;
  let away: Member;
  let stock: Member;
  let producer: TestAgent;
  let reader: TestAgent;
  let user: TestAgent;
  let neighbour: TestAgent;
  let friend: TestAgent;

  const publish = async(body: object): Promise<Response> => post(producer.fetch, `${producer.pod}publish/`, { topic: TOPIC, data: { name: 'Ann' }, ...body });

  beforeAll(async(): Promise<void> => {
    [ home, away, stock ] = await Promise.all([
      startMember('test/config/federation.json', [ 'producer', 'reader' ]),
      startMember('test/config/federation.json', [ 'user', 'neighbour' ]),
      startMember('test/config/plain.json', [ 'friend' ]),
    ]);
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
      '@context': { as: 'https://www.w3.org/ns/activitystreams#', events: 'urn:solid-pod-events:vocab:', id: '@id', type: '@type' },
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
    expect((await post(friend.fetch, user.inbox, { '@context': 'http://127.0.0.1:1/x' }, headers)).status).toBe(400);
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
