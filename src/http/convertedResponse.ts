import type { PreferenceParser, RepresentationConverter } from '../css';
import { BasicRepresentation, NotImplementedHttpError, readableToString } from '../css';
import { HttpProblem } from './errors';
import type { EndpointResponse, HttpExchange } from './Endpoint';

/** The converters of responses: the server's own converter, and its parser of preferences. */
export interface Conversion {
  readonly converter: RepresentationConverter;
  readonly preferenceParser: PreferenceParser;
}

/** A document that has a form already. */
export interface Convertible {
  readonly body: string;
  /** The media type that it has. */
  readonly type: string;
  /** Plural name of the documents, and their media types, for the message of a 406. */
  readonly subject: string;
  readonly forms: string;
}

/**
 * Answers with an RDF document in the form that the client prefers, as the server does with its own resources.
 *
 * @param conversion - Converts it.
 * @param exchange - The request; its URL is the base of relative IRIs in the document.
 * @param document - The document.
 *
 * @throws {@link HttpProblem} 406 if it has none of the forms that the client takes.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-proactive-negotiation
 */
export async function convertedAnswer(
  { converter, preferenceParser }: Conversion,
  { request, url }: HttpExchange,
  { body, type, subject, forms }: Convertible,
): Promise<EndpointResponse> {
  const identifier = { path: url };
  try {
    const preferences = await preferenceParser.handleSafe({ request });
    const representation = new BasicRepresentation(body, identifier, type);
    const { data, metadata } = await converter.handleSafe({ identifier, representation, preferences });
    return {
      status: 200,
      headers: { 'Content-Type': metadata.contentType! },
      body: await readableToString(data),
    };
  } catch (error: unknown) {
    if (NotImplementedHttpError.isInstance(error)) {
      const accept = (request.headers.accept ?? '*/*').slice(0, 100);
      throw new HttpProblem(406, `${subject} cannot be shown as ${accept}; ask for ${forms}`);
    }
    throw error;
  }
}
