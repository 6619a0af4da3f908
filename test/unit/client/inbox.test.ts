import type { InboxOptions } from '../../../src/client';
import { handleInbox, readInbox } from '../../../src/client';

const INBOX = 'http://localhost:3000/me/inbox/';
const ORIGIN = 'http://localhost:3000/producer/';
const event = (name: string, more: object = {}): string => JSON.stringify({
  id: `${ORIGIN}publish/${name}`, type: [ 'Activity', 'Event' ], topic: 't', origin: ORIGIN, published: '2026-01-01T00:00:00.000Z', data: name, ...more,
});
const ld = (body: string, headers = {}): Response => new Response(body, { headers: { 'content-type': 'application/ld+json', ...headers }});

describe('An inbox', (): void => {
  let items: Record<string, () => Response>;
  const deleted: string[] = [];
  const fetcher: typeof fetch = async(input, init): Promise<Response> => {
    const url = input as string;
    if (url === INBOX) {
      return new Response(`@prefix ldp: <http://www.w3.org/ns/ldp#>. <> ldp:contains ${Object.keys(items).map((name): string => `<${name}>`).join(', ')}, <http://evil.example/x>.`);
    }
    const name = url.slice(INBOX.length);
    if (init?.method === 'DELETE') {
      deleted.push(name);
      return new Response(null, { status: 404 });
    }
    return items[name]();
  };
  const read = async(options: InboxOptions = {}): Promise<[string[], string[]]> => {
    const [ found, skipped ]: string[][] = [ [], [] ];
    const onSkip = (url: string, reason: string): unknown => skipped.push(`${url.slice(INBOX.length)}: ${reason}`);
    for await (const item of readInbox(INBOX, { fetch: fetcher, onSkip, ...options })) {
      found.push(item.event.data as string);
    }
    return [ found, skipped ];
  };

  it('gives what has the form of an event, and nothing else.', async(): Promise<void> => {
    items = {
      a: (): Response => ld(event('a')),
      lists: (): Response => ld(event('lists', { recipient: [ 'http://x/' ], source: 'http://y/', publisher: 'http://z/' })),
      gone: (): Response => new Response(null, { status: 404 }),
      renamed: (): Response => ld(event('other')),
      elsewhere: (): Response => ld(event('elsewhere', { origin: 'http://evil.example/' })),
      numbers: (): Response => ld(event('numbers', { recipient: [ 5 ]})),
      time: (): Response => ld(event('time', { published: 'then' })),
      type: (): Response => ld(event('type', { type: 'Event' })),
      broken: (): Response => ld('{'),
      null: (): Response => ld('null'),
      text: (): Response => new Response(event('text'), { headers: { 'content-type': 'text/plain' }}),
      said: (): Response => ld(event('said'), { 'content-length': '99999999' }),
      large: (): Response => ld(event('large', { data: 'x'.repeat(9_000_000) })),
      hidden: (): Response => new Response(null, { status: 403 }),
    };
    expect(await read()).toEqual([ [ 'a', 'lists' ], [
      'renamed: it is not an event', 'elsewhere: it is not an event', 'numbers: it is not an event', 'time: it is not an event', 'type: it is not an event',
      'broken: it is not an event', 'null: it is not an event', 'text: its content type is text/plain', 'said: it has 99999999 bytes',
      'large: it has more than 8388608 bytes', 'hidden: the server responds with 403',
    ]]);
  });

  it('is not said to be read where the server cannot answer for now.', async(): Promise<void> => {
    items = { a: (): Response => ld(event('a')), b: (): Response => new Response('later', { status: 503 }) };
    await expect(read()).rejects.toThrow('answered with 503: later. Try again later.');
  });

  it('has a copy that is gone deleted already.', async(): Promise<void> => {
    items = { a: (): Response => ld(event('a')) };
    expect(await handleInbox(INBOX, (): void => undefined, { fetch: fetcher })).toBe(1);
    expect(deleted).toEqual([ 'a' ]);
  });

  it('gives nothing once the signal is aborted.', async(): Promise<void> => {
    expect(await read({ signal: AbortSignal.abort() })).toEqual([ [], [] ]);
  });

  it('cannot be waited for where the server tells of no changes.', async(): Promise<void> => {
    const silent: typeof fetch = async(input): Promise<Response> => Object.defineProperty(new Response(null), 'url', { value: (input) });
    await expect(read({ wait: true, fetch: silent })).rejects.toThrow('offers no WebSocketChannel2023');
  });
});
