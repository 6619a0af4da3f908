import fc from 'fast-check';
import type { StreamMessage } from '../../../src/client/eventStream';
import { parseEventStream } from '../../../src/client/eventStream';

async function parse(chunks: readonly Uint8Array[]): Promise<StreamMessage[]> {
  const messages: StreamMessage[] = [];
  for await (const message of parseEventStream((async function* (): AsyncGenerator<Uint8Array> {
    yield* chunks;
  })())) {
    messages.push(message);
  }
  return messages;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('parseEventStream', (): void => {
  it.each([
    [ 'data: a\n\n', [{ data: 'a' }]],
    [ 'id: 1\ndata: a\ndata:b\ndata\n\n', [{ id: '1', data: 'a\nb\n' }]],
    [ 'id: 1\n\ndata: a\n\n', [{ id: '1' }, { id: '1', data: 'a' }]],
    [ ': comment\n\nretry: 5\n\nevent: x\ndata: y\n\n', [{ data: 'y' }]],
    [ 'data: no end', []],
    [ 'data: a\r\n\r\ndata: b\r\rdata: c\n\n', [{ data: 'a' }, { data: 'b' }, { data: 'c' }]],
    [ 'data:  two\n\n', [{ data: ' two' }]],
  ])('reads %j.', async(text, expected): Promise<void> => {
    expect((await parse([ bytes(text) ])).map(({ id, data }): object => ({ ...id !== undefined && { id }, ...data !== undefined && { data }}))).toEqual(expected);
  });

  it('reads the same messages however the text is divided.', async(): Promise<void> => {
    const text = bytes('retry: 5\nid: p1.2.3\n\nid: p2.2.3\r\ndata: {"ä":\r\ndata: "😀"}\r\n\r\n: x\nid: 3\n\n');
    const whole = await parse([ text ]);
    expect(whole).toHaveLength(3);
    await fc.assert(fc.asyncProperty(fc.array(fc.nat(text.length), { maxLength: 12 }), async(cuts): Promise<void> => {
      const places = [ 0, ...cuts.sort((one, other): number => one - other), text.length ];
      expect(await parse(places.slice(1).map((place, index): Uint8Array => text.slice(places[index], place)))).toEqual(whole);
    }));
  });

  it('refuses a message without an end.', async(): Promise<void> => {
    const chunk = bytes('x'.repeat(1_024 * 1_024));
    await expect(parse(Array.from({ length: 18 }, (): Uint8Array => chunk))).rejects.toThrow('too long');
  });
});
