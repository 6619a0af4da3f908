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
import { dataFiles } from './files';
import type { ServerIo } from './Io';
import { Progress } from './Io';
import { dataFolder, readCommandOptions } from './options';
import { EXIT, misuse, Problem } from './problem';

/** The largest file that is searched for the base URL, in bytes. */
const MOST_BYTES = 8 * 1_024 * 1_024;
/** How many files of each kind are named. */
const NAMED = 5;

/** The kinds of files of the server that can hold its base URL, and why that matters. */
const KINDS = [
  {
    name: 'accounts',
    pattern: /^\.internal\//u,
    text: 'accounts, WebID links, pods and logins (.internal/): nobody can log in to them',
  },
  {
    name: 'access',
    pattern: /(?:^|\/)[^/]*\.ac[lr](?:$|\/)/u,
    text: 'access control (.acl, .acr): it names the old WebIDs, so what waits to be forwarded or delivered is refused',
  },
  { name: 'descriptions', pattern: /\.meta$/u, text: 'descriptions of resources (.meta)' },
  { name: 'documents', pattern: /./u, text: 'profiles and other documents' },
] as const;

/** The files that still name the old base URL. */
type Leftovers = Readonly<Partial<Record<string, readonly string[]>>>;

/** Gives the store of a stopped server another base URL; returns the exit code. */
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
    throw misuse(`Invalid ${option}: ${(error as Error).message}`);
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
      // Before anything is changed, not even the schema.
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

/** Finds URLs of a server in a text, also those on its subdomains, and none with a longer host or port. */
function namesOf(base: string): RegExp {
  const { protocol, host, pathname } = new URL(base);
  const quoted = (text: string): string => text.replaceAll(/[$()*+./?[\\\]^{|}-]/gu, String.raw`\$&`);
  return new RegExp(`${protocol}//(?:[\\w.-]+\\.)?${quoted(`${host}${pathname.slice(0, -1)}`)}(?![\\w.:@-])`, 'u');
}

/** Finds the files of the server, beside the event store, that name a base URL. */
async function findLeftovers(folder: string, from: string): Promise<Leftovers> {
  const found: Record<string, string[]> = {};
  const named = namesOf(from);
  for (const name of await dataFiles(folder)) {
    const path = join(folder, name);
    const isSearched = (await stat(path)).size <= MOST_BYTES;
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
    `Not moved. Change these yourself, before the next start; the number is that of files below ${folder} with ${from}:`,
    ...KINDS.flatMap(({ name, text }): string[] => listed(text, leftovers[name] ?? [])),
    ...leftovers.notSearched ? listed('larger than 8 MiB, so not searched', leftovers.notSearched) : [],
    '',
    'Not moved, because it is elsewhere:',
    `  - The WebID of this server becomes ${to}${AGENT_PATH}#this. Inboxes on other servers that granted access to`,
    `    ${from}${AGENT_PATH}#this have to grant it again.`,
    '  - The WebIDs on this server change. Whoever named them in access control elsewhere has to name the new ones.',
    '  - Subscriptions that agents of this server have on other servers name old inboxes: subscribe again.',
    '  - Copies on other servers, and events that came from there, keep the URLs with which they were sent.',
    '  - `data` of events is never changed. Access tokens end; API keys and secrets of webhooks stay valid.',
    '  - A request that is repeated with its Idempotency-Key gets 409 if its body names the new URLs.',
    `  - Clients, reverse proxies and certificates need ${to}.`,
    '',
    isDry ? 'Nothing was changed (--dry-run).' : `Start the server with --baseUrl ${to}`,
  ];
  return `${lines.join('\n')}\n`;
}

function listed(text: string, files: readonly string[]): string[] {
  return [
    `  ${String(files.length).padStart(6)}  ${text}`,
    ...files.slice(0, NAMED).map((name): string => `          ${name}`),
    ...files.length > NAMED ? [ `          … and ${files.length - NAMED} more; --json lists all` ] : [],
  ];
}
