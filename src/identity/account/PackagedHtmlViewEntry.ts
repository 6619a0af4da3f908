import { join } from 'node:path';
import type { InteractionRoute } from '../../css';
import { HtmlViewEntry } from '../../css';
import { TEMPLATES } from './templates';

/**
 * An HTML account page with a template of this package.
 */
export class PackagedHtmlViewEntry extends HtmlViewEntry {
  /**
   * @param route - The URL of the page.
   * @param template - The file name of its template.
   */
  public constructor(route: InteractionRoute, template: string) {
    super(route, join(TEMPLATES, template));
  }
}
