import type { ContextLoader } from '../event/ContextLoader';

/** Content up to this length, in UTF-16 code units, is processed on the event loop: it takes a few milliseconds. */
export const INLINE_LENGTH = 16 * 1_024;

/** Objects that exist in each thread, for tasks. */
export interface TaskTools {
  /** The JSON-LD contexts that may be named. */
  readonly contexts: ContextLoader;
}

/**
 * A function of its input, which runs on the event loop or in a worker thread.
 *
 * Input and output are copied between threads, so they have few and flat values: text instead of parsed JSON.
 * Of the errors it throws, only `InvalidInput` keeps its class.
 */
export interface Task<I, O> {
  /** The name by which a worker thread finds it; unique among `TASKS`. */
  readonly name: string;
  readonly run: (input: I, tools: TaskTools) => O | Promise<O>;
}

/** Properties of one job. */
export interface JobOptions {
  /** Length of the content, in UTF-16 code units. */
  readonly size: number;
  /** Whether the job needs a worker thread whatever its size, because its cost does not follow from that. */
  readonly isCostly?: boolean;
  /** Maximum time to wait for a thread, in seconds. Default: that of the pool. */
  readonly maxWait?: number;
  /** Maximum time of the job with the start of its thread, in seconds. Default: that of the pool, without the start. */
  readonly maxTime?: number;
  /** Whether others wait for the result too, so that the job does not end with the client of the current request. */
  readonly isShared?: boolean;
}

/**
 * Runs tasks whose cost grows with the content of a request, so that they do not block the event loop.
 */
export interface Work {
  /**
   * Runs a task: on the event loop if it is small, otherwise in a worker thread.
   *
   * @throws What the task throws.
   * @throws {@link TooComplex} if the task exceeds the limit on its time or memory.
   * @throws {@link Busy} if too many jobs wait, or the server stops.
   * @throws {@link ClientDisconnected} if the client of the current request disconnected.
   */
  run: <I, O>(task: Task<I, O>, input: I, options: JobOptions) => Promise<O>;
}

/** Finds the client of the current request. */
export interface RequestClients {
  /** A signal that is aborted when the client disconnects; `undefined` outside of a request. */
  signal: () => AbortSignal | undefined;
}

/** How a job ended. */
export type JobOutcome = 'done' | 'invalid' | 'too-complex' | 'disconnected' | 'stopped' | 'failed';

/** Counts jobs. */
export interface WorkMeter {
  /**
   * A job ended.
   *
   * @param outcome - How.
   * @param duration - Time in a worker thread, with its start, in milliseconds; 0 if it was still waiting.
   */
  jobEnded: (outcome: JobOutcome, duration: number) => void;
  /** A job was refused, because the queue is full. */
  jobRefused: () => void;
  /** The number of jobs that wait for a thread. */
  jobsWaiting: (jobs: number) => void;
}
