import { join } from 'node:path';
import { v4 } from 'uuid';
import type { Grant } from '../util/access';
import { grant, grantByAcp } from '../util/access';
import type { TestAgent } from '../util/accounts';
import { createApiKey, createCredentials, logIn } from '../util/accounts';
import { post } from '../util/scene';
import type { TestServer } from '../util/server';
import { startServer } from '../util/server';
import type { DpopToken } from '../util/tokens';
import { dpopToken, expiredToken } from '../util/tokens';

/** How somebody makes a request; an agent who is nobody has no pod. */
type Fetch = (url: string, init: RequestInit) => Promise<Response>;

const ACTS = [
  'publish through', 'publish to', 'subscribe', 'read an event', 'list events', 'list subscriptions',
  'end the subscription of somebody', 'read the inbox of another',
];
/** Those that LDP answers, in its own form. */
const BY_LDP = [ 3, 4, 7 ];

const OWNER = [ 201, 201, 201, 200, 200, 200, 204, 200 ];
const GRANTED = [ 201, 201, 201, 403, 403, 200, 403, 403 ];
const OTHER = [ 403, 403, 403, 403, 403, 200, 403, 403 ];
// Anyone may publish through the pod from which the owner is published to, so there it is about the topic.
const ANYONE = [ 401, 403, 401, 401, 401, 401, 401, 401 ];
const NOBODY = [ 401, 401, 401, 401, 401, 401, 401, 401 ];
// A key without the scope `read` reads nothing by LDP.
const byKey = (statuses: number[]): number[] => statuses.map((status, act): number => BY_LDP.includes(act) ? 403 : status);
// With it, a key reads in the pods of its WebID, but not where another agent gives access.
const byReadingKey = (statuses: number[]): number[] => statuses.map((status, act): number => BY_LDP.includes(act) ? status : 403);

const MATRIX: Record<string, number[]> = {
  'the owner': OWNER,
  'a granted agent': GRANTED,
  'a member of a group': GRANTED,
  'another agent': OTHER,
  'the public': ANYONE,
  'the owner by API key': byKey(OWNER),
  'a granted agent by API key': byKey(GRANTED),
  'a member of a group by API key': byKey(GRANTED),
  'another agent by API key': byKey(OTHER),
  'the owner by API key for reading': byReadingKey(OWNER),
  'a granted agent by API key for reading': byReadingKey(GRANTED),
  'a granted agent by a revoked API key': NOBODY,
  'the owner by an expired token': NOBODY,
  'the owner by a DPoP proof that was used before': NOBODY,
};

describe.each<[string, string, Grant]>([
  [ 'WAC', 'test/config/file.json', grant ],
  [ 'ACP', 'test/config/file-acp.json', grantByAcp ],
])('Access by %s', (scheme, config, give): void => {
  let server: TestServer;
  let agents: Record<'owner' | 'granted' | 'member' | 'other' | 'open', TestAgent>;
  let dpop: DpopToken;
  const who: Record<string, { fetch: Fetch; agent: TestAgent }> = {};

  const asJson = { 'content-type': 'application/json' };
  const withHeaders = (headers: Record<string, string>): Fetch => async(url, init): Promise<Response> =>
    fetch(url, { ...init, headers: { ...init.headers as Record<string, string>, ...headers }});
  const withUsedProof: Fetch = async(url, init): Promise<Response> => {
    const headers = { authorization: `DPoP ${dpop.token}`, dpop: await dpop.proofFor(init.method!, url) };
    const first = await withHeaders(headers)(url, init);
    // Used by a request that was answered; what that one did does not matter here.
    expect(first.status).toBeLessThan(300);
    await first.text();
    return withHeaders(headers)(url, init);
  };
  const event = (recipient: string): object => ({ recipient, topic: 'realestate/contact#add', data: { nonce: v4() }});
  const publishAsOwner = async(): Promise<string> => {
    const { owner } = agents;
    return (await (await post(owner.fetch, `${owner.pod}publish/`, event(owner.webId))).json()).id;
  };
  const subscribeAsOwner = async(): Promise<string> => {
    const { owner } = agents;
    const body = { topic: `realestate/${v4()}`, inbox: owner.inbox };
    return (await (await post(owner.fetch, `${owner.pod}subscriptions/`, body)).json()).id;
  };

  const postTo = (url: string, body: object): [string, RequestInit] =>
    [ url, { method: 'POST', headers: asJson, body: JSON.stringify(body) }];
  const subscribe = async(fetcher: Fetch, agent: TestAgent): Promise<Response> =>
    fetcher(...postTo(`${agents.owner.pod}subscriptions/`, { topic: 'realestate/contact', inbox: agent.inbox }));
  const get = (url: () => string | Promise<string>) => async(fetcher: Fetch): Promise<Response> =>
    fetcher(await url(), { method: 'GET' });

  /** How each act is done, in their order. */
  const does: ((fetcher: Fetch, agent: TestAgent) => Promise<Response>)[] = [
    async(fetcher): Promise<Response> => fetcher(...postTo(`${agents.owner.pod}publish/`, event(agents.open.webId))),
    async(fetcher): Promise<Response> => fetcher(...postTo(`${agents.open.pod}publish/`, event(agents.owner.webId))),
    subscribe,
    get(publishAsOwner),
    get((): string => `${agents.owner.pod}publish/`),
    get((): string => `${agents.owner.pod}subscriptions/`),
    async(fetcher): Promise<Response> => fetcher(await subscribeAsOwner(), { method: 'DELETE' }),
    get((): string => agents.owner.inbox),
  ];

  beforeAll(async(): Promise<void> => {
    const names = [ 'owner', 'granted', 'member', 'other', 'open' ] as const;
    server = await startServer(config, names);
    agents = Object.fromEntries(await Promise.all(names.map(async(name): Promise<[string, TestAgent]> =>
      [ name, await logIn(server.baseUrl, name, 'Bearer') ]))) as typeof agents;
    const { owner, granted, member, other, open } = agents;
    // ACP has no groups: there the member is one of several agents that a matcher names.
    let group = member.webId;
    if (scheme === 'WAC') {
      const document = `${owner.pod}team`;
      await owner.fetch(document, {
        method: 'PUT',
        headers: { 'content-type': 'text/turtle' },
        body: `<#us> a <http://www.w3.org/2006/vcard/ns#Group>; <http://www.w3.org/2006/vcard/ns#hasMember> <${member.webId}>.`,
      });
      await give(owner, document, { public: [ 'Read' ]});
      group = `group:${document}#us`;
    }
    await give(owner, `${owner.pod}publish/`, { [granted.webId]: [ 'Append' ], [group]: [ 'Append' ]});
    await give(owner, `${owner.pod}topics/realestate/`, {
      [granted.webId]: [ 'Append', 'Read' ], [group]: [ 'Append', 'Read' ],
    });
    await give(open, `${open.pod}publish/`, { public: [ 'Append' ]});
    await give(open, `${open.pod}topics/`, { public: [ 'Append' ]});

    who['the owner'] = { agent: owner, fetch: owner.fetch };
    who['a granted agent'] = { agent: granted, fetch: granted.fetch };
    who['a member of a group'] = { agent: member, fetch: member.fetch };
    who['another agent'] = { agent: other, fetch: other.fetch };
    who['the public'] = { agent: other, fetch };
    for (const [ name, { agent }] of Object.entries(who).filter(([ known ]): boolean => known !== 'the public')) {
      const { key } = await createApiKey(server.baseUrl, agent.webId);
      who[`${name} by API key`] = { agent, fetch: withHeaders({ 'x-api-key': key }) };
      const reading = await createApiKey(server.baseUrl, agent.webId, { scopes: [ 'read' ]});
      who[`${name} by API key for reading`] = { agent, fetch: withHeaders({ 'x-api-key': reading.key }) };
    }
    const revoked = await createApiKey(server.baseUrl, granted.webId);
    await revoked.revoke();
    who['a granted agent by a revoked API key'] = { agent: granted, fetch: withHeaders({ 'x-api-key': revoked.key }) };
    dpop = await dpopToken(server.baseUrl, await createCredentials(server.baseUrl, 'owner', owner.webId));
    const expired = await expiredToken(join(server.folder, 'data'), dpop.token);
    const boundFetch: Fetch = async(url, init): Promise<Response> => withHeaders({
      authorization: `DPoP ${expired}`, dpop: await dpop.proofFor(init.method!, url),
    })(url, init);
    who['the owner by an expired token'] = { agent: owner, fetch: boundFetch };
    who['the owner by a DPoP proof that was used before'] = { agent: owner, fetch: withUsedProof };
  });

  afterAll(async(): Promise<void> => {
    await Promise.all(Object.values(agents).map(async(agent): Promise<void> => agent.logout()));
    await server.stop();
  });

  describe.each(Object.entries(MATRIX))('lets %s', (name, statuses): void => {
    it.each(ACTS.map((act, index): [string, number, number] => [ act, statuses[index], index ]))('%s: %d.', async(_, status, index): Promise<void> => {
      const { fetch: fetcher, agent } = who[name];
      // The event of the owner comes into being before the request that is looked at, by the owner itself.
      const response = await does[index](fetcher, agent);
      const text = await response.text();
      expect([ response.status, status >= 400 || text ]).toEqual([ status, status >= 400 || text ]);
      // The endpoint's own form; what LDP answers is the server's own.
      if (status >= 400 && !BY_LDP.includes(index)) {
        expect(JSON.parse(text)).toEqual({ error: expect.any(String) });
        expect(status !== 401 || response.headers.get('www-authenticate')).toBeTruthy();
      }
      expect(text).not.toMatch(/spe_/u);
    });
  });

  it('shows each agent its own subscriptions, and the owner all.', async(): Promise<void> => {
    const { owner, granted, other } = agents;
    await subscribe(granted.fetch, granted);
    const list = async(agent: TestAgent): Promise<string[]> =>
      (await (await agent.fetch(`${owner.pod}subscriptions/`)).json()).contains.map(({ agent: webId }: { agent: string }): string => webId);
    expect(new Set(await list(granted))).toEqual(new Set([ granted.webId ]));
    expect(await list(other)).toEqual([]);
    expect(new Set(await list(owner))).toContain(granted.webId);
  });

  it('asks who vouches for the agent where a policy names that; nobody does for an API key.', async(): Promise<void> => {
    if (scheme !== 'ACP') {
      return;
    }
    const { owner, other, open } = agents;
    const publishBy = async(name: string, topic: string): Promise<number> => {
      const [ url, init ] = postTo(`${open.pod}publish/`, { ...event(owner.webId), topic });
      return (await who[name].fetch(url, init)).status;
    };
    await give(owner, `${owner.pod}topics/here/`, { [`${other.webId} issuer:${server.baseUrl}`]: [ 'Append' ]});
    await give(owner, `${owner.pod}topics/there/`, { [`${other.webId} issuer:https://idp.example/`]: [ 'Append' ]});
    expect(await publishBy('another agent', 'here/contact#add')).toBe(201);
    expect(await publishBy('another agent', 'there/contact#add')).toBe(403);
    expect(await publishBy('another agent by API key', 'here/contact#add')).toBe(403);
  });

  it('names the first who is refused, and stores nothing anywhere.', async(): Promise<void> => {
    const { owner, granted, other, open } = agents;
    const count = async(agent: TestAgent, container: string): Promise<number> =>
      [ ...(await (await agent.fetch(container, { headers: { accept: 'application/n-triples' }})).text()).matchAll(/#contains>/gu) ].length;
    const before = [ await count(open, `${open.pod}publish/`), await count(owner, owner.inbox) ];
    const response = await post(granted.fetch, `${open.pod}publish/`, {
      recipient: [ owner.webId, other.webId ], source: granted.webId, topic: 'realestate/contact#add', data: {},
    });
    expect([ response.status, await response.json() ])
      .toEqual([ 403, { error: `Not authorized to publish to ${other.webId} on topic realestate/contact#add` }]);
    expect([ await count(open, `${open.pod}publish/`), await count(owner, owner.inbox) ]).toEqual(before);
  });

  it.each([
    '..', '../inbox', 'realestate/../../publish', 'realestate/%2e%2e/inbox', 'realestate/%2E%2E/%2e%2e/profile', 'realestate//contact',
    '/realestate', 'realestate/', 'realestate/contact#../../../inbox', 'realestate/contact#a/b', 'realestate/contact#%2e%2e%2f', './.acl#x',
    'realestate/contact#.acl', 'realestate\\..\\..\\publish', '..%00/x', 'realestate/contact#', '//evil.example/x',
  ])('does not let topic %j reach outside what it is about.', async(topic): Promise<void> => {
    const { owner, other } = agents;
    // The other agent may write in a container beside the topics, and on no topic.
    for (const name of [ 'inbox', 'shared' ]) {
      await give(owner, `${owner.pod}${name}/`, { [other.webId]: [ 'Read', 'Append', 'Write' ]});
    }
    for (const [ url, body ] of [
      [ `${agents.open.pod}publish/`, { ...event(owner.webId), topic }],
      [ `${owner.pod}subscriptions/`, { topic, inbox: other.inbox }],
    ] as const) {
      expect([ 400, 403 ]).toContain((await post(other.fetch, url, body)).status);
    }
  });
});
