import { charge, COSTS } from '../access/costs';
import type { Access, Audience } from '../access/ports';
import type { PublishRate } from '../access/PublishRate';
import { publishable } from '../access/topicAccess';
import type { Event, EventDraft } from '../event/Event';
import { InvalidInput } from '../event/InvalidInput';
import type { EventFilters } from '../subscription/FilterMatcher';
import type { AcceptedEvent } from '../store/AcceptedEvent';
import { DuplicateRequest } from '../store/DuplicateRequest';
import type { IdempotencyKey } from '../store/idempotency';
import { chargeDrafts, factoryInput } from './drafts';
import { DryRun } from './DryRun';
import type { EventFactory } from './EventFactory';
import { IdempotentRequests, repeatedResponse } from './IdempotentRequests';
import { IdentifiedEvents, storedIdentity } from './IdentifiedEvents';
import { MAX_HOPS } from './maxHops';
import type { AcceptMeter, EventLog, FanOutSignal, NamedPods, RecipientOutbox, RemoteRecipients } from './ports';
import { assertWithinLimits, notAuthorizedTo, PublishGate } from './PublishGate';
import type {
  Admission,
  DryRunResult,
  EventOutcome,
  IndependentRequest,
  NamedKey,
  Published,
  PublishRequest,
} from './PublishRequest';
import type { PodsByWebId } from './recipients';
import { assertRemoteCount, canonicalRequest, findPods, forwardsOf, remoteAddressees } from './recipients';
import { RemoteOffers } from './RemoteOffers';

/** Maximum number of hops that is stored; larger numbers have the same effect. */
const MAX_STORED_HOPS = 1_000;

/** Dependencies and limits of {@link Publisher}. */
export interface PublisherArgs {
  /** Stores the events. */
  store: EventLog;
  /** Finds the pods of recipients. */
  pods: NamedPods;
  /** Decides access. */
  access: Access;
  /** Creates the events of drafts. */
  factory: EventFactory;
  /** Wakes the fan-out after events are stored. */
  fanOut: FanOutSignal;
  /** Limits the events of an agent. */
  rate: PublishRate;
  /** Reaches recipients on other servers. */
  remote: RemoteRecipients;
  /** Makes the deliveries to recipients that were not reached within the request. */
  outbox: RecipientOutbox;
  /** Counts the subscriptions that receive an event. */
  audience: Audience;
  /** Evaluates the filters of subscriptions. */
  filters: EventFilters;
  /** Maximum time that a request waits for the servers of its recipients, in milliseconds. Default 3,000. */
  budget?: number;
  /** Number of hops from which on an event is stored but not forwarded. Default {@link MAX_HOPS}. */
  maxHops?: number;
  /** Counts accepted events. Default: none. */
  meter?: AcceptMeter;
}

/**
 * Accepts publish requests: the only component that creates events of this server.
 *
 * A request names the resource on which its caller needs `acl:Append`. Nothing is stored without that access and
 * `acl:Append` on the topics in the recipients' pods. Independent events need it on their topics in the producing pod.
 */
export class Publisher {
  private readonly store: EventLog;
  private readonly access: Access;
  private readonly pods: NamedPods;
  private readonly factory: EventFactory;
  private readonly fanOut: FanOutSignal;
  private readonly rate: PublishRate;
  private readonly outbox: RecipientOutbox;
  private readonly audience: Audience;
  private readonly filters: EventFilters;
  private readonly maxHops: number;
  private readonly meter?: AcceptMeter;
  private readonly gate: PublishGate;
  private readonly offers: RemoteOffers;
  private readonly dryRun: DryRun;
  private readonly requests: IdempotentRequests;
  private readonly identified: IdentifiedEvents;

  /**
   * @param args - Its dependencies and limits.
   */
  public constructor(args: PublisherArgs) {
    this.store = args.store;
    this.access = args.access;
    this.pods = args.pods;
    this.factory = args.factory;
    this.fanOut = args.fanOut;
    this.rate = args.rate;
    this.outbox = args.outbox;
    this.audience = args.audience;
    this.filters = args.filters;
    this.maxHops = args.maxHops ?? MAX_HOPS;
    this.meter = args.meter;
    this.gate = new PublishGate(args.access);
    this.offers = new RemoteOffers(args.remote, args.outbox, args.budget ?? 3_000);
    this.requests = new IdempotentRequests(args.store);
    this.identified = new IdentifiedEvents(args.store);
    this.dryRun = new DryRun({ ...args, gate: this.gate, offers: this.offers });
  }

  /**
   * Checks access to the resource of a request before its body is read.
   *
   * {@link publish} and {@link check} repeat the check. The answer is cached under the access epoch, so the repetition
   * costs little.
   *
   * @throws {@link NotAdmitted} if the caller lacks `acl:Append` on the resource.
   */
  public async admit(admission: Admission): Promise<void> {
    await this.gate.admit(admission);
  }

  /**
   * Accepts all events of a request, or none.
   *
   * When the promise is fulfilled, the events and the work of their fan-out are stored durably. The fan-out has not
   * begun, so the cost does not depend on the number of subscribers.
   *
   * Recipients on other servers are offered the events first, within a time budget. Recipients without an answer in
   * time get them later. If one refuses, nothing is stored here, though another may already have stored its copy.
   *
   * A request with an idempotency key is stored once. For 24 hours, a repeat by the same agent gets the response of the
   * first request, also while that is in progress. Refused requests are not stored, so a repeat is tried again.
   *
   * An event with an identity of its producer is stored once per agent and pod, see {@link IdentifiedEvents}. All
   * other events of the request are accepted, or none.
   *
   * @throws {@link NotAdmitted} if the caller lacks `acl:Append` on the resource of the request. This applies to
   *         repeats too.
   * @throws {@link NotAuthorized} for the first recipient to which the caller must not publish, or the first topic that
   *         its credential does not cover.
   * @throws {@link InvalidInput} if a WebID of this server has no pod, or data is not valid JSON-LD.
   * @throws {@link Conflict} if another request was made with the same idempotency key, or another event was published
   *         with the same identity.
   * @throws {@link TooMany} if the publisher exceeds its rate or its cost budget.
   */
  public async publish(request: PublishRequest): Promise<Published> {
    assertWithinLimits(request);
    const { idempotencyKey } = request;
    const run = async(key?: IdempotencyKey): Promise<Published> =>
      this.identified.run(
        await canonicalRequest(this.pods, request),
        async(): Promise<void> => this.gate.admit(request),
        async(fresh, complete): Promise<Published> => this.accept(fresh, complete, key),
      );
    return idempotencyKey ?
      this.requests.run(request, idempotencyKey, async(): Promise<void> => this.gate.admit(request), run) :
      run();
  }

  /**
   * Accepts each event of a request to one pod, or refuses it. The pod is the recipient and forwards the events.
   *
   * All accepted events are stored in one transaction. A repeat with the same idempotency key gets the outcomes of the
   * first request, even if the access of the caller has changed. A request without an accepted event is not stored.
   *
   * @returns One outcome for each event, in order.
   *
   * @throws {@link Conflict} if another request was made with the same idempotency key.
   * @throws {@link TooMany} if the publisher exceeds its rate or its cost budget. Nothing is stored then.
   */
  public async publishEach(request: IndependentRequest): Promise<readonly EventOutcome[]> {
    const run = async(key?: IdempotencyKey): Promise<readonly EventOutcome[]> => this.acceptEach(request, key);
    return request.idempotencyKey ?
      this.requests.run(request, request.idempotencyKey, async(): Promise<void> => undefined, run) :
      run();
  }

  /**
   * Tells the result of publishing each event of a request, as if it were sent alone; see {@link DryRun.check}.
   */
  public async check(request: PublishRequest): Promise<DryRunResult[]> {
    return this.dryRun.check(request);
  }

  /**
   * Whether a response to a request with this idempotency key is stored. It is known before the body is read.
   *
   * @param sender - The caller and the producing pod.
   * @param key - The key.
   */
  public async hasStoredResponse(sender: Pick<Admission, 'pod' | 'caller'>, key: string): Promise<boolean> {
    return await this.requests.find(sender, key) !== undefined;
  }

  /**
   * Returns the stored response to a request with an idempotency key, from the last 24 hours.
   *
   * @param sender - The caller and the producing pod.
   * @param key - The key, with the fingerprint of the request.
   *
   * @throws {@link Conflict} if another request was made with the same key.
   */
  public async storedResponse(sender: Pick<Admission, 'pod' | 'caller'>, key: NamedKey): Promise<Published | undefined> {
    const stored = await this.requests.find(sender, key.key);
    return stored && repeatedResponse(stored, key);
  }

  private async accept(
    request: PublishRequest,
    complete: (published: Published) => Published,
    key?: IdempotencyKey,
  ): Promise<Published> {
    const begun = performance.now();
    const { caller, pod, drafts, asksAudience, hops = 0, logged } = request;
    await this.rate.count(caller.agent, pod, drafts.length);
    chargeDrafts(drafts);
    const pods = await findPods(this.pods, request);
    await this.countRemote(request, pods);
    await this.authorize(request, pods);
    const isForwarded = hops < this.maxHops;
    const events = await this.create(request);
    const accepted = drafts.map((draft, index): AcceptedEvent => {
      const identity = caller.agent === undefined ? undefined : storedIdentity(draft);
      return {
        event: events[index],
        forwards: isForwarded ? forwardsOf(draft, request, pods) : [],
        ...hops > 0 && { hops: Math.min(hops, MAX_STORED_HOPS) },
        ...identity && { identity },
        ...logged,
      };
    });
    const hasAudience = asksAudience ? isForwarded && await this.hasAudience(pod, events) : undefined;
    const offered = isForwarded ? await this.offers.offer(request, accepted, pods) : accepted;
    const published = complete({
      events: accepted.map(({ event: { id } }): Published['events'][number] => ({ id, pod })),
      ...hasAudience !== undefined && { hasAudience },
    });
    return this.storeEvents(offered, published, { key, begun, hasDeliveries: offered !== accepted });
  }

  private async acceptEach(request: IndependentRequest, key?: IdempotencyKey): Promise<readonly EventOutcome[]> {
    const begun = performance.now();
    const { caller, pod } = request;
    const drafts = request.drafts.map((draft): EventDraft => ({ ...draft, recipients: [], sources: []}));
    await this.rate.count(caller.agent, pod, drafts.length);
    chargeDrafts(drafts);
    const allowed = await publishable(this.access, caller, pod, drafts.map(({ topic }): string => topic));
    const admitted = drafts.filter(({ topic }): boolean => allowed.has(topic));
    const created = await this.factory.createEach(factoryInput({ ...request, drafts: admitted, toProducer: true }));
    const accepted: AcceptedEvent[] = [];
    const outcomes = drafts.map((draft): EventOutcome => {
      if (!allowed.has(draft.topic)) {
        return { refusal: 'forbidden', message: 'Not authorized to publish on this topic' };
      }
      const event = created.shift()!;
      if (event instanceof InvalidInput) {
        return { refusal: 'invalid', message: event.message };
      }
      const forwards = this.maxHops > 0 ? forwardsOf(draft, { pod, toProducer: true }, new Map()) : [];
      accepted.push({ event, forwards });
      return { id: event.id };
    });
    return accepted.length > 0 ? this.storeEvents(accepted, outcomes, { key, begun, hasDeliveries: false }) : outcomes;
  }

  /** Stores events with the response for repeats of their request, and returns the response. */
  private async storeEvents<T>(
    events: readonly AcceptedEvent[],
    response: T,
    { key, begun, hasDeliveries }: { key?: IdempotencyKey; begun: number; hasDeliveries: boolean },
  ): Promise<T> {
    try {
      if (await this.store.accept(events, key && { ...key, result: JSON.stringify(response) })) {
        this.wake(hasDeliveries);
      }
    } catch (error: unknown) {
      // Another process of the server stored the request first.
      if (error instanceof DuplicateRequest) {
        return repeatedResponse<T>(error.response, key!);
      }
      throw error;
    }
    this.meter?.accepted(events, performance.now() - begun);
    return response;
  }

  private wake(hasDeliveries: boolean): void {
    this.fanOut.wake();
    if (hasDeliveries) {
      this.outbox.wake();
    }
  }

  private async authorize(request: PublishRequest, pods: PodsByWebId): Promise<void> {
    const events = request.drafts.map((draft) => ({ draft, pods }));
    const refusal = (await this.gate.refusalsOf(request, events)).find((item): boolean => item !== undefined);
    if (refusal) {
      throw notAuthorizedTo(refusal.webId, refusal.draft);
    }
  }

  private async hasAudience(pod: string, events: readonly Event[]): Promise<boolean> {
    for (const { topic } of events) {
      if (await this.audience.hasAny(pod, topic)) {
        return true;
      }
    }
    for (const event of events) {
      const { filtered } = await this.audience.countOf(pod, event.topic);
      const matching = filtered.size === 0 ? undefined : await this.filters.matching(event, [ ...filtered.keys() ]);
      if (matching !== undefined && matching.size > 0) {
        return true;
      }
    }
    return false;
  }

  /** Counts each addressee on another server as an event, because it costs requests of its own. */
  private async countRemote({ caller, pod, drafts }: PublishRequest, pods: PodsByWebId): Promise<void> {
    const remote = drafts.reduce((sum, draft): number => sum + remoteAddressees(draft, pods).length, 0);
    assertRemoteCount(remote);
    if (remote > 0) {
      charge(remote * COSTS.remote);
      await this.rate.count(caller.agent, pod, remote);
    }
  }

  private async create(request: PublishRequest): Promise<Event[]> {
    try {
      return await this.factory.create(factoryInput(request));
    } catch (error: unknown) {
      if (error instanceof InvalidInput && error.index !== undefined) {
        throw request.isArray ? new InvalidInput(error.message).at(error.index) : new InvalidInput(error.message);
      }
      throw error;
    }
  }
}
