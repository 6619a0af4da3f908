import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CliError, EXIT } from './exit';
import type { Io } from './Io';

/** Name of the configuration file, searched in the current folder and the home folder. */
export const CONFIG_FILE = '.solid-pod-events.json';

const KEYS = [
  'pod', 'apiKey', 'clientId', 'clientSecret', 'issuer', 'server', 'email', 'password',
] as const;
const SECRETS: readonly string[] = [ 'apiKey', 'clientSecret', 'password' ];

/** Credentials and URLs of a command: from options, otherwise the environment, otherwise the configuration file. */
export type Settings = Partial<Record<typeof KEYS[number], string>>;

/**
 * Reads the settings from options, environment and configuration file.
 *
 * @param flags - Options of the command line. `config` is the path of the configuration file.
 * @param io - Provides the environment and the folders.
 *
 * @throws {@link CliError} with code `usage` if the file cannot be read or a setting is invalid.
 */
export async function readSettings(flags: Readonly<Record<string, unknown>>, io: Io): Promise<Settings> {
  const { path, config: file } = await readConfig(flags.config ?? io.env.SOLID_POD_EVENTS_CONFIG, io);
  const settings: Settings = {};
  for (const key of KEYS) {
    if (Array.isArray(flags[key])) {
      throw new CliError(EXIT.usage, `--${flagOf(key)} is given more than once`);
    }
    const value = flags[key] ?? (io.env[variableOf(key)] || undefined) ?? file[key];
    if (typeof value === 'string') {
      settings[key] = value;
    }
  }
  const isNamed = (flags.config ?? io.env.SOLID_POD_EVENTS_CONFIG) !== undefined;
  if (!isNamed && path === join(io.cwd, CONFIG_FILE) && io.cwd !== io.home) {
    assertOneSource(settings, file);
  }
  for (const key of [ 'pod', 'server', 'issuer' ] as const) {
    const value = settings[key];
    if (value !== undefined) {
      settings[key] = asBase(value, key);
    }
  }
  return settings;
}

/**
 * Throws if a file found in the current folder would decide where secrets of other sources are sent.
 *
 * Such a file may belong to a third party, for example in a cloned repository.
 */
function assertOneSource(settings: Settings, file: Readonly<Record<string, unknown>>): void {
  const foreign = SECRETS.find((key): boolean => {
    const value = settings[key as keyof Settings];
    return value !== undefined && value !== file[key];
  });
  const place = [ 'pod', 'server', 'issuer' ].find((key): boolean =>
    file[key] !== undefined && settings[key as keyof Settings] === file[key]);
  if (foreign !== undefined && place !== undefined) {
    throw new CliError(EXIT.usage, `The ${CONFIG_FILE} in this folder sets "${place}", but the secret "${foreign}" ` +
      `comes from another source. Pass the file with --config if you trust it, or set --${flagOf(place)} too.`);
  }
}

/** Returns a required setting, and throws if it is missing. */
export function requireSetting(settings: Settings, key: keyof Settings, name: string): string {
  const value = settings[key];
  if (value === undefined) {
    throw new CliError(EXIT.usage, `Missing ${name}. Set --${flagOf(key)}, ${variableOf(key)}, or "${key}" in ${CONFIG_FILE}.`);
  }
  return value;
}

const flagOf = (key: string): string => key.replaceAll(/[A-Z]/gu, (char): string => `-${char.toLowerCase()}`);
const variableOf = (key: string): string => `SOLID_POD_EVENTS_${flagOf(key).replaceAll('-', '_').toUpperCase()}`;

function asBase(url: string, key: string): string {
  if (!/^https?:\/\/[^?#\s]+$/u.test(url) || !URL.canParse(url)) {
    throw new CliError(EXIT.usage, `Invalid ${key} "${url}": expected an absolute http(s) URL`);
  }
  return url.endsWith('/') ? url : `${url}/`;
}

async function readConfig(given: unknown, io: Io): Promise<{ path?: string; config: Record<string, unknown> }> {
  const paths = typeof given === 'string' ? [ resolve(io.cwd, given) ] : [ io.cwd, io.home ].map((folder): string => join(folder, CONFIG_FILE));
  for (const path of paths) {
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error: unknown) {
      if (given === undefined && (error as NodeJS.ErrnoException).code === 'ENOENT') {
        continue;
      }
      throw new CliError(EXIT.usage, `Cannot read the configuration file ${path}: ${(error as Error).message}`);
    }
    const config = parse(text, path);
    await checkMode(path, config, io);
    return { path, config };
  }
  return { config: {}};
}

/** Parses a configuration file. Error messages do not quote values, because the file contains secrets. */
function parse(text: string, path: string): Record<string, unknown> {
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch {
    throw new CliError(EXIT.usage, `The configuration file ${path} is not valid JSON`);
  }
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw new CliError(EXIT.usage, `The configuration file ${path} is not a JSON object`);
  }
  for (const [ key, value ] of Object.entries(config)) {
    if (!(KEYS as readonly string[]).includes(key) || typeof value !== 'string') {
      throw new CliError(EXIT.usage, `Invalid "${key}" in the configuration file ${path}: ` +
        `expected strings for ${KEYS.join(', ')}`);
    }
  }
  return config as Record<string, unknown>;
}

async function checkMode(path: string, config: object, io: Io): Promise<void> {
  const { mode } = await stat(path);
  // Windows has no POSIX file modes.
  if (process.platform !== 'win32' && (mode & 0o044) !== 0 && Object.keys(config).some((key): boolean => SECRETS.includes(key))) {
    io.err(`Warning: ${path} contains secrets and is readable by other users. Run: chmod 600 ${path}\n`);
  }
}
