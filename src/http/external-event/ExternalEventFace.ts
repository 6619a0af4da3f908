import { LIMITS } from '../../event/limits';
import type { Access } from '../../publish/ports';
import type { Publisher } from '../../publish/Publisher';
import type { Authenticator } from '../Authenticator';
import { readText } from '../body';
import type { HttpProblem } from '../errors';
import { unauthorized } from '../errors';
import type { Answer, Exchange, Rule } from '../Face';
import { Face, jsonAnswer } from '../Face';
import { parseExternalEvent, toRequestKey } from './parseExternalEvent';
import { PersoniumProblem, personiumCode } from './PersoniumProblem';

/** On every answer. The version is that of the API which this face speaks. */
const HEADERS = { 'X-Personium-Version': '1.8.4', 'Access-Control-Allow-Origin': '*' };

/**
 * `POST {pod}__event`: takes an event from outside in Personium's form, and gives it to the pod itself.
 *
 * `acl:Append` on `{pod}__event` is Personium's privilege `event`: whoever has it may tell the pod of anything.
 */
export class ExternalEventFace extends Face {
  private readonly authenticator: Authenticator;
  private readonly access: Access;
  private readonly publisher: Publisher;
  private readonly maxBytes: number;

  /**
   * @param authenticator - Tells who makes a request.
   * @param access - Decides who may tell the pod of events.
   * @param publisher - Accepts the events.
   * @param maxBytes - The largest body that is read, in bytes. Default 4 MiB.
   */
  public constructor(
    authenticator: Authenticator,
    access: Access,
    publisher: Publisher,
    maxBytes: number = LIMITS.requestBytes,
  ) {
    super();
    this.authenticator = authenticator;
    this.access = access;
    this.publisher = publisher;
    this.maxBytes = maxBytes;
  }

  public ruleFor(path: string): Rule | undefined {
    return path === '__event' ? { own: [ 'POST' ], ldp: [ 'OPTIONS' ]} : undefined;
  }

  public async handle(exchange: Exchange): Promise<Answer> {
    const { request, pod, url } = exchange;
    const requestKey = toRequestKey(request.headers['x-personium-requestkey']);
    const caller = await this.authenticator.callerOf(exchange);
    if (!(await this.access.allowed(caller, [ url ], 'append')).has(url)) {
      throw caller.agent === undefined ?
        new PersoniumProblem(401, 'PR401-AU-0001', 'Authorization required.', unauthorized('').headers) :
        new PersoniumProblem(403, 'PR403-AU-0002', 'Necessary privilege is lacking.');
    }
    const draft = parseExternalEvent(await readText(request, this.maxBytes), requestKey);
    await this.publisher.publish({ pod, caller, drafts: [ draft ], toProducer: true });
    return { status: 200, headers: HEADERS };
  }

  public problem(problem: HttpProblem): Answer {
    return jsonAnswer(
      problem.status,
      { code: personiumCode(problem), message: { lang: 'en', value: problem.message }},
      { ...HEADERS, ...problem.headers },
    );
  }
}
