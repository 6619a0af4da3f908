import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const ROOT = join(__dirname, '../..');
const NAMES = [
  'README.md', 'SECURITY.md', 'CONTRIBUTING.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name): boolean => name.endsWith('.md')).map((name): string => join('docs', name)),
];
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');
const withoutBlocks = (text: string): string => text.replaceAll(/^```[^]*?^```$/gmu, '');

/** The anchors that GitHub gives to the headings of a page. */
function anchorsOf(text: string): string[] {
  return [ ...withoutBlocks(text).matchAll(/^#+ (.*)$/gmu) ].map(([ , heading ]): string =>
    heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/gu, '$1').toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-'));
}

describe('The documents', (): void => {
  it.each(NAMES)('link to existing pages and headings: %s.', (name): void => {
    const links = [ ...withoutBlocks(read(name)).matchAll(/\]\(([^)\s]+)\)/gu) ].map(([ , link ]): string => link)
      .filter((link): boolean => !/^[a-z]+:/u.test(link));
    const broken = links.filter((link): boolean => {
      const [ path, anchor ] = link.split('#') as [string, string | undefined];
      const target = path === '' ? name : relative(ROOT, join(ROOT, dirname(name), path));
      return !existsSync(join(ROOT, target)) || (anchor !== undefined && !anchorsOf(read(target)).includes(anchor));
    });
    expect(broken).toEqual([]);
  });

  it.each(NAMES.filter((name): boolean => name.startsWith('docs/')))('have at most 400 lines: %s.', (name): void => {
    expect(read(name).split('\n').length).toBeLessThanOrEqual(401);
  });

  it('describe the current configuration.', (): void => {
    execFileSync(process.execPath, [ join(ROOT, 'scripts/docs.js'), '--check' ], { encoding: 'utf8', stdio: 'pipe' });
  });
});
