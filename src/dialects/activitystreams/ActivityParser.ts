import type { IncomingMessage } from 'node:http';
import { AS2_CONTEXT } from '../../event/activity';
import { InvalidInput } from '../../event/InvalidInput';
import { ACTIVITY_JSON, ACTIVITY_LD, JSON_LD } from '../../event/mediaTypes';
import { NotAuthorized } from '../../event/NotAuthorized';
import { mediaTypeOf } from '../../http/contentType';
import type { EventParser, EventRequest, ParsedEvents } from '../../http/publish/EventParser';
import type { Work } from '../../work/Work';
import { READ_ACTIVITY } from './parseActivity';

/** Maximum length of a body that is read on the event loop, in UTF-16 code units: the cost of JSON-LD exceeds it. */
const MAX_INLINE = 1_024;
const PROFILE = /;\s*profile\s*=\s*(?:"([^"]*)"|([^\s;]*))/iu;

/**
 * Parses events in the JSON form of ActivityStreams 2.0. The actor of an event is the caller.
 *
 * @see https://www.w3.org/TR/activitystreams-core/#media-type
 */
export class ActivityParser implements EventParser {
  public readonly mediaTypes = [ ACTIVITY_JSON, ACTIVITY_LD ];
  private readonly work: Work;

  /**
   * @param work - Parses large bodies.
   */
  public constructor(work: Work) {
    this.work = work;
  }

  /** Whether the body is JSON-LD with the profile of ActivityStreams. */
  public accepts(request: IncomingMessage): boolean {
    const [ , quoted = '', plain = '' ] = PROFILE.exec(request.headers['content-type'] ?? '') ?? [];
    return mediaTypeOf(request) === JSON_LD && `${quoted} ${plain}`.split(/\s+/u).includes(AS2_CONTEXT);
  }

  /**
   * Parses a body.
   *
   * @throws {@link InvalidInput} if the body is not an activity of the caller.
   * @throws {@link NotAuthorized} if the actor is another agent.
   */
  public async parse({ text, admission }: EventRequest): Promise<ParsedEvents> {
    const body = text();
    const size = body.length;
    const { draft, actor } = await this.work.run(READ_ACTIVITY, body, { size, isCostly: size > MAX_INLINE });
    const { agent } = admission.caller;
    if (actor === undefined && agent !== undefined) {
      throw new InvalidInput(`No actor found: it is the WebID of the caller, ${agent}`);
    }
    if (actor !== agent) {
      throw new NotAuthorized(`The actor ${actor} is not the caller, ${agent ?? 'who is not authenticated'}: nobody ` +
        'publishes for another agent');
    }
    return { items: [ draft ], isArray: false };
  }
}
