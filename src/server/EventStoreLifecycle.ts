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
   * @param stores - What is opened, in this order.
   */
  public constructor(stores: Openable[]) {
    super();
    this.stores = stores;
  }

  public override async handle(): Promise<void> {
    for (const store of this.stores) {
      await store.open();
    }
  }

  public async finalize(): Promise<void> {
    for (const store of this.stores) {
      await store.close();
    }
    this.logger.info('solid-pod-events has stopped: its stores are closed');
  }
}
