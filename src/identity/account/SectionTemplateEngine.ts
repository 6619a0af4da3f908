import { join } from 'node:path';
import type { HtmlViewEntry, TemplateEngineInput } from '../../css';
import { getTemplateFilePath, TemplateEngine } from '../../css';
import { TEMPLATES } from './templates';

/**
 * Renders templates with another engine, and appends a section to one page.
 *
 * The page's own template is not copied, so changes of it by the server or operator stay effective.
 */
export class SectionTemplateEngine extends TemplateEngine {
  private readonly source: TemplateEngine;
  private readonly page: HtmlViewEntry;
  private readonly section: string;

  /**
   * @param source - Renders the page and the section.
   * @param page - The page with the additional section.
   * @param section - The file name of the section's template, in this package.
   */
  public constructor(source: TemplateEngine, page: HtmlViewEntry, section: string) {
    super();
    this.source = source;
    this.page = page;
    this.section = join(TEMPLATES, section);
  }

  public override async canHandle(input: TemplateEngineInput<NodeJS.Dict<unknown>>): Promise<void> {
    await this.source.canHandle(input);
  }

  public override async handle({ contents, template }: TemplateEngineInput<NodeJS.Dict<unknown>>): Promise<string> {
    const html = await this.source.handle({ contents, template });
    return getTemplateFilePath(template) === getTemplateFilePath(this.page.filePath) ?
      html + await this.source.handle({ contents, template: this.section }) :
      html;
  }
}
