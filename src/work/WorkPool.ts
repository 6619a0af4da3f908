import { existsSync } from 'node:fs';
import { Piscina } from 'piscina';
import type { ContextLoader } from '../event/ContextLoader';
import { InvalidInput } from '../event/InvalidInput';
import { Busy, ClientDisconnected, TooComplex } from './errors';
import type { RequestClients, JobOptions, JobOutcome, Task, TaskTools, Work, WorkMeter } from './Work';
import { INLINE_LENGTH } from './Work';
import type { Job, JobResult } from './job';
import { WORKER_FILE } from './workerFile';

/** Settings of a {@link WorkPool}. */
export interface WorkPoolArgs {
  /** The JSON-LD contexts that tasks may name. */
  contexts: ContextLoader;
  /** Provides the client connection of the current request. Its disconnect ends the jobs of the request. */
  clients?: RequestClients;
  /** Receives measurements of jobs. */
  meter?: WorkMeter;
  /** Path of the compiled entry file of worker threads. Default: that of this package. */
  workerFile?: string;
  /** Maximum number of worker threads, which start on demand. Default 2. */
  maxThreads?: number;
  /** Maximum number of waiting jobs. Default 64. */
  maxQueue?: number;
  /** Maximum length of the content of all waiting jobs together, in MiB of UTF-16 code units. Default 32. */
  maxQueueLength?: number;
  /** Maximum time that a job waits for a thread, in seconds. Default 30. */
  maxWait?: number;
  /** Maximum time of a job in a thread, in seconds. The thread is terminated at the limit. Default 5. */
  timeLimit?: number;
  /** Maximum heap of a thread, in MiB. The thread is terminated at the limit. Default 192. */
  maxHeap?: number;
  /** Time until an idle thread ends and frees its memory, in seconds. Default 10. */
  idleTimeout?: number;
}

/** A job that is waiting for a thread. */
interface WaitingJob {
  readonly size: number;
  readonly start: () => void;
  readonly fail: (error: Error) => void;
}

/** A job in a running or starting thread. */
interface RunningJob {
  /** Called when the thread begins the job. The time limit starts here. */
  readonly started: () => void;
  readonly end: (error: Error) => void;
}

/** Maximum time to start a thread, in milliseconds. */
const MAX_START_TIME = 30_000;
const MIB = 1_024 * 1_024;
/** Time until a client can retry, in seconds. About the time of one job. */
const RETRY_AFTER = 5;

/**
 * A bounded pool of worker threads, for tasks with a cost that grows with the content of a request.
 *
 * An exceeded limit results in an error that names it: {@link Busy} for a full queue, {@link TooComplex} for the time
 * and memory of a job. A job ends when its client disconnects or the pool stops, even within a regular expression,
 * because its thread is terminated.
 */
export class WorkPool implements Work {
  private readonly tools: TaskTools;
  private readonly clients?: RequestClients;
  private readonly meter?: WorkMeter;
  private readonly maxThreads: number;
  private readonly maxQueue: number;
  private readonly maxQueueLength: number;
  private readonly maxWait: number;
  private readonly timeLimit: number;
  private readonly pool: Piscina;
  /** Waiting jobs, in starting order. */
  private readonly waiting = new Set<WaitingJob>();
  private waitingLength = 0;
  /** Number of threads in use. A thread passes from an ended job to the longest waiting one. */
  private reserved = 0;
  /** Running jobs, by id. */
  private readonly running = new Map<number, RunningJob>();
  private lastId = 0;
  private isStopped = false;

  public constructor(args: WorkPoolArgs) {
    const { contexts, clients, meter, workerFile = WORKER_FILE, maxThreads = 2, maxQueue = 64 } = args;
    const { maxQueueLength = 32, maxWait = 30, timeLimit = 5, maxHeap = 192, idleTimeout = 10 } = args;
    if (!existsSync(workerFile)) {
      throw new Error(`The entry file of worker threads is missing: ${workerFile}. Build the package first (npm run build)`);
    }
    this.tools = { contexts };
    this.clients = clients;
    this.meter = meter;
    this.maxThreads = maxThreads;
    this.maxQueue = maxQueue;
    this.maxQueueLength = maxQueueLength * MIB;
    this.maxWait = maxWait;
    this.timeLimit = timeLimit;
    this.pool = new Piscina({
      filename: workerFile,
      minThreads: 0,
      maxThreads,
      idleTimeout: idleTimeout * 1_000,
      resourceLimits: { maxOldGenerationSizeMb: maxHeap, maxYoungGenerationSizeMb: 32 },
    });
    this.pool.on('message', (id: number): void => this.running.get(id)?.started());
    // A thread failed to start, or failed while idle.
    this.pool.on('error', (error: Error): void => this.running.forEach(({ end }): void => end(error)));
  }

  public async run<I, O>(task: Task<I, O>, input: I, options: JobOptions): Promise<O> {
    const { size, isCostly, isShared, maxWait, maxTime } = options;
    if (size <= INLINE_LENGTH && !isCostly) {
      return task.run(input, this.tools);
    }
    const signal = isShared ? undefined : this.clients?.signal();
    await this.reserveThread(size, maxWait ?? this.maxWait, signal);
    this.lastId += 1;
    const job: Job = { id: this.lastId, task: task.name, input, contexts: this.tools.contexts.files };
    const result = await this.runInThread(job, signal, maxTime);
    if ('value' in result) {
      return result.value as O;
    }
    throw new InvalidInput(result.message, result.index);
  }

  /** Ends all jobs and threads. Later jobs fail with {@link Busy}. */
  public async stop(): Promise<void> {
    this.isStopped = true;
    const error = stopping();
    [ ...this.waiting ].forEach(({ fail }): void => fail(error));
    this.running.forEach(({ end }): void => end(error));
    await this.pool.destroy();
  }

  /** Waits for a free thread, and reserves it. */
  private async reserveThread(size: number, maxWait: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.isStopped) {
      throw stopping();
    }
    if (signal?.aborted) {
      throw this.ended(new ClientDisconnected());
    }
    if (this.reserved < this.maxThreads) {
      this.reserved += 1;
      return;
    }
    if (this.waiting.size >= this.maxQueue || this.waitingLength + size > this.maxQueueLength) {
      throw this.refused();
    }
    await new Promise<void>((resolve, reject): void => {
      const leave = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abandon);
        this.waiting.delete(waiting);
        this.waitingLength -= size;
        this.meter?.jobsWaiting(this.waiting.size);
      };
      const waiting: WaitingJob = {
        size,
        start: (): void => {
          leave();
          resolve();
        },
        fail: (error): void => {
          leave();
          reject(this.ended(error));
        },
      };
      const abandon = (): void => waiting.fail(new ClientDisconnected());
      const timer = setTimeout((): void => {
        leave();
        reject(this.refused());
      }, maxWait * 1_000);
      signal?.addEventListener('abort', abandon);
      this.waiting.add(waiting);
      this.waitingLength += size;
      this.meter?.jobsWaiting(this.waiting.size);
    });
  }

  /** Passes a thread to the next waiting job, or frees it. */
  private releaseThread(): void {
    const [ next ] = this.waiting;
    if (next as WaitingJob | undefined) {
      next.start();
    } else {
      this.reserved -= 1;
    }
  }

  /** Runs a job in its reserved thread. */
  private async runInThread(job: Job, signal: AbortSignal | undefined, maxTime?: number): Promise<JobResult> {
    const begun = performance.now();
    const controller = new AbortController();
    let reason: Error | undefined;
    const end = (error: Error): void => {
      reason ??= error;
      controller.abort();
    };
    const abandon = (): void => end(new ClientDisconnected());
    const total = maxTime === undefined ?
      undefined :
      setTimeout((): void => end(this.tooComplex(`${maxTime} s`)), maxTime * 1_000);
    let timer = setTimeout((): void => end(new Error(`A worker thread did not start within ${MAX_START_TIME} ms`)), MAX_START_TIME);
    const started = (): void => {
      clearTimeout(timer);
      timer = setTimeout((): void => end(this.tooComplex(`${this.timeLimit} s`)), this.timeLimit * 1_000);
    };
    signal?.addEventListener('abort', abandon);
    this.running.set(job.id, { started, end });
    try {
      if (signal?.aborted) {
        abandon();
      } else if (this.isStopped) {
        end(stopping());
      }
      const result = await this.pool.run(job, { signal: controller.signal }) as JobResult;
      this.meter?.jobEnded('value' in result ? 'done' : 'invalid', performance.now() - begun);
      return result;
    } catch (error: unknown) {
      throw this.ended(reason ?? this.failure(error as Error), performance.now() - begun);
    } finally {
      clearTimeout(total);
      clearTimeout(timer);
      signal?.removeEventListener('abort', abandon);
      this.running.delete(job.id);
      this.releaseThread();
    }
  }

  private failure(error: Error & { code?: unknown }): Error {
    return error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? this.tooComplex('the memory of one request') : error;
  }

  private tooComplex(limit: string): TooComplex {
    return new TooComplex(`The content is too complex to be processed within ${limit}: ` +
      'send less at once, or JSON without @context and other JSON-LD keywords');
  }

  private refused(): Busy {
    this.meter?.jobRefused();
    return new Busy(`The server is processing as many large requests as it can: try again in ${RETRY_AFTER} seconds`, RETRY_AFTER);
  }

  /** Reports a job that ended with an error. */
  private ended(error: Error, duration = 0): Error {
    this.meter?.jobEnded(outcomeOf(error), duration);
    return error;
  }
}

function stopping(): Busy {
  return new Busy('The server is stopping: try again later', RETRY_AFTER);
}

function outcomeOf(error: Error): JobOutcome {
  if (error instanceof TooComplex) {
    return 'too-complex';
  }
  if (error instanceof ClientDisconnected) {
    return 'disconnected';
  }
  return error instanceof Busy ? 'stopped' : 'failed';
}
