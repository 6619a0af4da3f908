import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { EjsTemplateEngine } from '@solid/community-server';
import { PackagedHtmlViewEntry } from '../../../../src/identity/account/PackagedHtmlViewEntry';
import { SectionTemplateEngine } from '../../../../src/identity/account/SectionTemplateEngine';

const CONTENTS = { idpIndex: 'http://localhost/.account/', authenticating: false };
const PAGE = '@css:templates/identity/account/resource.html.ejs';

describe('A PackagedHtmlViewEntry', (): void => {
  it('finds its template from any folder.', async(): Promise<void> => {
    const route = {} as any;
    const { filePath, route: given } = new PackagedHtmlViewEntry(route, 'api-keys.html.ejs');
    expect(isAbsolute(filePath) && existsSync(filePath)).toBe(true);
    expect(given).toBe(route);
  });
});

describe('A SectionTemplateEngine', (): void => {
  const source = new EjsTemplateEngine('http://localhost/');
  const engine = new SectionTemplateEngine(source, { filePath: PAGE } as any, 'account-section.html.ejs');

  it('adds its section to its page.', async(): Promise<void> => {
    const html = await engine.handleSafe({ contents: CONTENTS, template: { templateFile: PAGE }});
    expect(html.startsWith(await source.handle({ contents: CONTENTS, template: PAGE }))).toBe(true);
    expect(html).toContain('id="manageApiKeys"');
    expect(html).toContain(`fetchControls('${CONTENTS.idpIndex}')`);
  });

  it('leaves other pages as they are.', async(): Promise<void> => {
    const input = { contents: CONTENTS, template: '@css:templates/identity/login.html.ejs' };
    await expect(engine.handleSafe(input)).resolves.toBe(await source.handle(input));
  });

  it('renders what the other engine does.', async(): Promise<void> => {
    await expect(engine.canHandle({ contents: {}, template: 'a.hbs' })).rejects.toThrow('not supported');
  });
});
