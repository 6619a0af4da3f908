import type { NotificationChannel, NotificationChannelStorage, ResourceIdentifier } from '../css';
import { createErrorMessage, getLoggerFor } from '../css';
import { asHttpError } from './storeHttpError';
import type { ContainerWatches } from './ports';

/**
 * A storage of notification channels that also stores which containers are watched.
 *
 * Copies in a container without channels then need no notification. The flags are read from the event store each time,
 * because other processes change them too.
 */
export class WatchingChannelStorage implements NotificationChannelStorage {
  protected readonly logger = getLoggerFor(this);
  private readonly source: NotificationChannelStorage;
  private readonly events: ContainerWatches;

  /**
   * @param source - Stores the channels.
   * @param events - Stores the watch flags of containers.
   */
  public constructor(source: NotificationChannelStorage, events: ContainerWatches) {
    this.source = source;
    this.events = events;
  }

  public async get(id: string): Promise<NotificationChannel | undefined> {
    return this.source.get(id);
  }

  public async getAll(topic: ResourceIdentifier): Promise<string[]> {
    const ids = await this.source.getAll(topic);
    // Detects channels that were created before the plugin was installed.
    await this.setWatched(topic.path, ids.length > 0).catch((error: unknown): void => {
      this.logger.warn(`The watch flag of ${topic.path} could not be stored: ${createErrorMessage(error)}`);
    });
    return ids;
  }

  public async add(channel: NotificationChannel): Promise<void> {
    await this.source.add(channel);
    try {
      await this.setWatched(channel.topic, true);
    } catch (error: unknown) {
      // Without the flag, the channel would miss copies, so it is not created.
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
