import type { Finalizable } from '@solid/community-server';
import { getLoggerFor, Initializer } from '@solid/community-server';
import type { Openable } from '../store/Openable';

/**
 * Opens what the server keeps of events when one of its processes starts, and closes it when the server stops.
 */
export class EventStoreLifecycle extends Initializer implements Finalizable {
  protected readonly logger = getLoggerFor(this);
  private readonly stores: readonly Openable[];

  /**
   * @param stores - What is opened, in this order, and closed in the reverse order.
   */
  public constructor(stores: Openable[]) {
    super();
    this.stores = stores;
  }

  public override async handle(): Promise<void> {
    for (const store of this.stores) {
      try {
        await store.open();
      } catch (error: unknown) {
        // What was opened before would otherwise stay locked for a server that starts in the same process.
        await this.finalize();
        throw error;
      }
    }
  }

  public async finalize(): Promise<void> {
    for (const store of this.stores.toReversed()) {
      await store.close();
    }
    this.logger.info('solid-pod-events has stopped: its stores are closed');
  }
}
