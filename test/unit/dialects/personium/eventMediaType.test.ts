import type { IncomingMessage } from 'node:http';
import { assertReadable } from '../../../../src/dialects/personium/eventMediaType';

const check = (type?: string): void => assertReadable({ headers: { 'content-type': type }} as unknown as IncomingMessage);

describe('The media type of an external event', (): void => {
  it.each([
    undefined, '', ' ', 'application/json', 'APPLICATION/JSON; charset=utf-8', 'text/json', 'application/x-www-form-urlencoded',
    'text/plain', 'text/plain;charset=UTF-8', 'application/octet-stream',
  ])('can be %p.', (type): void => {
    expect((): void => check(type)).not.toThrow();
  });

  it.each([
    'application/cloudevents+json', 'application/cloudevents-batch+json; charset=utf-8', 'application/cloudevents', 'application/cloudevents+avro',
    'multipart/form-data; boundary=x', 'multipart/mixed', 'application/ld+json', 'application/activity+json', 'text/turtle', 'text/n3',
    'application/n-quads', 'application/rdf+xml', 'application/xml', 'text/xml', 'application/yaml', 'application/x-yaml', 'text/html', 'image/png',
    'json', '/json', 'a/b/json', 'application/json-patch+json', 'application/json, text/plain', 'text/plain text/turtle', 'application/jsonx',
  ])('cannot be %p.', (type): void => {
    expect((): void => check(type)).toThrow(expect.objectContaining({
      status: 415,
      code: 'PR415-OD-0001',
      message: `Unsupported media type:[${type.split(';')[0]}]. Send application/json.`,
      headers: { 'Accept-Post': 'application/json' },
    }));
  });

  it('is shown in part if it is long.', (): void => {
    expect((): void => check('x'.repeat(5_000))).toThrow(new RegExp(`^Unsupported media type:\\[x{100}\\]`, 'u'));
  });
});
