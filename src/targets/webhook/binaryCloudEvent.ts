import type { CloudEvent } from '../../event/cloudEvent';
import { dataBytes } from '../../event/cloudEvent';
import type { AttributeValue } from '../../event/cloudEvents';
import { JSON_MEDIA_TYPE } from '../../event/mediaTypes';

/** Maximum size of the `ce-` headers of a request, in bytes: names, values, and 4 bytes for each of them. */
export const MAX_ATTRIBUTE_BYTES = 8 * 1_024;

/** Characters of attributes that headers contain percent-encoded. */
const ENCODED = /[^!#$&-~]+/gu;

/** Headers and body of a message in binary mode. */
export interface BinaryMessage {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
  /** Size of the `ce-` headers, in bytes. */
  readonly attributeBytes: number;
}

/**
 * A CloudEvent in binary mode: attributes as headers, and the data unchanged as body.
 *
 * Data without a media type is JSON.
 *
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#31-binary-content-mode
 */
export function toBinary({ attributes, data }: CloudEvent): BinaryMessage {
  const given: CloudEvent['attributes'] = { ...data && { datacontenttype: JSON_MEDIA_TYPE }, ...attributes };
  const others = Object.entries(given).filter(([ name ]): boolean => name !== 'datacontenttype');
  const headers = others.map(([ name, value ]): [string, string] => [ `ce-${name}`, headerValue(value) ]);
  return {
    headers: {
      ...Object.fromEntries(headers),
      ...'datacontenttype' in given && { 'content-type': String(given.datacontenttype) },
    },
    body: data?.form === 'binary' ? dataBytes(data) : data?.text ?? '',
    attributeBytes: headers.reduce((sum, [ name, value ]): number => sum + name.length + value.length + 4, 0),
  };
}

/**
 * The value of an attribute in a header: space, `"`, `%` and everything outside printable ASCII are percent-encoded.
 *
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#3132-http-header-values
 */
export function headerValue(value: AttributeValue): string {
  return String(value).replaceAll(ENCODED, (text): string =>
    Buffer.from(text).toString('hex').toUpperCase().replaceAll(/../gu, '%$&'));
}
