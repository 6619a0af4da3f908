import type { Finalizable } from '@solid/community-server';
import { Initializer } from '@solid/community-server';
import type { EventStore } from '../store/EventStore';

/**
 * Opens the event store when a process of the server starts, and closes it when the server stops.
 */
export class EventStoreLifecycle extends Initializer implements Finalizable {
  private readonly store: EventStore;

  public constructor(store: EventStore) {
    super();
    this.store = store;
  }

  public override async handle(): Promise<void> {
    await this.store.open();
  }

  public async finalize(): Promise<void> {
    await this.store.close();
  }
}
