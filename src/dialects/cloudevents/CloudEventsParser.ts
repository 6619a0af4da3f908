import type { IncomingMessage } from 'node:http';
import type { EventDraft } from '../../event/Event';
import { InvalidInput } from '../../event/InvalidInput';
import { CLOUD_EVENT, CLOUD_EVENT_BATCH } from '../../event/mediaTypes';
import { mediaTypeOf } from '../../http/contentType';
import type { EventParser, EventRequest, ParsedEvents } from '../../http/publish/EventParser';
import type { SourcePolicy } from '../../publish/SourcePolicy';
import type { Work } from '../../work/Work';
import { attributeHeaders, binaryAttributes, binaryData } from './binaryContent';
import type { CloudEventsInput } from './parseCloudEvents';
import { READ_CLOUD_EVENTS } from './parseCloudEvents';

/** Media types that begin so are event formats, which are not sent in binary mode. */
const FORMATS = 'application/cloudevents';

/**
 * Parses CloudEvents 1.0.2 in structured, batched and binary mode.
 *
 * A request with the header `ce-specversion` is in binary mode, whatever its media type is. The exception are media
 * types of event formats.
 *
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
 */
export class CloudEventsParser implements EventParser {
  public readonly mediaTypes = [ CLOUD_EVENT, CLOUD_EVENT_BATCH ];
  private readonly work: Work;
  private readonly sources: SourcePolicy;

  /**
   * @param work - Parses large bodies.
   * @param sources - Decides which sources a caller may name.
   */
  public constructor(work: Work, sources: SourcePolicy) {
    this.work = work;
    this.sources = sources;
  }

  public accepts(request: IncomingMessage): boolean {
    return request.headers['ce-specversion'] !== undefined && !mediaTypeOf(request).startsWith(FORMATS);
  }

  public contentHeaders(request: IncomingMessage): readonly (readonly [string, string])[] {
    return this.accepts(request) ?
      [ ...attributeHeaders(request), [ 'content-type', request.headers['content-type'] ?? '' ]] :
      [];
  }

  public async parse(request: EventRequest): Promise<ParsedEvents> {
    const { bytes, mediaType, admission: { caller }} = request;
    const input = this.inputOf(request);
    const isBatch = mediaType === CLOUD_EVENT_BATCH;
    const { items, isArray } = await this.work.run(READ_CLOUD_EVENTS, { input, isBatch }, { size: bytes.length });
    const named = new Set(items.flatMap((item): string[] => typeof item === 'string' ? [] : [ item.identity.source ]));
    const refusals = await this.sources.refusalsOf(caller, [ ...named ]);
    return {
      items: items.map((item): EventDraft | InvalidInput => {
        const fault = typeof item === 'string' ? item : refusals.get(item.identity.source);
        return fault === undefined ? item as EventDraft : new InvalidInput(fault);
      }),
      isArray,
    };
  }

  private inputOf({ request, bytes, text }: EventRequest): CloudEventsInput {
    if (!this.accepts(request)) {
      return { text: text() };
    }
    const { 'content-type': datacontenttype } = request.headers;
    const data = binaryData(datacontenttype, bytes);
    return {
      attributes: { ...binaryAttributes(request), ...datacontenttype !== undefined && { datacontenttype }},
      ...data && { data },
    };
  }
}
