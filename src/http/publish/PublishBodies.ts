import { publishContainer } from '../../event/Event';
import { LIMITS } from '../../event/limits';
import type { Admission } from '../../publish/PublishRequest';
import type { Publisher } from '../../publish/Publisher';
import type { Authenticator } from '../Authenticator';
import { readText } from '../body';
import { assertMediaType } from '../contentType';
import type { HttpExchange } from '../Endpoint';
import type { EventParser, ParsedEvents } from './EventParser';

/**
 * A request to publish through `{pod}publish/`, with its body not yet parsed.
 */
export interface OpenedRequest {
  readonly admission: Admission;
  readonly body: string;
  /** Parses the body, see {@link EventParser.parse}. */
  readonly parse: () => Promise<ParsedEvents>;
}

/**
 * Admits requests to `{pod}publish/` and reads their bodies with the parser of their media type.
 */
export class PublishBodies {
  private readonly authenticator: Authenticator;
  private readonly publisher: Publisher;
  private readonly parsers: ReadonlyMap<string, EventParser>;
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
    this.parsers = new Map(parsers.flatMap((parser): [string, EventParser][] =>
      parser.mediaTypes.map((type): [string, EventParser] => [ type, parser ])));
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
    const mediaType = assertMediaType(request, [ ...this.parsers.keys() ]);
    const body = await readText(request, this.maxBytes);
    return {
      admission, body, parse: async(): Promise<ParsedEvents> => this.parsers.get(mediaType)!.parse(body, mediaType),
    };
  }
}
