import type { Quad } from '@rdfjs/types';
import type { ContextLoader } from '../event/ContextLoader';
import type { Event } from '../event/Event';
import { eventDocument, eventUrl, publishContainer } from '../event/Event';
import { InvalidInput } from '../event/InvalidInput';
import type { ReceivedDocument } from '../event/ReceivedDocument';
import { addresseesIn, eventsIn, parseNotification, readReceived } from '../event/ReceivedDocument';
import { parseTopic, topicPath } from '../event/Topic';
import type { Caller } from '../identity/Caller';
import type { EventStore } from '../store/EventStore';
import { Conflict } from './Conflict';
import { NotAuthorized } from './NotAuthorized';
import type { AcceptMeter, Access, Locator, Pods, Speakers, Wakeable } from './ports';
import { ownInbox } from './Publisher';
import type { PublishRate } from './PublishRate';

/**
 * What came of a notification: it is an event, which has a URL now, or it is something else and stays what it is.
 */
export type Received = { readonly event: string } | 'notification';

/**
 * The receiving side between servers: an event that comes to a pod's inbox, and is addressed to its owner,
 * becomes an event of that pod, which forwards it.
 *
 * Whoever sends it has to be a server that may speak for the publisher, and the publisher one who may publish on the
 * topic. What is no event, or is addressed to others, is not touched.
 */
export class Receiver {
  private readonly store: EventStore;
  private readonly pods: Pods;
  private readonly locator: Locator;
  private readonly access: Access;
  private readonly contexts: ContextLoader;
  private readonly speakers: Speakers;
  private readonly fanOut: Wakeable;
  private readonly rate: PublishRate;
  private readonly mostHops: number;
  private readonly meter?: AcceptMeter;

  /**
   * @param store - Where events are kept.
   * @param pods - Finds the pods of addressees.
   * @param locator - Tells which URLs are of this server.
   * @param access - Decides who may publish on what.
   * @param contexts - The JSON-LD contexts that a notification may name.
   * @param speakers - Tells which servers may speak for whom.
   * @param fanOut - Is told of new events.
   * @param rate - Bounds how much a server sends.
   * @param mostHops - From how many hops on an event is not forwarded any more. Default 3.
   * @param meter - Counts what is taken.
   */
  public constructor(
    store: EventStore,
    pods: Pods,
    locator: Locator,
    access: Access,
    contexts: ContextLoader,
    speakers: Speakers,
    fanOut: Wakeable,
    rate: PublishRate,
    mostHops = 3,
    meter?: AcceptMeter,
  ) {
    this.store = store;
    this.pods = pods;
    this.locator = locator;
    this.access = access;
    this.contexts = contexts;
    this.speakers = speakers;
    this.fanOut = fanOut;
    this.rate = rate;
    this.mostHops = mostHops;
    this.meter = meter;
  }

  /**
   * Takes what was POSTed to a pod's own inbox as JSON-LD, if it is an event for the pod's owner.
   *
   * @param pod - The base URL of the pod.
   * @param caller - Who sent it, and may append to the inbox.
   * @param text - The body.
   *
   * @throws {@link InvalidInput} if it is no valid JSON-LD, or an event that lacks something.
   * @throws {@link NotAuthorized} if the sender may not speak for the publisher, or that one not publish on the topic.
   * @throws {@link Conflict} if another event has its id.
   * @throws {@link TooMany} if the sender sends too much.
   */
  public async receive(pod: string, caller: Caller, text: string): Promise<Received> {
    const begun = performance.now();
    const inbox = ownInbox(pod);
    const events = await this.addressedTo(pod, await parseNotification(text, inbox, this.contexts));
    if (events.length === 0) {
      return 'notification';
    }
    if (events.length > 1) {
      throw new InvalidInput(`The notification holds ${events.length} events; send each by itself`);
    }
    const [[ id, statements ]] = events;
    const received = readReceived(text, id, statements);
    if (await this.isKnown(pod, received.event)) {
      return { event: `${inbox}${received.event.id}` };
    }
    await this.authorize(pod, caller, received);
    await this.rate.count(caller.agent, pod, 1);
    const { event, hops } = received;
    const outcome = await this.store.receive({ event, hops, pod, inbox, isForwarded: hops < this.mostHops });
    if (outcome === 'other') {
      throw new Conflict(`There is another event with the id ${eventUrl(event)}`);
    }
    this.fanOut.wake();
    if (outcome === 'new') {
      this.meter?.received(performance.now() - begun);
    }
    return { event: `${inbox}${event.id}` };
  }

  /** The events among statements that are addressed to the owner of a pod. */
  private async addressedTo(pod: string, quads: readonly Quad[]): Promise<[ string, readonly Quad[] ][]> {
    const found: [ string, readonly Quad[] ][] = [];
    for (const [ id, statements ] of eventsIn(quads)) {
      for (const webId of addresseesIn(statements)) {
        const owner = URL.canParse(webId) ? await this.pods.podOf(webId) : {};
        if ('pod' in owner && owner.pod === pod) {
          found.push([ id, statements ]);
          break;
        }
      }
    }
    return found;
  }

  /** Whether the very same event is in the inbox, or was published on this server: whoever sends it again may do so. */
  private async isKnown(pod: string, event: Event): Promise<boolean> {
    for (const container of [ ownInbox(pod), publishContainer(event.pod) ]) {
      const known = await this.store.getEntry(container, event.id);
      if (known && eventDocument(known) === eventDocument(event)) {
        return true;
      }
    }
    return false;
  }

  private async authorize(pod: string, caller: Caller, { event }: ReceivedDocument): Promise<void> {
    if (await this.locator.locate(event.pod) !== undefined) {
      throw new NotAuthorized(`${eventUrl(event)} would be an event of this server, and is none`);
    }
    const obstacle = await this.speakers.obstacleTo(caller, event.publisher, event.pod);
    if (obstacle) {
      throw new NotAuthorized(`${caller.agent ?? 'The public'} may not speak for ${event.publisher ?? 'the public'}: ${obstacle}`);
    }
    const resource = `${pod}${topicPath(parseTopic(event.topic))}`;
    const publisher = { ...event.publisher !== undefined && { agent: event.publisher }};
    if (!(await this.access.allowed(publisher, [ resource ], 'append')).has(resource)) {
      throw new NotAuthorized(`Not authorized to publish to ${pod} on topic ${event.topic}`);
    }
  }
}
