import type { ContextLoader } from '../event/ContextLoader';
import type { Event, EventDraft } from '../event/Event';
import { createEvent } from '../event/EventDocument';
import { InvalidInput } from '../event/InvalidInput';
import { parseTopic, topicPath } from '../event/Topic';
import type { AcceptedEvent, EventStore, Forward } from '../store/EventStore';
import { NotAuthorized } from './NotAuthorized';
import type { Access, Pods, Wakeable } from './ports';

/**
 * A request to publish, as every dialect makes it.
 */
export interface PublishRequest {
  /** The base URL of the producing pod, ending in `/`; the publisher may publish through it. */
  readonly pod: string;
  /** The WebID that made the request, or `undefined` for the public. */
  readonly publisher?: string;
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

  /**
   * @param store - Where events are kept.
   * @param pods - Finds the pods of recipients.
   * @param access - Decides to whom may be published.
   * @param contexts - The JSON-LD contexts that data may name.
   * @param fanOut - Is told of new events.
   */
  public constructor(store: EventStore, pods: Pods, access: Access, contexts: ContextLoader, fanOut: Wakeable) {
    this.store = store;
    this.pods = pods;
    this.access = access;
    this.contexts = contexts;
    this.fanOut = fanOut;
  }

  /**
   * Accepts all events of a request, or none.
   *
   * Once the promise is fulfilled the events are stored durably, together with the work of forwarding them,
   * which has not begun. The cost does not depend on how many subscribers there are.
   *
   * @throws {@link InvalidInput} if a recipient has no pod here, or data is no valid JSON-LD.
   * @throws {@link NotAuthorized} that names the first recipient to whom the publisher may not publish.
   */
  public async publish(request: PublishRequest): Promise<Event[]> {
    const pods = await this.findPods(request.drafts);
    await this.authorize(request, pods);
    const accepted = await Promise.all(request.drafts.map(async(draft, index): Promise<AcceptedEvent> => ({
      event: await this.create(draft, index, request),
      forwards: forwardsOf(draft, request, pods),
    })));
    await this.store.accept(accepted);
    this.fanOut.wake();
    return accepted.map(({ event }): Event => event);
  }

  private async create(draft: EventDraft, index: number, request: PublishRequest): Promise<Event> {
    const { pod, publisher, drafts, toProducer } = request;
    try {
      const recipients = toProducer ? [ ...draft.recipients, pod ] : draft.recipients;
      return await createEvent({ ...draft, recipients }, pod, publisher, this.contexts);
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
  private async authorize({ publisher, drafts }: PublishRequest, pods: ReadonlyMap<string, string>): Promise<void> {
    const resource = (draft: EventDraft, webId: string): string =>
      `${pods.get(webId)}${topicPath(parseTopic(draft.topic))}`;
    const resources = new Set(drafts.flatMap((draft): string[] =>
      targetsOf(draft).map((webId): string => resource(draft, webId))));
    if (resources.size === 0) {
      return;
    }
    const allowed = await this.access.allowed(publisher, [ ...resources ], 'append');
    for (const draft of drafts) {
      for (const webId of targetsOf(draft)) {
        if (!allowed.has(resource(draft, webId))) {
          throw new NotAuthorized(`Not authorized to publish to ${webId} on topic ${draft.topic}`);
        }
      }
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
