import type { PreferenceParser, RepresentationConverter } from '../../css';
import { DataFactory, Writer } from 'n3';
import { TURTLE } from '../../event/mediaTypes';
import { AS, FOAF, RDF, RDFS, SOLID } from '../../event/vocabulary';
import type { ServerAgent } from '../../identity/ServerAgent';
import { AGENT_PATH } from '../../identity/ServerAgent';
import type { Conversion } from '../convertedResponse';
import { convertedAnswer } from '../convertedResponse';
import type { HttpProblem } from '../errors';
import type { EndpointResponse, HttpExchange, PathRule } from '../Endpoint';
import { Endpoint, jsonResponse } from '../Endpoint';

/** The document depends only on the configuration, so caches may store it for an hour. */
const CACHE_HEADERS = { 'Cache-Control': 'public, max-age=3600' };

/**
 * `{base}.events/agent`: the public WebID document of the server's own agent.
 *
 * @see https://solidproject.org/TR/oidc#resource-webid-profile
 */
export class AgentEndpoint extends Endpoint {
  private readonly document: string;
  private readonly conversion: Conversion;

  /**
   * @param agent - The server's agent.
   * @param converter - Converts the document to the preferred media type.
   * @param preferenceParser - Parses the preferences of a request.
   */
  public constructor(agent: ServerAgent, converter: RepresentationConverter, preferenceParser: PreferenceParser) {
    super();
    this.document = webIdDocument(agent);
    this.conversion = { converter, preferenceParser };
  }

  public ruleFor(path: string): PathRule | undefined {
    return path === AGENT_PATH ? { own: [ 'GET', 'HEAD' ], ldp: [ 'OPTIONS' ]} : undefined;
  }

  public async handle(exchange: HttpExchange): Promise<EndpointResponse> {
    const accept = exchange.request.headers.accept ?? '*/*';
    if (accept === '*/*' || accept.startsWith(TURTLE)) {
      return { status: 200, headers: { 'Content-Type': TURTLE, ...CACHE_HEADERS }, body: this.document };
    }
    const answer = await convertedAnswer(this.conversion, exchange, {
      body: this.document, type: TURTLE, subject: 'WebID documents', forms: 'Turtle or JSON-LD',
    });
    return { ...answer, headers: { ...answer.headers, ...CACHE_HEADERS }};
  }

  public errorResponse({ status, message, headers }: HttpProblem): EndpointResponse {
    return jsonResponse(status, { error: message }, headers);
  }
}

/** Returns the document as Turtle with absolute IRIs. */
function webIdDocument({ webId, issuer }: ServerAgent): string {
  const { literal, namedNode, quad } = DataFactory;
  const agent = namedNode(webId);
  const writer = new Writer({ prefixes: { as: AS, foaf: FOAF, rdfs: RDFS, solid: SOLID }});
  writer.addQuads([
    quad(namedNode(webId.replace(/#.*$/u, '')), namedNode(`${FOAF}primaryTopic`), agent),
    quad(agent, namedNode(`${RDF}type`), namedNode(`${AS}Service`)),
    quad(agent, namedNode(`${RDF}type`), namedNode(`${FOAF}Agent`)),
    quad(agent, namedNode(`${RDFS}label`), literal(`The events of ${issuer}`, 'en')),
    quad(agent, namedNode(`${SOLID}oidcIssuer`), namedNode(issuer)),
  ]);
  let text = '';
  // Without an output stream, the writer calls back before it returns.
  writer.end((_error, result: string): unknown => text = result);
  return text;
}
