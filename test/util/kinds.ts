import type { DeliverySender, DeliveryTarget } from '../../src/delivery/DeliverySender';
import { TargetKinds } from '../../src/delivery/TargetKinds';
import { InboxTarget } from '../../src/targets/inbox/InboxTarget';
import { INBOX_RESPONSES } from '../../src/targets/inboxResponses';
import { RecipientTarget } from '../../src/targets/recipient/RecipientTarget';
import { WebhookTarget } from '../../src/targets/webhook/WebhookTarget';
import { WEBHOOK_RESPONSES } from '../../src/targets/webhook/webhookResponses';

/** The response rules of the kinds of this server. */
export const RESPONSES = { inbox: INBOX_RESPONSES, recipient: INBOX_RESPONSES, webhook: WEBHOOK_RESPONSES } as const;

/** Finds the kind of a delivery as a sender does. */
export const kindOf: DeliverySender['kindOf'] = ({ kind }): DeliveryTarget | undefined =>
  kind in RESPONSES ? { responses: RESPONSES[kind as keyof typeof RESPONSES], canBeDisabled: kind !== 'recipient' } : undefined;

/** The kinds of this server, of whose dependencies only the given ones are there. */
export function targetKinds(given: object = {}, baseUrl = 'http://localhost/'): TargetKinds {
  const { outgoing, agent, profiles, containers }: any = given;
  return new TargetKinds([
    new InboxTarget(given as any),
    new RecipientTarget(outgoing, agent, profiles),
    new WebhookTarget(outgoing, containers ?? { canonical: (url: string): string => url }, baseUrl),
  ]);
}
