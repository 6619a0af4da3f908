import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const SOURCES = join(__dirname, '../../src');

function filesIn(folder: string): string[] {
  return readdirSync(folder).flatMap((name): string[] => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesIn(path) : path.endsWith('.ts') ? [ path ] : [];
  });
}

/** The files that a file imports, types included. */
function importsOf(file: string): string[] {
  return [ ...readFileSync(file, 'utf8').matchAll(/^(?:import|export) [^;]*?from '(\.[^']+)';/gmu) ]
    .map(([ , path ]): string => `${join(dirname(file), path)}.ts`);
}

/** The first cycle of imports that is found, as paths from the folder of the sources. */
function findCycle(imports: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(file)) {
      return [ ...path.slice(path.indexOf(file)), file ];
    }
    if (done.has(file)) {
      return undefined;
    }
    for (const imported of imports.get(file) ?? []) {
      const cycle = visit(imported, [ ...path, file ]);
      if (cycle) {
        return cycle;
      }
    }
    done.add(file);
    return undefined;
  };
  for (const file of imports.keys()) {
    const cycle = visit(file, []);
    if (cycle) {
      return cycle.map((each): string => relative(SOURCES, each));
    }
  }
  return undefined;
}

describe('The sources', (): void => {
  it('have no cycle of imports between files.', (): void => {
    const imports = new Map(filesIn(SOURCES).map((file): [string, string[]] => [ file, importsOf(file) ]));
    expect([ ...imports.values() ].flat().filter((file): boolean => imports.has(file)).length).toBeGreaterThan(500);
    expect(findCycle(imports)).toBeUndefined();
  });

  it('would be found with one.', (): void => {
    expect(findCycle(new Map([[ 'a', [ 'b' ]], [ 'b', [ 'c' ]], [ 'c', [ 'b' ]]]))?.map((path): string => path.slice(-1))).toEqual([ ...'bcb' ]);
  });
});
