import { decodeJwt, EmbeddedJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose';
import type { InboxResponse } from '../../../src/targets/sendToInbox';
import { sendToInbox } from '../../../src/targets/sendToInbox';
import { ServerAgent } from '../../../src/identity/ServerAgent';
import { OutgoingFailed } from '../../../src/outgoing/Outgoing';
import type { OtherServer } from '../../util/outgoing';
import { openOutgoing, startOther } from '../../util/outgoing';

const DOCUMENT = '{"@context":"https://www.w3.org/ns/activitystreams","name":"Grüße"}';

describe('An event for an inbox elsewhere', (): void => {
  let other: OtherServer;
  let agent: ServerAgent;
  let status: number;
  let headers: Record<string, string>;

  beforeAll(async(): Promise<void> => {
    const { privateKey } = await generateKeyPair('ES256');
    agent = new ServerAgent('http://localhost:3000/', {
      sign: async(claims): Promise<string> => new SignJWT(claims).setProtectedHeader({ alg: 'ES256' }).sign(privateKey),
    });
    other = await startOther(({ path }, response): void => {
      if (path !== '/hang') {
        response.writeHead(status, headers);
        response.end('thank you');
      }
    });
  });

  beforeEach((): void => {
    other.requests.length = 0;
    status = 201;
    headers = {};
  });

  afterAll(async(): Promise<void> => {
    await other.stop();
  });

  const send = async(path = 'inbox/'): Promise<InboxResponse> => sendToInbox(openOutgoing, agent, `${other.url}${path}`, DOCUMENT);

  it('is posted as JSON-LD, byte for byte, with a proof for this request.', async(): Promise<void> => {
    expect(await send('inbox/?to=bob')).toMatchObject({ status: 201, headers: { connection: 'keep-alive' }});
    const [ request ] = other.requests;
    expect(request).toMatchObject({ method: 'POST', path: '/inbox/?to=bob', body: DOCUMENT, headers: { 'content-type': 'application/ld+json' }});
    const { payload, protectedHeader } = await jwtVerify(request.headers.dpop as string, EmbeddedJWK, { typ: 'dpop+jwt', maxTokenAge: 60 });
    expect(payload).toMatchObject({ htm: 'POST', htu: `${other.url}inbox/` });
    expect(protectedHeader.jwk).not.toHaveProperty('d');
    expect(decodeJwt(request.headers.authorization!.slice('DPoP '.length)).webid).toBe(agent.webId);
  });

  it('has a proof of its own at each try.', async(): Promise<void> => {
    await send();
    await send();
    expect(new Set(other.requests.map(({ headers: { dpop }}): unknown => decodeJwt(dpop as string).jti)).size).toBe(2);
  });

  it.each([
    [ 'inbox/1', 'inbox/1' ],
    [ '/1', '1' ],
    [ '1', 'inbox/1' ],
    [ '{base}inbox/1?a=b', 'inbox/1?a=b' ],
    [ 'http://elsewhere.example/1', undefined ],
    [ 'https://localhost/1', undefined ],
    [ 'javascript:alert(1)', undefined ],
    [ 'http://[', undefined ],
    [ '', undefined ],
    [ ' ', undefined ],
    [ '{user}inbox/1', undefined ],
    [ '/a b', undefined ],
  ])('has its copy where %p says, if that is on the same server.', async(location, expected): Promise<void> => {
    headers = { location: location.replace('{base}', other.url).replace('{user}', other.url.replace('//', '//u:p@')).replace(/^inbox/u, '/inbox') };
    expect((await send()).location).toBe(expected && `${other.url}${expected}`);
  });

  it('has no copy whose URL is too long.', async(): Promise<void> => {
    headers = { location: `/${'x'.repeat(2_048)}` };
    expect(await send()).not.toHaveProperty('location');
  });

  it.each([ 200, 202, 302, 403, 503 ])('has no copy that is known of if the answer is %p.', async(code): Promise<void> => {
    status = code;
    headers = { location: '/inbox/1', 'retry-after': '7' };
    expect(await send()).toEqual({ status: code, headers: expect.objectContaining({ 'retry-after': '7' }) });
    expect(other.requests).toHaveLength(1);
  });

  it('fails where there is no answer in time, or no URL.', async(): Promise<void> => {
    await expect(sendToInbox(openOutgoing, agent, `${other.url}hang`, DOCUMENT, 100)).rejects.toMatchObject({ fault: 'timeout' });
    await expect(sendToInbox(openOutgoing, agent, 'inbox', DOCUMENT)).rejects.toThrow(OutgoingFailed);
  });
});
