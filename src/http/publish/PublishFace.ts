import { eventUrl } from '../../event/Event';
import { LIMITS } from '../../event/limits';
import { JSON_MEDIA_TYPE } from '../../event/mediaTypes';
import type { Access } from '../../access/ports';
import type { Publisher } from '../../publish/Publisher';
import type { Work } from '../../work/Work';
import type { Authenticator } from '../Authenticator';
import { readText } from '../body';
import { assertMediaType } from '../contentType';
import type { HttpProblem } from '../errors';
import type { Answer, Exchange, Rule } from '../Face';
import { Face, jsonAnswer } from '../Face';
import { onceOf } from '../idempotency';
import { publisherOf } from './gate';
import { draftsIn, readLargePublish } from './parsePublish';

/**
 * `POST {pod}publish/`: publishes one event, or an array of them, through a pod.
 * What was published there is read by LDP.
 */
export class PublishFace extends Face {
  private readonly authenticator: Authenticator;
  private readonly access: Access;
  private readonly publisher: Publisher;
  private readonly work: Work;
  private readonly maxBytes: number;

  /**
   * @param authenticator - Tells who makes a request.
   * @param access - Decides who may publish through the pod.
   * @param publisher - Accepts the events.
   * @param work - Reads large bodies.
   * @param maxBytes - The largest body that is read, in bytes. Default 4 MiB.
   */
  public constructor(
    authenticator: Authenticator,
    access: Access,
    publisher: Publisher,
    work: Work,
    maxBytes: number = LIMITS.requestBytes,
  ) {
    super();
    this.authenticator = authenticator;
    this.access = access;
    this.publisher = publisher;
    this.work = work;
    this.maxBytes = maxBytes;
  }

  public ruleFor(path: string): Rule | undefined {
    return /^publish\/?$/u.test(path) ? { own: [ 'POST' ], ldp: [ 'GET', 'HEAD', 'OPTIONS' ]} : undefined;
  }

  public async handle(exchange: Exchange): Promise<Answer> {
    const { request, pod } = exchange;
    const caller = await publisherOf(this.authenticator, this.access, exchange);
    assertMediaType(request, [ JSON_MEDIA_TYPE ]);
    const body = await readText(request, this.maxBytes);
    const once = onceOf(exchange, body);
    const { drafts, isArray } = draftsIn(await readLargePublish(body, this.work));
    const { events } = await this.publisher.publish({ pod, caller, drafts, isArray, once });
    const ids = events.map(eventUrl);
    return jsonAnswer(201, { id: ids[0], ...isArray && { ids }}, { Location: ids[0] });
  }

  public problem({ status, message, headers }: HttpProblem): Answer {
    return jsonAnswer(status, { error: message }, headers);
  }
}
