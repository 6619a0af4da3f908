import type { EventDraft } from '../../event/Event';
import { InvalidInput } from '../../event/InvalidInput';
import { JSON_MEDIA_TYPE } from '../../event/mediaTypes';
import type { EventParser, EventRequest, ParsedEvents } from '../../http/publish/EventParser';
import type { Work } from '../../work/Work';
import { READ_PUBLISH } from './parsePublish';

/**
 * Parses events in the JSON form of Yodata, off the event loop if the body is large.
 */
export class YodataParser implements EventParser {
  public readonly mediaTypes = [ JSON_MEDIA_TYPE ];
  private readonly work: Work;

  /**
   * @param work - Parses large bodies.
   */
  public constructor(work: Work) {
    this.work = work;
  }

  public async parse({ text }: EventRequest): Promise<ParsedEvents> {
    const body = text();
    const { items, isArray } = await this.work.run(READ_PUBLISH, body, { size: body.length });
    return {
      items: items.map((item): EventDraft | InvalidInput => typeof item === 'string' ? new InvalidInput(item) : item),
      isArray,
    };
  }
}
