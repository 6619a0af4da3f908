import type { Sent } from './attempt';
import type { ClaimedDelivery, DeliveredEvents } from './DeliveryQueue';
import type { DeliverySender, DeliveryTarget } from './DeliverySender';
import { EventCache } from './EventCache';
import type { TargetKinds } from './TargetKinds';

/**
 * Sends each delivery by its registered target kind.
 */
export class Sender implements DeliverySender {
  private readonly events: EventCache;

  /**
   * @param store - Storage of events.
   * @param kinds - The registered target kinds.
   */
  public constructor(store: DeliveredEvents, private readonly kinds: TargetKinds) {
    this.events = new EventCache(store);
  }

  public kindOf({ kind }: ClaimedDelivery): DeliveryTarget | undefined {
    return this.kinds.find(kind);
  }

  public async isSentByOrigin(delivery: ClaimedDelivery): Promise<boolean> {
    const kind = this.kinds.find(delivery.kind)!;
    return kind.isSentByOrigin !== undefined &&
      kind.isSentByOrigin(delivery, await this.events.get(delivery.event));
  }

  public async send(delivery: ClaimedDelivery): Promise<Sent> {
    return this.kinds.find(delivery.kind)!.send(delivery, await this.events.get(delivery.event));
  }
}
