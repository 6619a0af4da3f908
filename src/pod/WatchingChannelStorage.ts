import type { NotificationChannel, NotificationChannelStorage, ResourceIdentifier } from '@solid/community-server';
import { createErrorMessage, getLoggerFor } from '@solid/community-server';
import { asHttpError } from './storeHttpError';
import type { ContainerWatches } from './ports';

/**
 * Keeps notification channels as its source does, and tells the event store which containers are watched,
 * so that a copy costs nothing in an inbox that nobody watches.
 *
 * What is watched is read from the store each time, because other processes change it too.
 */
export class WatchingChannelStorage implements NotificationChannelStorage {
  protected readonly logger = getLoggerFor(this);
  private readonly source: NotificationChannelStorage;
  private readonly events: ContainerWatches;

  public constructor(source: NotificationChannelStorage, events: ContainerWatches) {
    this.source = source;
    this.events = events;
  }

  public async get(id: string): Promise<NotificationChannel | undefined> {
    return this.source.get(id);
  }

  public async getAll(topic: ResourceIdentifier): Promise<string[]> {
    const ids = await this.source.getAll(topic);
    // Channels of before the plugin are seen when something first happens.
    await this.setWatched(topic.path, ids.length > 0).catch((error: unknown): void => {
      this.logger.warn(`Whether ${topic.path} is watched could not be stored: ${createErrorMessage(error)}`);
    });
    return ids;
  }

  public async add(channel: NotificationChannel): Promise<void> {
    await this.source.add(channel);
    try {
      await this.setWatched(channel.topic, true);
    } catch (error: unknown) {
      // A channel that would never be told of a copy is none.
      await this.source.delete(channel.id);
      throw asHttpError(error);
    }
  }

  public async update(channel: NotificationChannel): Promise<void> {
    return this.source.update(channel);
  }

  public async delete(id: string): Promise<boolean> {
    return this.source.delete(id);
  }

  private async setWatched(topic: string, watched: boolean): Promise<void> {
    if (topic.endsWith('/')) {
      await this.events.watch(topic, watched);
    }
  }
}
