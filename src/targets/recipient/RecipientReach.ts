import type { SigningAgent } from '../../identity/SigningAgent';
import type { Outgoing } from '../../outgoing/Outgoing';
import { OutgoingFailed } from '../../outgoing/Outgoing';
import { withTimeout, TimeoutError } from '../../event/timeout';
import type { InboxFinder } from '../../subscription/ports';
import type { Offer, Outbox, RemoteRecipients } from '../../publish/ports';
import type { Attempt } from '../../store/deliveries';
import type { RetryRules } from '../../delivery/RetryRules';
import { judge, requestedPause } from '../../delivery/retry';
import { findInbox } from './findInbox';
import { INBOX_RESPONSES } from '../inboxResponses';
import { sendToInbox } from '../sendToInbox';
import type { HostStates } from '../../delivery/DeliveryQueue';
import { RECIPIENT } from './recipient';

/** Minimum remaining time for an attempt, in milliseconds. */
const LEAST = 50;

/** Dependencies and limits of {@link RecipientReach}. */
export interface RecipientReachArgs {
  /** Sends requests to other servers. */
  outgoing: Outgoing;
  /** Signs requests to inboxes. */
  agent: SigningAgent;
  /** Inboxes of recipients. */
  profiles: InboxFinder;
  /** Circuits of hosts, and pauses that recipients requested. */
  deliveries: HostStates;
  /** Clock of deliveries. */
  outbox: Outbox;
  /** Retry policy of deliveries. */
  retry: RetryRules;
}

/**
 * Makes the first attempt for recipients of other servers within the publisher's request.
 */
export class RecipientReach implements RemoteRecipients {
  public readonly kind = RECIPIENT;
  private readonly outgoing: Outgoing;
  private readonly agent: SigningAgent;
  private readonly profiles: InboxFinder;
  private readonly deliveries: HostStates;
  private readonly outbox: Pick<Outbox, 'now'>;
  private readonly retry: RetryRules;

  /**
   * @param args - Its dependencies and limits.
   */
  public constructor(args: RecipientReachArgs) {
    this.outgoing = args.outgoing;
    this.agent = args.agent;
    this.profiles = args.profiles;
    this.deliveries = args.deliveries;
    this.outbox = args.outbox;
    this.retry = args.retry;
  }

  public async problemOf(webId: string, deadline: number): Promise<string | undefined> {
    try {
      await withTimeout(findInbox(this.profiles, webId), Math.max(1, deadline - performance.now()));
    } catch (error: unknown) {
      // Any failure, because different messages would reveal addresses in the network of this server.
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
    if (left() < LEAST || await this.deliveries.isPaused(host, this.outbox.now(), { kind: RECIPIENT, url: webId })) {
      return { outcome: 'later', host };
    }
    const at = Date.now();
    const begun = performance.now();
    const attempt = (rest: { status?: number; reason?: string }): Attempt =>
      ({ at, duration: Math.round(performance.now() - begun), ...rest });
    try {
      const inbox = await withTimeout(findInbox(this.profiles, webId), left());
      // Failures of the inbox's host do not delay other WebIDs of the profile's host.
      host = new URL(inbox).host;
      if (await this.deliveries.isPaused(host, this.outbox.now())) {
        return { outcome: 'later', host };
      }
      const timeout = Math.max(1, left());
      const { location, ...answer } = await sendToInbox(this.outgoing, this.agent, inbox, document, timeout);
      const { status } = answer;
      const policy = this.retry.retryPolicy();
      const verdict = judge({ rules: INBOX_RESPONSES, tries: 1, result: answer }, policy, at);
      if (verdict.outcome === 'delivered') {
        const copy = location === undefined ? {} : { copy: location };
        return { outcome: 'taken', host, attempt: attempt({ status }), ...copy };
      }
      const outcome = status === 403 ? 'refused' : verdict.outcome === 'dead' ? 'failed' : 'later';
      const rest = requestedPause(answer, policy, at);
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
