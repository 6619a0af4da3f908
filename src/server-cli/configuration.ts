import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { Problem } from './problem';

/** The folder of this package. */
export const ROOT = join(__dirname, '../..');
/** The configuration that is used if none is given. */
export const DEFAULT_CONFIG = join(ROOT, 'config/examples/start.json');

/** An option of the command line that a configuration declares. */
export interface Parameter {
  readonly name: string;
  readonly alias?: string;
  readonly type?: 'string' | 'number' | 'boolean' | 'array';
  readonly requiresArg?: boolean;
  readonly describe?: string;
}

/** What configuration files and their imports say, as far as that is known without Components.js. */
export interface Configuration {
  /** Whether all imports were read, so that {@link parameters} has all options. */
  readonly isWhole: boolean;
  readonly parameters: readonly Parameter[];
  /** Whether events are stored in the data folder. */
  readonly usesStore: boolean;
  /** Whether the server listens on the loopback address only. */
  readonly isLoopback: boolean;
  /** Whether the plugin is among the imports. */
  readonly hasEvents: boolean;
}

interface Node { readonly [key: string]: unknown }

/**
 * Reads configuration files, and what they import of this package and of the server.
 *
 * @param paths - The files, as on the command line.
 * @param cwd - Where relative paths begin.
 *
 * @throws {@link Problem} if a file is missing, or is not valid JSON.
 */
export function readConfiguration(paths: readonly string[], cwd: string): Configuration {
  const files = new Set<string>();
  const parameters = new Map<string, Parameter>();
  let isWhole = true;
  const visit = (path: string, importer?: string): void => {
    if (files.has(path)) {
      return;
    }
    files.add(path);
    const value = parse(path, importer);
    if (!value) {
      isWhole = false;
      return;
    }
    for (const parameter of parametersIn(value['@graph'])) {
      parameters.set(parameter.name, parameter);
    }
    for (const imported of [ value.import ?? []].flat() as unknown[]) {
      const target = typeof imported === 'string' ? locate(imported, dirname(path)) : undefined;
      if (target === undefined) {
        isWhole = false;
      } else {
        visit(target, path);
      }
    }
  };
  for (const path of paths) {
    visit(path.startsWith('@css:') ? join(serverRoot(), path.slice(5)) : resolve(cwd, path));
  }
  const has = (name: string): boolean => files.has(join(ROOT, 'config', name));
  return {
    isWhole,
    parameters: [ ...parameters.values() ],
    usesStore: has('parts/store-sqlite.json'),
    isLoopback: has('overrides/loopback.json'),
    hasEvents: has('default.json') || has('memory.json'),
  };
}

/** The folder of the server's package. */
function serverRoot(): string {
  return dirname(createRequire(join(ROOT, 'package.json')).resolve('@solid/community-server/package.json'));
}

/** The path of an import; `undefined` if it is of another package. */
function locate(name: string, folder: string): string | undefined {
  if (name.startsWith('css:')) {
    return join(serverRoot(), name.slice(4));
  }
  if (name.startsWith('pod-events:')) {
    return join(ROOT, name.slice(11));
  }
  if (isAbsolute(name) || /^\.{1,2}\//u.test(name)) {
    return resolve(folder, name);
  }
  return undefined;
}

/** The value of a file; `undefined` if it is no JSON document of one object, which only Components.js can read. */
function parse(path: string, importer?: string): Node | undefined {
  const from = importer === undefined ? '' : `, which ${importer} imports,`;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error: unknown) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : `cannot be read (${(error as Error).message})`;
    throw new Problem(`The configuration file ${path}${from} ${why}. Check the path after -c.`);
  }
  if (!/\.json(?:ld)?$/u.test(path)) {
    return undefined;
  }
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Node : undefined;
  } catch (error: unknown) {
    throw new Problem(`The configuration file ${path}${from} is not valid JSON: ${(error as Error).message}.`);
  }
}

/** The options that nodes declare, wherever they are. */
function parametersIn(value: unknown): Parameter[] {
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  const { '@type': type, name, options } = value as Node;
  return type === 'YargsParameter' && typeof name === 'string' ?
    [{ ...options as object, name }] :
    Object.values(value).flatMap(parametersIn);
}
