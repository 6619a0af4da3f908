import TTLCache from '@isaacs/ttlcache';
import type { Event } from '../event/Event';
import { forwardedDocument } from '../event/Event';
import { readMembers } from '../event/EventDocument';
import { parseUrl } from '../url/webUrl';
import type { SigningAgent } from '../identity/SigningAgent';
import type { Outgoing } from '../outgoing/Outgoing';
import { OutgoingFailed } from '../outgoing/Outgoing';
import type { InboxFinder } from '../subscription/ports';
import type { Pods } from '../access/ports';
import type { ClaimedDelivery, DeliveredEvents, DeliverySender, Sent } from '../delivery/ports';
import { findInbox } from './recipient/findInbox';
import { sendToInbox } from './sendToInbox';
import { toCloudEvent } from './webhook/cloudEvent';
import { sendToWebhook } from './webhook/sendToWebhook';

interface Texts {
  readonly event: Event;
  readonly document: string;
  /** The recipients and sources. */
  readonly addressees: ReadonlySet<unknown>;
  cloudEvent?: string;
}

/** How many events are kept as they are sent, and for how long, in milliseconds. */
const MOST_TEXTS = 64;
const TEXT_AGE = 60_000;

/**
 * Sends events to inboxes and webhooks of other servers.
 */
export class Sender implements DeliverySender {
  private readonly texts = new TTLCache<number, Texts>({ max: MOST_TEXTS, ttl: TEXT_AGE, checkAgeOnGet: true });

  /**
   * @param store - Where the events are.
   * @param outgoing - The way out.
   * @param agent - Signs requests to inboxes.
   * @param profiles - Tells the inboxes of recipients.
   * @param pods - Tells who is on this server.
   * @param origin - The DNS name of this server, by which webhooks know it.
   */
  public constructor(
    private readonly store: DeliveredEvents,
    private readonly outgoing: Outgoing,
    private readonly agent: SigningAgent,
    private readonly profiles: InboxFinder,
    private readonly pods: Pods,
    private readonly origin: string,
  ) {}

  /**
   * Whether the event of a delivery goes to the subscriber's inbox anyway, because the subscriber is a recipient
   * on another server: the server where it was published sends it there, and no other may.
   */
  public async isSentByOrigin({ kind, agent, event }: ClaimedDelivery): Promise<boolean> {
    if (kind !== 'inbox' || !(await this.textsOf(event)).addressees.has(agent)) {
      return false;
    }
    const found = await this.pods.podOf(agent);
    return 'reason' in found && found.reason === 'elsewhere';
  }

  /** Sends a delivery once; what goes wrong on the way is its result. */
  public async send(delivery: ClaimedDelivery): Promise<Sent> {
    // The WebID of a recipient and its inbox may be on different hosts.
    let host: string | null | undefined = delivery.kind === 'recipient' ? hostOf(delivery.url) : undefined;
    try {
      const texts = await this.textsOf(delivery.event);
      if (delivery.kind === 'webhook') {
        texts.cloudEvent ??= toCloudEvent(texts.event);
        const target = { url: delivery.url, secrets: delivery.secrets, origin: this.origin };
        const message = { id: texts.event.id, body: texts.cloudEvent };
        return { result: await sendToWebhook(this.outgoing, target, message, Date.now()) };
      }
      let inbox = delivery.url;
      if (delivery.kind === 'recipient') {
        inbox = await findInbox(this.profiles, delivery.url);
        host = hostOf(inbox);
      }
      const { location, ...result } = await sendToInbox(this.outgoing, this.agent, inbox, texts.document);
      return { result, host, ...location !== undefined && { copy: location }};
    } catch (error: unknown) {
      if (error instanceof OutgoingFailed) {
        // That nothing was sent tells nothing of a host: anybody can name any document as a profile.
        return { result: error, host: error.fault === 'forbidden' ? null : host };
      }
      throw error;
    }
  }

  private async textsOf(key: number): Promise<Texts> {
    let texts = this.texts.get(key);
    if (!texts) {
      const event = await this.store.eventOf(key);
      if (!event) {
        throw new Error(`The event ${key} is not in the store any more`);
      }
      const { recipient, source } = readMembers(event).values;
      const addressees = new Set([ recipient, source ].flat());
      texts = { event, document: forwardedDocument(event, event.hops + 1), addressees };
      this.texts.set(key, texts);
    }
    return texts;
  }
}

function hostOf(url: string): string | null {
  return parseUrl(url)?.host ?? null;
}
