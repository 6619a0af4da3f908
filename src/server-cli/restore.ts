import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { mkdir, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { FolderLock } from '../store-sqlite/FolderLock';
import { inspectStore, secretProblem } from '../store-sqlite/inspection';
import { MIGRATIONS } from '../store-sqlite/schema';
import { STAGING_PREFIX } from '../store-sqlite/storeFile';
import type { Manifest } from './backup';
import { DATA, MANIFEST, withoutFiles } from './backup';
import { copyStable, flush, sha256 } from './files';
import type { ServerIo } from './Io';
import { Progress } from './Io';
import { dataFolder, readCommandOptions } from './options';
import { EXIT, Problem } from './problem';

/** Name of the key file in `.events/`. */
const KEY_NAME = 'secret.key';
/** Names in `.events/` that a restore keeps: lock files and data of earlier restores. */
const KEPT_NAMES = /^(?:lock\.(?:sqlite|json)(?:-.*|\.new)?|(?:restoring|before-restore)-.*)$/u;

/**
 * Command `restore`: restores a backup to a data folder.
 *
 * @returns The exit code.
 */
export async function restoreCommand(args: readonly string[], io: ServerIo): Promise<number> {
  const values = readCommandOptions(args, [
    { name: 'rootFilePath', alias: 'f', type: 'string', requiresArg: true },
    { name: 'force', type: 'boolean' },
  ], [ 'folder' ]);
  const backup = resolve(io.cwd, String(values.folder));
  const folder = dataFolder(values, io);
  const progress = new Progress(io);
  const lock = new FolderLock(folder);
  try {
    const manifest = await verify(backup, progress);
    const isNew = !existsSync(folder);
    lock.acquire();
    const replaced = contentOf(folder, manifest);
    if (replaced.length > 0 && values.force !== true) {
      throw new Problem(`The data folder ${folder} is not empty (${replaced[0]}). Restore to an empty folder, or use ` +
        '--force, which moves the existing data to .events/before-restore-….');
    }
    const kept = await replace(backup, folder, manifest, replaced, progress);
    progress.end();
    io.out(values.json === true ?
      `${JSON.stringify({ folder, kept, isNew, ...withoutFiles(manifest) })}\n` :
      report(folder, manifest, kept));
    return EXIT.ok;
  } finally {
    progress.end();
    lock.release();
  }
}

/** Reads the manifest of a backup, and verifies size and hash of all files. */
async function verify(backup: string, progress: Progress): Promise<Manifest> {
  let manifest: Manifest;
  try {
    manifest = JSON.parse(readFileSync(join(backup, MANIFEST), 'utf8')) as Manifest;
  } catch (error: unknown) {
    throw new Problem(`There is no backup at ${backup}: ${MANIFEST} cannot be read (${(error as Error).message}). Check the path.`);
  }
  if ((manifest.format as number) !== 1 || manifest.schema > MIGRATIONS.length) {
    throw new Problem(`The backup ${backup} was made by a newer version of solid-pod-events (${manifest.version}). Restore it ` +
      'with that version, or a later one.');
  }
  const names = Object.keys(manifest.files);
  if (!names.includes('.events/events.sqlite')) {
    throw new Problem(`The backup ${backup} has no event store. Use another backup.`);
  }
  for (const [ index, name ] of names.entries()) {
    const path = join(backup, DATA, name);
    if (!path.startsWith(`${join(backup, DATA)}${sep}`)) {
      throw new Problem(`The backup ${backup} names a file outside of its folder (${name}). Use another backup.`);
    }
    const { bytes, sha256: expected } = manifest.files[name];
    if (!existsSync(path) || (await stat(path)).size !== bytes || await sha256(path) !== expected) {
      throw new Problem(`The backup ${backup} is damaged: ${name} does not match ${MANIFEST}. Use another backup.`);
    }
    progress.show(`verified: ${index + 1} of ${names.length} files`);
  }
  return manifest;
}

/** Lists the content of a data folder that a restore replaces, as relative paths. */
function contentOf(folder: string, { isWhole, files }: Manifest): string[] {
  // A backup without a key file needs that of the folder.
  const isKept = (name: string): boolean => KEPT_NAMES.test(name) || (name === KEY_NAME && !Object.hasOwn(files, `.events/${name}`));
  const list = (path: string): string[] => existsSync(path) ? readdirSync(path) : [];
  return [
    ...list(join(folder, '.events')).filter((name): boolean => !isKept(name)).map((name): string => `.events/${name}`),
    ...isWhole ? list(folder).filter((name): boolean => name !== '.events') : [],
  ];
}

/**
 * Replaces the data of a folder with that of a backup.
 *
 * All files are first copied to a staging folder and checked. The event store is installed last, so that a server does
 * not start after an interrupted restore. The command can then be repeated.
 *
 * @returns The folder with the previous data, or `undefined` if there was none.
 */
async function replace(
  backup: string,
  folder: string,
  { files, emptyFolders }: Manifest,
  replaced: readonly string[],
  progress: Progress,
): Promise<string | undefined> {
  const own = `${new Date().toISOString().replaceAll(/[:.]/gu, '-')}-${process.pid}`;
  const staged = join(folder, '.events', `${STAGING_PREFIX}${own}`);
  const kept = join(folder, '.events', `before-restore-${own}`);
  await removeInterrupted(folder);
  try {
    const names = Object.keys(files);
    for (const [ index, name ] of names.entries()) {
      await copyStable(join(backup, DATA, name), join(staged, name));
      flush(join(staged, name));
      progress.show(`copied: ${index + 1} of ${names.length} files`);
    }
    for (const name of emptyFolders) {
      await mkdir(join(staged, name), { recursive: true });
    }
    const { problems } = inspectStore(staged, true);
    if (problems.length > 0) {
      throw new Problem(`The backup ${backup} cannot be used: ${problems[0]} Use another backup.`);
    }
    // From here on, a server finds the marker of the store without the store, and does not start.
    for (const name of [ ...replaced ].sort((left, right): number => removalOrder(left) - removalOrder(right))) {
      await mkdir(dirname(join(kept, name)), { recursive: true });
      renameSync(join(folder, name), join(kept, name));
      if (name === '.events/events.sqlite' && existsSync(join(staged, '.events/store.json'))) {
        renameSync(join(staged, '.events/store.json'), join(folder, '.events/store.json'));
      }
    }
    const top = new Set([ ...names, ...emptyFolders ]
      .map((name): string => name.startsWith('.events/') ? name : name.split('/')[0]));
    for (const name of [ ...top ].sort((left, right): number => installationOrder(left) - installationOrder(right))) {
      if (existsSync(join(staged, name))) {
        renameSync(join(staged, name), join(folder, name));
      }
    }
    flush(join(folder, '.events'));
    flush(folder);
    return replaced.length > 0 ? kept : undefined;
  } finally {
    await rm(staged, { recursive: true, force: true });
  }
}

/** Removes the staging folders of interrupted restores. The caller holds the lock of the folder. */
async function removeInterrupted(folder: string): Promise<void> {
  for (const name of readdirSync(join(folder, '.events')).filter((each): boolean => each.startsWith(STAGING_PREFIX))) {
    await rm(join(folder, '.events', name), { recursive: true, force: true });
  }
}

/** Order of removal: the old marker first, so that the new one can replace it, then the store. */
function removalOrder(name: string): number {
  return [ '.events/store.json', '.events/events.sqlite' ].indexOf(name) + 1 || 3;
}

/** Order of installation: the marker first, the store last. */
function installationOrder(name: string): number {
  return name === '.events/store.json' ? 0 : name === '.events/events.sqlite' ? 2 : 1;
}

function report(folder: string, manifest: Manifest, kept: string | undefined): string {
  const { baseUrl, begun, counts, isWhole, lacks } = manifest;
  return [
    `Restored the backup of ${begun} to ${folder}: ${counts.events} events, ${counts.subscriptions} subscriptions.`,
    ...secretNote(folder),
    ...kept === undefined ? [] : [ `The previous data is in ${kept}. Delete it when it is no longer needed.` ],
    ...isWhole ? [] : [ 'The backup contains only the event store: accounts and files of pods are unchanged.' ],
    'Not included in the backup:',
    ...lacks.map((text): string => `  - ${text}`),
    baseUrl === null ? `Start the server with -f ${folder}` : `Start the server with --baseUrl ${baseUrl} -f ${folder}`,
    '',
  ].join('\n');
}

/** A line about a missing key file, if the restored store needs one. */
function secretNote(folder: string): string[] {
  const problem = secretProblem(folder);
  return problem === undefined ? [] : [ problem ];
}
