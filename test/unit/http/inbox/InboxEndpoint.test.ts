import { Readable } from 'node:stream';
import { InvalidInput } from '../../../../src/event/InvalidInput';
import { text } from 'node:stream/consumers';
import type { AccessTokens } from '../../../../src/http/AccessTokens';
import { HttpProblem } from '../../../../src/http/errors';
import type { HttpExchange, PassThrough } from '../../../../src/http/Endpoint';
import { InboxEndpoint } from '../../../../src/http/inbox/InboxEndpoint';
import { NotificationCheck } from '../../../../src/http/inbox/NotificationCheck';
import type { FetchedContexts } from '../../../../src/identity/FetchedContexts';
import { GuardedRdfConverter } from '../../../../src/pod/GuardedRdfConverter';
import type { Access } from '../../../../src/access/ports';
import type { Received, FederationReceiver } from '../../../../src/publish/FederationReceiver';

const POD = 'http://localhost/user/';
const INBOX = `${POD}inbox/`;

const check = new NotificationCheck(new GuardedRdfConverter({ forDocument: (): unknown => ({}) } as unknown as FetchedContexts));

describe('An inbox', (): void => {
  let received: Received;
  const endpoint = new InboxEndpoint(
    { callerOf: async(): Promise<object> => ({}) } as unknown as AccessTokens,
    { allowed: async(_, resources): Promise<Set<string>> => new Set(resources) },
    { receive: async(): Promise<Received> => received } as unknown as FederationReceiver,
    check,
  );
  const exchange = (text = '{}', type = 'application/ld+json'): HttpExchange => {
    const headers = { 'content-type': type };
    const request = Object.assign(Readable.from([ Buffer.from(text) ]), { headers, method: 'POST', complete: true });
    return { request, method: 'POST', url: INBOX, pod: POD, path: 'inbox/' } as unknown as HttpExchange;
  };

  it('tells where an event is, and leaves what is none to LDP.', async(): Promise<void> => {
    received = { event: `${INBOX}1` };
    expect(await endpoint.handle(exchange())).toEqual({ status: 201, headers: { Location: `${INBOX}1` }});
    received = 'notification';
    expect(await endpoint.handle(exchange())).toEqual({ passThrough: expect.objectContaining({ method: 'POST' }) });
  });

  it.each([
    [ 'text/turtle', '<> a <urn:x>.', '<> a <urn:x>', '<a b> a <urn:x>.' ],
    [ 'text/turtle; charset=utf-8', '@prefix x: <urn:x:>. x:a x:b "é"@en.', 'x:a x:b x:c.', '' ],
    [ 'application/n-triples', '<urn:a> <urn:b> "c" .', '<urn:a> <urn:b> .', 'nonsense' ],
    [ 'application/n-quads', '<urn:a> <urn:b> "c" <urn:g> .', '<urn:a> <urn:b> "c" "g" .', 'nonsense' ],
    [ 'application/trig', '<urn:g> { <urn:a> a <urn:b> }', '<urn:g> { <urn:a> a <urn:b>', 'nonsense' ],
    [ 'text/n3', '{ ?a a <urn:b> } => { ?a a <urn:c> }.', '{ ?a a <urn:b> =>', 'nonsense' ],
    [ 'application/rdf+xml', '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><r:Description/></r:RDF>', '<r:RDF', '<a></b>' ],
    [ 'application/ld+json', '{"id":1,"id":2}', '{', '' ],
    [ 'application/activity+json', '[]', '{"a":}', '' ],
  ])('takes %s that is well-formed, and refuses what is not.', async(type, good, bad, worse): Promise<void> => {
    received = 'notification';
    expect(await endpoint.handle(exchange(good, type))).toEqual({ passThrough: expect.objectContaining({ method: 'POST' }) });
    for (const text of worse === '' ? [ bad ] : [ bad, worse ]) {
      await expect(endpoint.handle(exchange(text, type))).rejects.toThrow(InvalidInput);
    }
  });

  it('leaves what is no RDF to LDP, unread.', async(): Promise<void> => {
    const given = exchange('{', 'application/json');
    expect(await endpoint.handle(given)).toEqual({ passThrough: given.request });
  });

  it('parses what is long in many turns of the event loop, and tells what is wrong with it at the end.', async(): Promise<void> => {
    let turns = 0;
    let over = false;
    const count = (): void => {
      turns += 1;
      if (!over) {
        setImmediate(count);
      }
    };
    setImmediate(count);
    const triples = '<urn:a> <urn:b> <urn:c> .\n'.repeat(20_000);
    expect(await endpoint.handle(exchange(triples, 'text/turtle'))).toHaveProperty('passThrough');
    expect(turns).toBeGreaterThan(50);
    turns = 0;
    const json = `{"a":[${'"x",'.repeat(200_000)}1]}`;
    expect(await endpoint.handle(exchange(json))).toHaveProperty('passThrough');
    expect(turns).toBeGreaterThan(20);
    over = true;
    await expect(endpoint.handle(exchange(`${triples}<urn:a>`, 'text/turtle'))).rejects.toThrow(InvalidInput);
    await expect(endpoint.handle(exchange(`${json}}`))).rejects.toThrow(InvalidInput);
  });

  it('refuses what is too large to look what it is.', async(): Promise<void> => {
    received = 'too large';
    await expect(endpoint.handle(exchange())).rejects.toMatchObject({
      status: 413, message: expect.stringContaining('exceeds 262144 bytes'),
    });
  });

  it('reads no body before it is known who may append, and leaves it to LDP where nobody may.', async(): Promise<void> => {
    let read = 0;
    async function* body(): AsyncGenerator<Buffer, void, undefined> {
      read += 1;
      yield Buffer.from('{"a":1}');
    }
    const asked = (): HttpExchange => {
      const headers = { 'content-type': 'application/ld+json' };
      const request = Object.assign(Readable.from(body()), { headers, method: 'POST', complete: true });
      return { request, method: 'POST', url: INBOX, pod: POD, path: 'inbox/' } as unknown as HttpExchange;
    };
    const receiver = { receive: async(): Promise<Received> => 'notification' } as unknown as FederationReceiver;
    const refusing = { callerOf: async(): Promise<never> => { throw new HttpProblem(401, 'no'); } } as unknown as AccessTokens;
    const all: Access = { allowed: async(_, resources): Promise<Set<string>> => new Set(resources) };
    await expect(new InboxEndpoint(refusing, all, receiver, check).handle(asked())).rejects.toMatchObject({ status: 401 });
    expect(read).toBe(0);
    const accepting = { callerOf: async(): Promise<object> => ({}) } as unknown as AccessTokens;
    const denying: Access = { allowed: async(): Promise<Set<string>> => new Set() };
    const denied = await new InboxEndpoint(accepting, denying, receiver, check).handle(asked()) as PassThrough;
    expect(read).toBe(0);
    expect(await text(denied.passThrough)).toBe('{"a":1}');
    expect(read).toBe(1);
    const allowed = await new InboxEndpoint(accepting, all, receiver, check).handle(asked()) as PassThrough;
    expect(read).toBe(2);
    expect(await text(allowed.passThrough)).toBe('{"a":1}');
    expect(read).toBe(2);
  });
});
