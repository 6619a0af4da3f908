import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';

describe('The client', (): void => {
  it('can be bundled for browsers, without anything of Node.', async(): Promise<void> => {
    const { metafile, errors, warnings } = await build({
      entryPoints: [ join(__dirname, '../../../src/client/index.ts') ],
      bundle: true, platform: 'browser', format: 'esm', metafile: true, write: false, logLevel: 'silent',
    });
    expect([ ...errors, ...warnings ]).toEqual([]);
    const inputs = Object.entries(metafile.inputs);
    const imports = inputs.flatMap(([ path, input ]): string[] => input.imports.filter(({ external }): boolean => external === true).map((each): string => `${path}: ${each.path}`));
    expect(imports).toEqual([]);
    // Packages such as events and buffer stand in for what Node has, so the names of files tell no more.
    expect(inputs.filter(([ path ]): boolean => builtinModules.includes(path) || path.includes('node:'))).toEqual([]);
    expect(inputs.map(([ path ]): string => path).filter((path): boolean => path.startsWith('src/') && !path.startsWith('src/client/'))).toEqual([]);
  });
});
