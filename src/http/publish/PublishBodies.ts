import { publishContainer } from '../../event/Event';
import { LIMITS } from '../../event/limits';
import type { Admission } from '../../publish/PublishRequest';
import type { Publisher } from '../../publish/Publisher';
import type { Authenticator } from '../Authenticator';
import { readBody, utf8Text } from '../body';
import { assertMediaType, mediaTypeOf } from '../contentType';
import type { HttpExchange } from '../Endpoint';
import type { EventParser, ParsedEvents } from './EventParser';

/**
 * A request to publish through `{pod}publish/`, with its body not yet parsed.
 */
export interface OpenedRequest {
  readonly admission: Admission;
  /** Content of the request: the body, after the headers with content of the events. */
  readonly content: Uint8Array;
  /** Parses the body, see {@link EventParser.parse}. */
  readonly parse: () => Promise<ParsedEvents>;
}

/**
 * Admits requests to `{pod}publish/` and reads their bodies with the parser of their media type.
 */
export class PublishBodies {
  private readonly authenticator: Authenticator;
  private readonly publisher: Publisher;
  private readonly parsers: readonly EventParser[];
  private readonly maxBytes: number;

  /**
   * @param authenticator - Authenticates requests.
   * @param publisher - Admits requests.
   * @param parsers - The parsers of all media types.
   * @param maxBytes - Maximum size of a body, in bytes. Default 4 MiB.
   */
  public constructor(
    authenticator: Authenticator,
    publisher: Publisher,
    parsers: EventParser[],
    maxBytes: number = LIMITS.requestBytes,
  ) {
    this.authenticator = authenticator;
    this.publisher = publisher;
    this.parsers = parsers;
    this.maxBytes = maxBytes;
  }

  /**
   * Reads a request, after its caller is admitted to `{pod}publish/`.
   *
   * @throws {@link HttpProblem} 401 if the credential is not valid, 413 if the body is too large, 415 if no parser has
   *         its media type.
   * @throws {@link NotAdmitted} if the caller lacks `acl:Append` on `{pod}publish/`.
   */
  public async open(exchange: HttpExchange): Promise<OpenedRequest> {
    const { request, pod } = exchange;
    const caller = await this.authenticator.callerOf(exchange, [ 'publish' ]);
    const admission = { pod, caller, resource: publishContainer(pod) };
    await this.publisher.admit(admission);
    const parser = this.parserOf(request);
    const bytes = await readBody(request, this.maxBytes);
    const text = (): string => utf8Text(bytes);
    const headers = parser.contentHeaders?.(request) ?? [];
    return {
      admission,
      content: headers.length > 0 ? Buffer.concat([ Buffer.from(JSON.stringify(headers)), bytes ]) : bytes,
      parse: async(): Promise<ParsedEvents> =>
        parser.parse({ request, admission, mediaType: mediaTypeOf(request), bytes, text }),
    };
  }

  private parserOf(request: HttpExchange['request']): EventParser {
    const accepting = this.parsers.find((parser): boolean => parser.accepts?.(request) ?? false);
    if (accepting) {
      return accepting;
    }
    const type = assertMediaType(request, this.parsers.flatMap(({ mediaTypes }): readonly string[] => mediaTypes));
    return this.parsers.find(({ mediaTypes }): boolean => mediaTypes.includes(type))!;
  }
}
