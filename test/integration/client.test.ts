import WebSocket from 'ws';
import type { EventToPublish, Grant, InboxEvent, InboxOptions } from '../../src/client';
import {
  AccessConflict, checkPublish, grant, grants, handleInbox, publish, readInbox, RequestFailed, revoke, subscribe, subscriptions, unsubscribe,
} from '../../src/client';
import type { TestAgent } from '../util/accounts';
import { logIn } from '../util/accounts';
import type { Scene } from '../util/scene';
import { members, setScene } from '../util/scene';
import type { TestServer } from '../util/server';
import { startServer } from '../util/server';
import { eventually } from '../util/wait';

describe.each([ [ 'WAC', 'test/config/file.json' ], [ 'ACP', 'test/config/file-acp.json' ] ])('With %s', (_name, config): void => {
  let server: TestServer;
  let producer: TestAgent;
  let user: TestAgent;
  let subscriber: TestAgent;

  /** Whether an agent may publish to the user on a topic. */
  const mayPublish = async(agent: TestAgent, topic: string): Promise<boolean> =>
    publish(agent.pod, { topic, recipient: user.webId, data: 1 }, agent).then((): boolean => true, (error: unknown): boolean => {
      expect(error).toBeInstanceOf(RequestFailed);
      expect((error as RequestFailed).status).toBe(403);
      return false;
    });
  const mayFollow = async(agent: TestAgent, topic: string): Promise<boolean> =>
    subscribe(user.pod, { topic, inbox: agent.inbox }, agent).then(async({ id }): Promise<boolean> => {
      await unsubscribe(id, agent);
      return true;
    }, (): boolean => false);
  const brief = (found: Grant[]): string[] => found.map(({ topic, agent, publish: may, subscribe: follows }): string =>
    `${topic} ${agent.replace(server.baseUrl, '').replace('/profile/card#me', '')}${may ? ' publish' : ''}${follows ? ' subscribe' : ''}`).sort();
  const access = async(domain: string): Promise<string[]> =>
    brief((await grants(user.pod, user)).filter(({ topic }): boolean => topic === '*' || topic!.startsWith(domain)));

  beforeAll(async(): Promise<void> => {
    server = await startServer(config, [ 'producer', 'user', 'subscriber' ]);
    producer = await logIn(server.baseUrl, 'producer', 'Bearer');
    user = await logIn(server.baseUrl, 'user');
    subscriber = await logIn(server.baseUrl, 'subscriber', 'Bearer');
  });

  afterAll(async(): Promise<void> => {
    for (const agent of [ producer, user, subscriber ]) {
      await agent.logout();
    }
    await server.stop();
  });

  it('a grant lets an agent publish, and a revocation ends that.', async(): Promise<void> => {
    expect(await mayPublish(producer, 'a/contact#add')).toBe(false);
    await grant(user.pod, 'a/contact', producer.webId, { publish: true }, user);
    expect(await mayPublish(producer, 'a/contact#add')).toBe(true);
    expect(await mayPublish(producer, 'a/contact')).toBe(true);
    expect(await mayPublish(producer, 'a/offer#add')).toBe(false);
    expect(await mayFollow(producer, 'a/contact#add')).toBe(false);
    expect(await access('a/')).toEqual([ 'a/contact producer publish' ]);
    await revoke(user.pod, 'a/contact', producer.webId, undefined, user);
    expect(await mayPublish(producer, 'a/contact#add')).toBe(false);
    expect(await access('a/')).toEqual([]);
    expect(await mayPublish(user, 'a/contact#add')).toBe(true);
  });

  it('a grant of one action is of that action alone.', async(): Promise<void> => {
    await grant(user.pod, 'b/contact#add', producer.webId, { publish: true, subscribe: true }, user);
    expect(await mayPublish(producer, 'b/contact#add')).toBe(true);
    expect(await mayFollow(producer, 'b/contact#add')).toBe(true);
    expect(await mayPublish(producer, 'b/contact#remove')).toBe(false);
    expect(await access('b/')).toEqual([ 'b/contact#add producer publish subscribe' ]);
    await revoke(user.pod, 'b/contact#add', producer.webId, { subscribe: true }, user);
    expect(await access('b/')).toEqual([ 'b/contact#add producer publish' ]);
    expect(await mayFollow(producer, 'b/contact#add')).toBe(false);
  });

  it('a grant of all below, and of everything, is inherited.', async(): Promise<void> => {
    await grant(user.pod, 'c/*', producer.webId, { publish: true }, user);
    await grant(user.pod, '*', subscriber.webId, { subscribe: true }, user);
    expect(await mayPublish(producer, 'c/new/topic#add')).toBe(true);
    expect(await mayPublish(producer, 'other')).toBe(false);
    expect(await mayFollow(subscriber, 'something#else')).toBe(true);
    expect(await mayFollow(subscriber, 'c/contact')).toBe(true);
    expect(await mayFollow(subscriber, '*')).toBe(true);
    expect(await access('c')).toContain('* subscriber subscribe');
    await revoke(user.pod, '*', subscriber.webId, undefined, user);
    expect(await mayFollow(subscriber, 'c/contact')).toBe(false);
    expect(await access('c')).toEqual([ 'c producer publish' ]);
  });

  it('grants of several agents stand beside each other, and are the same however often they are given.', async(): Promise<void> => {
    for (let count = 0; count < 2; count += 1) {
      await grant(user.pod, 'd/contact', producer.webId, { publish: true }, user);
      await grant(user.pod, 'd/contact', subscriber.webId, { publish: true, subscribe: true }, user);
    }
    expect(await access('d/')).toEqual([ 'd/contact producer publish', 'd/contact subscriber publish subscribe' ]);
    const url = `${user.pod}topics/d/contact/${config.includes('acp') ? '.acr' : '.acl'}`;
    const document = async(): Promise<string> => (await user.fetch(url, { headers: { accept: 'text/turtle' }})).text();
    const before = await document();
    await grant(user.pod, 'd/contact', subscriber.webId, { subscribe: true }, user);
    expect(await document()).toBe(before);
    await revoke(user.pod, 'd/contact', producer.webId, { publish: true }, user);
    await revoke(user.pod, 'd/contact', producer.webId, { publish: true }, user);
    expect(await access('d/')).toEqual([ 'd/contact subscriber publish subscribe' ]);
    expect(await mayPublish(subscriber, 'd/contact#add')).toBe(true);
    expect(await mayPublish(producer, 'd/contact#add')).toBe(false);
    expect(await mayFollow(user, '*')).toBe(true);
  });

  it('grants and revocations hold for everything below, whatever was granted there before.', async(): Promise<void> => {
    await grant(user.pod, 'e/contact#add', subscriber.webId, { publish: true }, user);
    await grant(user.pod, 'e/*', producer.webId, { publish: true }, user);
    expect(await mayPublish(producer, 'e/contact#add')).toBe(true);
    await revoke(user.pod, 'e/*', producer.webId, { publish: true }, user);
    expect(await mayPublish(producer, 'e/contact#add')).toBe(false);
    expect(await mayPublish(subscriber, 'e/contact#add')).toBe(true);
    expect(await access('e')).toEqual([ 'e/contact#add subscriber publish' ]);
  });

  it('what comes from above is to be revoked there.', async(): Promise<void> => {
    await grant(user.pod, 'f/*', producer.webId, { publish: true }, user);
    await expect(revoke(user.pod, 'f/contact#add', producer.webId, { publish: true }, user)).rejects.toThrow(`revoke it for the topic "f"`);
    expect(await mayPublish(producer, 'f/contact#add')).toBe(true);
  });

  it('an owner keeps control, and is not in the list.', async(): Promise<void> => {
    await expect(revoke(user.pod, '*', user.webId, undefined, user)).rejects.toThrow(AccessConflict);
    await grant(user.pod, 'g/contact', user.webId, { publish: true, subscribe: true }, user);
    expect(await mayFollow(user, '*')).toBe(true);
    expect(await access('g')).toEqual([]);
  });

  it('the public, and who is logged in, can be let in and out.', async(): Promise<void> => {
    await grant(user.pod, 'news', 'public', { subscribe: true }, user);
    await grant(user.pod, 'news', 'authenticated', { publish: true }, user);
    expect(await mayPublish(producer, 'news#add')).toBe(true);
    expect(await mayFollow(producer, 'news')).toBe(true);
    expect(await access('news')).toEqual([ 'news authenticated publish', 'news public subscribe' ]);
    await revoke(user.pod, 'news', 'authenticated', undefined, user);
    expect(await mayPublish(producer, 'news#add')).toBe(false);
  });

  it('what is there already is not overwritten.', async(): Promise<void> => {
    const note = `${user.pod}topics/kept/note`;
    await user.fetch(note, { method: 'PUT', headers: { 'content-type': 'text/plain' }, body: 'mine' });
    await grant(user.pod, 'kept#note', producer.webId, { publish: true }, user);
    await grant(user.pod, 'kept', producer.webId, { publish: true }, user);
    expect(await (await user.fetch(note)).text()).toBe('mine');
  });

  it('changes at the same time do not undo each other.', async(): Promise<void> => {
    await Promise.all([ producer.webId, subscriber.webId ].map(async(webId): Promise<void> =>
      grant(user.pod, 'busy/topic', webId, { publish: true }, user)));
    expect(await access('busy')).toEqual([ 'busy/topic producer publish', 'busy/topic subscriber publish' ]);
  });

  it('only who controls the topics grants access to them.', async(): Promise<void> => {
    const refused = grant(user.pod, 'h/contact', producer.webId, { publish: true }, producer);
    await expect(refused).rejects.toThrow(RequestFailed);
    await expect(refused).rejects.toMatchObject({ status: 403 });
    await expect(grants(user.pod, producer)).rejects.toMatchObject({ status: 403, method: 'HEAD' });
    expect(await access('h')).toEqual([]);
  });
});

describe('The client', (): void => {
  let scene: Scene;
  let inbox: string;
  let count = 0;

  const event = (data: unknown): EventToPublish => ({ recipient: scene.user.webId, topic: 'realestate/contact#add', data });
  const publishOne = async(data: unknown): Promise<string> => {
    const { id } = await publish(scene.producer.pod, event(data), scene.producer);
    const copy = inbox + id.slice(id.lastIndexOf('/') + 1);
    await eventually(async(): Promise<true | undefined> => (await scene.subscriber.fetch(copy, { method: 'HEAD' })).ok || undefined);
    return copy;
  };
  const dataOf = ({ event: { data }}: InboxEvent): unknown => data;
  const readAll = async(options: InboxOptions = {}): Promise<InboxEvent[]> => {
    const found: InboxEvent[] = [];
    for await (const item of readInbox(inbox, { ...scene.subscriber, ...options })) {
      found.push(item);
    }
    return found;
  };

  beforeAll(async(): Promise<void> => {
    scene = await setScene();
  });

  // Each test has an inbox of its own.
  beforeEach(async(): Promise<void> => {
    count += 1;
    inbox = `${scene.subscriber.pod}inbox-${count}/`;
    await scene.subscriber.fetch(inbox, { method: 'PUT', headers: { 'content-type': 'text/turtle' }});
    await subscribe(scene.user.pod, { topic: 'realestate/contact', inbox }, scene.subscriber);
  });

  afterAll(async(): Promise<void> => scene.end());

  it('publishes one event, and several.', async(): Promise<void> => {
    const one = await publish(scene.producer.pod, event(1), scene.producer);
    expect(one).toEqual({ id: expect.stringMatching(/\/producer\/publish\//u), ids: [ one.id ]});
    const two = await publish(scene.producer.pod, [ event(2), event(3) ], scene.producer);
    expect(two.ids).toHaveLength(2);
    expect(two.id).toBe(two.ids[0]);
  });

  it('publishes once what is published again with the same key.', async(): Promise<void> => {
    const options = { ...scene.producer, key: 'order-17' };
    const first = await publish(scene.producer.pod, event('once'), options);
    expect(await publish(scene.producer.pod, event('once'), options)).toEqual(first);
    await expect(publish(scene.producer.pod, event('twice'), options)).rejects.toMatchObject({ status: 409 });
  });

  it('tells what would come of publishing.', async(): Promise<void> => {
    const elsewhere = 'https://elsewhere.example/#me';
    const events = [ event(1), { ...event(2), topic: 'other' }, { ...event(3), recipient: elsewhere }];
    expect(await checkPublish(scene.producer.pod, events, scene.producer)).toEqual([
      { accepted: true, subscriptions: expect.any(Number), excluded: 0, elsewhere: []},
      { accepted: false, status: 403, error: `Not authorized to publish to ${scene.user.webId} on topic other` },
      {
        accepted: true,
        subscriptions: 0,
        excluded: 0,
        elsewhere: [ elsewhere ],
        unreachable: [{ agent: elsewhere, reason: expect.stringContaining('cannot be read') }],
      },
    ]);
    const other = async(): Promise<Response> => new Response('{}');
    await expect(checkPublish(scene.producer.pod, event(1), { fetch: other })).rejects.toThrow('not that of a Solid server with solid-pod-events');
  });

  it('subscribes, lists subscriptions and ends them.', async(): Promise<void> => {
    const made = await subscribe(scene.user.pod, { topic: 'realestate/*', inbox }, scene.subscriber);
    expect(made).toEqual({
      id: expect.stringContaining(`${scene.user.pod}subscriptions/`), topic: 'realestate/*', inbox, agent: scene.subscriber.webId, created: expect.any(String),
    });
    expect(await subscriptions(scene.user.pod, scene.user)).toContainEqual(made);
    await unsubscribe(made.id, scene.subscriber);
    expect(await subscriptions(scene.user.pod, scene.subscriber)).not.toContainEqual(made);
  });

  it('says what was refused, and why.', async(): Promise<void> => {
    const url = `${scene.producer.pod}publish/`;
    await expect(publish(scene.producer.pod, { ...event(1), topic: 'other' }, scene.producer)).rejects.toMatchObject({
      name: 'RequestFailed', status: 403, method: 'POST', url,
      serverMessage: `Not authorized to publish to ${scene.user.webId} on topic other`,
    });
    await expect(publish(scene.producer.pod, event(1))).rejects.toThrow(
      `POST ${url} was answered with 401: To publish through ${scene.producer.pod} you have to log in: send an access token in Authorization, or an API key in x-api-key. Log in, or obtain a new access token or API key.`);
    await expect(readAll({ fetch: scene.producer.fetch })).rejects.toThrow(RequestFailed);
  });

  it('reads an inbox, oldest first, and leaves what is no event.', async(): Promise<void> => {
    const first = await publishOne('first');
    const put = async(name: string, type: string, body: string): Promise<unknown> =>
      scene.subscriber.fetch(inbox + name, { method: 'PUT', headers: { 'content-type': type }, body });
    await put('note.txt', 'text/plain', 'hello');
    await put('note', 'text/turtle', '<> a <urn:x:Note>.');
    await put('like.json', 'application/ld+json', JSON.stringify({
      id: `${scene.producer.pod}publish/other`, type: [ 'Event' ], topic: 't', origin: scene.producer.pod, published: '2026-01-01T00:00:00Z',
    }));
    await put('sub/', 'text/turtle', '');
    await publishOne({ number: 2 });
    const skipped: string[] = [];
    const found = await readAll({ onSkip: (url, reason): unknown => skipped.push(`${url.slice(inbox.length)}: ${reason}`) });
    expect(found.map(dataOf)).toEqual([ 'first', { number: 2 }]);
    expect(found[0]).toMatchObject({ url: first, event: { topic: 'realestate/contact#add', publisher: scene.producer.webId, recipient: scene.user.webId }});
    expect(skipped.sort()).toEqual([
      'like.json: it is not an event', 'note.txt: the server responds with 501', 'note: it is not an event', 'sub/: it is a container',
    ]);
    expect(await members(scene.subscriber, inbox)).toHaveLength(6);
  });

  it('deletes a copy once its handler has succeeded, and not before.', async(): Promise<void> => {
    await publishOne(1);
    await publishOne(2);
    await publishOne(3);
    const handled: unknown[] = [];
    const failing = handleInbox(inbox, async(item): Promise<void> => {
      handled.push(dataOf(item));
      if (handled.length === 2) {
        throw new Error('not now');
      }
    }, scene.subscriber);
    await expect(failing).rejects.toThrow('not now');
    expect((await readAll()).map(dataOf)).toEqual([ 2, 3 ]);
    expect(await handleInbox(inbox, (item): unknown => handled.push(dataOf(item)), scene.subscriber)).toBe(2);
    expect(handled).toEqual([ 1, 2, 2, 3 ]);
    expect(await members(scene.subscriber, inbox)).toEqual([]);
  });

  it('waits for what comes, over broken connections and a restart, until it is told to stop.', async(): Promise<void> => {
    const sockets: WebSocket[] = [];
    class Watched extends WebSocket {
      public constructor(url: string) {
        super(url);
        sockets.push(this);
      }
    }
    const controller = new AbortController();
    const found: unknown[] = [];
    await publishOne('before');
    const reading = (async(): Promise<void> => {
      const options = { ...scene.subscriber, wait: true, signal: controller.signal, WebSocket: Watched as never };
      for await (const item of readInbox(inbox, options)) {
        found.push(dataOf(item));
      }
    })();
    const until = async(data: unknown): Promise<true> =>
      eventually(async(): Promise<true | undefined> => found.includes(data) || undefined);
    await until('before');
    await publishOne('told');
    await until('told');
    sockets[0].terminate();
    await publishOne('between');
    await until('between');
    await scene.server.restart();
    await publishOne('after');
    await until('after');
    await publishOne('told again');
    await until('told again');
    expect(sockets.length).toBeGreaterThanOrEqual(3);
    controller.abort();
    await reading;
    expect(found).toEqual([ 'before', 'told', 'between', 'after', 'told again' ]);
  });

  it('waits with the platform\'s own WebSocket or that of ws, and stops when the loop is left.', async(): Promise<void> => {
    await publishOne('one');
    for await (const item of readInbox(inbox, { ...scene.subscriber, wait: true })) {
      expect(dataOf(item)).toBe('one');
      break;
    }
  });
});
