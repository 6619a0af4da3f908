import type { ContextLoader } from '../event/ContextLoader';
import type { Caller } from '../identity/Caller';
import type { Event, EventDraft } from '../event/Event';
import { createEvent } from '../event/EventDocument';
import { InvalidInput } from '../event/InvalidInput';
import { parseTopic, topicPath } from '../event/Topic';
import type { AcceptedEvent, EventStore, Forward } from '../store/EventStore';
import { covers } from '../subscription/TopicPattern';
import { NotAuthorized } from './NotAuthorized';
import type { Access, Pods, Wakeable } from './ports';
import type { PublishRate } from './PublishRate';

/**
 * A request to publish, as every dialect makes it.
 */
export interface PublishRequest {
  /** The base URL of the producing pod, ending in `/`; the publisher may publish through it. */
  readonly pod: string;
  /** Who made the request; the agent is the publisher. */
  readonly caller: Caller;
  /** What to publish; at least one. */
  readonly drafts: readonly EventDraft[];
  /**
   * Whether the producing pod itself gets the events and forwards them,
   * because whoever may publish through it by this dialect may also publish to it.
   */
  readonly toProducer?: boolean;
}

/** The inbox in which a pod gets what is addressed to its owner. */
export function ownInbox(pod: string): string {
  return `${pod}inbox/`;
}

/**
 * The accept step: the one way by which an event comes into being.
 */
export class Publisher {
  private readonly store: EventStore;
  private readonly pods: Pods;
  private readonly access: Access;
  private readonly contexts: ContextLoader;
  private readonly fanOut: Wakeable;
  private readonly rate: PublishRate;

  /**
   * @param store - Where events are kept.
   * @param pods - Finds the pods of recipients.
   * @param access - Decides to whom may be published.
   * @param contexts - The JSON-LD contexts that data may name.
   * @param fanOut - Is told of new events.
   * @param rate - Bounds how much an agent publishes.
   */
  public constructor(
    store: EventStore,
    pods: Pods,
    access: Access,
    contexts: ContextLoader,
    fanOut: Wakeable,
    rate: PublishRate,
  ) {
    this.store = store;
    this.pods = pods;
    this.access = access;
    this.contexts = contexts;
    this.fanOut = fanOut;
    this.rate = rate;
  }

  /**
   * Accepts all events of a request, or none.
   *
   * Once the promise is fulfilled the events are stored durably, together with the work of forwarding them,
   * which has not begun. The cost does not depend on how many subscribers there are.
   *
   * @throws {@link InvalidInput} if a recipient has no pod here, or data is no valid JSON-LD.
   * @throws {@link NotAuthorized} that names the first recipient to whom the publisher may not publish,
   *         or the topic that its API key does not cover.
   * @throws {@link TooMany} if the publisher has published too much of late.
   */
  public async publish(request: PublishRequest): Promise<Event[]> {
    assertWithinLimits(request);
    await this.rate.count(request.caller.agent, request.pod, request.drafts.length);
    const pods = await this.findPods(request.drafts);
    await this.authorize(request, pods);
    const accepted = await Promise.all(request.drafts.map(async(draft, index): Promise<AcceptedEvent> => ({
      event: await this.create(draft, index, request),
      forwards: forwardsOf(draft, request, pods),
    })));
    if (await this.store.accept(accepted)) {
      this.fanOut.wake();
    }
    return accepted.map(({ event }): Event => event);
  }

  private async create(draft: EventDraft, index: number, request: PublishRequest): Promise<Event> {
    const { pod, caller, drafts, toProducer } = request;
    try {
      const recipients = toProducer ? [ ...draft.recipients, pod ] : draft.recipients;
      return await createEvent({ ...draft, recipients }, pod, caller.agent, this.contexts);
    } catch (error: unknown) {
      throw error instanceof InvalidInput && drafts.length > 1 ? error.at(index) : error;
    }
  }

  /** The pods of all recipients and sources, by WebID. */
  private async findPods(drafts: readonly EventDraft[]): Promise<Map<string, string>> {
    const pods = new Map<string, string>();
    for (const [ index, draft ] of drafts.entries()) {
      for (const webId of targetsOf(draft)) {
        if (!pods.has(webId)) {
          const found = await this.pods.podOf(webId);
          if ('reason' in found) {
            const error = new InvalidInput(found.reason === 'elsewhere' ?
              `Recipient ${webId} is on another server, and this server does not deliver to other servers yet` :
              `Recipient ${webId} has no pod on this server`);
            throw drafts.length > 1 ? error.at(index) : error;
          }
          pods.set(webId, found.pod);
        }
      }
    }
    return pods;
  }

  /** @see https://solidproject.org/TR/wac#access-modes */
  private async authorize({ caller, drafts }: PublishRequest, pods: ReadonlyMap<string, string>): Promise<void> {
    // Most events of a request are of the same topic.
    const paths = new Map<string, string>();
    for (const { topic } of drafts) {
      if (!paths.has(topic)) {
        paths.set(topic, topicPath(parseTopic(topic)));
      }
    }
    const resource = (draft: EventDraft, webId: string): string => `${pods.get(webId)}${paths.get(draft.topic)}`;
    const resources = new Set(drafts.flatMap((draft): string[] =>
      targetsOf(draft).map((webId): string => resource(draft, webId))));
    if (resources.size === 0) {
      return;
    }
    const allowed = await this.access.allowed(caller, [ ...resources ], 'append');
    for (const draft of drafts) {
      for (const webId of targetsOf(draft)) {
        if (!allowed.has(resource(draft, webId))) {
          throw new NotAuthorized(`Not authorized to publish to ${webId} on topic ${draft.topic}`);
        }
      }
    }
  }
}

function assertWithinLimits({ caller: { limits }, drafts }: PublishRequest): void {
  for (const { topic } of drafts) {
    if (limits?.topics && !limits.topics.some((pattern): boolean => covers(pattern, topic))) {
      throw new NotAuthorized(`This API key is limited to other topics than ${topic}`);
    }
  }
}

function targetsOf({ recipients, sources }: EventDraft): string[] {
  return [ ...recipients, ...sources ];
}

/** The producing pod already holds the event, so it gets no copy. */
function forwardsOf(draft: EventDraft, request: PublishRequest, pods: ReadonlyMap<string, string>): Forward[] {
  const targets = new Set(targetsOf(draft).map((webId): string => pods.get(webId)!));
  if (request.toProducer) {
    targets.add(request.pod);
  }
  return [ ...targets ].map((pod): Forward => ({ pod, ...pod !== request.pod && { inbox: ownInbox(pod) }}));
}
