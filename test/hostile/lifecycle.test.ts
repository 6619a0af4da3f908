import { cp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Grant } from '../util/access';
import { grant, grantByAcp } from '../util/access';
import type { TestAgent, TestKey } from '../util/accounts';
import { createAccount, createApiKey, emailOf, logIn, unlinkWebId } from '../util/accounts';
import { isSelected } from '../util/effort';
import type { OtherServer } from '../util/outgoing';
import { startOther } from '../util/outgoing';
import { members, post } from '../util/scene';
import type { TestServer } from '../util/server';
import { startServer } from '../util/server';
import { eventually } from '../util/wait';

// Servers are started many times here.

const TURTLE = { 'content-type': 'text/turtle' };
const data = (server: TestServer, ...path: string[]): string => join(server.folder, 'data', ...path);
const publish = async(agent: TestAgent, recipient: TestAgent, topic: string): Promise<string> => {
  const response = await post(agent.fetch, `${agent.pod}publish/`, { recipient: recipient.webId, topic, data: { topic }});
  expect([ topic, response.status, await response.clone().text() ]).toEqual([ topic, 201, expect.any(String) ]);
  return response.headers.get('location')!;
};

/** Removes the records of an account as an operator does, who finds them by the e-mail address of its owner. */
async function removeAccount(server: TestServer, name: string): Promise<void> {
  const accounts = data(server, '.internal', 'accounts', 'data');
  for (const file of await readdir(accounts)) {
    if ((await readFile(join(accounts, file), 'utf8')).includes(`"${emailOf(name)}"`)) {
      await rm(join(accounts, file));
    }
  }
  const index = data(server, '.internal', 'accounts', 'index');
  for (const file of await readdir(index, { recursive: true })) {
    if (decodeURIComponent(decodeURIComponent(file)).includes(`/${name}/`) || file.includes(encodeURIComponent(emailOf(name)))) {
      await rm(join(index, file), { recursive: true, force: true });
    }
  }
}

describe('E1 to G7:', (): void => {
  let server: TestServer;
  let hook: OtherServer;
  let agents: Record<string, TestAgent>;
  /** The pods that are removed, in as many ways. */
  const victims = [ 'offline', 'plain', 'folder' ];
  const keys = new Map<string, TestKey>();
  const old = new Map<string, { agent: TestAgent; events: string[] }>();
  const received = (name: string): number => hook.requests
    .filter(({ method, path }): boolean => method === 'POST' && path === `/${name}`).length;

  beforeAll(async(): Promise<void> => {
    hook = await startOther(({ method }, response): unknown => response.writeHead(method === 'OPTIONS' ? 204 : 200, {
      'WebHook-Allowed-Origin': '*', 'WebHook-Allowed-Rate': '*',
    }).end());
    server = await startServer('test/config/file.json', [ 'producer', 'user', 'subscriber', ...victims ], 'localhost', false, {
      eventsAllow: '127.0.0.1/32,::1/128',
    });
    agents = {};
    for (const name of [ 'producer', 'user', 'subscriber', ...victims ]) {
      agents[name] = await logIn(server.baseUrl, name, 'Bearer');
    }
    const { producer, user, subscriber } = agents;
    await grant(user, `${user.pod}topics/`, { [producer.webId]: [ 'Append' ], authenticated: [ 'Read' ]});
    await grant(producer, `${producer.pod}topics/`, { authenticated: [ 'Append', 'Read' ]});
    for (const name of victims) {
      const victim = agents[name];
      await grant(victim, `${victim.pod}topics/`, { authenticated: [ 'Append', 'Read' ]});
      const { key } = await createApiKey(server.baseUrl, victim.webId);
      keys.set(name, { key, revoke: async(): Promise<void> => {} });
      const follow = await post(subscriber.fetch, `${victim.pod}subscriptions/`, { topic: 'a/*', inbox: subscriber.inbox });
      expect(follow.status).toBe(201);
      const webhook = await post(victim.fetch, `${producer.pod}subscriptions/`, { topic: 'a/*', webhook: `${hook.url}${name}` });
      expect([ name, webhook.status, await webhook.clone().text() ]).toEqual([ name, 201, expect.any(String) ]);
      old.set(name, { agent: victim, events: [ await publish(victim, victim, 'a/b'), await publish(producer, victim, 'a/b') ]});
      expect((await post(fetch, `${victim.pod}publish/`, { recipient: victim.webId, topic: 'a/c', data: 1 }, {
        'content-type': 'application/json', 'x-api-key': key,
      })).status).toBe(201);
    }
    await publish(producer, producer, 'a/b');
    await eventually(async(): Promise<true | undefined> =>
      victims.every((name): boolean => received(name) > 0) || undefined);
    await eventually(async(): Promise<true | undefined> =>
      (await members(subscriber, subscriber.inbox)).length === victims.length * 3 || undefined);
  });

  afterAll(async(): Promise<void> => {
    for (const agent of Object.values(agents)) {
      await agent.logout();
    }
    await server.stop();
    await hook.stop();
  });

  describe('G7: copies', (): void => {
    it('are not stored in an inbox that its owner has deleted, and are not there when it is created again.', async(): Promise<void> => {
      const { producer, user } = agents;
      await publish(producer, user, 'g/first');
      const [ first ] = await members(user, user.inbox);
      expect((await user.fetch(user.inbox, { method: 'DELETE' })).status).toBe(409);
      expect((await user.fetch(first, { method: 'DELETE' })).status).toBe(205);
      expect((await user.fetch(user.inbox, { method: 'DELETE' })).status).toBe(205);
      const event = await publish(producer, user, 'g/second');
      const copy = `${user.inbox}${event.split('/').at(-1)}`;
      expect((await user.fetch(user.inbox)).status).toBe(404);
      expect((await user.fetch(copy)).status).toBe(404);
      const news = await eventually(async(): Promise<any> => {
        for (const url of await members(user, `${user.pod}publish/`)) {
          const document = await (await user.fetch(url, { headers: { accept: 'application/ld+json' }})).json();
          if (JSON.stringify(document).includes('delivery/inbox#gone')) {
            return document;
          }
        }
      });
      expect(JSON.stringify(news)).toContain(user.inbox);
      expect((await user.fetch(user.inbox, { method: 'PUT', headers: TURTLE })).status).toBe(201);
      expect(await members(user, user.inbox)).toEqual([]);
      expect((await user.fetch(copy)).status).toBe(404);
      const third = await publish(producer, user, 'g/third');
      expect(await members(user, user.inbox)).toEqual([ `${user.inbox}${third.split('/').at(-1)}` ]);
    });

    it('of subscriptions are not stored in a container that was deleted.', async(): Promise<void> => {
      const { producer, user, subscriber } = agents;
      const box = `${subscriber.pod}box/`;
      await subscriber.fetch(box, { method: 'PUT', headers: TURTLE });
      expect((await post(subscriber.fetch, `${user.pod}subscriptions/`, { topic: 'h/*', inbox: box })).status).toBe(201);
      const event = await publish(producer, user, 'h/first');
      const copy = await eventually(async(): Promise<string | undefined> => (await members(subscriber, box))[0]);
      expect(copy).toBe(`${box}${event.split('/').at(-1)}`);
      await subscriber.fetch(copy, { method: 'DELETE' });
      expect((await subscriber.fetch(box, { method: 'DELETE' })).status).toBe(205);
      // Another inbox tells when the event has been forwarded.
      expect((await post(subscriber.fetch, `${user.pod}subscriptions/`, { topic: 'h/*', inbox: subscriber.inbox })).status).toBe(201);
      const second = await publish(producer, user, 'h/second');
      await eventually(async(): Promise<true | undefined> =>
        (await members(subscriber, subscriber.inbox)).includes(`${subscriber.inbox}${second.split('/').at(-1)}`) || undefined);
      await subscriber.fetch(box, { method: 'PUT', headers: TURTLE });
      await publish(producer, user, 'h/third');
      await eventually(async(): Promise<true | undefined> => (await members(subscriber, box)).length > 0 || undefined);
      expect(await members(subscriber, box)).toHaveLength(1);
    });
  });

  describe('G1 and G2: data', (): void => {
    /** What a pod shows to its owner of before, or of now. */
    async function expectEmpty(name: string): Promise<void> {
      const { agent, events } = old.get(name)!;
      const owner = agents[name];
      const { pod } = agent;
      for (const container of [ 'publish/', 'inbox/' ]) {
        expect([ name, container, await members(owner, pod + container) ]).toEqual([ name, container, []]);
      }
      for (const event of events) {
        const copy = `${agent.inbox}${event.split('/').at(-1)}`;
        const own = event.startsWith(pod) ? [ event ] : [];
        for (const url of [ copy, ...own ]) {
          expect([ name, url, (await owner.fetch(url)).status ]).toEqual([ name, url, 404 ]);
        }
      }
      for (const log of [ 'deliveries/', 'subscriptions/', 'event/received', 'system', 'event' ]) {
        const response = await owner.fetch(pod + log, { headers: { accept: 'application/json' }});
        const text = await response.text();
        expect([ name, log, response.status, events.some((event): boolean => text.includes(event.split('/').at(-1)!)) ])
          .toEqual([ name, log, 200, false ]);
        expect(text).not.toContain(agents.subscriber.webId);
      }
    }

    async function expectRefused(name: string): Promise<void> {
      const { agent } = old.get(name)!;
      const headers = { 'content-type': 'application/json', 'x-api-key': keys.get(name)!.key };
      for (const url of [ `${agent.pod}publish/`, `${agent.pod}__event`, `${agents.producer.pod}publish/` ]) {
        expect([ name, url, (await post(fetch, url, { recipient: agent.webId, topic: 'a/x', data: 1, Type: 'a' }, headers)).status ])
          .toEqual([ name, url, 401 ]);
      }
    }

    it('ends with its pod, however that is removed, and the next owner of the name starts empty.', async(): Promise<void> => {
      const copies = (await members(agents.subscriber, agents.subscriber.inbox)).sort();
      // The server makes the accounts of its seed file anew where they are missing, with a pod of the same name.
      await server.restart('test/config/plain.json', async(): Promise<void> => {
        // Kept for an operator who restores it.
        await cp(data(server, '.events'), join(server.folder, 'backup'), { recursive: true });
        await rm(data(server, 'plain'), { recursive: true });
        await removeAccount(server, 'plain');
      });
      await server.restart('test/config/file.json', async(): Promise<void> => {
        await rm(data(server, 'offline'), { recursive: true });
        await removeAccount(server, 'offline');
        await rm(data(server, 'folder'), { recursive: true });
      });
      await expectRefused('offline');
      await expectRefused('plain');
      // Its account is still there, so the next one has another address.
      await createAccount(server.baseUrl, 'folder', 'next');
      await expectRefused('folder');
      for (const name of victims) {
        agents[name] = await logIn(server.baseUrl, name, 'Bearer', undefined, name === 'folder' ? 'next' : name);
        await expectEmpty(name);
        await expectRefused(name);
      }
      // What others were given is theirs.
      expect((await members(agents.subscriber, agents.subscriber.inbox)).sort()).toEqual(copies);
      expect((await agents.subscriber.fetch(copies[0])).status).toBe(200);
    });

    it('of the owner before does not come to the next one, nor to where that one had it sent.', async(): Promise<void> => {
      const { producer, subscriber } = agents;
      const before = victims.map(received);
      const copies = await members(subscriber, subscriber.inbox);
      for (const name of victims) {
        await grant(agents[name], `${agents[name].pod}topics/`, { authenticated: [ 'Append', 'Read' ]});
        await publish(producer, agents[name], 'a/b');
      }
      await publish(producer, producer, 'a/b');
      const marker = await post(subscriber.fetch, `${producer.pod}subscriptions/`, { topic: 'a/*', webhook: `${hook.url}marker` });
      expect(marker.status).toBe(201);
      await publish(producer, producer, 'a/b');
      await eventually(async(): Promise<true | undefined> => received('marker') > 0 || undefined);
      expect(victims.map(received)).toEqual(before);
      expect(await members(subscriber, subscriber.inbox)).toEqual(copies);
      for (const name of victims) {
        expect([ name, (await members(agents[name], agents[name].inbox)).length ]).toEqual([ name, 1 ]);
      }
    });

    it('ends with its WebID, and does not come back with an older copy of the store.', async(): Promise<void> => {
      const { producer, user } = agents;
      const { key } = await createApiKey(server.baseUrl, user.webId);
      const use = async(): Promise<number> => (await post(fetch, `${user.pod}publish/`, { recipient: user.webId, topic: 'k/a', data: 1 }, {
        'content-type': 'application/json', 'x-api-key': key,
      })).status;
      expect(await use()).toBe(201);
      const copy = join(server.folder, 'copy');
      await server.restart(undefined, async(): Promise<void> => cp(data(server, '.events'), copy, { recursive: true }));
      expect(await use()).toBe(201);
      const link = await unlinkWebId(server.baseUrl, user.webId);
      expect(await use()).toBe(401);
      await server.restart(undefined, async(): Promise<void> => {
        await rm(data(server, '.events'), { recursive: true });
        await cp(copy, data(server, '.events'), { recursive: true });
      });
      expect(await use()).toBe(401);
      await link();
      expect(await use()).toBe(401);
      // A copy of before the pods were removed does not bring these back either.
      await server.restart(undefined, async(): Promise<void> => {
        await rm(data(server, '.events'), { recursive: true });
        await cp(join(server.folder, 'backup'), data(server, '.events'), { recursive: true });
        await rm(data(server, 'user', 'inbox'), { recursive: true });
      });
      for (const name of [ 'offline', 'plain' ]) {
        await expectEmpty(name);
        await expectRefused(name);
      }
      // G7: a container that was deleted without the server gets nothing either.
      const event = await publish(producer, user, 'g/offline');
      await user.fetch(user.inbox, { method: 'PUT', headers: TURTLE });
      expect(await members(user, user.inbox)).toEqual([]);
      expect((await user.fetch(`${user.inbox}${event.split('/').at(-1)}`)).status).toBe(404);
    });
  });
});

describe('G4: a base URL that documents cannot be written with', (): void => {
  it('is refused at the start, in one sentence.', async(): Promise<void> => {
    await expect(startServer('test/config/file.json', [ 'user' ], '[::1]')).rejects
      .toThrow(/The base URL http:\/\/\[::1\]:\d+\/ cannot be used: .* use a host name\./u);
  });
});

const PRESETS: { name: string; plain: string; config: string; grant: Grant }[] = [
  { name: 'WAC', plain: 'plain', config: 'file', grant },
  { name: 'ACP', plain: 'plain-acp', config: 'file-acp', grant: grantByAcp },
];

describe.each(PRESETS)('E1: with $name, the plugin', (preset): void => {
  let server: TestServer;
  let agents: Record<'bare' | 'own' | 'granted' | 'member' | 'stranger', TestAgent>;
  const CONTAINERS = [ 'inbox/', 'publish/', 'topics/', 'subscriptions/', 'event/' ];
  const URLS = [ '', ...CONTAINERS.flatMap((name): string[] => [ name, `${name}old.ttl` ]), 'profile/card' ];
  /** What the plugin answers itself: the list of subscriptions, and what is POSTed to `publish/`, which has no other change. */
  const isClaimed = (url: string, method: string): boolean =>
    /\/subscriptions\/$/u.test(url) || (/\/publish\/$/u.test(url) && ![ 'GET', 'HEAD' ].includes(method));

  /** Status and permissions of each agent at each URL. A permitted request fails for its condition and changes nothing. */
  async function permissions(): Promise<Record<string, unknown>> {
    const found: Record<string, unknown> = {};
    const anyone = { fetch };
    for (const owner of [ agents.bare, agents.own ]) {
      const callers = { owner, granted: agents.granted, member: agents.member, stranger: agents.stranger, public: anyone };
      for (const [ row, path ] of URLS.entries()) {
        await Promise.all(Object.entries(callers).map(async([ caller, agent ], column): Promise<void> => {
          for (const [ place, method ] of [ 'GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE' ].entries()) {
            const url = owner.pod + path;
            const isAlways = method === 'GET' || caller === 'owner';
            if (isClaimed(url, method) || !(isAlways || isSelected([ row, column, place ], 3))) {
              continue;
            }
            const isRead = [ 'GET', 'HEAD' ].includes(method);
            const type = method === 'PATCH' ? 'text/n3' : 'text/turtle';
            const response = await agent.fetch(url, {
              method,
              headers: isRead ? { accept: 'text/turtle' } : { 'content-type': type, 'if-match': '"none"' },
              ...!isRead && method !== 'DELETE' && {
                body: method === 'PATCH' ?
                  '@prefix solid: <http://www.w3.org/ns/solid/terms#>. <> a solid:InsertDeletePatch; solid:inserts { <urn:a> <urn:b> <urn:c>. }.' :
                  '<> a <urn:x:New>.',
              },
              signal: AbortSignal.timeout(60_000),
            }).catch((error: unknown): never => {
              throw new Error(`${method} ${url} by ${caller}: ${String(error)}`);
            });
            await response.text();
            found[`${method} ${url} ${caller}`] = [ response.status, response.headers.get('wac-allow') ];
          }
        }));
      }
    }
    return found;
  }

  beforeAll(async(): Promise<void> => {
    const names = [ 'bare', 'own', 'granted', 'member', 'stranger' ] as const;
    server = await startServer(`test/config/${preset.plain}.json`, names);
    const found = await Promise.all(names.map(async(name): Promise<[string, TestAgent]> =>
      [ name, await logIn(server.baseUrl, name, 'Bearer') ]));
    agents = Object.fromEntries(found) as typeof agents;
    const { bare, own, granted, member } = agents;
    // What lies in this pod inherits that everybody reads, and all who are logged in append.
    await preset.grant(bare, bare.pod, { public: [ 'Read' ], authenticated: [ 'Append' ], [granted.webId]: [ 'Write' ]});
    for (const owner of [ bare, own ]) {
      for (const name of CONTAINERS) {
        await owner.fetch(`${owner.pod}${name}old.ttl`, { method: 'PUT', headers: TURTLE, body: '<> a <urn:x:Old>.' });
      }
    }
    await own.fetch(`${own.pod}group`, { method: 'PUT', headers: TURTLE, body: `
      <#g> a <http://www.w3.org/2006/vcard/ns#Group>; <http://www.w3.org/2006/vcard/ns#hasMember> <${member.webId}>.` });
    const group = preset.name === 'WAC' ? `group:${own.pod}group#g` : member.webId;
    for (const [ name, modes ] of Object.entries({ 'inbox/': [ 'Read' ], 'publish/': [ 'Append' ], 'topics/': [ 'Read', 'Append' ] })) {
      await preset.grant(own, own.pod + name, { [granted.webId]: modes, [group]: [ 'Read', 'Write' ]});
    }
    await preset.grant(own, `${own.pod}subscriptions/`, { public: [ 'Read', 'Append' ]});
    await preset.grant(own, `${own.pod}event/`, { public: [ 'Append' ], [group]: [ 'Write' ]});
  });

  afterAll(async(): Promise<void> => {
    for (const agent of Object.values(agents)) {
      await agent.logout();
    }
    await server.stop();
  });

  it('changes no permission at a URL that it does not claim.', async(): Promise<void> => {
    const before = await permissions();
    await server.restart(`test/config/${preset.config}.json`);
    // The first use of a pod sets it up.
    for (const { fetch: fetcher, pod } of [ agents.bare, agents.own ]) {
      expect((await fetcher(`${pod}subscriptions/`)).status).toBe(200);
    }
    expect(await permissions()).toEqual(before);
    expect(new Set(Object.values(before).map((value): unknown => (value as unknown[])[0])).size).toBeGreaterThan(4);
  });

  if (preset.name === 'ACP') {
    it('G5: lets nobody by an API key do what is denied to some issuer or client.', async(): Promise<void> => {
      const { own, granted } = agents;
      await own.fetch(`${own.pod}publish/old.ttl`, { method: 'DELETE' });
      const { key } = await createApiKey(server.baseUrl, granted.webId);
      const topics = `${own.pod}topics/`;
      const event = { recipient: own.webId, topic: 'a/b', data: 1 };
      const byKey = async(): Promise<number> =>
        (await post(fetch, `${own.pod}publish/`, event, { 'content-type': 'application/json', 'x-api-key': key })).status;
      const byToken = async(): Promise<number> => (await post(granted.fetch, `${own.pod}publish/`, event)).status;
      const acr = async(container: string, condition: string): Promise<void> => {
        const response = await own.fetch(`${container}.acr`, { method: 'PUT', headers: TURTLE, body: `
          @prefix acl: <http://www.w3.org/ns/auth/acl#>. @prefix acp: <http://www.w3.org/ns/solid/acp#>.
          <#root> a acp:AccessControlResource; acp:resource <${container}>;
            acp:accessControl <#a>, <#b>; acp:memberAccessControl <#a>, <#b>.
          <#a> acp:apply [ acp:allow acl:Read, acl:Write, acl:Control; acp:anyOf [ acp:agent <${own.webId}> ] ].
          <#b> acp:apply [ acp:allow acl:Append, acl:Read; acp:anyOf [ acp:agent <${granted.webId}> ] ]${condition}.` });
        expect(response.ok).toBe(true);
      };
      await acr(topics, '');
      await acr(`${own.pod}publish/`, '');
      expect([ await byKey(), await byToken() ]).toEqual([ 201, 201 ]);
      const conditions = [
        `, [ acp:deny acl:Append; acp:anyOf [ acp:issuer <${server.baseUrl}> ] ]`,
        `, [ acp:deny acl:Append; acp:anyOf [ acp:agent <${granted.webId}>; acp:issuer <https://other.example/> ] ]`,
        `, [ acp:deny acl:Append; acp:allOf [ acp:agent acp:AuthenticatedAgent ]; acp:anyOf [ acp:client <https://app.example/id> ] ]`,
        `, [ acp:deny acl:Append; acp:allOf [ acp:agent acp:PublicAgent ]; acp:noneOf [ acp:client <https://app.example/id> ] ]`,
      ];
      for (const condition of conditions) {
        await acr(`${own.pod}publish/`, condition);
        expect([ condition, await byKey() ]).toEqual([ condition, 403 ]);
      }
      await acr(`${own.pod}publish/`, conditions[0]);
      expect(await byToken()).toBe(403);
      await acr(`${own.pod}publish/`, `, [ acp:deny acl:Append; acp:anyOf [ acp:agent <${own.webId}>; acp:issuer <${server.baseUrl}> ] ]`);
      expect([ await byKey(), await byToken() ]).toEqual([ 201, 201 ]);
    });
  }
});
