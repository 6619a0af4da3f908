import { AppRunner } from '@solid/community-server';
import { decodeJwt } from 'jose';
import { sendToInbox } from '../../src/targets/sendToInbox';
import { parseTurtle } from '../../src/event/rdf';
import { Profiles } from '../../src/identity/profiles/Profiles';
import type { SigningAgent } from '../../src/identity/SigningAgent';
import type { Outgoing } from '../../src/outgoing/Outgoing';
import { grant } from '../util/access';
import type { TestAgent } from '../util/accounts';
import { logIn } from '../util/accounts';
import type { TestServer } from '../util/server';
import { startServer } from '../util/server';

const SOLID = 'http://www.w3.org/ns/solid/terms#';

describe('The server as an agent', (): void => {
  let server: TestServer;
  let stock: TestServer;
  let owner: TestAgent;
  let other: TestAgent;
  let agent: SigningAgent;
  let outgoing: Outgoing;
  let profiles: Profiles;
  let document: string;

  beforeAll(async(): Promise<void> => {
    const managers = jest.spyOn(AppRunner.prototype, 'createComponentsManager');
    server = await startServer('test/config/server-agent.json', [ 'alice' ]);
    const manager = await managers.mock.results[0].value as { instantiate: (name: string) => Promise<unknown> };
    const partOf = async(name: string): Promise<unknown> => manager.instantiate(`urn:solid-pod-events:default:${name}`);
    agent = await partOf('ServerAgent') as SigningAgent;
    outgoing = await partOf('Outgoing') as Outgoing;
    profiles = await partOf('Profiles') as Profiles;
    managers.mockRestore();
    stock = await startServer('test/config/plain.json', [ 'bob' ]);
    other = await logIn(server.baseUrl, 'alice');
    owner = await logIn(stock.baseUrl, 'bob');
    document = `${server.baseUrl}.events/agent`;
  });

  afterAll(async(): Promise<void> => {
    await other.logout();
    await owner.logout();
    await stock.stop();
    await server.stop();
  });

  /** A new container of a pod to which the agent may append, and nobody else but the owner. */
  const inboxOf = async(pod: TestAgent): Promise<string> => {
    const url = `${pod.pod}for-agent/`;
    await pod.fetch(url, { method: 'PUT', headers: { 'content-type': 'text/turtle' }, body: '' });
    await grant(pod, url, { [agent.webId]: [ 'Append' ]});
    return url;
  };

  const post = async(fetcher: typeof fetch, url: string, headers: Record<string, string> = {}): Promise<number> =>
    (await fetcher(url, { method: 'POST', headers: { 'content-type': 'application/ld+json', ...headers }, body: '{}' })).status;

  it('has a WebID document for everybody, in which the issuer is spelled as the identity provider spells it.', async(): Promise<void> => {
    expect(agent.webId).toBe(`${document}#this`);
    const response = await fetch(document, { headers: { origin: 'https://app.example' }});
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/turtle');
    expect(response.headers.get('cache-control')).toBe('public, max-age=3600');
    expect(response.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(response.headers.get('vary')).toContain('Accept');
    const issuers = parseTurtle(await response.text(), document)
      .filter(({ subject, predicate }): boolean => subject.value === agent.webId && predicate.value === `${SOLID}oidcIssuer`);
    const { issuer } = await (await fetch(`${server.baseUrl}.well-known/openid-configuration`)).json();
    expect(issuers.map(({ object }): string => object.value)).toEqual([ issuer ]);
  });

  it('shows the document as JSON-LD, and no other than it can.', async(): Promise<void> => {
    const response = await fetch(document, { headers: { accept: 'application/ld+json' }});
    expect(response.headers.get('content-type')).toBe('application/ld+json');
    expect(await response.json()).toContainEqual(expect.objectContaining({
      '@id': agent.webId, [`${SOLID}oidcIssuer`]: [{ '@id': server.baseUrl }],
    }));
    expect((await fetch(document, { headers: { accept: 'image/png' }})).status).toBe(406);
    expect((await fetch(document, { method: 'DELETE' })).status).toBe(405);
    expect((await fetch(document, { method: 'HEAD' })).status).toBe(200);
    expect((await fetch(document, { method: 'OPTIONS', headers: { origin: 'https://app.example', 'access-control-request-method': 'GET' }})).status).toBe(204);
  });

  it('is let in by a server that knows nothing of events, where an ACL names it.', async(): Promise<void> => {
    const inbox = await inboxOf(owner);
    expect(await post(fetch, inbox, await agent.headersFor('POST', inbox))).toBe(201);
    expect(await post(fetch, `${inbox}?a=b`, await agent.headersFor('POST', `${inbox}?a=b`))).toBe(201);
    expect(await post(fetch, inbox)).toBe(401);
    expect(await post(other.fetch, inbox)).toBe(403);
    const used = await agent.headersFor('POST', inbox);
    expect(await post(fetch, `${owner.pod}profile/`, used)).toBeGreaterThanOrEqual(400);
  });

  it('is let in by its own server too, and nowhere else.', async(): Promise<void> => {
    const inbox = await inboxOf(other);
    expect(await post(fetch, inbox, await agent.headersFor('POST', inbox))).toBe(201);
    expect(await post(fetch, other.pod, await agent.headersFor('POST', other.pod))).toBe(403);
    const publish = `${other.pod}publish/`;
    const event = JSON.stringify({ topic: 'realestate/contact#add', data: {}});
    const published = await fetch(publish, {
      method: 'POST', headers: { 'content-type': 'application/json', ...await agent.headersFor('POST', publish) }, body: event,
    });
    expect(published.status).toBe(403);
  });

  it('has a token that the identity provider’s public key verifies, and that holds for 20 minutes.', async(): Promise<void> => {
    const { authorization } = await agent.headersFor('POST', server.baseUrl);
    const { webid, iss, iat, exp } = decodeJwt(authorization.slice('DPoP '.length));
    expect([ webid, iss, exp! - iat! ]).toEqual([ agent.webId, server.baseUrl, 1_200 ]);
    expect(Math.abs(iat! - Date.now() / 1_000)).toBeLessThan(60);
  });

  it('posts to an inbox elsewhere, and is told where the copy is.', async(): Promise<void> => {
    const inbox = await inboxOf(owner);
    const text = '{"@id":"","http://purl.org/dc/terms/title":"Hello"}';
    const { status, location } = await sendToInbox(outgoing, agent, inbox, text);
    expect([ status, location?.startsWith(inbox) ]).toEqual([ 201, true ]);
    expect(await (await owner.fetch(location!, { headers: { accept: 'application/ld+json' }})).text()).toBe(text);
    expect(await sendToInbox(outgoing, agent, `${owner.pod}profile/`, text)).toMatchObject({ status: 403 });
  });

  it('reads the profiles of other servers, by requests, and those of its own, without.', async(): Promise<void> => {
    const send = jest.spyOn(outgoing, 'send');
    expect(await profiles.issuersOf(owner.webId)).toEqual([ stock.baseUrl ]);
    expect(await profiles.inboxOf(owner.webId)).toBeUndefined();
    expect(send).toHaveBeenCalledTimes(1);
    expect(await profiles.issuersOf(other.webId)).toEqual([ server.baseUrl ]);
    expect(await profiles.inboxOf(other.webId)).toBe(other.inbox);
    expect(send).toHaveBeenCalledTimes(1);
    send.mockRestore();
  });

  it('does not tell what somebody’s document says that is not for everybody.', async(): Promise<void> => {
    const url = `${other.pod}private`;
    await other.fetch(url, { method: 'PUT', headers: { 'content-type': 'text/turtle' }, body: `<#me> <${SOLID}oidcIssuer> <https://idp.example/>.` });
    await expect(profiles.issuersOf(`${url}#me`)).rejects.toThrow('there is no publicly readable document');
    await grant(other, url, { public: [ 'Read' ]});
    const image = `${other.pod}public.png`;
    await other.fetch(image, { method: 'PUT', headers: { 'content-type': 'image/png' }, body: 'x'.repeat(400_000) });
    await grant(other, image, { public: [ 'Read' ]});
    await expect(profiles.issuersOf(image)).rejects.toThrow('it is larger than 64 KiB');
    expect((await other.fetch(image, { method: 'DELETE' })).status).toBe(205);
    const fresh = new Profiles(outgoing, Reflect.get(profiles, 'local'), Reflect.get(profiles, 'contexts'));
    expect(await fresh.issuersOf(`${url}#me`)).toEqual([ 'https://idp.example/' ]);
  });
});
