import { grant } from '../util/access';
import type { TestAgent } from '../util/accounts';
import { logIn } from '../util/accounts';
import { members, post } from '../util/scene';
import type { TestServer } from '../util/server';
import { startServer } from '../util/server';
import { eventually } from '../util/wait';

const TURTLE = { 'content-type': 'text/turtle' };

describe('A pod that was there before the plugin', (): void => {
  let server: TestServer;
  let user: TestAgent;
  let other: TestAgent;
  const status = async(url: string): Promise<number> => (await user.fetch(url, { method: 'HEAD' })).status;

  beforeAll(async(): Promise<void> => {
    server = await startServer('test/config/plain.json', [ 'user', 'other' ]);
    user = await logIn(server.baseUrl, 'user', 'Bearer');
    other = await logIn(server.baseUrl, 'other', 'Bearer');
    await user.fetch(`${user.pod}inbox/`, { method: 'PUT' });
    await grant(user, `${user.pod}inbox/`, { public: [ 'Append' ]});
    await user.fetch(`${user.pod}inbox/old.ttl`, { method: 'PUT', headers: TURTLE, body: '<> a <urn:x:Old>.' });
    await server.restart('test/config/file.json');
  });

  afterAll(async(): Promise<void> => {
    await user.logout();
    await other.logout();
    await server.stop();
  });

  it('is set up at its first use, and what it has stays as it is.', async(): Promise<void> => {
    expect(await status(`${user.pod}publish/`)).toBe(404);
    const response = await post(user.fetch, `${user.pod}__event`, { Type: 'first' });
    expect(response.status).toBe(200);
    for (const container of [ 'publish/', 'topics/', 'subscriptions/' ]) {
      expect([ container, await status(`${user.pod}${container}`) ]).toEqual([ container, 200 ]);
    }
    expect(await members(user, `${user.pod}publish/`)).toHaveLength(1);
    expect(await members(user, user.inbox)).toEqual([ `${user.inbox}old.ttl` ]);
    expect((await post(fetch, user.inbox, '<> a <urn:x:New>.', TURTLE)).status).toBe(201);
    const card = await (await fetch(`${user.pod}profile/card`, { headers: { accept: 'text/turtle' }})).text();
    expect(card).toMatch(/inbox>? <\.\.\/inbox\/>/u);
    expect(card).toContain('oidcIssuer');
  });

  it('is set up when it is first published to.', async(): Promise<void> => {
    await other.fetch(`${other.pod}topics/`, { method: 'PUT' });
    await grant(other, `${other.pod}topics/`, { [user.webId]: [ 'Append' ]});
    const response = await post(user.fetch, `${user.pod}publish/`, { recipient: other.webId, topic: 'a/b', data: 1 });
    expect(response.status).toBe(201);
    await eventually(async(): Promise<true | undefined> => (await members(other, other.inbox)).length === 1 || undefined);
  });

  it('keeps an inbox that its profile already advertises.', async(): Promise<void> => {
    await server.restart('test/config/plain.json');
    await server.restart('test/config/file.json');
    const card = await (await fetch(`${user.pod}profile/card`, { headers: { accept: 'application/n-triples' }})).text();
    expect(card.match(/ldp#inbox/gu)).toHaveLength(1);
    expect((await fetch(`${user.pod}publish/`)).status).toBe(401);
  });
});
