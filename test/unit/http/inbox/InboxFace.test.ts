import { Readable } from 'node:stream';
import type { AccessTokens } from '../../../../src/http/AccessTokens';
import type { Exchange } from '../../../../src/http/Face';
import { InboxFace } from '../../../../src/http/inbox/InboxFace';
import type { Received, Receiver } from '../../../../src/publish/Receiver';

const POD = 'http://localhost/user/';
const INBOX = `${POD}inbox/`;

describe('An inbox', (): void => {
  let received: Received;
  const face = new InboxFace(
    { callerOf: async(): Promise<object> => ({}) } as unknown as AccessTokens,
    { allowed: async(_, resources): Promise<Set<string>> => new Set(resources) },
    { receive: async(): Promise<Received> => received } as unknown as Receiver,
  );
  const exchange = (): Exchange => {
    const headers = { 'content-type': 'application/ld+json' };
    const request = Object.assign(Readable.from([ Buffer.from('{}') ]), { headers, method: 'POST', complete: true });
    return { request, method: 'POST', url: INBOX, pod: POD, path: 'inbox/' } as unknown as Exchange;
  };

  it('tells where an event is, and leaves what is none to LDP.', async(): Promise<void> => {
    received = { event: `${INBOX}1` };
    expect(await face.handle(exchange())).toEqual({ status: 201, headers: { Location: `${INBOX}1` }});
    received = 'notification';
    expect(await face.handle(exchange())).toEqual({ passedOn: expect.objectContaining({ method: 'POST' }) });
  });

  it('refuses what is too large to look what it is.', async(): Promise<void> => {
    received = 'too large';
    await expect(face.handle(exchange())).rejects.toMatchObject({
      status: 413, message: expect.stringContaining('at most 262144 bytes'),
    });
  });
});
