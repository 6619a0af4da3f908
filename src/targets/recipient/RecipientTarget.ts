import type { Sent } from '../../delivery/attempt';
import type { ClaimedDelivery } from '../../delivery/DeliveryQueue';
import type { DeliveredEvent, TargetKind } from '../../delivery/TargetKind';
import type { SigningAgent } from '../../identity/SigningAgent';
import type { Outgoing } from '../../outgoing/Outgoing';
import type { InboxFinder } from '../../subscription/ports';
import { parseUrl } from '../../url/webUrl';
import { hoppedText } from '../hoppedText';
import { INBOX_RESPONSES } from '../inboxResponses';
import { sendToInbox } from '../sendToInbox';
import { sentToInbox } from '../sentToInbox';
import { findInbox } from './findInbox';
import { RECIPIENT } from './recipient';

/**
 * Target kind `recipient`: the current inbox in the profile of a recipient on another server.
 *
 * Agents cannot subscribe with it, so a recipient is never disabled.
 */
export class RecipientTarget implements TargetKind {
  public readonly name = RECIPIENT;
  public readonly description = 'A copy in the inbox that the profile of a recipient names';
  public readonly canBeDisabled = false;
  public readonly responses = INBOX_RESPONSES;
  private readonly outgoing: Outgoing;
  private readonly agent: SigningAgent;
  private readonly profiles: InboxFinder;

  /**
   * @param outgoing - Sends requests to other servers.
   * @param agent - Signs requests to inboxes.
   * @param profiles - Inboxes of recipients.
   */
  public constructor(outgoing: Outgoing, agent: SigningAgent, profiles: InboxFinder) {
    this.outgoing = outgoing;
    this.agent = agent;
    this.profiles = profiles;
  }

  public displayUrl(url: string): string {
    return url;
  }

  public async send({ url }: ClaimedDelivery, event: DeliveredEvent): Promise<Sent> {
    // The WebID and the inbox of a recipient may have different hosts.
    let host = hostOf(url);
    return sentToInbox(async() => {
      const inbox = await findInbox(this.profiles, url);
      host = hostOf(inbox);
      return sendToInbox(this.outgoing, this.agent, inbox, hoppedText(event));
    }, (): string | null => host);
  }
}

function hostOf(url: string): string | null {
  return parseUrl(url)?.host ?? null;
}
