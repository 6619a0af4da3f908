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
  let versioned: TestAgent;
  /** Resources at the paths of endpoints: who has them, and their URLs. */
  let shadowed: [owner: TestAgent, url: string][];
  const status = async(url: string): Promise<number> => (await user.fetch(url, { method: 'HEAD' })).status;

  beforeAll(async(): Promise<void> => {
    server = await startServer('test/config/plain.json', [ 'user', 'other', 'v1' ]);
    user = await logIn(server.baseUrl, 'user', 'Bearer');
    other = await logIn(server.baseUrl, 'other', 'Bearer');
    await user.fetch(`${user.pod}inbox/`, { method: 'PUT' });
    await grant(user, `${user.pod}inbox/`, { public: [ 'Append' ]});
    await user.fetch(`${user.pod}inbox/old.ttl`, { method: 'PUT', headers: TURTLE, body: '<> a <urn:x:Old>.' });
    versioned = await logIn(server.baseUrl, 'v1', 'Bearer');
    shadowed = [
      [ user, `${user.pod}event` ],
      [ user, `${user.pod}system` ],
      [ user, `${user.pod}__event` ],
      [ user, `${user.pod}__token` ],
      [ other, `${other.pod}event/send` ],
      [ other, `${other.pod}event/received` ],
      [ other, `${other.pod}auth/token` ],
      [ other, `${other.pod}publish/check` ],
      [ versioned, `${server.baseUrl}v1/user/events/check` ],
    ];
    for (const [ owner, url ] of shadowed) {
      const { ok } = await owner.fetch(url, { method: 'PUT', headers: TURTLE, body: '<> a <urn:x:Mine>.' });
      expect([ url, ok ]).toEqual([ url, true ]);
    }
    await server.restart('test/config/file.json');
  });

  afterAll(async(): Promise<void> => {
    await user.logout();
    await other.logout();
    await versioned.logout();
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

  it('keeps what it has at the paths of endpoints, which answer there.', async(): Promise<void> => {
    for (const [ owner, url ] of shadowed) {
      // No endpoint takes a document, whether it is put where something can be changed or not, nor removes one.
      for (const method of [ 'PUT', 'DELETE' ]) {
        const response = await owner.fetch(url, { method, headers: TURTLE, ...method === 'PUT' && { body: '<> a <urn:x:Changed>.' }});
        expect([ url, method, response.status ]).toEqual([ url, method, /\/(?:event|system)$/u.test(url) ? 400 : 405 ]);
      }
      expect((await (await owner.fetch(url)).text()).includes('Mine')).toBe(false);
    }
    expect(await members(user, user.pod)).toEqual(expect.arrayContaining([ `${user.pod}event`, `${user.pod}__event` ]));
    const { content } = await (await user.fetch(`${user.pod}event`)).json();
    expect(content.totalItems).toBe(0);
  });

  it('has them again on a server without these endpoints, where their paths are ordinary ones.', async(): Promise<void> => {
    await server.restart('test/config/no-dialects.json');
    for (const [ owner, url ] of shadowed.filter(([ , name ]): boolean => !name.endsWith('/publish/check'))) {
      const headers = { accept: 'text/turtle' };
      expect(await (await owner.fetch(url, { headers })).text()).toContain('<urn:x:Mine>');
      const stranger = owner === user ? other : user;
      const statuses = [ (await fetch(url, { headers })).status, (await stranger.fetch(url, { headers })).status ];
      expect([ url, ...statuses ]).toEqual([ url, 401, 403 ]);
      expect((await post(fetch, url, '{}')).status).toBe(401);
      expect((await owner.fetch(url, { method: 'PUT', headers: TURTLE, body: '<> a <urn:x:Changed>.' })).status).toBe(205);
      expect((await owner.fetch(url, { method: 'DELETE' })).status).toBe(205);
      expect((await owner.fetch(url)).status).toBe(404);
    }
    const description = await (await user.fetch(`${user.pod}.well-known/solid`, { headers: { accept: 'text/turtle' }})).text();
    const advertised = [ ...description.matchAll(/https:\/\/w3id\.org\/pod-events#(\w+)/gu) ].map(([ , name ]): string => name);
    expect(advertised.sort()).toEqual([ 'deliveries', 'publish', 'subscriptions', 'topics' ]);
    expect((await fetch(`${server.baseUrl}.events/openapi.json`)).status).toBe(401);
    expect((await post(user.fetch, `${user.pod}publish/`, { recipient: user.webId, topic: 'a/b', data: 1 })).status).toBe(201);
  });

  it('keeps an inbox that its profile already advertises.', async(): Promise<void> => {
    await server.restart('test/config/plain.json');
    await server.restart('test/config/file.json');
    const card = await (await fetch(`${user.pod}profile/card`, { headers: { accept: 'application/n-triples' }})).text();
    expect(card.match(/ldp#inbox/gu)).toHaveLength(1);
    expect((await fetch(`${user.pod}publish/`)).status).toBe(401);
  });
});
