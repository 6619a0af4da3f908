/**
 * Is told of what happens to pods and containers; each method is optional.
 */
export interface PodListener {
  /** Whether the pod in which a URL lies still is the pod whose data is kept; what is kept of another one is ended. */
  readonly verify?: (url: string) => Promise<boolean>;
  /** A pod is about to be set up. */
  readonly settingUp?: (pod: string) => Promise<void>;
  /** The data that was kept under the URL of a pod has ended. */
  readonly ended?: (pod: string) => Promise<void>;
  /** A container, into which copies would have gone, does not exist any more. */
  readonly containerGone?: (container: string) => Promise<void>;
}

/**
 * Connects what knows of pods with what is told of them.
 *
 * The overlay lies below everything that reads resources, so it cannot be given what depends on resources. Whoever does
 * registers here.
 */
export class PodHooks {
  private readonly listeners: PodListener[] = [];

  /** Registers a listener, once. */
  public add(listener: PodListener): void {
    this.listeners.push(listener);
  }

  public async verify(url: string): Promise<boolean> {
    for (const listener of this.listeners) {
      if (listener.verify && !await listener.verify(url)) {
        return false;
      }
    }
    return true;
  }

  public async settingUp(pod: string): Promise<void> {
    for (const listener of this.listeners) {
      await listener.settingUp?.(pod);
    }
  }

  public async ended(pod: string): Promise<void> {
    for (const listener of this.listeners) {
      await listener.ended?.(pod);
    }
  }

  public async containerGone(container: string): Promise<void> {
    for (const listener of this.listeners) {
      await listener.containerGone?.(container);
    }
  }
}
