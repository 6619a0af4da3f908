import { getContainedResourceUrlAll, getSolidDataset, getThing, getUrl, getStringNoLocale, deleteSolidDataset } from '@inrupt/solid-client';
import { grant } from '../util/access';
import type { TestAgent } from '../util/accounts';
import { logIn } from '../util/accounts';
import type { TestServer } from '../util/server';
import { startServer } from '../util/server';
import { eventually } from '../util/wait';

describe('A server with events', (): void => {
  let server: TestServer;
  let producer: TestAgent;
  let user: TestAgent;
  let subscriber: TestAgent;

  beforeAll(async(): Promise<void> => {
    server = await startServer('test/config/file.json', [ 'producer', 'user', 'subscriber' ]);
    producer = await logIn(server.baseUrl, 'producer');
    user = await logIn(server.baseUrl, 'user', 'Bearer');
    subscriber = await logIn(server.baseUrl, 'subscriber');
  });

  afterAll(async(): Promise<void> => {
    await Promise.all([ producer, user, subscriber ].map(async(agent): Promise<void> => agent.logout()));
    await server.stop();
  });

  it('copies a published event to the inbox of a subscriber.', async(): Promise<void> => {
    await grant(user, `${user.pod}topics/realestate/contact/`, { [producer.webId]: [ 'Append' ], [subscriber.webId]: [ 'Read' ]});
    const subscribed = await subscriber.fetch(`${user.pod}subscriptions/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ topic: 'realestate/contact', inbox: subscriber.inbox }),
    });
    expect(await subscribed.text()).toContain('realestate/contact');
    expect(subscribed.status).toBe(201);
    const response = await producer.fetch(`${producer.pod}publish/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        recipient: user.webId,
        topic: 'realestate/contact#add',
        data: { type: 'AddAction', object: { type: 'Contact', name: 'Bruce Wayne' }},
      }),
    });
    const body = await response.json();
    expect([ response.status, body ]).toEqual([ 201, { id: response.headers.get('location') }]);
    const copy = await eventually(async(): Promise<string | undefined> => {
      const dataset = await getSolidDataset(subscriber.inbox, { fetch: subscriber.fetch });
      return getContainedResourceUrlAll(dataset)[0];
    });
    const dataset = await getSolidDataset(copy, { fetch: subscriber.fetch });
    const event = getThing(dataset, body.id)!;
    expect(getUrl(event, 'https://www.w3.org/ns/activitystreams#actor')).toBe(producer.webId);
    expect(getStringNoLocale(event, 'urn:solid-pod-events:vocab:topic')).toBe('realestate/contact#add');
    console.log(await (await subscriber.fetch(copy, { headers: { accept: 'text/turtle' }})).text());
    console.log(await (await subscriber.fetch(copy, { headers: { accept: 'application/ld+json' }})).text());
    console.log(await (await subscriber.fetch(subscriber.inbox, { headers: { accept: 'text/turtle' }})).text());
    const pub = await producer.fetch(`${producer.pod}publish/`, { headers: { accept: 'text/turtle' }});
    console.log(await pub.text(), pub.headers);
    await deleteSolidDataset(copy, { fetch: subscriber.fetch });
  });
});
