import type { Scene } from '../util/scene';
import { members, post, setScene } from '../util/scene';
import { eventually } from '../util/wait';

describe('A server with limits', (): void => {
  let scene: Scene;
  let ports: number;
  const listening = (): number => process.getActiveResourcesInfo().filter((kind): boolean => kind === 'TCPServerWrap').length;
  const publish = async(topic = 'realestate/contact#add', count = 1): Promise<Response> => {
    const event = { recipient: scene.user.webId, topic, data: {}};
    const body = count === 1 ? event : Array.from({ length: count }, (): object => event);
    return post(scene.producer.fetch, `${scene.producer.pod}publish/`, body);
  };
  const subscribe = async(agent: 'subscriber' | 'producer' | 'user', topic: string): Promise<Response> =>
    post(scene[agent].fetch, `${scene.user.pod}subscriptions/`, { topic, inbox: scene[agent].inbox });
  const expectTooMany = async(response: Response, error: string): Promise<void> => {
    expect([ response.status, await response.json() ]).toEqual([ 429, { error: expect.stringContaining(error) }]);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
  };

  beforeAll(async(): Promise<void> => {
    ports = listening();
    scene = await setScene('test/config/limits.json');
  });

  afterAll(async(): Promise<void> => scene.end());

  it('listens at its own port only, for metrics are off.', (): void => {
    expect(listening()).toBe(ports + 1);
  });

  it('keeps the newest events of a pod, and removes the others with their copies.', async(): Promise<void> => {
    const ids: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      ids.push((await (await publish()).json()).id);
    }
    const left = async(): Promise<true | undefined> =>
      (await members(scene.producer, `${scene.producer.pod}publish/`)).length === 2 || undefined;
    await eventually(left);
    expect(await members(scene.producer, `${scene.producer.pod}publish/`)).toEqual(ids.slice(1));
    expect((await members(scene.user, scene.user.inbox)).map((url): string => url.slice(scene.user.inbox.length)))
      .toEqual(ids.slice(1).map((url): string => url.slice(`${scene.producer.pod}publish/`.length)));
    expect((await scene.producer.fetch(ids[0])).status).toBe(404);
  });

  it('accepts so many events of an agent in a minute, and says when to come back.', async(): Promise<void> => {
    await expectTooMany(await publish('realestate/contact#add', 3), `At most 5 events in a minute are accepted of ${scene.producer.webId}`);
    const response = await post(scene.producer.fetch, `${scene.user.pod}__event`, {});
    // The producer may not tell the user's pod of anything, and hears that first.
    expect(response.status).toBe(403);
    expect((await post(scene.user.fetch, `${scene.user.pod}__event`, {})).status).toBe(200);
  });

  it('takes so many subscriptions of an agent, and to a pod.', async(): Promise<void> => {
    expect((await subscribe('subscriber', 'realestate/a')).status).toBe(201);
    expect((await subscribe('subscriber', 'realestate/b')).status).toBe(201);
    expect((await subscribe('subscriber', 'realestate/b')).status).toBe(201);
    await expectTooMany(await subscribe('subscriber', 'realestate/c'), 'You have 2 subscriptions');
    expect((await subscribe('user', 'realestate/a')).status).toBe(201);
    await expectTooMany(await subscribe('user', 'realestate/b'), `${scene.user.pod} has 3 subscriptions`);
    const { contains } = await (await scene.subscriber.fetch(`${scene.user.pod}subscriptions/`)).json();
    expect((await scene.subscriber.fetch(contains[0].id, { method: 'DELETE' })).status).toBe(204);
    expect((await subscribe('subscriber', 'realestate/c')).status).toBe(201);
  });
});
