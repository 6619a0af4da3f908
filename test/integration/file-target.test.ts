import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { EVENTS } from '../../src/event/vocabulary';
import type { Scene } from '../util/scene';
import { post, setScene } from '../util/scene';
import { eventually } from '../util/wait';

const TOPIC = 'realestate/contact#add';

describe('A target kind of another folder and configuration part', (): void => {
  let scene: Scene;
  let folder: string;
  const begun = new Date().toISOString();

  const urlOf = (name: string): string => pathToFileURL(join(folder, name)).href;
  const linesOf = async(name: string): Promise<string[]> =>
    (await readFile(join(folder, name), 'utf8').catch((): string => '')).split('\n').filter((line): boolean => line !== '');
  const idsIn = async(name: string): Promise<string[]> => (await linesOf(name)).map((line): string => (JSON.parse(line) as { id: string }).id.split('/').at(-1)!);
  const subscribe = async(body: object): Promise<Response> => post(scene.subscriber.fetch, `${scene.user.pod}subscriptions/`, body);
  const publish = async(): Promise<string> => {
    const response = await post(scene.producer.fetch, `${scene.producer.pod}publish/`, { recipient: scene.user.webId, topic: TOPIC, data: 'Bruce Wayne' });
    expect(response.status).toBe(201);
    const { id } = await response.json() as { id: string };
    return id.slice(id.lastIndexOf('/') + 1);
  };
  const deliveryOf = async(event: string, target: string, state: string): Promise<any> => eventually(async(): Promise<any> => {
    const response = await scene.subscriber.fetch(`${scene.user.pod}deliveries/?event=${event}`);
    return (await response.json()).contains.find((one: any): boolean => one.target === target && one.state === state);
  });

  beforeAll(async(): Promise<void> => {
    folder = await mkdtemp(join(tmpdir(), 'file-target-'));
    scene = await setScene('test/config/file-target.json');
  });

  afterAll(async(): Promise<void> => {
    await scene.end();
    await rm(folder, { recursive: true });
  });

  it('has its own property in subscriptions, as JSON and as RDF.', async(): Promise<void> => {
    const file = urlOf('property.jsonl');
    const response = await subscribe({ topic: 'other/*', file });
    expect([ response.status, await response.clone().text() ]).toEqual([ 403, expect.stringContaining('other/*') ]);
    const accepted = await subscribe({ topic: TOPIC, file });
    expect(accepted.status).toBe(201);
    const { id, secret, ...body } = await accepted.json();
    expect(body).toMatchObject({ topic: TOPIC, file, agent: scene.subscriber.webId });
    expect(secret).toBeUndefined();
    const turtle = await (await scene.subscriber.fetch(id, { headers: { accept: 'text/turtle' }})).text();
    expect(turtle).toContain(`<https://files.example/terms#file> <${file}>`);
    const again = await scene.subscriber.fetch(`${scene.user.pod}subscriptions/`, {
      method: 'POST', headers: { 'content-type': 'text/turtle' }, body: `<> <${EVENTS}topic> "${TOPIC}"; <https://files.example/terms#file> <${file}>.`,
    });
    expect((await again.json()).id).toBe(id);
    const refused = await subscribe({ topic: TOPIC, file: 'https://hooks.example/' });
    expect([ refused.status, await refused.json() ]).toEqual([ 400, { error: 'Invalid file: it is a file URL' }]);
    const both = await subscribe({ topic: TOPIC, file, webhook: 'https://hooks.example/' });
    expect([ both.status, await both.json() ]).toEqual([ 400, { error: 'Both file and webhook found; make one subscription for each' }]);
    expect((await post(scene.subscriber.fetch, `${id}/secret`, '')).status).toBe(404);
    expect((await scene.subscriber.fetch(id, { method: 'DELETE' })).status).toBe(204);
  });

  it('delivers, logs, delivers again and replays.', async(): Promise<void> => {
    const file = urlOf('log.jsonl');
    const { id } = await (await subscribe({ topic: TOPIC, file })).json();
    const event = await publish();
    const delivery = await deliveryOf(event, file, 'delivered');
    expect(delivery).toMatchObject({ kind: 'file', subscription: id, attempts: [{ status: 201 }]});
    expect(await idsIn('log.jsonl')).toEqual([ event ]);
    const attempts = (count: number) => async(): Promise<true | undefined> =>
      (await deliveryOf(event, file, 'delivered')).attempts.length === count || undefined;
    expect((await post(scene.subscriber.fetch, `${delivery.id}/redeliver`, '')).status).toBe(202);
    await eventually(attempts(2));
    expect(await linesOf('log.jsonl')).toHaveLength(2);
    const replayed = await post(scene.subscriber.fetch, `${id}/replay`, { since: begun });
    expect([ replayed.status, await replayed.json() ]).toEqual([ 202, { events: 1 }]);
    await eventually(attempts(3));
    expect(await idsIn('log.jsonl')).toEqual([ event, event, event ]);
    expect((await scene.subscriber.fetch(id, { method: 'DELETE' })).status).toBe(204);
  });

  it('retries, and opens the circuit of its host.', async(): Promise<void> => {
    const file = urlOf('missing/retry.jsonl');
    expect((await subscribe({ topic: TOPIC, file })).status).toBe(201);
    const event = await publish();
    await eventually(async(): Promise<true | undefined> => (await deliveryOf(event, file, 'waiting')).attempts.length >= 3 || undefined);
    const { attempts } = await deliveryOf(event, file, 'waiting');
    expect(attempts[0]).toMatchObject({ reason: 'Appending failed: ENOENT' });
    expect(attempts[1].at < attempts[2].at).toBe(true);
    // The second failure opened the circuit.
    expect(Date.parse(attempts[2].at) - Date.parse(attempts[1].at)).toBeGreaterThanOrEqual(2_900);
    await mkdir(join(folder, 'missing'));
    expect((await deliveryOf(event, file, 'delivered')).attempts.at(-1)).toMatchObject({ status: 201 });
    expect(await idsIn('missing/retry.jsonl')).toEqual([ event ]);
  });
});
