import type { ContextLoader } from '../event/ContextLoader';

/** Maximum length of content that is processed on the event loop, in UTF-16 code units. Takes a few milliseconds. */
export const INLINE_LENGTH = 16 * 1_024;

/** Objects that tasks can use in each thread. */
export interface TaskTools {
  /** The JSON-LD contexts that may be named. */
  readonly contexts: ContextLoader;
}

/**
 * A pure function that runs on the event loop or in a worker thread.
 *
 * Input and output are copied between threads, so they have few and flat values: text instead of parsed JSON. Of its
 * errors, only `InvalidInput` keeps its class.
 */
export interface Task<I, O> {
  /** Name by which worker threads find the task. Unique among `TASKS`. */
  readonly name: string;
  readonly run: (input: I, tools: TaskTools) => O | Promise<O>;
}

/** Properties of one job. */
export interface JobOptions {
  /** Length of the content, in UTF-16 code units. */
  readonly size: number;
  /** Whether the job needs a worker thread at any size, because its cost does not depend on the size. */
  readonly isCostly?: boolean;
  /** Maximum waiting time for a thread, in seconds. Default: that of the pool. */
  readonly maxWait?: number;
  /**
   * Maximum time of the job, including the start of its thread, in seconds. Default: that of the pool, without the
   * start.
   */
  readonly maxTime?: number;
  /** Whether other requests use the result, so that the job does not end with the current client. */
  readonly isShared?: boolean;
}

/**
 * Runs tasks off the event loop if their cost grows with the content of a request.
 */
export interface Work {
  /**
   * Runs a task: on the event loop if it is small, otherwise in a worker thread.
   *
   * @throws Errors of the task.
   * @throws {@link TooComplex} if the task exceeds the limit on its time or memory.
   * @throws {@link Busy} if too many jobs are waiting, or the server is stopping.
   * @throws {@link ClientDisconnected} if the client of the current request disconnected.
   */
  run: <I, O>(task: Task<I, O>, input: I, options: JobOptions) => Promise<O>;
}

/** Provides the client connection of the current request. */
export interface RequestClients {
  /** Returns a signal that is aborted when the client disconnects; `undefined` outside of a request. */
  signal: () => AbortSignal | undefined;
}

/** The outcome of a job. */
export type JobOutcome = 'done' | 'invalid' | 'too-complex' | 'disconnected' | 'stopped' | 'failed';

/** Receives measurements of jobs. */
export interface WorkMeter {
  /**
   * Reports the end of a job.
   *
   * @param outcome - The outcome.
   * @param duration - Time in a worker thread, including its start, in milliseconds; 0 if the job was still waiting.
   */
  jobEnded: (outcome: JobOutcome, duration: number) => void;
  /** Reports that a job was refused, because the queue is full. */
  jobRefused: () => void;
  /** Reports the number of jobs that are waiting for a thread. */
  jobsWaiting: (jobs: number) => void;
}
