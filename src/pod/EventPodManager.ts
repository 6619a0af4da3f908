import type { PodManager, PodSettings } from '../css';
import { getLoggerFor } from '../css';
import { StoreUnavailable } from '../store/StoreUnavailable';
import type { PodLifecycle } from './PodLifecycle';
import type { PodListeners } from './PodListeners';
import type { PodLayout } from './PodLayout';
import type { PodRegistrations } from './ports';

/** Dependencies and limits of {@link EventPodManager}. */
export interface EventPodManagerArgs {
  /** Creates pods. */
  source: PodManager;
  /** Creates the containers of a pod. */
  layout: PodLayout;
  /** Registry of pods. */
  store: PodRegistrations;
  /** Ends the data of earlier pods. */
  lifecycle: PodLifecycle;
  /** Notified of ended pods. */
  listeners: PodListeners;
}

/**
 * Sets up new pods for publish and subscribe, after the source has created them.
 *
 * The data of an earlier pod with the same URL is ended first, so a new pod starts empty.
 */
export class EventPodManager implements PodManager {
  protected readonly logger = getLoggerFor(this);
  private readonly source: PodManager;
  private readonly layout: PodLayout;
  private readonly store: PodRegistrations;
  private readonly lifecycle: PodLifecycle;
  private readonly listeners: PodListeners;

  /**
   * @param args - Its dependencies and limits.
   */
  public constructor(args: EventPodManagerArgs) {
    this.source = args.source;
    this.layout = args.layout;
    this.store = args.store;
    this.lifecycle = args.lifecycle;
    this.listeners = args.listeners;
  }

  public async createPod(settings: PodSettings, overwrite: boolean): Promise<void> {
    const pod = settings.base.path;
    await this.source.createPod(settings, overwrite);
    await this.layout.apply(pod, [ settings.webId ]);
    try {
      if (await this.lifecycle.endPod(pod)) {
        await this.listeners.ended(pod);
      }
      await this.store.registerPod(pod);
      await this.lifecycle.setRecord(pod, { hasLayout: this.layout.enabled });
      this.logger.info(`Set up the pod ${pod}`);
    } catch (error: unknown) {
      // The pod exists. Its first use compares it with the stored record, and ends the data of an earlier pod.
      if (!(error instanceof StoreUnavailable)) {
        throw error;
      }
      this.logger.warn(`The registration of the pod ${pod} could not be stored: ${error.message}`);
    }
  }
}
