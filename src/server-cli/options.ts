import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import yargs from 'yargs';
import type { Configuration, Parameter } from './configuration';
import { defaultKeyFile } from '../store-sqlite/keyFile';
import { DEFAULT_CONFIG, readConfiguration, ROOT } from './configuration';
import type { ServerIo } from './Io';
import { usageError, nearest } from './problem';

/** Value of an option. */
export type Value = string | number | boolean | readonly (string | number)[] | undefined;

/** Values of options, by name. */
export type Values = Readonly<Record<string, Value>>;

/** Options of a start, with the configuration. */
export interface StartOptions {
  /** Command line of the Solid server, beginning with the program name. */
  readonly argv: readonly string[];
  readonly values: Values;
  readonly configuration: Configuration;
}

const LOG_LEVELS = [ 'error', 'warn', 'info', 'verbose', 'debug', 'silly' ];
const kebab = (name: string): string => name.replaceAll(/[A-Z]/gu, (char): string => `-${char.toLowerCase()}`);
const camel = (name: string): string => name.replaceAll(/-([a-z])/gu, (_, char: string): string => char.toUpperCase());
const variableOf = (name: string): string => `CSS_${kebab(name).replaceAll('-', '_').toUpperCase()}`;

/**
 * Reads the options of a start from the command line, the environment (`CSS_…`) and the project's settings.
 *
 * The precedence is that of the Solid server. Missing options get the defaults of this command.
 *
 * @throws Problem with code `usage` if an option is unknown, has no value, or is given more than once.
 */
export function readStartOptions(args: readonly string[], io: ServerIo): StartOptions {
  const settings = readSettings(io.cwd);
  const core = parseValues(args, CORE, io);
  const config = ([ core.config ?? settings.config ?? []].flat() as unknown[]).map(String);
  const isDefault = config.length === 0;
  const configuration = readConfiguration(isDefault ? [ DEFAULT_CONFIG ] : config, io.cwd);
  const given = parseValues(args, [ ...CORE, ...configuration.parameters ], io);
  const values: Record<string, Value> = { ...given, ...settings };
  checkNames(values, args, configuration, io);
  const added = [
    ...isDefault ? [ '--config', DEFAULT_CONFIG ] : [],
    ...values.mainModulePath === undefined ? [ '--mainModulePath', ROOT ] : [],
    ...isDefault && values.rootFilePath === undefined ? [ '--rootFilePath', './data' ] : [],
  ];
  if (isDefault) {
    values.rootFilePath ??= './data';
  }
  return { argv: [ process.argv[0], 'solid-pod-events-server', ...args, ...added ], values, configuration };
}

/** Options of the Solid server that are read before its configuration. */
const CORE: readonly Parameter[] = [
  { name: 'config', alias: 'c', type: 'array', requiresArg: true },
  { name: 'mainModulePath', alias: 'm', type: 'string', requiresArg: true },
  { name: 'loggingLevel', alias: 'l', type: 'string', requiresArg: true },
];

function parseValues(args: readonly string[], parameters: readonly Parameter[], io: ServerIo): Record<string, Value> {
  const variables = Object.keys(io.env).filter((name): boolean => /^CSS_./u.test(name) && io.env[name] !== undefined);
  const parser = yargs([ ...args ])
    .help(false).version(false).exitProcess(false)
    .options(Object.fromEntries(parameters.map(({ name, alias, type, requiresArg }) =>
      [ name, { type, requiresArg, ...alias !== undefined && { alias }}])))
    .fail((message: string): never => {
      const [ , name ] = /^Not enough arguments following: (\S+)$/u.exec(message) ?? [];
      throw usageError(name ? `The option ${dashed(name)} needs a value.` : `${message}.`);
    });
  const values = parser.parseSync() as Record<string, Value>;
  for (const variable of variables) {
    const name = camel(variable.slice(4).toLowerCase().replaceAll('_', '-'));
    if (values[name] === undefined) {
      const type = parameters.find((parameter): boolean => parameter.name === name)?.type;
      const text = io.env[variable]!;
      values[name] = type === 'number' ? Number(text) : type === 'boolean' ? text === 'true' : text;
    }
  }
  return values;
}

/** Formats the name of an option as written on the command line. */
function dashed(name: string): string {
  return `${name.length > 1 ? '--' : '-'}${kebab(name)}`;
}

/** Returns all accepted spellings of options. */
function namesOf(parameters: readonly Parameter[]): ReadonlySet<string> {
  return new Set([
    '_', '$0', ...parameters.flatMap(({ name, alias }): string[] => [ name, kebab(name), alias ?? name ]),
  ]);
}

/** Throws for undeclared options, repeated options and positional arguments. */
function checkNames(
  values: Values,
  args: readonly string[],
  { parameters, isComplete: isWhole }: Configuration,
  io: ServerIo,
): void {
  const all = [ ...CORE, ...parameters ];
  const known = namesOf(all);
  const [ word ] = values._ as string[];
  if (word as string | undefined !== undefined) {
    throw usageError(`Unknown command "${word}": expected move, backup, restore, check, rotate-key, or options only.`);
  }
  for (const { name, alias, type } of all) {
    if (type !== 'array' && Array.isArray(values[name])) {
      throw usageError(`The option --${name}${alias === undefined ? '' : ` (-${alias})`} is given more than once.`);
    }
  }
  const unknown = Object.keys(values)
    .find((name): boolean => isWhole && !known.has(name) && !known.has(camel(name)));
  if (unknown !== undefined) {
    const name = camel(unknown);
    const near = nearest(name, all.map((parameter): string => parameter.name));
    const isVariable = io.env[variableOf(name)] !== undefined &&
      !args.some((arg): boolean => camel(arg.replace(/^--/u, '').split('=')[0]) === name);
    const called = isVariable ? `environment variable ${variableOf(name)}` : `option ${dashed(unknown)}`;
    const meant = near === undefined ? '' : ` Did you mean ${isVariable ? variableOf(near) : `--${near}`}?`;
    throw usageError(`Unknown ${called}.${meant}`);
  }
}

/** Reads the settings of the Solid server from the package of the current folder. */
function readSettings(cwd: string): Record<string, Value> {
  const manifest = join(cwd, 'package.json');
  if (!existsSync(manifest)) {
    return {};
  }
  try {
    const own = join(cwd, '.community-solid-server.config.json');
    if (existsSync(own)) {
      return JSON.parse(readFileSync(own, 'utf8')) as Record<string, Value>;
    }
    const { config } = JSON.parse(readFileSync(manifest, 'utf8')) as { config?: Record<string, Record<string, Value>> };
    const settings = config?.['community-solid-server'];
    return typeof settings === 'object' ? settings : {};
  } catch {
    // The Solid server reports the problem at its start.
    return {};
  }
}

/** Option of an operator command. */
export interface CommandOption extends Parameter {
  /** Whether the option is required. */
  readonly isRequired?: boolean;
}

/**
 * Reads the options and arguments of an operator command.
 *
 * @param args - Arguments after the name of the command.
 * @param options - Declared options.
 * @param words - Names of the required positional arguments.
 *
 * @throws Problem with code `usage` if an option or argument is unknown, missing or repeated.
 */
export function readCommandOptions(
  args: readonly string[],
  options: readonly CommandOption[],
  words: readonly string[] = [],
): Values {
  const all: readonly CommandOption[] = [ ...options, { name: 'json', type: 'boolean' } ];
  const values = parseValues(args, all, { env: {}, cwd: '', out: ignore, err: ignore, isTerminal: false });
  const known = namesOf(all);
  for (const name of Object.keys(values)) {
    if (!known.has(name)) {
      const near = nearest(name, all.map((option): string => option.name));
      throw usageError(`Unknown option ${dashed(name)}.${near === undefined ? '' : ` Did you mean --${near}?`}`);
    }
    if (Array.isArray(values[name]) && name !== '_') {
      throw usageError(`The option --${name} is given more than once.`);
    }
  }
  const missing = all.find(({ name, isRequired }): boolean => isRequired === true && values[name] === undefined);
  if (missing) {
    throw usageError(`Missing option --${missing.name}.`);
  }
  const given = (values._ as (string | number)[]).map(String);
  if (given.length < words.length) {
    throw usageError(`Missing argument: ${words[given.length]}.`);
  }
  if (given.length > words.length) {
    throw usageError(`Unexpected argument "${given[words.length]}".`);
  }
  return { ...values, ...Object.fromEntries(words.map((word, index): [string, string] => [ word, given[index] ])) };
}

/** Returns the absolute path of the data folder of a command. */
export function dataFolder({ rootFilePath }: Values, io: ServerIo): string {
  return resolve(io.cwd, String(rootFilePath ?? io.env.CSS_ROOT_FILE_PATH ?? './data'));
}

/** Returns the absolute path of the key file of a command. */
export function keyFileOf({ eventsKeyFile }: Values, folder: string, io: ServerIo): string {
  const given = eventsKeyFile ?? io.env.CSS_EVENTS_KEY_FILE;
  return given === undefined ? defaultKeyFile(folder) : resolve(io.cwd, String(given));
}

function ignore(): void {
  // Parsing prints nothing.
}

/** Returns the problem of an invalid log level, or `undefined` if the level is valid. */
export function logLevelProblem(level: Value): string | undefined {
  return level === undefined || LOG_LEVELS.includes(String(level)) ?
    undefined :
    `Invalid --loggingLevel "${String(level)}": expected ${LOG_LEVELS.join(', ')}.`;
}
