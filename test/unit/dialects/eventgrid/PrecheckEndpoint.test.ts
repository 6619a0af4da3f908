import { Readable } from 'node:stream';
import type { Authenticator } from '../../../../src/http/Authenticator';
import { HttpProblem } from '../../../../src/http/errors';
import type { EndpointResponse, HttpExchange } from '../../../../src/http/Endpoint';
import { EventGridProjects } from '../../../../src/dialects/eventgrid/EventGridProjects';
import { PrecheckEndpoint } from '../../../../src/dialects/eventgrid/PrecheckEndpoint';
import type { Caller } from '../../../../src/identity/Caller';
import type { PodDirectory } from '../../../../src/pod/PodDirectory';
import type { TopicDryRun, TopicDryRunResult } from '../../../../src/publish/TopicDryRun';
import { inlineWork } from '../../../util/work';

const BASE = 'https://pods.example:8443/';

describe('The endpoint of prechecks', (): void => {
  let caller: Caller;
  let prospect: (topic: string) => TopicDryRunResult;
  let asked: unknown[];
  let authenticated: unknown[];
  const authenticator = {
    callerOf: async({ pod }: HttpExchange, scopes: readonly string[], dialect: string): Promise<Caller> => {
      authenticated.push([ pod, dialect, ...scopes ]);
      return caller;
    },
  } as unknown as Authenticator;
  const pods = {
    podNamed: async(name: string): Promise<string | undefined> => name === 'me' ? `${BASE}me/` : undefined,
  } as unknown as PodDirectory;
  const precheck = {
    check: async(who: Caller, pod: string, topics: string[]): Promise<TopicDryRunResult[]> => {
      asked.push([ who.agent, pod, ...topics ]);
      return topics.map((topic): TopicDryRunResult => prospect(topic));
    },
  } as unknown as TopicDryRun;
  const endpoint = new PrecheckEndpoint(new EventGridProjects(BASE, authenticator, pods), precheck, inlineWork());

  const exchangeOf = (body: string, project = 'me', headers: Record<string, string> = {}): HttpExchange => {
    const path = `v1/${project}/events/check`;
    const request = Object.assign(Readable.from([ Buffer.from(body) ]), { headers, method: 'POST', url: `/${path}`, complete: true });
    return { request, method: 'POST', pod: BASE, path, url: `${BASE}${path}` } as unknown as HttpExchange;
  };
  const handle = async(...args: Parameters<typeof exchangeOf>): Promise<EndpointResponse> => endpoint.handle(exchangeOf(...args));

  beforeEach((): void => {
    caller = { agent: 'https://me.example/#me' };
    prospect = (): TopicDryRunResult => ({ mayPublish: true, subscriptions: 1, filtered: 0 });
    asked = [];
    authenticated = [];
  });

  it('has its path alone.', (): void => {
    expect(endpoint.ruleFor('v1/me/events/check')).toEqual({ own: [ 'POST' ], ldp: [ 'OPTIONS' ]});
    for (const path of [ 'v1/me/events/check/', 'v1//events/check', 'v1/a/b/events/check', 'v2/me/events/check', 'x/v1/me/events/check', 'v1/me/events' ]) {
      expect(endpoint.ruleFor(path)).toBeUndefined();
    }
  });

  it.each([
    [ 0, 0, false, 'No active subscription would receive it' ],
    [ 0, 2, false, 'No active subscription without filters would receive it; 2 would if the event matches their filters' ],
    [ 1, 0, true, '1 subscription would receive it' ],
    [ 3, 1, true, '3 subscriptions would receive it; 1 more if the event matches their filters' ],
  ])('answers for %d subscriptions without filters and %d with filters.', async(subscriptions, filtered, isFine, detail): Promise<void> => {
    prospect = (): TopicDryRunResult => ({ mayPublish: true, subscriptions, filtered });
    const { body } = await handle('{"sources":[{"channel_id":"c","source_name":"s"}]}');
    expect(JSON.parse(body!)).toMatchObject({ failed_count: isFine ? 0 : 1, sources: [{ check_result: isFine, check_detail: detail }]});
  });

  it('answers for each source in the order asked, and asks about what has a topic.', async(): Promise<void> => {
    prospect = (topic): TopicDryRunResult => ({
      mayPublish: topic !== 'c/closed',
      subscriptions: topic === 'c/many' ? 20 : Number(topic === 'c/one'),
      filtered: 0,
    });
    const names = [ 'many', '\u0000', 'closed', 'none', 'one' ];
    const { status, body } = await handle(JSON.stringify({ sources: names.map((name): object => ({ channel_id: 'c', source_name: name })) }));
    expect(status).toBe(200);
    const { failed_count: failures, sources } = JSON.parse(body!);
    expect(failures).toBe(3);
    expect(sources.map((source: any): unknown[] => [ source.source_name, source.check_result, source.check_detail ])).toEqual([
      [ 'many', true, '20 subscriptions would receive it' ],
      [ '\u0000', false, expect.stringContaining('Invalid topic') ],
      [ 'closed', false, 'Not authorized to publish on this topic' ],
      [ 'none', false, 'No active subscription would receive it' ],
      [ 'one', true, '1 subscription would receive it' ],
    ]);
    expect(asked).toEqual([[ caller.agent, `${BASE}me/`, 'c/many', 'c/closed', 'c/none', 'c/one' ]]);
    expect(authenticated).toEqual([[ `${BASE}me/`, 'eventgrid', 'publish' ]]);
  });

  it('asks who it is before it tells which pods there are.', async(): Promise<void> => {
    caller = {};
    for (const project of [ 'me', 'you' ]) {
      await expect(handle('{', project)).rejects.toMatchObject({ status: 401, headers: { 'WWW-Authenticate': expect.any(String) }});
    }
    caller = { agent: 'https://me.example/#me' };
    await expect(handle('{', 'you')).rejects.toMatchObject({ status: 404 });
    expect(asked).toEqual([]);
    // What is limited to some pods is good for none that there is not.
    expect(authenticated.at(-1)).toEqual([ `${BASE}v1/you/events/check`, 'eventgrid', 'publish' ]);
  });

  it('takes tokens of 1 to 16,384 characters.', async(): Promise<void> => {
    for (const length of [ 0, 16_385 ]) {
      await expect(handle('{}', 'me', { 'x-auth-token': 'x'.repeat(length) })).rejects.toMatchObject({ status: 401 });
    }
    expect(authenticated).toEqual([]);
    expect((await handle('{}', 'me', { 'x-auth-token': 'x'.repeat(16_384) })).status).toBe(200);
  });

  it('reads 256 KiB.', async(): Promise<void> => {
    expect((await handle('{}'.padEnd(262_144))).status).toBe(200);
    await expect(handle('{}'.padEnd(262_145))).rejects.toMatchObject({ status: 413 });
  });

  it('names a request by an id of its own, the same in all that is said of it.', async(): Promise<void> => {
    const exchange = exchangeOf('{}');
    const first = (await endpoint.handle(exchange)).headers!['X-Request-Id'];
    expect(first).toMatch(/^[\da-f-]{36}-\d{13}-pods\.example$/u);
    const { headers, body, status } = endpoint.errorResponse(new HttpProblem(429, 'slow down', { 'Retry-After': '5' }), exchange);
    expect(status).toBe(429);
    expect(headers).toMatchObject({ 'X-Request-Id': first, 'Retry-After': '5' });
    expect(JSON.parse(body!)).toMatchObject({ request_id: first, error_details: 'slow down' });
    expect((await handle('{}')).headers!['X-Request-Id']).not.toBe(first);
    const long = new EventGridProjects(`https://${Array.from({ length: 4 }, (): string => 'x'.repeat(60)).join('.')}/`, authenticator, pods);
    expect(long.headersOf(exchangeOf('{}'))['X-Request-Id']).toHaveLength(128);
  });
});
