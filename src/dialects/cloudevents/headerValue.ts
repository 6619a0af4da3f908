import { InvalidInput } from '../../event/InvalidInput';

const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const QUOTED = /^"((?:[^"\\]|\\.)*)"$/su;
const PERCENT = /%(?:([\da-f]{2})|)/giu;
/** A character of a header that is not a byte; Node.js reads headers as ISO 8859-1. */
const NO_BYTE = /[^\u0000-\u00FF]/u;

/**
 * Decodes a header into the value of a CloudEvents attribute.
 *
 * A value in double quotes is unescaped first. Then one round of percent-decoding follows. The result, with characters
 * beyond ASCII that are not percent-encoded, has to be UTF-8.
 *
 * @param name - Name of the header, for the message.
 * @param value - Value of the header, as Node.js reads it.
 *
 * @throws {@link InvalidInput} for a `%` without two hexadecimal digits, and for bytes that are not UTF-8, such as
 *         overlong encodings.
 *
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#3132-http-header-values
 */
export function decodeHeaderValue(name: string, value: string): string {
  const quoted = QUOTED.exec(value)?.[1];
  const unquoted = quoted === undefined ? value : quoted.replaceAll(/\\(.)/gsu, '$1');
  const bytes = unquoted.replaceAll(PERCENT, (_, hex?: string): string => {
    if (hex === undefined) {
      throw new InvalidInput(`Invalid header ${name}: its % is followed by no hexadecimal digits; write "%" as "%25"`);
    }
    return String.fromCharCode(Number.parseInt(hex, 16));
  });
  try {
    if (!NO_BYTE.test(bytes)) {
      return UTF_8.decode(Buffer.from(bytes, 'latin1'));
    }
  } catch {
    // The message is below.
  }
  throw new InvalidInput(`Invalid header ${name}: its percent-encoding is not valid UTF-8`);
}
