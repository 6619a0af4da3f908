import { promisify } from 'node:util';
import type { ZlibOptions } from 'node:zlib';
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib';

/** The content of a response without its content coding. */
export interface Decoded {
  readonly body: Buffer;
  /** Whether the content exceeded the limit. */
  readonly isCut: boolean;
}

/** Compression method in the zlib header of a `deflate` stream. The standard requires the header. */
const ZLIB_METHOD = 8;

/**
 * Removes the content coding of a body. The output size is limited, so a small body cannot expand without bound.
 *
 * At most one coding is supported: `gzip`, `deflate` or `br`.
 *
 * @param coding - Value of `Content-Encoding`.
 * @param body - The received body.
 * @param maxBytes - Maximum size of the result, in bytes.
 *
 * @throws Error if the coding is not supported, or the body is invalid.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-8.4
 */
export async function decodeContent(coding: string, body: Buffer, maxBytes: number): Promise<Decoded> {
  const codings = coding.toLowerCase().split(',')
    .map((name): string => name.trim())
    .filter((name): boolean => name !== '' && name !== 'identity');
  if (codings.length === 0) {
    return { body, isCut: false };
  }
  const [ name ] = codings;
  if (codings.length > 1 || ![ 'gzip', 'x-gzip', 'deflate', 'br' ].includes(name)) {
    throw new Error(`its Content-Encoding "${coding.slice(0, 100)}" is not supported`);
  }
  try {
    return { body: await decompress(name, body, maxBytes), isCut: false };
  } catch (error: unknown) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      return { body: Buffer.alloc(0), isCut: true };
    }
    throw new Error(`its content is not valid ${name}`, { cause: error });
  }
}

async function decompress(name: string, body: Buffer, maxOutputLength: number): Promise<Buffer> {
  const options: ZlibOptions = { maxOutputLength };
  if (name === 'br') {
    return promisify<Buffer, object, Buffer>(brotliDecompress)(body, options);
  }
  if (name === 'deflate') {
    // Some servers send raw deflate data, without the header.
    const hasHeader = (body[0] & 0x0F) === ZLIB_METHOD && body.length > 1 && body.readUInt16BE(0) % 31 === 0;
    return promisify<Buffer, ZlibOptions, Buffer>(hasHeader ? inflate : inflateRaw)(body, options);
  }
  return promisify<Buffer, ZlibOptions, Buffer>(gunzip)(body, options);
}
