import { request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { getContainedResourceUrlAll, getSolidDataset, getThing, getUrl } from '@inrupt/solid-client';
import { grant, grantByAcp } from '../util/access';
import type { TestAgent } from '../util/accounts';
import { logIn } from '../util/accounts';
import type { TestServer } from '../util/server';
import { startServer } from '../util/server';
import { eventually } from '../util/wait';

const TURTLE = { 'content-type': 'text/turtle' };
const TOPIC = 'realestate/contact#add';

interface Preset {
  readonly name: string;
  readonly config: string;
  readonly logIn: (baseUrl: string, name: string) => Promise<TestAgent>;
  readonly grant: typeof grant;
  /** Whether the plugin gives pods what they need; otherwise the owner does. */
  readonly hasLayout: boolean;
}

const PRESETS: Preset[] = [
  { name: 'css:config/file.json', config: 'file', logIn, grant, hasLayout: true },
  { name: 'css:config/default.json', config: 'default', logIn, grant, hasLayout: true },
  { name: 'css:config/file-acp.json', config: 'file-acp', logIn, grant: grantByAcp, hasLayout: true },
  { name: 'css:config/memory-subdomains.json', config: 'memory-subdomains', logIn: useSubdomain, grant, hasLayout: true },
  { name: 'css:config/file.json without the layout of pods', config: 'no-layout', logIn, grant, hasLayout: false },
];

/** Calls a server on this machine by the name of a subdomain, which need not resolve, as an agent. */
async function fetchAs(webId: string, url: string, { method, headers, body }: RequestInit = {}): Promise<Response> {
  const { port, host, pathname, search } = new URL(url);
  const allHeaders: Record<string, string> = { host, authorization: `WebID ${webId}` };
  new Headers(headers).forEach((value, name): unknown => allHeaders[name] = value);
  return new Promise((resolve, reject): void => {
    request({ hostname: 'localhost', port, path: pathname + search, method, headers: allHeaders }, (message): void => {
      buffer(message).then((bytes): void => {
        const received = Object.entries(message.headersDistinct)
          .flatMap(([ key, values ]): [string, string][] => values!.map((value): [string, string] => [ key, value ]));
        const status = message.statusCode!;
        const response = new Response([ 204, 205, 304 ].includes(status) ? null : bytes, { status, headers: received });
        resolve(Object.defineProperty(response, 'url', { value: url }));
      }, reject);
    }).on('error', reject).end(body);
  });
}

async function useSubdomain(baseUrl: string, name: string): Promise<TestAgent> {
  const { protocol, host } = new URL(baseUrl);
  const pod = `${protocol}//${name}.${host}/`;
  const webId = `${pod}profile/card#me`;
  const fetch = async(input: any, init?: RequestInit): Promise<Response> => fetchAs(webId, String(input.url ?? input), init);
  return { name, pod, webId, inbox: `${pod}inbox/`, fetch, logout: async(): Promise<void> => {} };
}

describe.each(PRESETS)('A server of $name', (preset): void => {
  let server: TestServer;
  let producer: TestAgent;
  let user: TestAgent;
  let subscriber: TestAgent;

  beforeAll(async(): Promise<void> => {
    const asPackaged = preset.config === 'memory-subdomains';
    server = await startServer(`test/config/${preset.config}.json`, [ 'producer', 'user', 'subscriber' ], 'localhost', asPackaged);
    producer = await preset.logIn(server.baseUrl, 'producer');
    user = await preset.logIn(server.baseUrl, 'user');
    subscriber = await preset.logIn(server.baseUrl, 'subscriber');
  });

  afterAll(async(): Promise<void> => {
    await Promise.all([ producer, user, subscriber ].map(async(agent): Promise<void> => agent.logout()));
    await server.stop();
  });

  async function post(agent: TestAgent, url: string, body: object): Promise<Response> {
    const headers = { 'content-type': 'application/json' };
    return agent.fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  async function statusOf(agent: TestAgent, url: string): Promise<number> {
    return (await agent.fetch(url, { method: 'HEAD' })).status;
  }

  async function copies(agent: TestAgent): Promise<string[]> {
    return getContainedResourceUrlAll(await getSolidDataset(agent.inbox, { fetch: agent.fetch }));
  }

  const containers = [ 'publish/', 'topics/', 'subscriptions/', 'inbox/' ];

  if (preset.hasLayout) {
    it('sets pods up, for their owners alone.', async(): Promise<void> => {
      for (const path of containers) {
        expect([ path, await statusOf(user, `${user.pod}${path}`) ]).toEqual([ path, 200 ]);
        // Of subscriptions/, anybody sees their own.
        const status = path === 'subscriptions/' ? 200 : 403;
        expect([ path, await statusOf(subscriber, `${user.pod}${path}`) ]).toEqual([ path, status ]);
      }
      const profile = await getSolidDataset(user.webId, { fetch: user.fetch });
      expect(getUrl(getThing(profile, user.webId)!, 'http://www.w3.org/ns/ldp#inbox')).toBe(user.inbox);
    });

    it('lets whoever is logged in leave a message in an inbox.', async(): Promise<void> => {
      const left = await producer.fetch(user.inbox, { method: 'POST', headers: TURTLE, body: '<> a <urn:example:Message>.' });
      expect(left.status).toBe(201);
      expect(await copies(user)).toEqual([ left.headers.get('location') ]);
      expect((await user.fetch(left.headers.get('location')!, { method: 'DELETE' })).status).toBe(205);
    });
  } else {
    it('gives pods nothing, and takes what their owners make.', async(): Promise<void> => {
      for (const path of containers) {
        // An endpoint answers for subscriptions/, which need not be a resource.
        expect([ path, await statusOf(user, `${user.pod}${path}`) ]).toEqual([ path, path === 'subscriptions/' ? 200 : 404 ]);
      }
      expect((await user.fetch(`${user.pod}topics/`, { method: 'PUT' })).status).toBe(201);
      expect((await user.fetch(user.inbox, { method: 'PUT' })).status).toBe(201);
      expect((await subscriber.fetch(subscriber.inbox, { method: 'PUT' })).status).toBe(201);
    });
  }

  it('refuses whom the owner has not granted anything.', async(): Promise<void> => {
    const published = await post(producer, `${producer.pod}publish/`, { recipient: user.webId, topic: TOPIC, data: {}});
    expect([ published.status, await published.json() ])
      .toEqual([ 403, { error: `Not authorized to publish to ${user.webId} on topic ${TOPIC}` }]);
    expect((await post(subscriber, `${user.pod}publish/`, { recipient: user.webId, topic: TOPIC, data: {}})).status).toBe(403);
    const subscribed = await post(subscriber, `${user.pod}subscriptions/`, { topic: TOPIC, inbox: subscriber.inbox });
    expect(subscribed.status).toBe(403);
  });

  it('copies what is published to whom the owner has granted it.', async(): Promise<void> => {
    await preset.grant(user, `${user.pod}topics/`, { [producer.webId]: [ 'Append' ], [subscriber.webId]: [ 'Read' ]});
    const subscribed = await post(subscriber, `${user.pod}subscriptions/`, { topic: 'realestate/*', inbox: subscriber.inbox });
    expect([ subscribed.status, await subscribed.json() ]).toEqual([ 201, expect.objectContaining({ topic: 'realestate/*' }) ]);
    const published = await post(producer, `${producer.pod}publish/`, {
      recipient: user.webId,
      topic: TOPIC,
      data: { type: 'AddAction', object: { type: 'Contact', name: 'Bruce Wayne' }},
    });
    const { id } = await published.json();
    expect(published.status).toBe(201);
    for (const agent of [ user, subscriber ]) {
      const copy = await eventually(async(): Promise<string | undefined> => (await copies(agent))[0]);
      expect(copy).toBe(`${agent.inbox}${id.split('/').at(-1)}`);
      const event = getThing(await getSolidDataset(copy, { fetch: agent.fetch }), id)!;
      expect(getUrl(event, 'https://www.w3.org/ns/activitystreams#actor')).toBe(producer.webId);
      expect(await statusOf(producer, copy)).toBe(403);
    }
    expect(await statusOf(producer, id)).toBe(200);
    expect(await statusOf(subscriber, id)).toBe(403);
  });

  /** Whether the producer is promised that somebody gets the event. */
  async function promised(project: string): Promise<unknown> {
    const [ channel, source ] = TOPIC.split('/');
    const response = await post(producer, `${server.baseUrl}v1/${project}/events/check`, {
      sources: [{ channel_id: channel, source_name: source }],
    });
    const { sources, error_code: code } = await response.json();
    return code ?? sources[0].check_result;
  }

  it('speaks the other dialects.', async(): Promise<void> => {
    expect([ await promised('user'), await promised('nobody') ]).toEqual([ true, 'EG.00014040' ]);
    const told = await post(user, `${user.pod}__event`, { Type: 'other/thing' });
    expect([ told.status, told.headers.get('x-personium-version') ]).toEqual([ 200, '1.8.4' ]);
    const system = { name: 'S', identifier: 's', class: 'producer', type: 't', description: 'd' };
    const { content: { id }} = await (await post(user, `${user.pod}system`, system)).json();
    const entry = { system_id: id, name: 'E', operation: 'new', description: 'd', topic: 'other/thing' };
    const { content: { identifier }} = await (await post(user, `${user.pod}event`, entry)).json();
    const sent = await post(user, `${user.pod}event/send?event-identifier=${identifier}`, []);
    expect(await sent.json()).toMatchObject({ code: 200_310 });
    expect((await post(producer, `${user.pod}event`, entry)).status).toBe(403);
  });

  it('stops copying when the owner takes the grant back.', async(): Promise<void> => {
    await preset.grant(user, `${user.pod}topics/`, { [producer.webId]: [ 'Append' ]});
    expect(await promised('user')).toBe(false);
    const published = await post(producer, `${producer.pod}publish/`, { recipient: user.webId, topic: TOPIC, data: {}});
    expect(published.status).toBe(201);
    await eventually(async(): Promise<true | undefined> => (await copies(user)).length === 2 || undefined);
    await eventually(async(): Promise<true | undefined> => (await copies(subscriber)).length === 1 || undefined);
  });
});
