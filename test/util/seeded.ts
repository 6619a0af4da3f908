import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { v4 } from 'uuid';

const ROOT = join(__dirname, '../..');

/** Pods of most tests. Creating them takes longer than the start of a server. */
export const TRIO: readonly string[] = [ 'producer', 'user', 'subscriber' ];

/** Port of the copied server, in URLs and in the names of files. */
const PORT = /(?<=localhost(?::|%3A))\d+(?!\d)/gu;

/** Folder with the data of a server that was stopped after it had created the pods, once per run of the tests. */
const kept = (): string => join(process.env.TEST_RUN_FOLDER!, 'seeded');

/** Checks whether a server with these pods starts with the same data each time, except the port. */
async function isSeedable(config: string, pods: readonly string[]): Promise<boolean> {
  const text = await readFile(resolve(ROOT, config), 'utf8');
  return pods.length === TRIO.length && pods.every((name, place): boolean => name === TRIO[place]) &&
    [ 'css:config/file.json', 'pod-events:config/default.json' ].every((part): boolean => text.includes(`"${part}"`)) &&
    !text.includes('Layout');
}

/**
 * Copies the accounts and pods of a stopped server, instead of creating them by a seed file. The keys of its identity
 * provider are left out, because each server has its own.
 *
 * @param config - Path of the configuration, in the project.
 * @param pods - Names of the pods.
 * @param data - The data folder, to be created.
 * @param port - Port of the new server.
 *
 * @returns Whether there was a suitable server to copy.
 */
export async function copySeeded(config: string, pods: readonly string[], data: string, port: number): Promise<boolean> {
  if (!await isSeedable(config, pods) || !existsSync(kept())) {
    return false;
  }
  const former = await readFile(join(kept(), 'port'), 'utf8');
  // The database keeps its layout only if all URLs keep their length.
  if (former.length !== String(port).length) {
    return false;
  }
  const replace = (text: string): string => text.replaceAll(PORT, (digits): string => digits === former ? String(port) : digits);
  const source = join(kept(), 'data');
  for (const name of await readdir(source, { recursive: true })) {
    const target = join(data, replace(name));
    const found = await stat(join(source, name));
    if (found.isDirectory()) {
      await mkdir(target, { recursive: true });
    } else {
      await mkdir(dirname(target), { recursive: true });
      const text = replace(await readFile(join(source, name), 'latin1'));
      await writeFile(target, text, { encoding: 'latin1', mode: found.mode });
    }
  }
  return true;
}

/** Checks whether the data of a new server is to be kept for {@link copySeeded}. */
export async function isToKeep(config: string, pods: readonly string[]): Promise<boolean> {
  return await isSeedable(config, pods) && !existsSync(kept());
}

/** Keeps the data of a stopped server with pods for {@link copySeeded}. */
export async function keepSeeded(data: string, port: number): Promise<void> {
  const own = `${kept()}-${v4()}`;
  await cp(data, join(own, 'data'), { recursive: true });
  await rm(join(own, 'data/.internal/idp'), { recursive: true, force: true });
  await writeFile(join(own, 'port'), String(port));
  await rename(own, kept()).catch(async(): Promise<void> => rm(own, { recursive: true }));
}
