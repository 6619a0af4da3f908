import type { SigningAgent } from '../../identity/SigningAgent';
import type { Outgoing } from '../../outgoing/Outgoing';
import { OutgoingFailed } from '../../outgoing/Outgoing';
import { withTimeout, TimeoutError } from '../../event/timeout';
import type { InboxFinder } from '../../subscription/ports';
import type { Offer, Outbox, RemoteRecipients } from '../../publish/ports';
import type { Attempt } from '../../store/deliveries';
import { judge, restOf, retryPolicy } from '../../delivery/retry';
import { findInbox } from './findInbox';
import { sendToInbox } from '../sendToInbox';
import type { HostStates } from '../../delivery/ports';

const POLICY = retryPolicy();
/** Less time than this is not worth beginning with, in milliseconds. */
const LEAST = 50;

/**
 * Offers events to recipients on other servers while their publisher waits.
 */
export class RecipientReach implements RemoteRecipients {
  private readonly outgoing: Outgoing;
  private readonly agent: SigningAgent;
  private readonly profiles: InboxFinder;
  private readonly deliveries: HostStates;
  private readonly outbox: Pick<Outbox, 'now'>;

  /**
   * @param outgoing - The way out.
   * @param agent - Signs requests to inboxes.
   * @param profiles - Tells the inboxes of recipients.
   * @param deliveries - Knows which hosts and recipients are left alone.
   * @param outbox - Tells the time by which they are.
   */
  public constructor(
    outgoing: Outgoing,
    agent: SigningAgent,
    profiles: InboxFinder,
    deliveries: HostStates,
    outbox: Outbox,
  ) {
    this.outgoing = outgoing;
    this.agent = agent;
    this.profiles = profiles;
    this.deliveries = deliveries;
    this.outbox = outbox;
  }

  public async problemOf(webId: string, deadline: number): Promise<string | undefined> {
    try {
      await withTimeout(findInbox(this.profiles, webId), Math.max(1, deadline - performance.now()));
    } catch (error: unknown) {
      // Any failure, since one that was told apart would show which addresses there are in the network of this server.
      if (error instanceof OutgoingFailed) {
        return error.message;
      }
      if (!(error instanceof TimeoutError)) {
        throw error;
      }
    }
  }

  public async offer(webId: string, document: string, deadline: number): Promise<Offer> {
    let { host } = new URL(webId);
    const left = (): number => deadline - performance.now();
    if (left() < LEAST || await this.deliveries.isResting(host, this.outbox.now(), webId)) {
      return { outcome: 'later', host };
    }
    const at = Date.now();
    const begun = performance.now();
    const attempt = (rest: { status?: number; reason?: string }): Attempt =>
      ({ at, duration: Math.round(performance.now() - begun), ...rest });
    try {
      const inbox = await withTimeout(findInbox(this.profiles, webId), left());
      // What the inbox's host does is not to hold up others whose WebIDs are on the same host as this one.
      host = new URL(inbox).host;
      if (await this.deliveries.isResting(host, this.outbox.now())) {
        return { outcome: 'later', host };
      }
      const timeout = Math.max(1, left());
      const { location, ...answer } = await sendToInbox(this.outgoing, this.agent, inbox, document, timeout);
      const { status } = answer;
      const verdict = judge({ target: 'recipient', tries: 1, result: answer }, POLICY, at);
      if (verdict.outcome === 'delivered') {
        const copy = location === undefined ? {} : { copy: location };
        return { outcome: 'taken', host, attempt: attempt({ status }), ...copy };
      }
      const outcome = status === 403 ? 'refused' : verdict.outcome === 'dead' ? 'failed' : 'later';
      const rest = restOf(answer, POLICY, at);
      return { outcome, host, attempt: attempt({ status, reason: verdict.reason }), ...rest > 0 && { rest }};
    } catch (error: unknown) {
      if (error instanceof OutgoingFailed || error instanceof TimeoutError) {
        const isFinal = error instanceof OutgoingFailed && error.fault === 'forbidden';
        return { outcome: isFinal ? 'failed' : 'later', host, attempt: attempt({ reason: error.message }) };
      }
      throw error;
    }
  }
}
