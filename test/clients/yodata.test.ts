import { join } from 'node:path';
import { createApiKey } from '../util/accounts';
import type { Scene } from '../util/scene';
import { setScene } from '../util/scene';
import { eventually } from '../util/wait';

declare const requireOutside: NodeJS.Require;

/** Clients from the folder of these tests, loaded by Node, because Jest would transform them. */
const load = (name: string): any => requireOutside(join(__dirname, 'node_modules', name));

const TOPIC = 'realestate/contact#add';

describe('An unmodified client of Yodata', (): void => {
  let scene: Scene;
  let producer: any;
  let consumer: any;
  let key: string;

  beforeAll(async(): Promise<void> => {
    scene = await setScene();
    const { server: { baseUrl }, producer: { pod, webId }, user } = scene;
    const Client = load('@yodata/client');
    const producerKey = await createApiKey(baseUrl, webId, { scopes: [ 'publish', 'read' ]});
    ({ key } = await createApiKey(baseUrl, user.webId, { scopes: [ 'read' ]}));
    producer = new Client({ hostname: pod, hostkey: producerKey.key });
    consumer = new Client({ hostname: user.pod, hostkey: key });
  });

  afterAll(async(): Promise<void> => scene.end());

  async function publish(name: string, path = '/publish/'): Promise<string> {
    const response = await producer.post(path, { recipient: scene.user.webId, topic: TOPIC, data: { type: 'AddAction', name }});
    expect([ response.statusCode, response.headers.location ]).toEqual([ 201, response.data.id ]);
    return response.data.id as string;
  }

  async function arrived(event: string): Promise<any> {
    return eventually(async(): Promise<any> =>
      (await consumer.get('inbox/')).data.contains.find(({ id }: { id: string }): boolean => id === event));
  }

  it('publishes at paths with and without a slash at the start, and reads what it published.', async(): Promise<void> => {
    const ids = [ await publish('first'), await publish('second', 'publish/') ];
    const { data } = await producer.get('publish/');
    expect(data.contains.map(({ id }: { id: string }): string => id)).toEqual(expect.arrayContaining(ids));
  });

  it('publishes arrays.', async(): Promise<void> => {
    const events = [ 1, 2 ].map((n): object => ({ recipient: scene.user.webId, topic: TOPIC, data: { n }}));
    const { statusCode, data } = await producer.post('/publish/', JSON.stringify(events));
    expect([ statusCode, data.ids.length ]).toEqual([ 201, 2 ]);
  });

  it('reads whole messages from an inbox, and deletes them.', async(): Promise<void> => {
    const event = await publish('Bruce Wayne');
    const item = await arrived(event);
    expect(item).toMatchObject({
      id: event,
      topic: TOPIC,
      data: { type: 'AddAction', name: 'Bruce Wayne' },
      agent: scene.user.webId,
      instrument: scene.producer.webId,
      originalRecipient: scene.user.webId,
    });
    expect(item['@id']).toContain('/inbox/');
    expect(new Date(item.time).getTime()).toBe(item.timestamp);
    const path = `inbox/${item['@id'].split('/inbox/')[1]}`;
    expect((await consumer.get(path)).statusCode).toBe(200);
    expect((await consumer.delete(path)).statusCode).toBe(200);
    await expect(consumer.get(path)).rejects.toMatchObject({ statusCode: 404 });
  });

  it('reads pages from tokens and times up to the empty end.', async(): Promise<void> => {
    await arrived(await publish('page'));
    const read: string[] = [];
    let path: string | undefined = 'inbox/?format=full&by=timestamp&from=0&limit=1';
    while (path !== undefined) {
      const { data }: any = await consumer.get(path);
      read.push(...data.contains.map(({ id }: { id: string }): string => id));
      path = data.next === undefined ? undefined : `inbox/?format=full&limit=1&from=${data.next}`;
    }
    expect(new Set(read).size).toBe(read.length);
    expect(read.length).toBeGreaterThanOrEqual(1);
    expect((await consumer.get(`inbox/?from=${Date.now() + 60_000}&by=timestamp`)).data).toEqual({ contains: []});
  });

  it.each([
    [ 'a media type that is not supported', 415, async(): Promise<unknown> =>
      producer.post('/publish/', { topic: TOPIC, data: {}}, 'application/x-yaml') ],
    [ 'an event without a topic', 400, async(): Promise<unknown> => producer.post('/publish/', { data: {}}) ],
    [ 'an inbox that the key does not cover', 403, async(): Promise<unknown> =>
      new (load('@yodata/client'))({ hostname: scene.subscriber.pod, hostkey: key }).get('inbox/') ],
    [ 'a wrong key', 401, async(): Promise<unknown> =>
      new (load('@yodata/client'))({ hostname: scene.user.pod, hostkey: 'wrong' }).get('inbox/') ],
  ])('shows the status and the message of the answer to %s.', async(_, statusCode, call): Promise<void> => {
    const error: any = await call().catch((thrown: unknown): unknown => thrown);
    expect(error).toMatchObject({ statusCode });
    expect(JSON.stringify(error.body)).toMatch(/\w{3}/u);
  });

  it('polls an inbox until its messages are deleted.', async(): Promise<void> => {
    const { inbox } = scene.user;
    const event = await publish('polled');
    const seen: string[] = [];
    const axios = requireOutside(join(__dirname, 'node_modules/axios'));
    const Inbox = load('yodata-inbox-poller/inbox');
    const poller = load('yodata-inbox-poller').create(inbox, async(message: any): Promise<void> => {
      seen.push(message.id);
      await axios.delete(message['@id'], { headers: { 'x-api-key': key }});
    }, { inbox: new Inbox({ inboxURL: inbox, headers: { 'x-api-key': key }}), waitTimeSeconds: 0.1 });
    const failures: unknown[] = [];
    poller.on('inbox:fetch:failed', (failure: unknown): unknown => failures.push(failure));
    poller.on('message:process:failed', (failure: unknown): unknown => failures.push(failure));
    poller.start();
    try {
      await eventually(async(): Promise<true | undefined> => seen.includes(event) || undefined);
      await eventually(async(): Promise<true | undefined> =>
        (await consumer.get('inbox/')).data.contains.length === 0 || undefined);
    } finally {
      poller.stop();
    }
    expect(failures).toEqual([]);
  });
});
