import type { EventDraft } from '../../../../src/event/Event';
import { InvalidInput } from '../../../../src/event/InvalidInput';
import { isTopic } from '../../../../src/event/Topic';
import type { Authenticator } from '../../../../src/http/Authenticator';
import { readText } from '../../../../src/http/body';
import { assertMediaType } from '../../../../src/http/contentType';
import type { EndpointResponse, HttpExchange, PathRule } from '../../../../src/http/Endpoint';
import { Endpoint } from '../../../../src/http/Endpoint';
import type { HttpProblem } from '../../../../src/http/errors';
import type { Publisher } from '../../../../src/publish/Publisher';

const MAX_BYTES = 1_000;
const URGENCY = 'https://pager.example/ns#urgency';

/**
 * `POST {pod}page`: a text whose first line is a topic and whose second line is a message. The header
 * `X-Pager-Urgency` becomes an annotation of the event and a field of the log.
 */
export class PagerEndpoint extends Endpoint {
  public constructor(private readonly authenticator: Authenticator, private readonly publisher: Publisher) {
    super();
  }

  public ruleFor(path: string): PathRule | undefined {
    return path === 'page' ? { own: [ 'POST' ], ldp: [ 'OPTIONS' ]} : undefined;
  }

  public async handle(exchange: HttpExchange): Promise<EndpointResponse> {
    const { request, method, pod, url } = exchange;
    const admission = { pod, caller: await this.authenticator.callerOf(exchange, [ 'publish' ], 'pager'), resource: url };
    await this.publisher.admit(admission);
    assertMediaType(request, [ 'text/plain' ]);
    const urgency = String(request.headers['x-pager-urgency'] ?? 'low');
    const { events: [{ id }] } = await this.publisher.publish({
      ...admission,
      drafts: [ parse(await readText(request, MAX_BYTES), urgency) ],
      toProducer: true,
      logged: { request: { method, url, query: {}, headers: {}, fields: { urgency }}},
    });
    return { status: 202, headers: { 'Content-Type': 'text/plain' }, body: `PAGED ${id}` };
  }

  public errorResponse({ status, message, headers }: HttpProblem): EndpointResponse {
    return { status, headers: { 'Content-Type': 'text/plain', ...headers }, body: `ERROR ${status} ${message}` };
  }
}

function parse(text: string, urgency: string): EventDraft {
  const [ topic, message = '' ] = text.split('\n');
  if (!isTopic(topic)) {
    throw new InvalidInput('The first line is not a topic');
  }
  return { topic, recipients: [], sources: [], data: JSON.stringify({ message }), annotations: { [URGENCY]: urgency }};
}
