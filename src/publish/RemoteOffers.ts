import { forwardedDocument } from '../event/Event';
import { forEachConcurrently } from '../event/concurrency';
import type { AcceptedEvent, RemoteRecipient } from '../store/AcceptedEvent';
import type { RecipientOutbox, RemoteRecipients } from './ports';
import { notAuthorizedTo } from './PublishGate';
import type { DryRunResult, PublishRequest } from './PublishRequest';
import type { PodsByWebId } from './recipients';
import { remoteAddressees } from './recipients';

/**
 * Offers events to recipients on other servers within the publish request, up to a time budget.
 */
export class RemoteOffers {
  private readonly remote: RemoteRecipients;
  private readonly outbox: RecipientOutbox;
  private readonly budget: number;

  /**
   * @param remote - Reaches the recipients.
   * @param outbox - Gives the time by which deliveries are due.
   * @param budget - Maximum time for all offers of a request, in milliseconds.
   */
  public constructor(remote: RemoteRecipients, outbox: RecipientOutbox, budget: number) {
    this.remote = remote;
    this.outbox = outbox;
    this.budget = budget;
  }

  /**
   * Offers the events of a request, and adds the outcome for each recipient. Offers without an outcome in time become
   * deliveries.
   *
   * @returns The same array if no recipient is on another server.
   *
   * @throws {@link NotAuthorized} for the first recipient that refuses the event.
   */
  public async offer(
    { drafts, hops = 0 }: Pick<PublishRequest, 'drafts' | 'hops'>,
    accepted: readonly AcceptedEvent[],
    pods: PodsByWebId,
  ): Promise<readonly AcceptedEvent[]> {
    const tasks = drafts.flatMap((draft, index) =>
      remoteAddressees(draft, pods).map((webId) => ({ webId, draft, index })));
    if (tasks.length === 0) {
      return accepted;
    }
    const deadline = performance.now() + this.budget;
    const recipients = accepted.map((): RemoteRecipient[] => []);
    await forEachConcurrently(tasks, async({ webId, draft, index }): Promise<void> => {
      const document = forwardedDocument(accepted[index].event, hops + 1);
      const { outcome, host, attempt, copy, rest = 0 } = await this.remote.offer(webId, document, deadline);
      if (outcome === 'refused') {
        throw notAuthorizedTo(webId, draft);
      }
      const isDelivered = outcome === 'taken';
      const isDead = outcome === 'failed';
      const now = this.outbox.now();
      const due = now + (attempt ? Math.max(this.outbox.firstRetryDelay(), rest) : 0);
      const rests = rest > 0 ? { rests: now + rest } : {};
      recipients[index].push({
        kind: this.remote.kind, agent: webId, host, attempt, isDelivered, isDead, copy, due, ...rests,
      });
    });
    return accepted.map((event, index): AcceptedEvent => ({ ...event, recipients: recipients[index] }));
  }

  /**
   * Adds the unreachable recipients to the results of a dry run, as far as their profiles are read within the budget.
   */
  public async findUnreachable(results: readonly DryRunResult[]): Promise<DryRunResult[]> {
    const deadline = performance.now() + this.budget;
    const problems = new Map<string, string>();
    const agents = new Set(results.flatMap(({ elsewhere }): readonly string[] => elsewhere));
    await forEachConcurrently([ ...agents ], async(agent): Promise<void> => {
      const reason = await this.remote.problemOf(agent, deadline);
      if (reason !== undefined) {
        problems.set(agent, reason);
      }
    });
    return results.map((result): DryRunResult => {
      const unreachable = result.elsewhere.flatMap((agent) =>
        problems.has(agent) ? [{ agent, reason: problems.get(agent)! }] : []);
      return { ...result, ...unreachable.length > 0 && { unreachable }};
    });
  }
}
