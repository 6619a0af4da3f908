import type { Readable } from 'node:stream';
import type { Representation, RepresentationConverterArgs } from '../css';
import { RdfToQuadConverter } from '../css';
import type { FetchedContexts } from '../identity/FetchedContexts';

/**
 * Converts RDF to quads as the server does, but loads JSON-LD contexts from {@link FetchedContexts}.
 *
 * The server's own converter fetches any URL that a document names, including URLs in the server's network.
 */
export class GuardedRdfConverter extends RdfToQuadConverter {
  private readonly source: FetchedContexts;

  /**
   * @param source - Loads JSON-LD contexts.
   */
  public constructor(source: FetchedContexts) {
    super();
    this.source = source;
  }

  public override async handle(args: RepresentationConverterArgs): Promise<Representation> {
    // The server's class reads this private field and has no parameter for it.
    const documentLoader = { value: this.source.forDocument() };
    const representation = await super.handle.call(Object.create(this, { documentLoader }), args);
    await firstQuad(representation.data);
    return representation;
  }
}

/** Waits for the first quad, so that a missing context fails before the response begins. */
async function firstQuad(data: Readable): Promise<void> {
  await new Promise<void>((resolve, reject): void => {
    const end = (error?: Error): void => {
      data.off('readable', end).off('error', end);
      if (error) {
        reject(error);
      } else {
        resolve();
      }
    };
    data.on('readable', end).on('error', end);
  });
}
