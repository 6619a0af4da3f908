import type { Finalizable } from '../css';
import { getLoggerFor, Initializer } from '../css';
import type { Openable } from '../store/Openable';

/**
 * Opens the stores when a process of the server starts, and closes them when it stops.
 */
export class EventStoreLifecycle extends Initializer implements Finalizable {
  protected readonly logger = getLoggerFor(this);
  private readonly stores: readonly Openable[];

  /**
   * @param stores - Stores, opened in this order and closed in reverse order.
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
        // Stores left open would stay locked for another server in the same process.
        await this.finalize();
        throw error;
      }
    }
  }

  public async finalize(): Promise<void> {
    for (const store of this.stores.toReversed()) {
      await store.close();
    }
    this.logger.info('solid-pod-events has stopped: all stores are closed');
  }
}
