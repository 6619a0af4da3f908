import type { EventDraft } from '../../../../src/event/Event';
import { newRequestKey, parseExternalEvent, requestKeyOf } from '../../../../src/dialects/personium/parseExternalEvent';
import { inlineWork } from '../../../util/work';

const LONG = 'x'.repeat(51_200);
const parse = async(text: string): Promise<EventDraft> => parseExternalEvent(text, 'key', inlineWork());

describe('The body of an external event', (): void => {
  it('becomes a draft.', async(): Promise<void> => {
    expect(await parse('{"Type":"a/b#c","Object":"https://a.example/","Info":"i \\"","Extra":{}}')).toEqual({
      topic: 'a/b#c', data: '"i \\""', recipients: [], sources: [], annotations: { subject: 'https://a.example/', requestKey: 'key' },
    });
  });

  it('has only fields that are optional.', async(): Promise<void> => {
    const empty = { topic: 'event', annotations: { requestKey: 'key' }, recipients: [], sources: []};
    expect(await parse('{}')).toEqual(empty);
    expect(await parse('{"Type":null,"Object":null,"Info":null}')).toEqual(empty);
    expect(await parse('{"Type":"","Object":"","Info":""}')).toEqual({ ...empty, annotations: { eventType: '', subject: '', requestKey: 'key' }, data: '""' });
  });

  it('has fields of at most 51,200 bytes of UTF-8.', async(): Promise<void> => {
    const half = 'é'.repeat(25_600);
    expect(await parse(JSON.stringify({ Type: LONG, Object: half, Info: half })))
      .toMatchObject({ topic: 'event', annotations: { eventType: LONG, subject: half }, data: `"${half}"` });
  });

  it.each([
    [ '', 'JSON parse error. [No request body was sent].' ],
    [ '{"Type"', expect.stringMatching(/^JSON parse error\. \[The request body is not valid JSON: .+\]\.$/u) ],
    [ '{"Type":"a","Type":"b"}', expect.stringMatching(/^JSON parse error\. \[.*twice in one object\]\.$/u) ],
    ...[ 'null', '[]', '5', '"text"', 'true' ].map((text): [string, string] =>
      [ text, 'JSON parse error. [The request body is no JSON object].' ]),
  ])('is refused as %p, for it is no JSON object.', async(text, message): Promise<void> => {
    await expect(parse(text)).rejects.toThrow(expect.objectContaining({ status: 400, code: 'PR400-CM-0004', message }));
  });

  it.each([
    [ 'Type', { Type: 5, Object: 6, Info: 7 }],
    [ 'Object', { Type: LONG + LONG, Object: {}, Info: 7 }],
    [ 'Info', { Type: LONG + LONG, Object: LONG + LONG, Info: []}],
    [ 'Info', { Type: LONG + LONG, Info: false }],
    [ 'Type', { Type: `${LONG}x`, Object: `${LONG}x`, Info: `${LONG}x` }],
    [ 'Object', { Type: LONG, Object: 'é'.repeat(25_601), Info: `${LONG}x` }],
    [ 'Info', { Info: `${LONG}x` }],
  ])('names %s first where that is the fault, types before lengths (%#).', async(name, body): Promise<void> => {
    await expect(parse(JSON.stringify(body)))
      .rejects.toThrow(expect.objectContaining({ status: 400, code: 'PR400-EV-0004', message: `[${name}] field format error.` }));
  });
});

describe('The key of a request', (): void => {
  it('is new where there is none.', (): void => {
    expect(requestKeyOf({})).toBeUndefined();
    expect(requestKeyOf({ 'x-personium-requestkey': '' })).toBeUndefined();
    const keys = Array.from({ length: 100 }, newRequestKey);
    expect(keys.filter((key): boolean => /^[\w-]{4}_[\w-]{22}$/u.test(key))).toHaveLength(100);
    expect(new Set(keys).size).toBe(100);
  });

  it.each([ 'a', '-', '_', '0'.repeat(128), 'key_01-A' ])('can be %p.', (key): void => {
    expect(requestKeyOf({ 'x-personium-requestkey': key })).toBe(key);
  });

  it.each([ ' ', ', ', 'a b', 'é', 'a, b', 'a\n', '0'.repeat(129), 'a.b' ])('cannot be %p.', (key): void => {
    expect((): unknown => requestKeyOf({ 'x-personium-requestkey': key })).toThrow(expect.objectContaining({
      status: 400, code: 'PR400-EV-0002', message: 'Request header is invalid [X-Personium-RequestKey].',
    }));
  });
});
