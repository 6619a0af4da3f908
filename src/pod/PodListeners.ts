/**
 * A listener for changes of pods and containers. Each method is optional.
 */
export interface PodListener {
  /** Whether the pod of a URL is still the registered one. The data of a replaced pod is ended. */
  readonly verify?: (url: string) => Promise<boolean>;
  /** A pod is about to be set up. */
  readonly settingUp?: (pod: string) => Promise<void>;
  /** The data of a pod has been ended. */
  readonly ended?: (pod: string) => Promise<void>;
  /** A container that received copies no longer exists. */
  readonly containerGone?: (container: string) => Promise<void>;
}

/**
 * Registry of {@link PodListener}s. Each method calls the listeners in their order of registration.
 *
 * The overlay lies below every reader of resources, so it cannot depend on components that read resources. Such
 * components register here instead.
 */
export class PodListeners {
  private readonly listeners: PodListener[] = [];

  /** Registers a listener. */
  public add(listener: PodListener): void {
    this.listeners.push(listener);
  }

  /** Whether no listener reports that the pod of a URL is missing or was replaced. */
  public async verify(url: string): Promise<boolean> {
    for (const listener of this.listeners) {
      if (listener.verify && !await listener.verify(url)) {
        return false;
      }
    }
    return true;
  }

  /** Reports a pod that is about to be set up. */
  public async settingUp(pod: string): Promise<void> {
    for (const listener of this.listeners) {
      await listener.settingUp?.(pod);
    }
  }

  /** Reports a pod with ended data. */
  public async ended(pod: string): Promise<void> {
    for (const listener of this.listeners) {
      await listener.ended?.(pod);
    }
  }

  /** Reports a container that no longer exists. */
  public async containerGone(container: string): Promise<void> {
    for (const listener of this.listeners) {
      await listener.containerGone?.(container);
    }
  }
}
