import type { ContainerChanges } from './ports';

/** Time between two checks for a commit while containers are watched, in milliseconds. */
const INTERVAL = 100;

/** A listener for the next change of a container. */
interface Watcher {
  readonly container: string;
  /** Time of the last known change of the container. */
  readonly modified: number | undefined;
  readonly onChange: (modified: number | undefined) => void;
}

/**
 * Watches containers for changes by any process.
 *
 * While a container is watched, one timer asks the store whether any process committed anything. Only then it looks at
 * the containers, once each.
 */
export class ContainerWatch {
  private readonly store: ContainerChanges;
  private readonly watchers = new Set<Watcher>();
  private timer?: NodeJS.Timeout;
  private changes?: string;
  /** Whether a watcher was added since the containers were checked. */
  private isStale = false;

  /**
   * @param store - Changes of containers.
   */
  public constructor(store: ContainerChanges) {
    this.store = store;
  }

  /** Time of the last change of a container, in milliseconds since 1970; `undefined` if there was none. */
  public async modifiedOf(container: string): Promise<number | undefined> {
    return this.store.modifiedOf(container);
  }

  /**
   * Watches a container until its next change.
   *
   * @param container - URL of the container.
   * @param modified - Time of its last known change.
   * @param onChange - Called once, with the time of the change.
   *
   * @returns A function that ends the watch.
   */
  public watch(
    container: string,
    modified: number | undefined,
    onChange: (modified: number | undefined) => void,
  ): () => void {
    const watcher = { container, modified, onChange };
    this.watchers.add(watcher);
    this.isStale = true;
    this.timer ??= setTimeout((): unknown => this.check(), 0);
    return (): void => {
      this.watchers.delete(watcher);
      if (this.watchers.size === 0) {
        clearTimeout(this.timer);
        this.timer = undefined;
      }
    };
  }

  private async check(): Promise<void> {
    const { timer } = this;
    try {
      const changes = await this.store.changes();
      if (this.isStale || changes !== this.changes) {
        this.isStale = false;
        this.changes = changes;
        await this.checkContainers();
      }
    } catch {
      // The store cannot be read now. The watches continue.
      this.isStale = true;
    }
    // If all watches ended during the check, a later watch has started its own timer.
    if (this.timer === timer) {
      this.timer = this.watchers.size > 0 ? setTimeout((): unknown => this.check(), INTERVAL) : undefined;
    }
  }

  private async checkContainers(): Promise<void> {
    const times = new Map<string, number | undefined>();
    for (const watcher of this.watchers) {
      const { container, modified, onChange } = watcher;
      if (!times.has(container)) {
        times.set(container, await this.store.modifiedOf(container));
      }
      if (times.get(container) !== modified && this.watchers.delete(watcher)) {
        onChange(times.get(container));
      }
    }
  }
}
