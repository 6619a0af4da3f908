import { Writer } from 'n3';
import type { IJsonLdContext } from 'jsonld-context-parser';
import { ContextLoader } from './ContextLoader';
import { InvalidInput } from './InvalidInput';
import { parseJsonLd } from './rdf';
import type { Task } from '../work/Work';

/** A JSON-LD document to convert. */
interface Conversion {
  readonly text: string;
  /** The URL of the document. */
  readonly base: string;
  /** The media type of the result. */
  readonly type: string;
  /** Prefixes by name, for formats that support them. */
  readonly prefixes: Readonly<Record<string, string>>;
}

/** The converted document, or the IRI of a named context that is not bundled. */
export type ConversionResult = { readonly text: string } | { readonly unknownContext: string };

/**
 * Task that converts a JSON-LD document to Turtle, TriG, N3, N-Triples or N-Quads.
 *
 * @throws `InvalidInput` if it is not valid JSON-LD.
 */
export const CONVERT_JSON_LD: Task<Conversion, ConversionResult> = {
  name: 'convertJsonLd',
  run: async({ text, base, type, prefixes }, { contexts }): Promise<ConversionResult> => {
    const loader = new RecordingLoader(contexts);
    try {
      const quads = await parseJsonLd(text, loader, base);
      const writer = new Writer({ format: type, .../(?:turtle|trig)$/u.test(type) && { baseIRI: base, prefixes }});
      writer.addQuads(quads);
      return await new Promise((resolve, reject): void => writer.end((error: Error | null, result: string): void => {
        if (error) {
          reject(error);
        } else {
          resolve({ text: result });
        }
      }));
    } catch (error: unknown) {
      if (loader.unknown !== undefined) {
        return { unknownContext: loader.unknown };
      }
      throw new InvalidInput((error as Error).message);
    }
  },
};

/** Context loader that records the IRI of a context that is not bundled. */
class RecordingLoader extends ContextLoader {
  public unknown?: string;

  public constructor(private readonly source: ContextLoader) {
    super(source.files);
  }

  public override async load(iri: string): Promise<IJsonLdContext> {
    if (!Object.hasOwn(this.files, iri)) {
      this.unknown = iri;
    }
    return this.source.load(iri);
  }
}
