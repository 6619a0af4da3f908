import { Readable } from 'node:stream';
import type { Representation, RepresentationConverter, RepresentationConverterArgs } from '../css';
import {
  BadRequestHttpError,
  BaseTypedRepresentationConverter,
  BasicRepresentation,
  getConversionTarget,
  guardStream,
  HttpError,
  INTERNAL_QUADS,
  PREFERRED_PREFIX_TERM,
} from '../css';
import { CONVERT_JSON_LD } from '../event/jsonLdConversion';
import { InvalidInput } from '../event/InvalidInput';
import { LIMITS } from '../event/limits';
import { JSON_LD, TURTLE } from '../event/mediaTypes';
import { Busy, ClientDisconnected, TooComplex } from '../work/errors';
import type { Work } from '../work/Work';
import { INLINE_LENGTH } from '../work/Work';
import { unavailable } from './storeHttpError';

/** Output media types with their quality, as the server's own converters declare it. */
const OUTPUT_TYPES = {
  [TURTLE]: 1, 'application/n-triples': 0.95, 'application/trig': 0.95, 'application/n-quads': 0.95, 'text/n3': 0.95,
};
/** Maximum size, in bytes, of a document that is buffered for conversion: the maximum size of an event. */
const MAX_BYTES = LIMITS.requestBytes + LIMITS.documentBytes;
/**
 * Maximum wait for a worker thread and maximum duration of a job, in seconds.
 *
 * Their sum is less than 6, when the server's lock on the resource expires and the response becomes 500.
 */
export const CONVERSION_LIMITS = { maxWait: 0.5, maxTime: 4 };

/**
 * Converts JSON-LD resources to other RDF formats; large documents are converted in worker threads.
 *
 * Three kinds of document go to the server's own converters, in steps on the event loop: documents up to 16 KiB,
 * documents larger than an event, and documents with a context that is not bundled.
 *
 * A conversion ends when its client disconnects. The response is 406 if the conversion exceeds its time limit, and 503
 * if no worker thread is available.
 */
export class PooledJsonLdConverter extends BaseTypedRepresentationConverter {
  private readonly work: Work;
  private readonly parser: RepresentationConverter;
  private readonly writer: RepresentationConverter;

  /**
   * @param work - Pool of worker threads.
   * @param parser - The server's converter from RDF to quads.
   * @param writer - The server's converter from quads to RDF.
   */
  public constructor(work: Work, parser: RepresentationConverter, writer: RepresentationConverter) {
    super(JSON_LD, OUTPUT_TYPES);
    this.work = work;
    this.parser = parser;
    this.writer = writer;
  }

  public override async handle(args: RepresentationConverterArgs): Promise<Representation> {
    const { identifier, representation: { data, metadata }, preferences } = args;
    const type = getConversionTarget(OUTPUT_TYPES, preferences.type)!;
    const read = await readUpTo(data, MAX_BYTES);
    if ('rest' in read || read.text.length <= INLINE_LENGTH) {
      return this.convertInline(args, 'rest' in read ? read.rest : read.text);
    }
    const { text } = read;
    const prefixes = Object.fromEntries(metadata.quads(null, PREFERRED_PREFIX_TERM, null)
      .map(({ subject, object }): [string, string] => [ object.value, subject.value ]));
    try {
      const input = { text, base: identifier.path, type, prefixes };
      const converted = await this.work.run(CONVERT_JSON_LD, input, { size: text.length, ...CONVERSION_LIMITS });
      return 'text' in converted ?
        new BasicRepresentation(converted.text, metadata, type) :
        await this.convertInline(args, text);
    } catch (error: unknown) {
      throw conversionError(error, type);
    }
  }

  private async convertInline(args: RepresentationConverterArgs, data: Readable | string): Promise<Representation> {
    const stream = guardStream(typeof data === 'string' ? Readable.from([ data ]) : data);
    const representation = await this.parser.handle({
      ...args,
      representation: new BasicRepresentation(stream, args.representation.metadata),
      preferences: { type: { [INTERNAL_QUADS]: 1 }},
    });
    return this.writer.handle({ ...args, representation });
  }
}

type Chunks = AsyncIterator<Buffer | string>;

/** Reads a stream as text, or returns a stream of the same content if it is longer than `length` bytes. */
async function readUpTo(data: Readable, length: number): Promise<{ text: string } | { rest: Readable }> {
  const chunks: Buffer[] = [];
  let read = 0;
  const iterator = data[Symbol.asyncIterator]() as Chunks;
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
    chunks.push(Buffer.from(next.value));
    read += chunks.at(-1)!.length;
    if (read > length) {
      return { rest: Readable.from(replay(chunks, iterator), { objectMode: false }) };
    }
  }
  return { text: Buffer.concat(chunks).toString() };
}

async function* replay(chunks: readonly Buffer[], iterator: Chunks): AsyncIterable<Buffer | string> {
  yield* chunks;
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
    yield next.value;
  }
}

/**
 * Returns the HTTP error of a failed conversion.
 *
 * The status is 406 for {@link TooComplex}, 400 for {@link InvalidInput},
 * 503 for {@link Busy} and {@link ClientDisconnected}.
 * Any other error is returned unchanged.
 *
 * @param error - Error of the job.
 * @param type - Requested media type.
 */
export function conversionError(error: unknown, type: string): unknown {
  if (error instanceof TooComplex) {
    // See https://www.rfc-editor.org/rfc/rfc9110#name-406-not-acceptable
    return new HttpError(406, 'NotAcceptableHttpError', `Conversion to ${type} exceeded its time limit; ` +
      `ask for ${JSON_LD}, the stored format`);
  }
  if (error instanceof InvalidInput) {
    return new BadRequestHttpError(error.message);
  }
  if (error instanceof Busy || error instanceof ClientDisconnected) {
    return unavailable(error.message, error instanceof Busy ? error.retryAfter : 1, error);
  }
  return error;
}
