import { givenAttributes } from '../event/cloudEvents';
import type { Event } from '../event/Event';
import { eventDocument, eventUrl, publishContainer } from '../event/Event';
import { readMembers } from '../event/EventDocument';
import { InvalidInput } from '../event/InvalidInput';
import { isWebUrl, parseUrl } from '../url/webUrl';
import type { ReceivedDocument } from '../event/ReceivedDocument';
import type { Caller } from '../identity/Caller';
import type { Work } from '../work/Work';
import { Conflict } from '../event/Conflict';
import { charge, COSTS, linkedDataCost } from '../access/costs';
import { NotAuthorized } from '../event/NotAuthorized';
import type { AcceptMeter, PodOwners, ReceptionStore, FanOutSignal } from './ports';
import type { Access, Locator } from '../access/ports';
import type { FederationPolicy } from '../identity/FederationPolicy';
import { mayPublish } from '../access/topicAccess';
import { MAX_HOPS } from './maxHops';
import { podInbox } from './recipients';
import type { PublishRate } from '../access/PublishRate';
import type { NotifiedEvent } from './readNotification';
import { costOf, INSPECT_NOTIFICATION, READ_NOTIFICATION } from './readNotification';

/**
 * Result of a notification: the URL of an event, a notification that is not an event, or a body that is too large to
 * inspect.
 */
export type Received = { readonly event: string } | 'notification' | 'too large';

/** Maximum size, in bytes, of a body that claims to be an event, unless a server agent sends an event. */
export const MOST_NOTIFICATION_BYTES = 256 * 1_024;

/**
 * The receiving side between servers: an event that comes to a pod's inbox, and is addressed to its owner,
 * becomes an event of that pod, which forwards it.
 *
 * The sender must be a server that may speak for the publisher, and the publisher must have access to the topic. Other
 * notifications are not changed.
 */
export class FederationReceiver {
  private readonly store: ReceptionStore;
  private readonly pods: PodOwners;
  private readonly locator: Locator;
  private readonly access: Access;
  private readonly work: Work;
  private readonly speakers: FederationPolicy;
  private readonly fanOut: FanOutSignal;
  private readonly rate: PublishRate;
  private readonly maxHops: number;
  private readonly meter?: AcceptMeter;

  /**
   * @param store - Where events are kept.
   * @param pods - Finds the pods of addressees.
   * @param locator - Tells which URLs are of this server.
   * @param access - Decides access.
   * @param work - Reads notifications.
   * @param speakers - Decides which servers may speak for an agent.
   * @param fanOut - Is told of new events.
   * @param rate - Bounds how much a server sends.
   * @param maxHops - Number of hops from which on an event is stored but not forwarded. Default {@link MAX_HOPS}.
   * @param meter - Counts received events.
   */
  public constructor(
    store: ReceptionStore,
    pods: PodOwners,
    locator: Locator,
    access: Access,
    work: Work,
    speakers: FederationPolicy,
    fanOut: FanOutSignal,
    rate: PublishRate,
    maxHops: number = MAX_HOPS,
    meter?: AcceptMeter,
  ) {
    this.store = store;
    this.pods = pods;
    this.locator = locator;
    this.access = access;
    this.work = work;
    this.speakers = speakers;
    this.fanOut = fanOut;
    this.rate = rate;
    this.maxHops = maxHops;
    this.meter = meter;
  }

  /**
   * Takes a notification that was POSTed to a pod's own inbox, if it is an event for the pod's owner.
   *
   * A body that does not claim to be an event is an ordinary notification: it is neither parsed nor restricted.
   *
   * @param pod - The base URL of the pod.
   * @param caller - The sender, which has append access to the inbox.
   * @param text - The body, as JSON.
   *
   * @throws {@link InvalidInput} if it claims to be an event, and is not valid JSON-LD or lacks something.
   * @throws {@link NotAuthorized} if the sender may not speak for the publisher, or that one not publish on the topic.
   * @throws {@link Conflict} if another event has its id.
   * @throws {@link TooMany} if the sender exceeds its rate; all notifications count.
   */
  public async receive(pod: string, caller: Caller, text: string): Promise<Received> {
    const begun = performance.now();
    // To look at it is the work, so this is counted first.
    await this.rate.count(caller.agent, pod, 1);
    const size = text.length;
    const { isClaim, hasForm, hasId } = await this.work.run(INSPECT_NOTIFICATION, text, { size });
    if (!isClaim) {
      return 'notification';
    }
    if (Buffer.byteLength(text) > MOST_NOTIFICATION_BYTES && !(this.speakers.isServerAgent(caller) && hasId)) {
      return 'too large';
    }
    charge(linkedDataCost(Buffer.byteLength(text)));
    const inbox = podInbox(pod);
    const told = await this.read(text, inbox);
    if (hasForm && told.length === 0) {
      throw new InvalidInput('The document has the form of an event, and its JSON-LD does not say that it is one');
    }
    const events = await this.addressedTo(pod, told);
    if (events.length === 0) {
      return 'notification';
    }
    if (events.length > 1) {
      throw new InvalidInput(`The notification holds ${events.length} events; send each by itself`);
    }
    const { event, hops } = await this.documentOf(events[0], text, inbox);
    const copy = `${inbox}${event.id}`;
    if (await this.holds(publishContainer(event.pod), event)) {
      // It was published on this server, and has come round.
      return { event: await this.holds(inbox, event) ? copy : eventUrl(event) };
    }
    const obstacle = await this.obstacleTo(caller, event);
    if (obstacle) {
      // Servers that forward it to its recipients all the same need not hear that there is anything to mend.
      if (await this.holds(inbox, event)) {
        return { event: copy };
      }
      throw new NotAuthorized(obstacle);
    }
    await this.assertMayPublish(pod, event);
    await this.assertMayName(event);
    const outcome = await this.store.receive({ event, hops, pod, inbox, isForwarded: hops < this.maxHops });
    if (outcome === 'other') {
      throw new Conflict(`There is another event with the id ${eventUrl(event)}`);
    }
    this.fanOut.wake();
    if (outcome === 'new') {
      this.meter?.received(performance.now() - begun);
    }
    return { event: copy };
  }

  /** The events of which a notification tells; if one is named, with its document. */
  private async read(text: string, base: string, id?: string): Promise<NotifiedEvent[]> {
    return this.work.run(READ_NOTIFICATION, { text, base, ...id !== undefined && { id }}, costOf(text));
  }

  private async documentOf(event: NotifiedEvent, text: string, base: string): Promise<ReceivedDocument> {
    const { document } = event.document === undefined ?
      (await this.read(text, base, event.id)).find(({ id }): boolean => id === event.id)! :
      event;
    if (typeof document === 'string') {
      throw new InvalidInput(document);
    }
    return document!;
  }

  /** The events that are addressed to the owner of a pod. */
  private async addressedTo(pod: string, events: readonly NotifiedEvent[]): Promise<NotifiedEvent[]> {
    const addressees = new Set(events.flatMap((event): readonly string[] => event.addressees));
    charge(addressees.size * COSTS.addressee);
    const owners = new Set<string>();
    for (const webId of addressees) {
      if (isWebUrl(webId) && await this.isOwner(pod, webId)) {
        owners.add(webId);
      }
    }
    return events.filter((event): boolean => event.addressees.some((webId): boolean => owners.has(webId)));
  }

  private async isOwner(pod: string, webId: string): Promise<boolean> {
    const found = await this.pods.podOf(webId);
    return 'pod' in found ? found.pod === pod : this.pods.isOwner(pod, webId);
  }

  /** Whether the very same event is in a container. */
  private async holds(container: string, event: Event): Promise<boolean> {
    const known = await this.store.getEntry(container, event.id);
    return known !== undefined && eventDocument(known) === eventDocument(event);
  }

  /** Why the sender may not bring an event, if so. */
  private async obstacleTo(caller: Caller, event: Event): Promise<string | undefined> {
    if (await this.locator.locate(event.pod) !== undefined || !this.isElsewhere(event.pod)) {
      return `${eventUrl(event)} would be an event of this server, and is none`;
    }
    charge(COSTS.event);
    const obstacle = await this.speakers.refusalReason(caller, event.publisher, event.pod);
    return obstacle &&
      `${caller.agent ?? 'The public'} may not speak for ${event.publisher ?? 'the public'}: ${obstacle}`;
  }

  /** Whether a pod is on another server; all names of this server count as this server. */
  private isElsewhere(pod: string): boolean {
    try {
      return this.pods.canonical(pod, 'origin') === pod && !this.pods.isHere(pod);
    } catch {
      return false;
    }
  }

  /** Checks that the source of a CloudEvent on this server is one that its publisher can write. */
  private async assertMayName({ members, publisher, pod }: Event): Promise<void> {
    const { identity } = givenAttributes(readMembers({ members }).values);
    const source = identity && parseUrl(identity.source, pod);
    if (source?.protocol !== 'http:' && source?.protocol !== 'https:') {
      return;
    }
    [ source.hash, source.search ] = [ '', '' ];
    const url = this.canonicalUrl(source.href);
    const caller = { ...publisher !== undefined && { agent: publisher }};
    if (url === undefined ||
      (this.pods.isHere(url) && !(await this.access.allowed(caller, [ url ], 'write')).has(url))) {
      throw new NotAuthorized(`Invalid source ${identity!.source}: it is on this server, and requires acl:Write`);
    }
  }

  private canonicalUrl(url: string): string | undefined {
    try {
      return this.pods.canonical(url, 'source');
    } catch {
      return undefined;
    }
  }

  private async assertMayPublish(pod: string, event: Event): Promise<void> {
    const publisher = { ...event.publisher !== undefined && { agent: event.publisher }};
    if (!await mayPublish(this.access, publisher, pod, event.topic)) {
      throw new NotAuthorized(`Not authorized to publish to ${pod} on topic ${event.topic}`);
    }
  }
}
