import { Readable } from 'node:stream';
import type { Representation, RepresentationConverter, RepresentationConverterArgs } from '@solid/community-server';
import {
  BadRequestHttpError,
  BaseTypedRepresentationConverter,
  BasicRepresentation,
  getConversionTarget,
  guardStream,
  HttpError,
  INTERNAL_QUADS,
  PREFERRED_PREFIX_TERM,
} from '@solid/community-server';
import { CONVERT_JSON_LD } from '../event/jsonLdConversion';
import { InvalidInput } from '../event/InvalidInput';
import { LIMITS } from '../event/limits';
import { JSON_LD, TURTLE } from '../event/mediaTypes';
import { Busy, ClientDisconnected, TooComplex } from '../work/errors';
import type { Work } from '../work/Work';
import { INLINE_LENGTH } from '../work/Work';
import { unavailable } from './storeHttpError';

/** Formats and how much they are preferred, as the server has it for them. */
const TARGETS = {
  [TURTLE]: 1, 'application/n-triples': 0.95, 'application/trig': 0.95, 'application/n-quads': 0.95, 'text/n3': 0.95,
};
/** Longest document that is held in memory to convert it: that of an event. */
const MAX_LENGTH = LIMITS.requestBytes + LIMITS.documentBytes;
/**
 * How long a conversion may wait and take, in seconds, together less than 6: then the server's lock on the resource
 * expires, and the answer would be 500.
 */
export const TIMES = { maxWait: 0.5, maxTime: 4 };

/**
 * Converts JSON-LD resources to other RDF formats, the large ones in worker threads.
 *
 * Documents up to 16 KiB are left to the server's own converters, in steps, as are those that have no bound: documents
 * that are larger than an event, and those that name a context that is not bundled.
 *
 * A conversion ends when its reader disconnects. It is answered with 406 if it takes too long, and with 503 if no
 * worker thread is available.
 */
export class EventConversion extends BaseTypedRepresentationConverter {
  private readonly work: Work;
  private readonly parser: RepresentationConverter;
  private readonly writer: RepresentationConverter;

  /**
   * @param work - Runs conversions.
   * @param parser - The server's converter of RDF to quads.
   * @param writer - The server's converter of quads to RDF.
   */
  public constructor(work: Work, parser: RepresentationConverter, writer: RepresentationConverter) {
    super(JSON_LD, TARGETS);
    this.work = work;
    this.parser = parser;
    this.writer = writer;
  }

  public override async handle(args: RepresentationConverterArgs): Promise<Representation> {
    const { identifier, representation: { data, metadata }, preferences } = args;
    const type = getConversionTarget(TARGETS, preferences.type)!;
    const read = await readUpTo(data, MAX_LENGTH);
    if ('rest' in read || read.text.length <= INLINE_LENGTH) {
      return this.byServer(args, 'rest' in read ? read.rest : read.text);
    }
    const { text } = read;
    const prefixes = Object.fromEntries(metadata.quads(null, PREFERRED_PREFIX_TERM, null)
      .map(({ subject, object }): [string, string] => [ object.value, subject.value ]));
    try {
      const input = { text, base: identifier.path, type, prefixes };
      const converted = await this.work.run(CONVERT_JSON_LD, input, { size: text.length, ...TIMES });
      return 'text' in converted ?
        new BasicRepresentation(converted.text, metadata, type) :
        await this.byServer(args, text);
    } catch (error: unknown) {
      throw conversionError(error, type);
    }
  }

  private async byServer(args: RepresentationConverterArgs, data: Readable | string): Promise<Representation> {
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

/** Reads a stream as text, or returns a stream of the same content if there is more. */
async function readUpTo(data: Readable, length: number): Promise<{ text: string } | { rest: Readable }> {
  const chunks: Buffer[] = [];
  let read = 0;
  const iterator = data[Symbol.asyncIterator]() as Chunks;
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
    chunks.push(Buffer.from(next.value));
    read += chunks.at(-1)!.length;
    if (read > length) {
      return { rest: Readable.from(allOf(chunks, iterator), { objectMode: false }) };
    }
  }
  return { text: Buffer.concat(chunks).toString() };
}

async function* allOf(chunks: readonly Buffer[], iterator: Chunks): AsyncIterable<Buffer | string> {
  yield* chunks;
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
    yield next.value;
  }
}

/** What the server answers if a conversion fails. */
export function conversionError(error: unknown, type: string): unknown {
  if (error instanceof TooComplex) {
    // See https://www.rfc-editor.org/rfc/rfc9110#name-406-not-acceptable
    return new HttpError(406, 'NotAcceptableHttpError', `The resource is too complex to be converted to ${type}; ` +
      `ask for ${JSON_LD}, the format that it is stored in`);
  }
  if (error instanceof InvalidInput) {
    return new BadRequestHttpError(error.message);
  }
  if (error instanceof Busy || error instanceof ClientDisconnected) {
    return unavailable(error.message, error instanceof Busy ? error.retryAfter : 1, error);
  }
  return error;
}
