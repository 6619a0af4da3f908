import { existsSync, readdirSync, renameSync, rmdirSync, writeFileSync } from 'node:fs';
import { mkdir, rm, stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import DatabaseConstructor from 'better-sqlite3';
import type { Database } from 'better-sqlite3';
import { packageVersion } from '../outgoing/version';
import type { StoreCounts } from '../store-sqlite/inspection';
import { countsOf } from '../store-sqlite/inspection';
import { versionOf } from '../store-sqlite/schema';
import { defaultKeyFile } from '../store-sqlite/keyFile';
import { assertKnown } from '../store-sqlite/schema';
import { getSetting, hasTable } from '../store-sqlite/settings';
import { databasePath } from '../store-sqlite/SqliteSession';
import { mark, moveOf } from '../store-sqlite/StoreGuard';
import { fileProblem, lossCheck } from '../store-sqlite/storeFile';
import { copyStable, listDataFiles, listEmptyFolders, flush, sha256 } from './files';
import type { ServerIo } from './Io';
import { Progress } from './Io';
import { dataFolder, keyFileOf, readCommandOptions } from './options';
import { EXIT, Problem } from './problem';

/** File name of the manifest of a backup. */
export const MANIFEST = 'manifest.json';
/** Folder of a backup with the content of the data folder. */
export const DATA = 'data';

/** Size and hash of a file in a backup. */
export interface BackupFile {
  readonly bytes: number;
  readonly sha256: string;
}

/** Content of the manifest of a backup. */
export interface Manifest {
  readonly format: 1;
  /** Version of this package that created the backup. */
  readonly version: string;
  /** Start time, as an ISO 8601 date-time. The backup contains all events acknowledged before. */
  readonly begun: string;
  readonly ended: string;
  readonly baseUrl: string | null;
  readonly schema: number;
  readonly counts: StoreCounts;
  /** Whether the backup contains the data of the Solid server too, not only the event store. */
  readonly isWhole: boolean;
  /** Descriptions of the included and the missing data of the Solid server. */
  readonly contains: readonly string[];
  readonly lacks: readonly string[];
  /** Files by their paths in {@link DATA}. */
  readonly files: Readonly<Record<string, BackupFile>>;
  readonly emptyFolders: readonly string[];
}

/** Description of the key file. */
const KEY = 'key file of the secrets of webhooks (--with-key): keep a copy at another place';
const ELSEWHERE = [
  'configuration, seed files, certificates and environment of the server',
  'data outside of the data folder, such as in SPARQL or Redis',
];

/**
 * Command `backup`: copies the data of a server, which may be running.
 *
 * @returns The exit code.
 */
export async function backupCommand(args: readonly string[], io: ServerIo): Promise<number> {
  const values = readCommandOptions(args, [
    { name: 'rootFilePath', alias: 'f', type: 'string', requiresArg: true },
    { name: 'eventsOnly', type: 'boolean' },
    { name: 'withKey', type: 'boolean' },
    { name: 'eventsKeyFile', type: 'string', requiresArg: true },
  ], [ 'folder' ]);
  const folder = dataFolder(values, io);
  const target = resolve(io.cwd, String(values.folder));
  if (target === folder || target.startsWith(`${folder}${sep}`)) {
    throw new Problem(`The backup cannot be in the data folder ${folder}, because the server serves its files. Choose another folder.`, EXIT.usage);
  }
  if (existsSync(target) && readdirSync(target).length > 0) {
    throw new Problem(`The folder ${target} is not empty. Choose a new folder for each backup.`);
  }
  const part = `${target.replace(/[\\/]$/u, '')}.part-${process.pid}`;
  const progress = new Progress(io);
  try {
    // Only the owner may read the backup, because it contains secrets.
    await mkdir(part, { recursive: true, mode: 0o700 });
    const keyFile = values.withKey === true ? keyFileOf(values, folder, io) : undefined;
    const manifest = await backUp({ folder, part, isWhole: values.eventsOnly !== true, keyFile }, progress);
    flush(part);
    if (existsSync(target)) {
      rmdirSync(target);
    }
    renameSync(part, target);
    progress.end();
    io.out(values.json === true ? `${JSON.stringify({ folder: target, ...withoutFiles(manifest) })}\n` : report(target, manifest));
    return EXIT.ok;
  } catch (error: unknown) {
    await rm(part, { recursive: true, force: true });
    throw error instanceof Problem ? error : new Problem(`The backup failed, and its folder was removed: ${(error as Error).message}.`);
  } finally {
    progress.end();
  }
}

/** Returns a manifest with the number of files in place of the files. */
export function withoutFiles(manifest: Manifest): object {
  return { ...manifest, files: Object.keys(manifest.files).length, emptyFolders: manifest.emptyFolders.length };
}

/** What a backup copies, and where. */
interface BackupPlan {
  readonly folder: string;
  readonly part: string;
  readonly isWhole: boolean;
  /** Path of the key file, if the backup includes it. */
  readonly keyFile?: string;
}

async function backUp({ folder, part, isWhole, keyFile }: BackupPlan, progress: Progress): Promise<Manifest> {
  const begun = new Date().toISOString();
  const data = join(part, DATA);
  await mkdir(join(data, '.events'), { recursive: true });
  const store = await copyStore(folder, data, progress);
  const files: Record<string, BackupFile> = {};
  const note = async(name: string): Promise<void> => {
    const path = join(data, name);
    flush(path);
    files[name] = { bytes: (await stat(path)).size, sha256: await sha256(path) };
  };
  if (keyFile !== undefined && !await copyStable(keyFile, defaultKeyFile(data))) {
    throw new Problem(`There is no key file ${keyFile}. Name it with --events-key-file, or omit --with-key.`);
  }
  for (const name of [ 'events.sqlite', 'replays.sqlite', 'store.json', 'secret.key' ]) {
    if (existsSync(databasePath(data, name))) {
      await note(`.events/${name}`);
    }
  }
  const all = await listDataFiles(folder);
  let copied = 0;
  for (const name of isWhole ? all : []) {
    if (await copyStable(join(folder, name), join(data, name))) {
      await note(name);
      copied += 1;
    }
    progress.show(`files: ${copied} of ${all.length}`);
  }
  const internal = all.filter((name): boolean => name.startsWith('.internal/')).length;
  const parts = [
    `accounts, logins and keys of the server (.internal/): ${internal} files`,
    `files of pods: ${all.length - internal} files, each as it was when it was copied`,
  ];
  const manifest: Manifest = {
    format: 1,
    version: packageVersion(),
    begun,
    ended: new Date().toISOString(),
    ...store,
    isWhole,
    contains: [ ...keyFile === undefined ? [] : [ KEY ], ...isWhole ? parts : [] ],
    lacks: [ ...keyFile === undefined ? [ KEY ] : [], ...isWhole ? [] : parts, ...ELSEWHERE ],
    files,
    emptyFolders: isWhole ? await listEmptyFolders(folder) : [],
  };
  writeFileSync(join(part, MANIFEST), `${JSON.stringify(manifest, undefined, 2)}\n`);
  flush(join(part, MANIFEST));
  return manifest;
}

/** Copies the databases of a data folder, each as a consistent snapshot. */
async function copyStore(folder: string, data: string, progress: Progress): Promise<Pick<Manifest, 'baseUrl' | 'schema' | 'counts'>> {
  const path = databasePath(folder, 'events.sqlite');
  const problem = fileProblem(path) ?? (existsSync(path) ? undefined : `There is no event store at ${path}. Check the data folder (-f).`);
  if (problem !== undefined) {
    throw new Problem(problem);
  }
  const lossOf = lossCheck(path);
  await copyDatabase(path, databasePath(data, 'events.sqlite'), progress, (db): void => {
    assertKnown(db);
    const loss = lossOf(db) ?? (moveOf(db) && 'The move of this store to another base URL was interrupted. Repeat the move first.');
    if (loss !== undefined) {
      throw new Problem(loss);
    }
  });
  const replays = databasePath(folder, 'replays.sqlite');
  if (existsSync(replays)) {
    await copyDatabase(replays, databasePath(data, 'replays.sqlite'), progress);
  }
  const db = new DatabaseConstructor(databasePath(data, 'events.sqlite'));
  try {
    if (hasTable(db, 'runs')) {
      db.exec('DELETE FROM runs');
    }
    if (hasTable(db, 'settings')) {
      mark(db);
    }
    return { baseUrl: getSetting(db, 'base_url') ?? null, schema: versionOf(db), counts: countsOf(db) };
  } finally {
    db.close();
  }
}

/**
 * Copies a database into one file, as a consistent snapshot. Other processes may write to it meanwhile.
 *
 * The copy runs in a read transaction. Without it, SQLite restarts the backup after each write of another process.
 *
 * @see https://www.sqlite.org/backup.html
 */
async function copyDatabase(
  from: string,
  to: string,
  progress: Progress,
  check?: (db: Database) => void,
): Promise<void> {
  const source = new DatabaseConstructor(from, { readonly: true, fileMustExist: true });
  try {
    source.exec('BEGIN');
    source.prepare('SELECT COUNT(*) FROM sqlite_schema').get();
    check?.(source);
    await source.backup(to, {
      progress: ({ totalPages, remainingPages }): number => {
        progress.show(`${from}: ${totalPages - remainingPages} of ${totalPages} pages`);
        return 1_000;
      },
    });
  } finally {
    source.close();
  }
  const copy = new DatabaseConstructor(to);
  try {
    copy.pragma('journal_mode = DELETE');
    const result = copy.pragma('integrity_check(1)', { simple: true }) as string;
    if (result !== 'ok') {
      throw new Problem(`The database ${from} is damaged (${result.replaceAll(/\s+/gu, ' ')}), and so is its copy. Run ` +
        '`solid-pod-events-server check --full`.');
    }
  } finally {
    copy.close();
  }
}

function report(target: string, { counts, contains, lacks, baseUrl, begun }: Manifest): string {
  return [
    `Backup of ${begun} in ${target}${baseUrl === null ? '' : `, for ${baseUrl}`}.`,
    `  ${counts.events} events, ${counts.entries} entries in inboxes and publish/, ${counts.subscriptions} subscriptions, ` +
    `${counts.waitingDeliveries} waiting deliveries, ${counts.apiKeys} API keys, of ${counts.pods} pods`,
    'Included data of the Solid server:',
    ...(contains.length > 0 ? contains : [ 'nothing (--events-only)' ]).map((text): string => `  - ${text}`),
    'Not included:',
    ...lacks.map((text): string => `  - ${text}`),
    '',
  ].join('\n');
}
