import type { ClaimedDelivery } from '../../src/delivery/ports';

export const HOOK = 'https://hooks.example/hook';
export const ALICE = 'https://alice.example/card#me';

/** A claimed delivery to a webhook; its key is its claim id too. */
export function aClaim(delivery: number, fields: Partial<ClaimedDelivery> = {}): ClaimedDelivery {
  return {
    delivery, claim: delivery, host: 1, target: 1, event: 1, kind: 'webhook', url: HOOK, agent: ALICE,
    topic: 'realestate/contact#add', pod: 'http://localhost/user/', subscription: 'id', isWanted: true, tries: 0, begun: 0,
    secrets: [], credential: null, settings: null, rate: null, pausedUntil: null, failing: null, disabled: null, ...fields,
  };
}
