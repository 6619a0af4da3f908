import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import DatabaseConstructor from 'better-sqlite3';
import { AGENT_PATH } from '../identity/ServerAgent';
import { normalBaseUrl } from '../store/baseUrl';
import { FolderLock } from '../store-sqlite/FolderLock';
import type { Relocation } from '../store-sqlite/relocation';
import { planRelocation, relocate } from '../store-sqlite/relocation';
import { migrate, assertKnown } from '../store-sqlite/schema';
import { databasePath } from '../store-sqlite/SqliteSession';
import { fileProblem } from '../store-sqlite/storeFile';
import { listDataFiles } from './files';
import type { ServerIo } from './Io';
import { Progress } from './Io';
import { dataFolder, readCommandOptions } from './options';
import { EXIT, usageError, Problem } from './problem';

/** Maximum size of a file that is searched for the base URL, in bytes. */
const MAX_SEARCHED_BYTES = 8 * 1_024 * 1_024;
/** Maximum number of listed files of each kind. */
const MAX_LISTED = 5;

/** Kinds of files of the Solid server that can contain its base URL, with the consequence. */
const KINDS = [
  {
    name: 'accounts',
    pattern: /^\.internal\//u,
    text: 'accounts, WebID links, pods and logins (.internal/): logins fail until these are changed',
  },
  {
    name: 'access',
    pattern: /(?:^|\/)[^/]*\.ac[lr](?:$|\/)/u,
    text: 'access control (.acl, .acr): names the old WebIDs, so waiting copies and deliveries are refused',
  },
  { name: 'descriptions', pattern: /\.meta$/u, text: 'descriptions of resources (.meta)' },
  { name: 'documents', pattern: /./u, text: 'profiles and other documents' },
] as const;

/** Files that still contain the old base URL, by kind. */
type Leftovers = Readonly<Partial<Record<string, readonly string[]>>>;

/**
 * Command `move`: changes the base URL in the event store of a stopped server.
 *
 * @returns The exit code.
 */
export async function moveCommand(args: readonly string[], io: ServerIo): Promise<number> {
  const values = readCommandOptions(args, [
    { name: 'from', type: 'string', requiresArg: true, isRequired: true },
    { name: 'to', type: 'string', requiresArg: true, isRequired: true },
    { name: 'rootFilePath', alias: 'f', type: 'string', requiresArg: true },
    { name: 'dryRun', type: 'boolean' },
  ]);
  const [ from, to ] = [ base(values.from, '--from'), base(values.to, '--to') ];
  const folder = dataFolder(values, io);
  const path = databasePath(folder, 'events.sqlite');
  if (!existsSync(path)) {
    throw new Problem(fileProblem(path) ?? `There is no event store at ${path}. Check the data folder (-f).`);
  }
  const isDry = values.dryRun === true;
  const relocation = isDry ? dryRun(path, from, to) : run(folder, path, from, to, io);
  const leftovers = await findLeftovers(folder, from);
  io.out(values.json === true ?
    `${JSON.stringify({ ...relocation, dryRun: isDry, notMoved: leftovers })}\n` :
    report(relocation, leftovers, folder, isDry));
  return EXIT.ok;
}

function base(text: unknown, option: string): string {
  try {
    return normalBaseUrl(String(text));
  } catch (error: unknown) {
    throw usageError(`Invalid ${option}: ${(error as Error).message}`);
  }
}

function dryRun(path: string, from: string, to: string): Relocation {
  const db = new DatabaseConstructor(path, { readonly: true, fileMustExist: true });
  try {
    assertKnown(db);
    return planRelocation(db, from, to);
  } catch (error: unknown) {
    throw new Problem((error as Error).message);
  } finally {
    db.close();
  }
}

function run(folder: string, path: string, from: string, to: string, io: ServerIo): Relocation {
  const lock = new FolderLock(folder);
  lock.acquire();
  const progress = new Progress(io);
  try {
    const db = new DatabaseConstructor(path, { fileMustExist: true });
    try {
      assertKnown(db);
      db.pragma('synchronous = FULL');
      // Validates the move before any change, including that of the schema.
      planRelocation(db, from, to);
      migrate(db);
      return relocate(db, from, to, (table, done, total): void => progress.show(`${table}: ${done} of ${total}`));
    } finally {
      db.close();
    }
  } catch (error: unknown) {
    throw new Problem((error as Error).message);
  } finally {
    progress.end();
    lock.release();
  }
}

/** Creates a pattern for URLs of a server and its subdomains, but not for longer host names or other ports. */
function namesOf(base: string): RegExp {
  const { protocol, host, pathname } = new URL(base);
  const quoted = (text: string): string => text.replaceAll(/[$()*+./?[\\\]^{|}-]/gu, String.raw`\$&`);
  return new RegExp(`${protocol}//(?:[\\w.-]+\\.)?${quoted(`${host}${pathname.slice(0, -1)}`)}(?![\\w.:@-])`, 'u');
}

/** Finds the files outside of the event store that contain a base URL. */
async function findLeftovers(folder: string, from: string): Promise<Leftovers> {
  const found: Record<string, string[]> = {};
  const named = namesOf(from);
  for (const name of await listDataFiles(folder)) {
    const path = join(folder, name);
    const isSearched = (await stat(path)).size <= MAX_SEARCHED_BYTES;
    if (!isSearched || named.test(await readFile(path, 'latin1'))) {
      const kind = isSearched ? KINDS.find(({ pattern }): boolean => pattern.test(name))!.name : 'notSearched';
      (found[kind] ??= []).push(name);
    }
  }
  return found;
}

function report(relocation: Relocation, leftovers: Leftovers, folder: string, isDry: boolean): string {
  const { from, to, columns, isResumed } = relocation;
  const lines = [
    `${isDry ? 'Would move' : 'Moved'} the event store in ${folder} from ${from} to ${to}${isResumed ? ' (continued)' : ''}.`,
    ...columns.map(({ table, column, rows }): string => `  ${`${table}.${column}`.padEnd(24)} ${rows}`),
    '',
    `Not moved: number of files below ${folder} that contain ${from}. Change these before the next start:`,
    ...KINDS.flatMap(({ name, text }): string[] => listed(text, leftovers[name] ?? [])),
    ...leftovers.notSearched ? listed('larger than 8 MiB, so not searched', leftovers.notSearched) : [],
    '',
    'Not moved, because it is outside of the data folder:',
    `  - The WebID of this server becomes ${to}${AGENT_PATH}#this. Inboxes on other servers that granted access to`,
    `    ${from}${AGENT_PATH}#this must grant it again.`,
    '  - The WebIDs on this server change. Access control on other servers must name the new WebIDs.',
    '  - Subscriptions of this server\'s agents on other servers name the old inboxes: subscribe again.',
    '  - Copies on other servers, and events received from other servers, keep their original URLs.',
    '  - `data` of events is never changed. Access tokens become invalid; API keys and webhook secrets stay valid.',
    '  - A request repeated with its Idempotency-Key is refused with 409 if its body contains the new URLs.',
    `  - Clients, reverse proxies and certificates must be changed to ${to}.`,
    '',
    isDry ? 'Nothing was changed (--dry-run).' : `Start the server with --baseUrl ${to}`,
  ];
  return `${lines.join('\n')}\n`;
}

function listed(text: string, files: readonly string[]): string[] {
  return [
    `  ${String(files.length).padStart(6)}  ${text}`,
    ...files.slice(0, MAX_LISTED).map((name): string => `          ${name}`),
    ...files.length > MAX_LISTED ? [ `          … and ${files.length - MAX_LISTED} more; --json lists all` ] : [],
  ];
}
