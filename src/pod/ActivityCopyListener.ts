import type { ActivityEmitter, NotificationChannelStorage } from '@solid/community-server';
import { AS, createErrorMessage, getLoggerFor, RepresentationMetadata } from '@solid/community-server';
import { DataFactory } from 'n3';
import type { CopyListener } from '../delivery/CopyListener';
import type { WatchedCopy } from '../store/WatchedCopy';
import type { ContainerWatches } from './ports';

/**
 * Tells Solid notification channels of copies, by the activities that the server emits for any new resource:
 * `Add` to the inbox, and `Create` of the copy.
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
   * @param channels - Knows who listens.
   * @param store - Is told when nobody does any more.
   */
  public constructor(emitter: ActivityEmitter, channels: NotificationChannelStorage, store: ContainerWatches) {
    this.emitter = emitter;
    this.channels = channels;
    this.store = store;
  }

  public async landed(copy: WatchedCopy): Promise<void> {
    return this.emit(copy).catch((error: unknown): void => {
      this.logger.error(`Could not notify of ${copy.copy}: ${createErrorMessage(error)}`);
    });
  }

  private async emit({ container, copy }: WatchedCopy): Promise<void> {
    // The last channel may have ended, or expired, since.
    if ((await this.channels.getAll({ path: container })).length === 0) {
      await this.store.watch(container, false);
      // Another process may have added one meanwhile.
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
