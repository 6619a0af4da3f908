import fc from 'fast-check';
import { headerValue, MAX_ATTRIBUTE_BYTES, toBinary } from '../../../../src/targets/webhook/binaryCloudEvent';
import { cloudEventOf } from '../../../../src/event/cloudEvent';
import { ContextLoader } from '../../../../src/event/ContextLoader';
import { createEvent } from '../../../../src/event/EventDocument';
import { runs } from '../../../util/effort';

const POD = 'https://producer.example/';
const draft = { topic: 'realestate/contact#add', recipients: [ 'https://user.example/#me', 'https://other.example/#me' ], sources: []};

describe('A CloudEvent in binary mode', (): void => {
  it.each([
    [ 'Euro € 😀', 'Euro%20%E2%82%AC%20%F0%9F%98%80' ],
    [ 'a "quoted" 100 %', 'a%20%22quoted%22%20100%20%25' ],
    [ '\u0000\t\r\n\u007F\u0080', '%00%09%0D%0A%7F%C2%80' ],
    [ 'a\uD800b', 'a%EF%BF%BDb' ],
    [ '!#$&\'()*+,-./0:;<=>?@A[\\]^_`a{|}~', '!#$&\'()*+,-./0:;<=>?@A[\\]^_`a{|}~' ],
    [ true, 'true' ],
    [ -2_147_483_648, '-2147483648' ],
  ])('has the attribute %j as header value.', (value, expected): void => {
    expect(headerValue(value)).toBe(expected);
  });

  it('has header values that one round of decoding returns unchanged.', (): void => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text): void => {
      const value = headerValue(text);
      expect(value).toMatch(/^[!#$&-~]*(?:%[\dA-F]{2}[!#$&-~]*)*$/u);
      expect(decodeURIComponent(value)).toBe(text);
    }), { numRuns: runs(500) });
  });

  it('has each attribute as header, the media type of its data, and the data unchanged.', async(): Promise<void> => {
    const data = '{ "a": 1.0, "b": "ü" }';
    const event = await createEvent({ ...draft, annotations: { subject: 'Straße 1' }, data }, POD, `${POD}card#me`, new ContextLoader());
    const { headers, body, attributeBytes } = toBinary(cloudEventOf(event));
    expect(body).toBe(data);
    expect(headers).toEqual({
      'content-type': 'application/json',
      'ce-specversion': '1.0',
      'ce-id': event.id,
      'ce-source': POD,
      'ce-type': 'realestate/contact#add',
      'ce-subject': 'Stra%C3%9Fe%201',
      'ce-time': new Date(event.published).toISOString(),
      'ce-authtype': 'app_user',
      'ce-authid': `${POD}card#me`,
      'ce-recipients': 'https://user.example/#me%20https://other.example/#me',
      'ce-eventurl': `${POD}publish/${event.id}`,
    });
    expect(attributeBytes).toBeLessThan(MAX_ATTRIBUTE_BYTES);
  });

  it('without data has neither body nor media type.', async(): Promise<void> => {
    const { headers, body } = toBinary(cloudEventOf(await createEvent(draft, POD, undefined, new ContextLoader())));
    expect([ body, Object.keys(headers).filter((name): boolean => !name.startsWith('ce-')) ]).toEqual([ '', []]);
  });

  it.each([
    [ 'text', 'text/plain', 'Größe', 'Größe' ],
    [ 'binary', 'image/png', '/wA=', Buffer.from([ 255, 0 ]) ],
    [ 'json', undefined, '1.0', '1.0' ],
  ] as const)('has %s data with its media type.', (form, datacontenttype, text, body): void => {
    const attributes = { id: 'a', ...datacontenttype && { datacontenttype }};
    expect(toBinary({ attributes, data: { form, text }}))
      .toEqual({ headers: { 'ce-id': 'a', 'content-type': datacontenttype ?? 'application/json' }, body, attributeBytes: 10 });
  });

  it('counts the bytes of its encoded headers.', (): void => {
    expect(toBinary({ attributes: { id: 'ü', source: 'ab' }}).attributeBytes)
      .toBe('ce-id: %C3%BC\r\nce-source: ab\r\n'.length);
  });
});
