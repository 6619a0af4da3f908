import type { NotificationChannel, NotificationChannelStorage, ResourceIdentifier } from '@solid/community-server';
import type { EventStore } from '../store/EventStore';

/**
 * Keeps notification channels as its source does, and tells the event store which containers are watched,
 * so that a copy costs nothing in an inbox that nobody watches.
 */
export class WatchingChannelStorage implements NotificationChannelStorage {
  private readonly source: NotificationChannelStorage;
  private readonly events: EventStore;
  // What this process has seen to be watched; channels of before the plugin are seen when something first happens.
  private readonly watched = new Set<string>();

  public constructor(source: NotificationChannelStorage, events: EventStore) {
    this.source = source;
    this.events = events;
  }

  public async get(id: string): Promise<NotificationChannel | undefined> {
    return this.source.get(id);
  }

  public async getAll(topic: ResourceIdentifier): Promise<string[]> {
    const ids = await this.source.getAll(topic);
    await this.setWatched(topic.path, ids.length > 0);
    return ids;
  }

  public async add(channel: NotificationChannel): Promise<void> {
    await this.source.add(channel);
    await this.setWatched(channel.topic, true);
  }

  public async update(channel: NotificationChannel): Promise<void> {
    return this.source.update(channel);
  }

  public async delete(id: string): Promise<boolean> {
    return this.source.delete(id);
  }

  private async setWatched(topic: string, watched: boolean): Promise<void> {
    if (topic.endsWith('/') && watched !== this.watched.has(topic)) {
      await this.events.watch(topic, watched);
      if (watched) {
        this.watched.add(topic);
      } else {
        this.watched.delete(topic);
      }
    }
  }
}
