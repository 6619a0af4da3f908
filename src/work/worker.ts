import { parentPort } from 'node:worker_threads';
import { ContextLoader } from '../event/ContextLoader';
import { InvalidInput } from '../event/InvalidInput';
import { TASKS } from './tasks';
import type { TaskTools } from './Work';

/** A job as it is sent to a worker thread. */
export interface Job {
  /** Sent back as a message when the job starts. */
  readonly id: number;
  /** The name of the task. */
  readonly task: string;
  readonly input: unknown;
  /** For the IRI of each JSON-LD context that may be named, the path of its file. */
  readonly contexts: Readonly<Record<string, string>>;
}

/** The result of a job: a value, or the error in its input. */
export type JobResult = { readonly value: unknown } | { readonly message: string; readonly index?: number };

let tools: TaskTools | undefined;

/**
 * The entry of worker threads: runs one job.
 *
 * @throws What the task throws beside `InvalidInput`, which is returned, because its class would be lost.
 */
export default async function work({ id, task, input, contexts }: Job): Promise<JobResult> {
  parentPort!.postMessage(id);
  tools ??= { contexts: new ContextLoader(contexts) };
  try {
    return { value: await TASKS.get(task)!.run(input, tools) };
  } catch (error: unknown) {
    if (error instanceof InvalidInput) {
      return { message: error.message, ...error.index !== undefined && { index: error.index }};
    }
    throw error;
  }
}
