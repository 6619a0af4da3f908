import type { HttpResponse, RepresentationMetadata } from '@solid/community-server';
import { MetadataWriter } from '@solid/community-server';
import { RETRY_AFTER } from './storeHttpError';

/**
 * Writes the header `Retry-After` of the server's own answers to requests that the event store could not serve.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 */
export class RetryAfterWriter extends MetadataWriter {
  public override async handle(
    { response, metadata }: { response: HttpResponse; metadata: RepresentationMetadata },
  ): Promise<void> {
    const seconds = metadata.get(RETRY_AFTER)?.value;
    if (seconds !== undefined) {
      response.setHeader('Retry-After', seconds);
    }
  }
}
