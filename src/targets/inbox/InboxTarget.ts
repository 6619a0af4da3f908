import type { Access, AccessEpochs, Pods } from '../../access/ports';
import { readMembers } from '../../event/EventDocument';
import type { Sent } from '../../delivery/attempt';
import type { ClaimedDelivery } from '../../delivery/DeliveryQueue';
import type { DeliveredEvent, TargetKind } from '../../delivery/TargetKind';
import type { SigningAgent } from '../../identity/SigningAgent';
import type { Outgoing } from '../../outgoing/Outgoing';
import type { Containers, InboxFinder } from '../../subscription/ports';
import { hoppedText } from '../hoppedText';
import { perEvent } from '../perEvent';
import { INBOX_RESPONSES } from '../inboxResponses';
import { sendToInbox } from '../sendToInbox';
import { sentToInbox } from '../sentToInbox';
import { InboxSubscription } from './InboxSubscription';

/**
 * Dependencies of {@link InboxTarget}.
 */
export interface InboxTargetArgs {
  /** Sends requests to other servers. */
  outgoing: Outgoing;
  /** Signs requests to inboxes. */
  agent: SigningAgent;
  /** Inboxes of agents of other servers. */
  profiles: InboxFinder;
  /** Pods of this server, by the WebIDs of their owners. */
  pods: Pods;
  /** Containers of this server. */
  containers: Containers;
  /** Access decisions about inboxes of this server. */
  access: Access;
  /** Access epochs of pods. */
  epochs: AccessEpochs;
}

/** The recipients and sources of an event; reading its members takes time that grows with the event. */
const addresseesOf = perEvent((event): ReadonlySet<unknown> => {
  const { recipient, source } = readMembers(event).values;
  return new Set([ recipient, source ].flat());
});

/**
 * Target kind `inbox`: an LDN inbox. An inbox of this server receives copies from the fan-out instead of deliveries.
 */
export class InboxTarget implements TargetKind {
  public readonly name = 'inbox';
  public readonly description = 'A copy in an inbox of another server';
  public readonly canBeDisabled = true;
  public readonly responses = INBOX_RESPONSES;
  public readonly subscription: InboxSubscription;
  private readonly outgoing: Outgoing;
  private readonly agent: SigningAgent;
  private readonly pods: Pods;

  /**
   * @param args - Dependencies.
   */
  public constructor(args: InboxTargetArgs) {
    this.outgoing = args.outgoing;
    this.agent = args.agent;
    this.pods = args.pods;
    this.subscription = new InboxSubscription(args.containers, args.profiles, args.access, args.epochs);
  }

  public displayUrl(url: string): string {
    return url;
  }

  /** Whether the subscriber is also a recipient of another server: then only the publisher's server sends the event. */
  public async isSentByOrigin({ agent }: ClaimedDelivery, event: DeliveredEvent): Promise<boolean> {
    if (!addresseesOf(event).has(agent)) {
      return false;
    }
    const found = await this.pods.podOf(agent);
    return 'reason' in found && found.reason === 'elsewhere';
  }

  public async send({ url }: ClaimedDelivery, event: DeliveredEvent): Promise<Sent> {
    return sentToInbox(async() => sendToInbox(this.outgoing, this.agent, url, hoppedText(event)));
  }
}
