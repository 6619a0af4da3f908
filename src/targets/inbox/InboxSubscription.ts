import { controlsInbox } from '../../access/consent';
import { charge, COSTS } from '../../access/costs';
import type { Access, AccessEpochs } from '../../access/ports';
import { publishContainer } from '../../event/Event';
import { InvalidInput } from '../../event/InvalidInput';
import { NotAuthorized } from '../../event/NotAuthorized';
import { LDP } from '../../event/vocabulary';
import type { Caller } from '../../identity/Caller';
import type { AcceptedTarget, Containers, InboxFinder, SubscribableTarget } from '../../subscription/ports';
import { isWebUrl } from '../../url/webUrl';

/**
 * Subscriptions with an inbox: a container of this server by access control, or the subscriber's inbox on another
 * server by the subscriber's profile.
 */
export class InboxSubscription implements SubscribableTarget {
  public readonly property = { name: 'inbox', predicate: `${LDP}inbox` };
  public readonly isCopied = true;

  /**
   * @param containers - Containers of this server.
   * @param profiles - Inboxes of agents of other servers.
   * @param access - Access decisions about inboxes of this server.
   * @param epochs - Access epochs of pods.
   */
  public constructor(
    private readonly containers: Containers,
    private readonly profiles: InboxFinder,
    private readonly access: Access,
    private readonly epochs: AccessEpochs,
  ) {}

  public parse(value: string | null): string {
    if (value === null || !isWebUrl(value) || value.includes('#')) {
      throw new InvalidInput('Invalid inbox: it is the absolute URL of a container, ending in /, or of an inbox on another server');
    }
    return this.containers.canonical(value, 'inbox');
  }

  public async accept(caller: Caller & { readonly agent: string }, inbox: string): Promise<AcceptedTarget> {
    if (this.containers.isHere(inbox)) {
      return this.acceptContainer(caller, inbox);
    }
    charge(COSTS.remote);
    if (await this.profiles.inboxOf(caller.agent) !== inbox) {
      throw new NotAuthorized(`Not authorized to have events delivered to ${inbox}: ` +
        `the profile of ${caller.agent} has to name it by ldp:inbox`);
    }
    return { target: { kind: 'inbox', host: new URL(inbox).host, isContainer: true }};
  }

  private async acceptContainer(caller: Caller, inbox: string): Promise<AcceptedTarget> {
    const pod = await this.containers.podOfContainer(inbox);
    if (!pod || !/^[^?]+\/$/u.test(inbox)) {
      throw new InvalidInput(`Inbox ${inbox} is in no pod; name a container of a pod, ending in /`);
    }
    if (inbox === publishContainer(pod)) {
      throw new InvalidInput(`Inbox ${inbox} holds published events; name another container, such as ${pod}inbox/`);
    }
    const consent = { pod, epoch: await this.epochs.epochOf(pod) };
    // Before its existence, which only agents who control it may learn.
    if (!await controlsInbox(this.access, caller, inbox)) {
      throw new NotAuthorized(`Not authorized to have events delivered to ${inbox}: that takes acl:Write or acl:Control on it`);
    }
    if (!await this.containers.exists(inbox)) {
      throw new InvalidInput(`There is no container at ${inbox}`);
    }
    return { consent };
  }
}
