import type { Sent } from './attempt';
import { membersOf } from './batches';
import type { ClaimedDelivery, DeliveredEvents } from './DeliveryQueue';
import type { DeliverySender, DeliveryTarget } from './DeliverySender';
import { EventCache } from './EventCache';
import type { DeliveredEvent } from './TargetKind';
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
    const kind = this.kinds.find(delivery.kind)!;
    const { batch } = delivery;
    if (batch === undefined) {
      return kind.send(delivery, await this.events.get(delivery.event));
    }
    if (!kind.sendBatch) {
      throw new Error(`The target kind ${kind.name} sends no batches`);
    }
    const events: DeliveredEvent[] = [];
    for (const { event } of membersOf(delivery)) {
      events.push(await this.events.get(event));
    }
    return kind.sendBatch({ ...delivery, batch }, events);
  }
}
