import type { RepresentationMetadata } from '../css';
import { BasicETagHandler } from '../css';

const SUFFIX = '+profile"';

/**
 * Generates entity tags like the server's own handler, with another tag for a media type with a profile.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3.3
 */
export class ProfileETagHandler extends BasicETagHandler {
  public override getETag(metadata: RepresentationMetadata): string | undefined {
    const tag = super.getETag(metadata);
    return tag !== undefined && hasProfile(metadata) ? `${tag.slice(0, -1)}${SUFFIX}` : tag;
  }

  public override matchesETag(metadata: RepresentationMetadata, eTag: string, strict: boolean): boolean {
    const isProfile = eTag.endsWith(SUFFIX);
    return (!strict || isProfile === hasProfile(metadata)) &&
      super.matchesETag(metadata, isProfile ? `${eTag.slice(0, -SUFFIX.length)}"` : eTag, strict);
  }
}

function hasProfile({ contentTypeObject }: RepresentationMetadata): boolean {
  return contentTypeObject?.parameters.profile !== undefined;
}
