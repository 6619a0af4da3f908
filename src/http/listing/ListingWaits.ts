import type { RequestClients } from '../../work/Work';
import { AgentSlots } from '../AgentSlots';
import type { ContainerWatch } from './ContainerWatch';
import { MAX_WAIT } from './parseListing';

/** Key of all callers without an agent. */
const PUBLIC = '';

/**
 * Holds requests until a container changes.
 */
export class ListingWaits {
  private readonly containers: ContainerWatch;
  private readonly clients: RequestClients;
  private readonly slots: AgentSlots;
  private readonly waiting = new Set<() => void>();
  private isStopped = false;

  /**
   * @param containers - Watches containers.
   * @param clients - Finds the client of a request. Its disconnect ends the wait.
   * @param maxPerAgent - Maximum number of waiting requests of one agent, or of all without an agent. Default 10.
   * @param maxWaits - Maximum number of waiting requests. Default 500.
   */
  public constructor(
    containers: ContainerWatch,
    clients: RequestClients,
    maxPerAgent = 10,
    maxWaits = 500,
  ) {
    this.containers = containers;
    this.clients = clients;
    this.slots = new AgentSlots(maxPerAgent, maxWaits, {
      name: 'requests with "wait"',
      remedies: [ 'end one of them, or poll without "wait"', 'poll without "wait"' ],
      retryAfter: MAX_WAIT,
    });
  }

  /** Number of waiting requests. */
  public get count(): number {
    return this.slots.count;
  }

  /**
   * Runs work that may wait, and counts it as one waiting request of an agent.
   *
   * @param agent - The agent; `undefined` for the public.
   * @param work - The work.
   *
   * @throws `TooMany` if the agent has too many waiting requests, `Busy` if there are too many.
   */
  public async hold<T>(agent: string | undefined, work: () => Promise<T>): Promise<T> {
    const release = this.slots.take({ key: agent ?? PUBLIC, shown: agent ?? 'The public' });
    try {
      return await work();
    } finally {
      release();
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
        signal?.removeEventListener('abort', onEnd);
        this.waiting.delete(onEnd);
        unwatch();
        resolve(isChanged);
      };
      const onEnd = (): void => end(false);
      const timeout = setTimeout(onEnd, duration);
      const unwatch = this.containers.watch(container, modified, (): void => end(true));
      signal?.addEventListener('abort', onEnd, { once: true });
      this.waiting.add(onEnd);
    });
  }

  /** Ends all waits. Later ones end at once. */
  public stop(): void {
    this.isStopped = true;
    for (const end of this.waiting) {
      end();
    }
  }
}
