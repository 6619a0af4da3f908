import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { basename } from 'node:path';
import { parentPort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { ContextLoader } from '../event/ContextLoader';
import { InvalidInput } from '../event/InvalidInput';
import { TASKS } from './tasks';
import type { Job, JobResult } from '../work/job';
import type { TaskTools } from '../work/Work';

let tools: TaskTools | undefined;

lowerThreadPriority();

/**
 * Entry point of worker threads: runs one job.
 *
 * An `InvalidInput` is returned instead of thrown, because errors lose their class between threads.
 *
 * @throws Any other error of the task.
 */
export default async function work({ id, task, input, contexts }: Job): Promise<JobResult> {
  parentPort!.postMessage(id);
  tools ??= { contexts: new ContextLoader(contexts) };
  try {
    return withTransfer({ value: await TASKS.get(task)!.run(input, tools) });
  } catch (error: unknown) {
    if (error instanceof InvalidInput) {
      return { message: error.message, ...error.index !== undefined && { index: error.index }};
    }
    throw error;
  }
}

/** Marks the byte arrays of a result for transfer instead of copying. */
function withTransfer(result: JobResult & { readonly value: unknown }): JobResult {
  const bytes = [ result.value ].flat().filter((part): part is Uint8Array => part instanceof Uint8Array);
  return bytes.length === 0 ?
    result :
    Piscina.move({
      get [Piscina.transferableSymbol](): object[] {
        return bytes.map(({ buffer }): object => buffer);
      },
      get [Piscina.valueSymbol](): JobResult {
        return result;
      },
    } as unknown as Uint8Array) as unknown as JobResult;
}

/** Lowers the priority of this thread below that of the event loop on Linux, where threads have priorities. */
function lowerThreadPriority(): void {
  try {
    setPriority(Number(basename(readlinkSync('/proc/thread-self'))), constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Other systems have no priorities of threads.
  }
}
