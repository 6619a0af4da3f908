import type { ClaimedDelivery } from './DeliveryQueue';

/** Returns the deliveries of one attempt: a single delivery, or all deliveries of its batch. */
export function membersOf(delivery: ClaimedDelivery): readonly ClaimedDelivery[] {
  return [ delivery, ...delivery.batch?.others ?? [] ];
}

/**
 * Returns a delivery, or batch, with only some of its members.
 *
 * @param delivery - The delivery, as claimed.
 * @param members - The remaining members, at least one.
 */
export function withMembers({ batch }: ClaimedDelivery, members: readonly ClaimedDelivery[]): ClaimedDelivery {
  const [ first, ...others ] = members;
  return batch === undefined ? first : { ...first, batch: { ...batch, others }};
}
