import type { PodManager, PodSettings } from '@solid/community-server';
import type { EventStore } from '../store/EventStore';
import type { PodLayout } from './PodLayout';

/**
 * Sets each new pod up for publish and subscribe, after another manager has made it.
 */
export class EventPodManager implements PodManager {
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
    await this.store.registerPod(settings.base.path);
  }
}
