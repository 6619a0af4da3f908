import type { ActivityEmitter, NotificationChannelStorage } from '../css';
import { AS, createErrorMessage, getLoggerFor, RepresentationMetadata } from '../css';
import { DataFactory } from 'n3';
import type { CopyListener } from '../delivery/CopyListener';
import type { WatchedCopy } from '../store/WatchedCopy';
import type { ContainerWatches } from './ports';

/**
 * Notifies Solid notification channels of new copies in watched containers.
 *
 * Emits the activities that the server emits for any new resource: `Add` for the inbox, and `Create` for the copy.
 * A failure is logged and does not reach the fan-out.
 *
 * @see https://solidproject.org/TR/notifications-protocol
 */
export class ActivityCopyListener implements CopyListener {
  protected readonly logger = getLoggerFor(this);
  private readonly emitter: ActivityEmitter;
  private readonly channels: NotificationChannelStorage;
  private readonly store: ContainerWatches;

  /**
   * @param emitter - Emits the activities.
   * @param channels - Active notification channels, by topic.
   * @param store - Watch flags of containers. The flag of a container without channels is cleared.
   */
  public constructor(emitter: ActivityEmitter, channels: NotificationChannelStorage, store: ContainerWatches) {
    this.emitter = emitter;
    this.channels = channels;
    this.store = store;
  }

  public async copyWritten(copy: WatchedCopy): Promise<void> {
    return this.emit(copy).catch((error: unknown): void => {
      this.logger.error(`Notification of the copy ${copy.copy} failed: ${createErrorMessage(error)}`);
    });
  }

  private async emit({ container, copy }: WatchedCopy): Promise<void> {
    // The last channel may have been closed or expired since the copy was written.
    if ((await this.channels.getAll({ path: container })).length === 0) {
      await this.store.watch(container, false);
      // Another process may have added a channel before the flag was cleared.
      if ((await this.channels.getAll({ path: container })).length === 0) {
        return;
      }
      await this.store.watch(container, true);
    }
    const added = new RepresentationMetadata({ path: container }, { [AS.object]: DataFactory.namedNode(copy) });
    this.emitter.emit('changed', { path: container }, AS.terms.Add, added);
    this.emitter.emit(AS.Add, { path: container }, added);
    const created = new RepresentationMetadata({ path: copy });
    this.emitter.emit('changed', { path: copy }, AS.terms.Create, created);
    this.emitter.emit(AS.Create, { path: copy }, created);
  }
}
