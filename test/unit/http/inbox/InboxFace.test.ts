import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { AccessTokens } from '../../../../src/http/AccessTokens';
import { HttpProblem } from '../../../../src/http/errors';
import type { Exchange, PassedOn } from '../../../../src/http/Face';
import { InboxFace } from '../../../../src/http/inbox/InboxFace';
import type { Access } from '../../../../src/publish/ports';
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

  it('reads no body before it is known who may append, and leaves it to LDP where nobody may.', async(): Promise<void> => {
    let read = 0;
    async function* body(): AsyncGenerator<Buffer, void, undefined> {
      read += 1;
      yield Buffer.from('{"a":1}');
    }
    const asked = (): Exchange => {
      const headers = { 'content-type': 'application/ld+json' };
      const request = Object.assign(Readable.from(body()), { headers, method: 'POST', complete: true });
      return { request, method: 'POST', url: INBOX, pod: POD, path: 'inbox/' } as unknown as Exchange;
    };
    const receiver = { receive: async(): Promise<Received> => 'notification' } as unknown as Receiver;
    const refusing = { callerOf: async(): Promise<never> => { throw new HttpProblem(401, 'no'); } } as unknown as AccessTokens;
    const all: Access = { allowed: async(_, resources): Promise<Set<string>> => new Set(resources) };
    await expect(new InboxFace(refusing, all, receiver).handle(asked())).rejects.toMatchObject({ status: 401 });
    expect(read).toBe(0);
    const accepting = { callerOf: async(): Promise<object> => ({}) } as unknown as AccessTokens;
    const denying: Access = { allowed: async(): Promise<Set<string>> => new Set() };
    const denied = await new InboxFace(accepting, denying, receiver).handle(asked()) as PassedOn;
    expect(read).toBe(0);
    expect(await text(denied.passedOn)).toBe('{"a":1}');
    expect(read).toBe(1);
    const allowed = await new InboxFace(accepting, all, receiver).handle(asked()) as PassedOn;
    expect(read).toBe(2);
    expect(await text(allowed.passedOn)).toBe('{"a":1}');
    expect(read).toBe(2);
  });
});
