import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { Problem } from './problem';

/** Root folder of this package. */
export const ROOT = join(__dirname, '../..');
/** Path of the default configuration. */
export const DEFAULT_CONFIG = join(ROOT, 'config/examples/start.json');

/** A command line option that a configuration declares. */
export interface Parameter {
  readonly name: string;
  readonly alias?: string;
  readonly type?: 'string' | 'number' | 'boolean' | 'array';
  readonly requiresArg?: boolean;
  readonly describe?: string;
}

/** Summary of configuration files and their imports, read without Components.js. */
export interface Configuration {
  /** Whether all imports could be read, so that {@link parameters} is complete. */
  readonly isComplete: boolean;
  readonly parameters: readonly Parameter[];
  /** Whether the event store is in the data folder. */
  readonly usesStore: boolean;
  /** Whether the server listens on the loopback address only. */
  readonly isLoopback: boolean;
  /** Whether the imports include this plugin. */
  readonly hasEvents: boolean;
}

interface Node { readonly [key: string]: unknown }

/**
 * Reads configuration files, with their imports from this package and from the Solid server.
 *
 * @param paths - Paths of the files, as on the command line.
 * @param cwd - Base folder of relative paths.
 *
 * @throws {@link Problem} if a file is missing, or is not valid JSON.
 */
export function readConfiguration(paths: readonly string[], cwd: string): Configuration {
  const files = new Set<string>();
  const parameters = new Map<string, Parameter>();
  let isComplete = true;
  const visit = (path: string, importer?: string): void => {
    if (files.has(path)) {
      return;
    }
    files.add(path);
    const value = parse(path, importer);
    if (!value) {
      isComplete = false;
      return;
    }
    for (const parameter of parametersIn(value['@graph'])) {
      parameters.set(parameter.name, parameter);
    }
    for (const imported of [ value.import ?? []].flat() as unknown[]) {
      const target = typeof imported === 'string' ? locate(imported, dirname(path)) : undefined;
      if (target === undefined) {
        isComplete = false;
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
    isComplete,
    parameters: [ ...parameters.values() ],
    usesStore: has('parts/store-sqlite.json'),
    isLoopback: has('overrides/loopback.json'),
    hasEvents: has('default.json') || has('memory.json'),
  };
}

/** Returns the root folder of the Solid server's package. */
function serverRoot(): string {
  return dirname(createRequire(join(ROOT, 'package.json')).resolve('@solid/community-server/package.json'));
}

/** Resolves an import to a path. Returns `undefined` for imports from other packages. */
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

/** Parses a file. Returns `undefined` unless it is JSON with one object: only Components.js can read other files. */
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

/** Collects the options that nodes declare, at any depth. */
function parametersIn(value: unknown): Parameter[] {
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  const { '@type': type, name, options } = value as Node;
  return type === 'YargsParameter' && typeof name === 'string' ?
    [{ ...options as object, name }] :
    Object.values(value).flatMap(parametersIn);
}
