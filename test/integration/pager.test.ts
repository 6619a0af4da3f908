import { grant } from '../util/access';
import { createApiKey } from '../util/accounts';
import type { Scene } from '../util/scene';
import { members, post, setScene } from '../util/scene';
import { eventually } from '../util/wait';

const URGENCY = 'https://pager.example/ns#urgency';

describe('A dialect of another package, in one folder and one part of the configuration,', (): void => {
  let scene: Scene;
  /** API keys of the producer and the subscriber, as the dialect encodes them. */
  let codes: Record<'producer' | 'subscriber', string>;
  const page = async(body: string, headers: Record<string, string>): Promise<[ status: number, text: string ]> => {
    const response = await fetch(`${scene.user.pod}page`, { method: 'POST', headers: { 'content-type': 'text/plain', ...headers }, body });
    expect(response.headers.get('content-type')).toBe('text/plain');
    return [ response.status, await response.text() ];
  };
  const published = async(): Promise<string[]> => members(scene.user, `${scene.user.pod}publish/`);

  beforeAll(async(): Promise<void> => {
    scene = await setScene('test/config/pager.json');
    const { producer, subscriber, user, server: { baseUrl }} = scene;
    const codeOf = async(webId: string): Promise<string> => Buffer.from((await createApiKey(baseUrl, webId)).key).toString('base64url');
    codes = { producer: await codeOf(producer.webId), subscriber: await codeOf(subscriber.webId) };
    await grant(user, `${user.pod}page`, { [producer.webId]: [ 'Append' ]});
    expect((await post(subscriber.fetch, `${user.pod}subscriptions/`, { topic: 'realestate/contact', inbox: subscriber.inbox })).status).toBe(201);
  });

  afterAll(async(): Promise<void> => scene.end());

  it('publishes an event, with its own field in the document, as JSON and as RDF, and in the log.', async(): Promise<void> => {
    const [ status, text ] = await page('realestate/contact#add\nSomebody called', { 'x-pager-code': codes.producer, 'x-pager-urgency': 'high' });
    expect([ status, text ]).toEqual([ 202, expect.stringMatching(/^PAGED [0-9a-f-]{36}$/u) ]);
    const id = text.slice('PAGED '.length);
    const copy = await eventually(async(): Promise<string | undefined> =>
      (await members(scene.subscriber, scene.subscriber.inbox)).find((url): boolean => url.endsWith(id)));
    const read = async(accept: string): Promise<string> => (await scene.subscriber.fetch(copy, { headers: { accept }})).text();
    expect(JSON.parse(await read('application/ld+json'))).toMatchObject({
      topic: 'realestate/contact#add', publisher: scene.producer.webId, data: { message: 'Somebody called' }, [URGENCY]: 'high',
    });
    expect(await read('application/n-triples')).toContain(`<${URGENCY}> "high" .`);
    const log = await (await scene.user.fetch(`${scene.user.pod}event/received/${id}`)).json();
    expect(log.content.receivedEvent).toMatchObject({
      topic: 'realestate/contact#add', received_request: { method: 'POST', url: `${scene.user.pod}page`, fields: { urgency: 'high' }},
    });
  });

  it('has errors in its own form, and stores nothing then.', async(): Promise<void> => {
    const before = await published();
    const { pod } = scene.user;
    expect(await page('a/b#c', {})).toEqual([ 401, `ERROR 401 To publish through ${pod} you have to log in: send an access token in Authorization, or an API key in x-api-key` ]);
    expect(await page('a/b#c', { 'x-pager-code': 'bm9uZQ' })).toEqual([ 401, expect.stringMatching(/^ERROR 401 The API key is not valid/u) ]);
    expect(await page('a/b#c', { 'x-pager-code': codes.subscriber })).toEqual([ 403, `ERROR 403 Not authorized to publish through ${pod}: the owner of the pod has to grant acl:Append on ${pod}page` ]);
    expect(await page('a/b#c', { 'x-pager-code': codes.producer, authorization: 'Bearer x' }))
      .toEqual([ 400, expect.stringMatching(/^ERROR 400 Both "X-Pager-Code" and "Authorization"/u) ]);
    expect(await page('\u0000', { 'x-pager-code': codes.producer })).toEqual([ 400, 'ERROR 400 The first line is not a topic' ]);
    expect(await page('a/b#c', { 'x-pager-code': codes.producer, 'content-type': 'application/json' })).toEqual([ 415, expect.stringMatching(/^ERROR 415 /u) ]);
    expect(await published()).toEqual(before);
  });

  it('has credentials that no other dialect accepts.', async(): Promise<void> => {
    const headers = { 'content-type': 'application/json', 'x-pager-code': codes.producer };
    const event = { recipient: scene.user.webId, topic: 'realestate/contact#add', data: {}};
    expect((await post(fetch, `${scene.producer.pod}publish/`, event, headers)).status).toBe(401);
    expect((await post(fetch, `${scene.user.pod}__event`, {}, headers)).status).toBe(401);
    expect((await post(fetch, `${scene.user.pod}event/send?event-identifier=x`, {}, headers)).status).toBe(400);
  });
});
