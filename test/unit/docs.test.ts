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

/** A file of the sources or the tests, by its path in the repository, in `src/` or in `test/`. */
const FILE = /`((?:src|test|event|url|outgoing|identity|access|subscription|catalogue|publish|delivery|targets|store|store-sqlite|http|dialects|pod|server|server-cli|metrics|work|unit|integration|hostile|contract)\/[\w./-]+\.ts)`/gu;
const pathsOf = (path: string): string[] => [ '', 'src', 'test' ].map((folder): string => join(ROOT, folder, path));

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

  it.each(NAMES)('name existing files of the sources and tests: %s.', (name): void => {
    const paths = [ ...withoutBlocks(read(name)).matchAll(FILE) ].map(([ , path ]): string => path);
    expect(paths.filter((path): boolean => !pathsOf(path).some((one): boolean => existsSync(one)))).toEqual([]);
  });

  it.each([[ 'SECURITY.md', 50 ], [ 'docs/conformance.md', 9 ]])('name existing tests in %s.', (name, least): void => {
    const claims = [ ...read(name).matchAll(/`((?:unit|integration|contract|hostile)\/[^`]+\.ts)`: ((?:\*[^*]+\*(?:, )?)+)/gu) ];
    expect(claims.length).toBeGreaterThan(least);
    const missing = claims.flatMap(([ , path, list ]): string[] => {
      const text = readFileSync(join(ROOT, 'test', path), 'utf8');
      return [ ...list.matchAll(/\*([^*]+)\*/gu) ].map(([ , title ]): string => title)
        .filter((title): boolean => ![ title, title.replaceAll('\'', '\\\''), title.replaceAll('’', '\\\''), title.replaceAll('’', '\'') ]
          .some((one): boolean => text.includes(one))).map((title): string => `${path}: ${title}`);
    });
    expect(missing).toEqual([]);
  });

  it.each(NAMES.filter((name): boolean => name.startsWith('docs/')))('have at most 400 lines: %s.', (name): void => {
    expect(read(name).split('\n').length).toBeLessThanOrEqual(401);
  });

  it('describe the current configuration.', (): void => {
    execFileSync(process.execPath, [ join(ROOT, 'scripts/docs.js'), '--check' ], { encoding: 'utf8', stdio: 'pipe' });
  });
});
