import { eventually } from '../util/wait';
import type { Family } from '../util/exposition';
import { parseExposition } from '../util/exposition';
import type { OtherServer } from '../util/outgoing';
import { startOther } from '../util/outgoing';
import type { Scene } from '../util/scene';
import { members, post, setScene } from '../util/scene';
import { freePort } from '../util/server';

describe('A server with metrics', (): void => {
  let scene: Scene;
  let sink: OtherServer;
  /** What the sink answers. */
  let status: number;
  let url: string;

  const publish = async(count = 1, topic = 'realestate/contact#add'): Promise<Response> => {
    const event = { recipient: scene.user.webId, topic, data: 'Bruce Wayne' };
    return post(scene.producer.fetch, `${scene.producer.pod}publish/`, count === 1 ? event : Array.from({ length: count }, (): object => event));
  };
  const scrape = async(): Promise<Map<string, Family>> => {
    const response = await fetch(url);
    expect([ response.status, response.headers.get('content-type') ]).toEqual([ 200, 'text/plain; version=0.0.4; charset=utf-8' ]);
    return parseExposition(await response.text());
  };
  const valuesOf = async(name: string): Promise<Record<string, number>> => {
    const samples = (await scrape()).get(`pod_events_${name}`)!.samples;
    return Object.fromEntries([ ...samples ].map(([ key, value ]): [string, number] => [ key.slice(`pod_events_${name}`.length), value ]));
  };
  const valueOf = async(name: string, labels = ''): Promise<number> => (await valuesOf(name))[labels];
  /** Waits until a value is what it should be. */
  const untilIs = async(value: number, name: string, labels = ''): Promise<unknown> =>
    eventually(async(): Promise<true | undefined> => await valueOf(name, labels) === value || undefined);

  beforeAll(async(): Promise<void> => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}/metrics`;
    scene = await setScene('test/config/webhooks.json', { eventsMetrics: `${port}` });
    sink = await startOther(({ method }, response): void => {
      const consent = { 'WebHook-Allowed-Origin': '*', 'WebHook-Allowed-Rate': '*' };
      response.writeHead(method === 'OPTIONS' ? 204 : status, method === 'OPTIONS' ? consent : {}).end();
    });
  });

  afterAll(async(): Promise<void> => {
    await sink.stop();
    await scene.end();
    await expect(fetch(url)).rejects.toThrow('fetch failed');
  });

  it('has them at an address of their own, and not at its own.', async(): Promise<void> => {
    await scrape();
    for (const place of [ `${scene.server.baseUrl}metrics`, `${scene.user.pod}metrics` ]) {
      const response = await fetch(place);
      expect([ 401, 404 ]).toContain(response.status);
      expect(await response.text()).not.toContain('pod_events_');
    }
    expect((await fetch(new URL('/user/publish/', url))).status).toBe(404);
  });

  it('counts events, copies and deliveries.', async(): Promise<void> => {
    const subscriptions = `${scene.user.pod}subscriptions/`;
    expect((await post(scene.subscriber.fetch, subscriptions, { topic: 'realestate/*', inbox: scene.subscriber.inbox })).status).toBe(201);
    const made = await post(scene.subscriber.fetch, subscriptions, { topic: 'realestate/contact', webhook: sink.url });
    expect(made.status).toBe(201);
    status = 204;
    expect((await publish()).status).toBe(201);
    expect((await publish(3, 'realestate/lead#add')).status).toBe(201);
    expect((await publish(1, 'secret/plan#make')).status).toBe(403);
    await untilIs(8, 'copies_total');
    await untilIs(1, 'deliveries_total', '{kind="webhook",outcome="delivered"}');
    expect(await members(scene.subscriber, scene.subscriber.inbox)).toHaveLength(4);
    expect(await valuesOf('accepted_total')).toEqual({ '{kind="published"}': 4, '{kind="received"}': 0 });
    expect(await valuesOf('accept_duration_seconds')).toMatchObject({
      '_count{kind="published"}': 2, '_bucket{kind="published",le="+Inf"}': 2, '_count{kind="received"}': 0,
    });
    expect(await valueOf('accept_duration_seconds', '_sum{kind="published"}')).toBeGreaterThan(0);
    expect(await valueOf('waiting_deliveries')).toBe(0);

    status = 503;
    expect((await publish()).status).toBe(201);
    await untilIs(1, 'waiting_deliveries');
    await untilIs(1, 'deliveries_total', '{kind="webhook",outcome="dead"}');
    const counted = Object.entries(await valuesOf('deliveries_total')).filter(([ , value ]): boolean => value > 0);
    expect(Object.fromEntries(counted)).toEqual({
      '{kind="webhook",outcome="delivered"}': 1, '{kind="webhook",outcome="retried"}': 1, '{kind="webhook",outcome="dead"}': 1,
    });
    expect(await valueOf('delivery_attempt_duration_seconds', '_count{kind="webhook"}')).toBe(3);
    expect(await valuesOf('oldest_due_delivery_age_seconds')).toEqual({ '': 0 });
    expect(await valuesOf('resting_hosts')).toEqual({ '': 0 });
  });

  it('counts deliveries that end without being sent.', async(): Promise<void> => {
    status = 503;
    expect((await publish()).status).toBe(201);
    await untilIs(1, 'waiting_deliveries');
    const response = await scene.subscriber.fetch(`${scene.user.pod}subscriptions/`);
    const { contains } = await response.json() as { contains: { id: string; webhook?: string }[] };
    const { id } = contains.find(({ webhook }): boolean => webhook !== undefined)!;
    expect((await scene.subscriber.fetch(id, { method: 'DELETE' })).status).toBe(204);
    await untilIs(1, 'deliveries_total', '{kind="webhook",outcome="ended"}');
  });

  it('tells of the event loop and the process, by their usual names.', async(): Promise<void> => {
    const families = await scrape();
    for (const name of [ 'nodejs_eventloop_lag_p99_seconds', 'process_resident_memory_bytes', 'process_start_time_seconds' ]) {
      expect(families.get(name)!.samples.get(name)).toBeGreaterThan(0);
    }
  });

  it('names nobody.', async(): Promise<void> => {
    const text = await (await fetch(url)).text();
    for (const name of [ 'localhost', '127.0.0.1', 'subscriber', 'producer', 'realestate' ]) {
      expect(text).not.toContain(name);
    }
  });
});
