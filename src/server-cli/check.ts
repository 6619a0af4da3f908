import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { FolderInUse, FolderLock } from '../store-sqlite/FolderLock';
import { inspectStore, secretProblem } from '../store-sqlite/inspection';
import type { ServerIo } from './Io';
import { dataFolder, keyFileOf, readCommandOptions } from './options';
import { EXIT } from './problem';

/**
 * Command `check`: checks the event store of a server, which may be running, and reports problems.
 *
 * @returns The exit code.
 */
export async function checkCommand(args: readonly string[], io: ServerIo): Promise<number> {
  const values = readCommandOptions(args, [
    { name: 'rootFilePath', alias: 'f', type: 'string', requiresArg: true },
    { name: 'full', type: 'boolean' },
    { name: 'eventsKeyFile', type: 'string', requiresArg: true },
  ]);
  const folder = dataFolder(values, io);
  const user = userOf(folder);
  const found = inspectStore(folder, values.full === true);
  const secrets = found.problems.length > 0 ? undefined : secretProblem(folder, keyFileOf(values, folder, io));
  const inspection = { ...found, problems: [ ...found.problems, ...secrets === undefined ? [] : [ secrets ] ]};
  const { path, schema, baseUrl, counts, problems } = inspection;
  if (values.json === true) {
    io.out(`${JSON.stringify({ ...inspection, isRunning: user !== undefined, process: user?.holder ?? null })}\n`);
  } else {
    const lines = [
      `Event store ${path}${schema === undefined ? '' : `, schema ${schema}`}${baseUrl === undefined ? '' : `, base URL ${baseUrl}`}`,
      ...counts ? [ `  ${Object.entries(counts).map(([ name, count ]): string => `${count} ${LABELS[name]}`).join(', ')}` ] : [],
      ...user?.holder ? [ `  in use by process ${user.holder.pid}, started ${user.holder.started}` ] : [],
      ...problems.length === 0 ? [ 'No problems found.' ] : [ `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'} found:` ],
      ...problems.map((problem): string => `  - ${problem}`),
    ];
    io.out(`${lines.join('\n')}\n`);
  }
  return problems.length === 0 ? EXIT.ok : EXIT.failed;
}

const LABELS: Readonly<Record<string, string>> = {
  pods: 'pods',
  events: 'events',
  entries: 'entries',
  subscriptions: 'subscriptions',
  waitingDeliveries: 'waiting deliveries',
  apiKeys: 'API keys',
};

/** Returns the holder of the lock on a data folder, or `undefined` if it is not in use. */
function userOf(folder: string): FolderInUse | undefined {
  if (!existsSync(join(folder, '.events'))) {
    return undefined;
  }
  const lock = new FolderLock(folder);
  try {
    lock.acquire();
    lock.release();
    return undefined;
  } catch (error: unknown) {
    return error instanceof FolderInUse ? error : undefined;
  }
}
