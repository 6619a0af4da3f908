import type { HttpRequest, RepresentationPreferences } from '../css';
import { AcceptPreferenceParser, parseAccept } from '../css';
import { AS2_CONTEXT } from '../event/activity';
import { ACTIVITY_LD, JSON_LD } from '../event/mediaTypes';

/**
 * Parses preferences like the server's own parser, and recognizes JSON-LD with the profile of ActivityStreams.
 *
 * Its weight is that of `ACTIVITY_LD`. Resources without this form are converted to JSON-LD, as without the parser.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6906
 */
export class ProfilePreferenceParser extends AcceptPreferenceParser {
  public override async handle(input: { readonly request: HttpRequest }): Promise<RepresentationPreferences> {
    const preferences = await super.handle(input);
    const { accept } = input.request.headers;
    if (preferences.type === undefined || typeof accept !== 'string' || !/profile/iu.test(accept)) {
      return preferences;
    }
    const ranges = parseAccept(accept).filter(({ range }): boolean => range.toLowerCase() === JSON_LD);
    const isActivity = ({ parameters }: typeof ranges[number]): boolean =>
      profilesOf(parameters.mediaType).includes(AS2_CONTEXT);
    const [ activity, other ] = [ ranges.find(isActivity), ranges.find((range): boolean => !isActivity(range)) ];
    return activity ?
        {
          ...preferences,
          type: { ...preferences.type, [ACTIVITY_LD]: activity.weight, [JSON_LD]: (other ?? activity).weight },
        } :
      preferences;
  }
}

/** Returns the IRIs in the parameter `profile` of a media range. */
function profilesOf(parameters: Readonly<Record<string, string>>): string[] {
  const [ , value = '' ] = Object.entries(parameters).find(([ name ]): boolean => name.toLowerCase() === 'profile') ?? [];
  return value.replace(/^"(.*)"$/u, '$1').split(/\s+/u);
}
