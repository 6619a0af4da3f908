import { createApiKey } from '../util/accounts';
import type { OtherServer } from '../util/outgoing';
import { startOther } from '../util/outgoing';
import type { Scene } from '../util/scene';
import { post, setScene } from '../util/scene';
import { eventually } from '../util/wait';

interface Reply { readonly status: number; readonly body: any; readonly headers: Headers }

const PROCESSED = 'Detail of the contract does not exist or has already been processed';

// What the web front end of eventhos and its integration tests send, with a webhook that fails.
describe('A client of eventhos', (): void => {
  let scene: Scene;
  let sink: OtherServer;
  /** What the sink answers to deliveries. */
  let answered: number;
  let owner: string;
  let producer: string;
  let identifier: string;

  const ask = async(method: string, path: string, body?: unknown, headers: Record<string, string> = { 'access-key': owner }): Promise<Reply> => {
    const response = await fetch(`${scene.user.pod}${path}`, {
      method,
      headers: { ...headers, ...body !== undefined && { 'content-type': 'application/json' }},
      ...body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) },
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text), headers: response.headers };
  };
  const delivered = (): number => sink.requests.filter(({ method }): boolean => method === 'POST').length;
  /** Sends an event, as the integration tests do, and waits until its delivery has a state. */
  const send = async(status: number, state: string, key = producer): Promise<{ event: string; detail: any }> => {
    answered = status;
    const { status: sent, body } = await ask('POST', `event/send?event-identifier=${identifier}&access-key=${key}`, undefined, {});
    expect([ sent, body ]).toEqual([ 200, { code: 20_000, message: 'success' }]);
    const event = (await ask('GET', 'event/received?order=desc&itemsPerPage=1')).body.content.items[0].id as string;
    return { event, detail: await detailOf(event, state) };
  };
  const detailOf = async(event: string, state: string): Promise<any> => eventually(async(): Promise<any> => {
    const { content } = (await ask('GET', `event/received/${event}`)).body;
    return content.executedEventContracts.find((one: any): boolean => one.state === state);
  });
  const retry = async({ event, detail }: { event: string; detail: any }, key = owner, body: object = {}, contract = detail.contractId): Promise<Reply> => ask(
    'POST',
    `event/send/contract?event-identifier=${identifier}&access-key=${key}&contract-id=${contract}`,
    { contractDetailId: detail.detailId, receivedEventId: event, ...body },
    {},
  );
  const abort = async(contractDetailId: unknown, key = owner): Promise<Reply> => ask('POST', 'event/retry/aborted', { contractDetailId }, { 'access-key': key });

  beforeAll(async(): Promise<void> => {
    scene = await setScene('test/config/eventhos.json');
    const { server: { baseUrl }, user, subscriber } = scene;
    sink = await startOther(({ method }, response): void => {
      const consent = { 'WebHook-Allowed-Origin': '*', 'WebHook-Allowed-Rate': '*' };
      response.writeHead(method === 'OPTIONS' ? 204 : answered, method === 'OPTIONS' ? consent : {}).end();
    });
    owner = (await createApiKey(baseUrl, user.webId)).key;
    producer = (await createApiKey(baseUrl, scene.producer.webId, { scopes: [ 'publish' ]})).key;
    expect((await post(subscriber.fetch, `${user.pod}subscriptions/`, { topic: 'realestate/contact', webhook: sink.url })).status).toBe(201);
    const { status, body: { code, content: { systemId }}} = await ask('POST', 'system', { identifier: 'crm', name: 'CRM', type: 'CRM', systemClass: 'producer', description: 'Customers', clientId: 4 });
    expect([ status, code ]).toEqual([ 201, 20_001 ]);
    ({ identifier } = (await ask('POST', 'event', { system_id: systemId, identifier: 'contact_new', name: 'contact', operation: 'new', description: 'A contact', topic: 'realestate/contact#add' })).body.content);
    expect(identifier).toMatch(/^contact_new-[A-Za-z0-9]{10}$/u);
  });

  afterAll(async(): Promise<void> => {
    await sink.stop();
    await scene.end();
  });

  it('retries a dead delivery once, however often it asks at the same time.', async(): Promise<void> => {
    const failed = await send(500, 'error');
    expect(failed.detail).toMatchObject({ attempts: 0, isAborted: false });
    const before = delivered();
    answered = 204;
    const replies = await Promise.all(Array.from({ length: 8 }, async(): Promise<Reply> => retry(failed)));
    expect(replies.map(({ status, body }): unknown => [ status, body.code ]).sort()).toEqual([
      [ 200, 20_000 ], ...Array.from({ length: 7 }, (): unknown => [ 400, 400_206 ]),
    ]);
    expect(replies.find(({ status }): boolean => status === 400)!.body).toEqual({ code: 400_206, message: PROCESSED, errorUUID: expect.any(String) });
    const detail = await detailOf(failed.event, 'processed');
    expect(detail).toMatchObject({ attempts: 1, isAborted: false });
    expect(delivered()).toBe(before + 1);
    const { content } = (await ask('GET', `event/received/execution-detail/${detail.detailId}`)).body;
    expect(content).toMatchObject({ request: { method: 'POST', url: sink.url }, response: { status: 204, startTime: expect.any(String) }});
    expect((await retry(failed)).body).toMatchObject({ code: 400_206 });
  });

  it('does not retry a second time, if the first retry fails too.', async(): Promise<void> => {
    const failed = await send(500, 'error');
    expect((await retry(failed)).body).toEqual({ code: 20_000, message: 'success' });
    expect(await detailOf(failed.event, 'error')).toMatchObject({ attempts: 1 });
    expect((await retry(failed)).body).toMatchObject({ code: 400_206 });
  });

  it('gives up a delivery once, and does not retry it then.', async(): Promise<void> => {
    const failed = await send(500, 'error');
    const replies = await Promise.all(Array.from({ length: 8 }, async(): Promise<Reply> => abort(failed.detail.detailId)));
    expect(replies.map(({ status, body }): unknown => [ status, body.code ]).sort()).toEqual([
      [ 200, 200_000 ], ...Array.from({ length: 7 }, (): unknown => [ 400, 400_206 ]),
    ]);
    expect(await detailOf(failed.event, 'ended')).toMatchObject({ isAborted: true });
    expect((await ask('GET', `event/received?state=aborted&idSearch=${failed.event}`)).body.content.items).toMatchObject([{ id: failed.event, state: [ 'ended' ]}]);
    expect((await retry(failed)).body).toMatchObject({ code: 400_206 });
  });

  it('may do so with the scope manage, or as the publisher of the event.', async(): Promise<void> => {
    const { server: { baseUrl }, user, subscriber } = scene;
    const failed = await send(500, 'error');
    const weak = (await createApiKey(baseUrl, user.webId, { scopes: [ 'subscribe', 'read' ]})).key;
    const publishOnly = (await createApiKey(baseUrl, user.webId, { scopes: [ 'publish' ]})).key;
    const elsewhere = (await createApiKey(baseUrl, scene.producer.webId, { topics: [ 'other/*' ]})).key;
    const foreign = (await createApiKey(baseUrl, scene.producer.webId, { pods: [ scene.producer.pod ]})).key;
    const subscriberKey = (await createApiKey(baseUrl, subscriber.webId, { scopes: [ 'publish', 'subscribe' ]})).key;
    for (const key of [ weak, publishOnly, elsewhere, foreign, subscriberKey ]) {
      expect(await retry(failed, key)).toMatchObject({ status: 403, body: { code: expect.any(Number), message: expect.any(String) }});
      expect(await abort(failed.detail.detailId, key)).toMatchObject({ status: 403 });
      expect(await abort('999999', key)).toMatchObject({ status: 403 });
    }
    expect(await retry(failed, 'spe_wrong')).toMatchObject({ status: 401, body: { code: 401_202, message: 'Incorrect token' }});
    for (const none of [ '', '****', 'undefined' ]) {
      expect(await retry(failed, none)).toMatchObject({ status: 400, body: { code: 400_201, message: 'access-key is required' }});
    }
    expect(await ask('POST', 'event/retry/aborted', { contractDetailId: failed.detail.detailId }, {})).toMatchObject({ status: 400, body: { code: 400_201 }});
    expect(await detailOf(failed.event, 'error')).toMatchObject({ attempts: 0 });
    expect((await retry(failed, producer)).body).toEqual({ code: 20_000, message: 'success' });
    await detailOf(failed.event, 'error');
    expect((await abort(failed.detail.detailId, producer)).body).toEqual({ code: 200_000, message: 'success' });
    // Another agent published this one.
    const own = await send(500, 'error', owner);
    expect(await abort(own.detail.detailId, producer)).toMatchObject({ status: 403 });
  });

  it('acts as the owner who is logged in, with the key that the log has masked.', async(): Promise<void> => {
    const failed = await send(500, 'error');
    const { query } = (await ask('GET', `event/received/${failed.event}`)).body.content.receivedEvent.received_request;
    const path = `event/send/contract?event-identifier=${query['event-identifier']}&access-key=${query['access-key']}&contract-id=${failed.detail.contractId}`;
    const body = { contractDetailId: failed.detail.detailId, receivedEventId: failed.event };
    expect(await ask('POST', path, body, { authorization: `BEARER ${owner}` })).toMatchObject({ status: 200 });
  });

  it('hears what it has left out or mistaken.', async(): Promise<void> => {
    const failed = await send(500, 'error');
    const other = await send(500, 'error');
    const problems: [Promise<Reply>, number, string][] = [
      [ retry(failed, owner, { receivedEventId: other.event }), 400_206, PROCESSED ],
      [ retry(failed, owner, { receivedEventId: 7 }), 400_206, PROCESSED ],
      [ retry(failed, owner, {}, other.event), 400_206, PROCESSED ],
      [ retry(failed, owner, {}, ''), 400_206, PROCESSED ],
      [ retry(failed, owner, { contractDetailId: `${failed.event}.${failed.detail.contractId}` }), 400_206, PROCESSED ],
      [ retry(failed, owner, { contractDetailId: '9'.repeat(40) }), 400_206, PROCESSED ],
      [ retry(failed, owner, { contractDetailId: 999_999 }), 400_206, PROCESSED ],
      [ retry(failed, owner, { contractDetailId: [ failed.detail.detailId ]}), 400_206, PROCESSED ],
      [ retry(failed, owner, { contractDetailId: null }), 400_203, 'Contract detail Id was not send.' ],
      [ retry(failed, owner, { receivedEventId: '' }), 400_203, 'Received event Id was not send.' ],
      [ abort(undefined), 400_203, 'Contract detail Id was not send.' ],
      [ abort({}), 400_206, PROCESSED ],
      [ abort(-1), 400_206, PROCESSED ],
      [ ask('POST', `event/send/contract?event-identifier=none`, {}), 400_024, 'The event does not exist.' ],
      [ ask('POST', 'event/send/contract', {}), 400_201, 'event-identifier is required' ],
      [ ask('POST', 'event/retry/aborted', [ 1 ]), 500_000, 'Invalid body; it is not a JSON object' ],
      [ ask('POST', 'event/retry/aborted', '{bad'), 500_000, 'not valid JSON' ],
    ];
    for (const [ reply, code, message ] of problems) {
      expect(await reply).toMatchObject({ status: 400, body: { code, message: expect.stringContaining(message), errorUUID: expect.any(String) }});
    }
    expect(await ask('POST', 'event/retry/aborted', { contractDetailId: 'x'.repeat(10_000) })).toMatchObject({ status: 413 });
    expect(await ask('GET', 'event/retry/aborted')).toMatchObject({ status: 405 });
    for (const { event } of [ failed, other ]) {
      expect(await detailOf(event, 'error')).toMatchObject({ attempts: 0 });
    }
  });

  it('in a browser may send what it sends.', async(): Promise<void> => {
    const origin = 'https://eventhos.example';
    const requests: [string, string, string][] = [
      [ 'POST', `event/send?event-identifier=x&access-key=${owner}`, 'content-type' ], [ 'POST', 'event/send?event-identifier=x', 'access-key,content-type' ],
      [ 'POST', 'event/send/contract?event-identifier=x&access-key=x&contract-id=1', 'authorization,content-type' ], [ 'POST', 'event/retry/aborted', 'authorization,content-type' ],
      [ 'GET', 'system?activeSort=name&order=asc', 'authorization' ], [ 'PUT', 'system/1', 'authorization,content-type' ], [ 'DELETE', 'event/1', 'authorization' ],
      [ 'GET', 'system/1/events', 'authorization' ], [ 'GET', 'event/received/execution-detail/1', 'authorization' ], [ 'POST', 'auth/token', 'content-type' ],
    ];
    for (const [ method, path, headers ] of requests) {
      const preflight = await fetch(`${scene.user.pod}${path}`, {
        method: 'OPTIONS', headers: { origin, 'access-control-request-method': method, 'access-control-request-headers': headers },
      });
      expect([ path, preflight.status, preflight.headers.get('access-control-allow-origin') ]).toEqual([ path, 204, origin ]);
      expect(preflight.headers.get('access-control-allow-methods')!.split(',')).toContain(method);
      expect(preflight.headers.get('access-control-allow-headers')!.split(',')).toEqual(headers.split(','));
      expect(await preflight.text()).toBe('');
    }
    const { headers } = await ask('GET', 'system', undefined, { origin, authorization: `BEARER ${owner}` });
    expect(headers.get('access-control-allow-origin')).toBe(origin);
  });
});
