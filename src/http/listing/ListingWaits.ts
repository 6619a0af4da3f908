import type { RequestClients } from '../../work/Work';
import { Busy } from '../../work/errors';
import { TooMany } from '../../event/TooMany';
import { MAX_WAIT } from './parseListing';
import type { ContainerChanges } from './ports';

/** Time between two checks for a commit while requests wait, in milliseconds. */
const INTERVAL = 100;
/** Key of all callers without an agent. */
const PUBLIC = '';

/** One request that waits for a change of a container. */
interface Waiting {
  readonly container: string;
  /** Time of the last known change of the container. */
  readonly modified: number | undefined;
  readonly resolve: () => void;
}

/**
 * Holds requests until a container changes.
 *
 * While any request waits, one timer asks the store whether any process committed anything. Only then it looks at the
 * containers, once each.
 */
export class ListingWaits {
  private readonly store: ContainerChanges;
  private readonly clients: RequestClients;
  private readonly maxPerAgent: number;
  private readonly maxWaits: number;
  private readonly perAgent = new Map<string, number>();
  private readonly waiting = new Set<Waiting>();
  private total = 0;
  private timer?: NodeJS.Timeout;
  private changes?: string;
  /** Whether a request began to wait since the containers were checked. */
  private isStale = false;
  private isStopped = false;

  /**
   * @param store - Changes of containers.
   * @param clients - Finds the client of a request. Its disconnect ends the wait.
   * @param maxPerAgent - Maximum number of waiting requests of one agent, or of all without an agent. Default 10.
   * @param maxWaits - Maximum number of waiting requests. Default 500.
   */
  public constructor(
    store: ContainerChanges,
    clients: RequestClients,
    maxPerAgent = 10,
    maxWaits = 500,
  ) {
    this.store = store;
    this.clients = clients;
    this.maxPerAgent = maxPerAgent;
    this.maxWaits = maxWaits;
  }

  /** Number of waiting requests. */
  public get count(): number {
    return this.total;
  }

  /**
   * Runs work that may wait, and counts it as one waiting request of an agent.
   *
   * @param agent - The agent; `undefined` for the public.
   * @param work - The work.
   *
   * @throws {@link TooMany} if the agent has too many waiting requests.
   * @throws {@link Busy} if there are too many waiting requests.
   */
  public async hold<T>(agent: string | undefined, work: () => Promise<T>): Promise<T> {
    const key = agent ?? PUBLIC;
    const held = this.perAgent.get(key) ?? 0;
    if (held >= this.maxPerAgent) {
      throw new TooMany(`${agent ?? 'The public'} has ${held} requests with "wait", and at most ${this.maxPerAgent} are ` +
        'accepted: end one of them, or poll without "wait"', MAX_WAIT);
    }
    if (this.total >= this.maxWaits) {
      throw new Busy(`The server has ${this.total} requests with "wait", and accepts no more: poll without "wait"`, MAX_WAIT);
    }
    this.perAgent.set(key, held + 1);
    this.total += 1;
    try {
      return await work();
    } finally {
      this.total -= 1;
      const left = this.perAgent.get(key)! - 1;
      if (left === 0) {
        this.perAgent.delete(key);
      } else {
        this.perAgent.set(key, left);
      }
    }
  }

  /**
   * Waits for a change of a container.
   *
   * @param container - URL of the container.
   * @param modified - Time of its last known change.
   * @param duration - Maximum time, in milliseconds.
   *
   * @returns Whether it changed; `false` at the end of the time, after the client disconnected, or if the server stops.
   */
  public async changed(container: string, modified: number | undefined, duration: number): Promise<boolean> {
    const signal = this.clients.signal();
    if (this.isStopped || signal?.aborted) {
      return false;
    }
    return new Promise<boolean>((resolve): void => {
      const end = (isChanged: boolean): void => {
        clearTimeout(timeout);
        signal?.removeEventListener('abort', onAbort);
        this.waiting.delete(waiting);
        resolve(isChanged);
      };
      const onAbort = (): void => end(false);
      const waiting: Waiting = { container, modified, resolve: (): void => end(!this.isStopped) };
      const timeout = setTimeout(onAbort, duration);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.waiting.add(waiting);
      this.isStale = true;
      this.timer ??= setTimeout((): unknown => this.check(), 0);
    });
  }

  /** Ends all waits. Later ones end at once. */
  public stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
    for (const { resolve } of this.waiting) {
      resolve();
    }
  }

  private async check(): Promise<void> {
    try {
      const changes = await this.store.changes();
      if (this.isStale || changes !== this.changes) {
        this.isStale = false;
        this.changes = changes;
        await this.checkContainers();
      }
    } catch {
      // The store cannot be read now. The waits continue until their end.
      this.isStale = true;
    }
    this.timer = this.waiting.size > 0 && !this.isStopped ?
      setTimeout((): unknown => this.check(), INTERVAL) :
      undefined;
  }

  private async checkContainers(): Promise<void> {
    const times = new Map<string, number | undefined>();
    for (const { container, modified, resolve } of this.waiting) {
      if (!times.has(container)) {
        times.set(container, await this.store.modifiedOf(container));
      }
      if (times.get(container) !== modified) {
        resolve();
      }
    }
  }
}
