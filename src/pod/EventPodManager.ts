import type { PodManager, PodSettings } from '@solid/community-server';
import { getLoggerFor } from '@solid/community-server';
import type { EventStore } from '../store/EventStore';
import { StoreUnavailable } from '../store/StoreUnavailable';
import type { PodLayout } from './PodLayout';

/**
 * Sets each new pod up for publish and subscribe, after another manager has made it.
 */
export class EventPodManager implements PodManager {
  protected readonly logger = getLoggerFor(this);
  private readonly source: PodManager;
  private readonly layout: PodLayout;
  private readonly store: EventStore;

  public constructor(source: PodManager, layout: PodLayout, store: EventStore) {
    this.source = source;
    this.layout = layout;
    this.store = store;
  }

  public async createPod(settings: PodSettings, overwrite: boolean): Promise<void> {
    await this.source.createPod(settings, overwrite);
    await this.layout.apply(settings.base.path, [ settings.webId ]);
    try {
      await this.store.registerPod(settings.base.path);
      this.logger.info(`Set up the pod ${settings.base.path}`);
    } catch (error: unknown) {
      // The pod is there; it is set up again, and that noted, at its first use.
      if (!(error instanceof StoreUnavailable)) {
        throw error;
      }
      this.logger.warn(`That the pod ${settings.base.path} is set up could not be stored: ${error.message}`);
    }
  }
}
