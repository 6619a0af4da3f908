import { charge, COSTS, linkedDataCost } from '../access/costs';
import type { EventDraft } from '../event/Event';
import type { EventFactory } from './EventFactory';
import { mayHaveKeywords } from './EventFactory';
import type { PublishRequest } from './PublishRequest';
import { addresseesOf } from './recipients';

/** Charges the cost of events that follows from their number, addressees and data. */
export function chargeDrafts(drafts: readonly EventDraft[]): void {
  const addressees = drafts.reduce((sum, draft): number => sum + addresseesOf(draft).length, 0);
  charge(drafts.length * COSTS.event + addressees * COSTS.addressee);
  for (const { data } of drafts) {
    if (data !== undefined && mayHaveKeywords(data)) {
      charge(linkedDataCost(Buffer.byteLength(data)));
    }
  }
}

/** The input of {@link EventFactory} for a request. */
export function factoryInput(
  { drafts, pod, caller, toProducer }: Pick<PublishRequest, 'drafts' | 'pod' | 'caller' | 'toProducer'>,
): Parameters<EventFactory['create']>[0] {
  return {
    drafts: drafts.map((draft): EventDraft => toProducer || draft.toProducer ?
      { ...draft, recipients: [ ...draft.recipients, pod ]} :
      draft),
    pod,
    ...caller.agent !== undefined && { publisher: caller.agent },
  };
}
