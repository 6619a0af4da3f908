import type { Caller } from '../identity/Caller';
import type { Event, EventDraft } from '../event/Event';
import { forwardedDocument } from '../event/Event';
import { InvalidInput } from '../event/InvalidInput';
import { LIMITS } from '../event/limits';
import { parseTopic, topicPath } from '../event/Topic';
import { timeSlicer } from '../event/timeSlices';
import { DuplicateRequest } from '../store/DuplicateRequest';
import type { AcceptedEvent, Forward, RemoteRecipient } from '../store/AcceptedEvent';
import type { StoredResponse, IdempotencyKey } from '../store/idempotency';
import { Conflict } from '../event/Conflict';
import { charge, COSTS, linkedDataCost, uncharged } from '../access/costs';
import type { EventFactory } from './EventFactory';
import { mayHaveKeywords } from './EventFactory';
import { NotAuthorized } from '../event/NotAuthorized';
import { forEachConcurrently } from '../event/concurrency';
import type { AcceptMeter, EventLog, NamedPods, Outbox, RemoteRecipients, FanOutSignal } from './ports';
import type { Access, Audience } from '../access/ports';
import { coversTopic } from '../access/topicAccess';
import type { PublishRate } from '../access/PublishRate';

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
  /** Whether they came as an array, so that an error names the place of what is wrong. */
  readonly isArray?: boolean;
  /**
   * Whether the producing pod itself gets the events and forwards them,
   * because whoever may publish through it by this dialect may also publish to it.
   */
  readonly toProducer?: boolean;
  /** How many systems have passed the events on before; `Infinity` if that cannot be told. Default 0. */
  readonly hops?: number;
  /** Set if the request makes its events once, however often it is sent. */
  readonly idempotencyKey?: Pick<IdempotencyKey, 'key' | 'fingerprint'>;
  /** Whether it is to be told if anybody would get the events from the producing pod. */
  readonly asksAudience?: boolean;
  /** What the log shows of the request, and the key of the entry of the catalogue by which it was made. */
  readonly logged?: Pick<AcceptedEvent, 'request' | 'entry'>;
}

/**
 * What came of a request to publish.
 */
export interface Published {
  /** The events, in the order of their drafts. */
  readonly events: readonly Pick<Event, 'id' | 'pod'>[];
  /** Whether a subscription of the producing pod would get one of them, as it was when the request was first made. */
  readonly hasAudience?: boolean;
}

/**
 * What would come of publishing an event.
 */
export interface DryRunResult {
  /** Why it would be refused, if so. */
  readonly fault?: InvalidInput | NotAuthorized;
  /** How many subscriptions, of all pods of this server that would forward it, would get it. */
  readonly subscriptions: number;
  /** The recipients and sources on other servers, who decide for themselves. */
  readonly elsewhere: readonly string[];
  /** Those of them to whom nothing can be delivered, with the reason. */
  readonly unreachable?: readonly { readonly agent: string; readonly reason: string }[];
}

/** More hops than these need not be told apart. */
const MOST_HOPS_NOTED = 1_000;
/** When a recipient who was offered an event is tried again, in milliseconds. */
const FIRST_RETRY = 5_000;

/** The inbox in which a pod gets what is addressed to its owner. */
export function podInbox(pod: string): string {
  return `${pod}inbox/`;
}

/**
 * The accept step: the one way by which an event comes into being.
 */
export class Publisher {
  private readonly store: EventLog;
  private readonly pods: NamedPods;
  private readonly access: Access;
  private readonly maker: EventFactory;
  private readonly fanOut: FanOutSignal;
  private readonly rate: PublishRate;
  private readonly remote: RemoteRecipients;
  private readonly outbox: Outbox;
  private readonly audience: Audience;
  private readonly budget: number;
  private readonly maxHops: number;
  private readonly meter?: AcceptMeter;
  /** The requests with a key that are being made, by agent, pod and key. */
  private readonly underWay = new Map<string, Promise<unknown>>();

  /**
   * @param store - Where events are kept.
   * @param pods - Finds the pods of recipients.
   * @param access - Decides to whom may be published.
   * @param maker - Creates events of drafts.
   * @param fanOut - Is told of new events.
   * @param rate - Bounds how much an agent publishes.
   * @param remote - Reaches recipients on other servers.
   * @param outbox - Makes the deliveries to those who could not be reached at once.
   * @param audience - Knows who would get events.
   * @param budget - How long a request waits for the servers of its recipients, in milliseconds. Default 3,000.
   * @param maxHops - From how many hops on an event is not forwarded any more. Default 3.
   * @param meter - Counts what is accepted.
   */
  public constructor(
    store: EventLog,
    pods: NamedPods,
    access: Access,
    maker: EventFactory,
    fanOut: FanOutSignal,
    rate: PublishRate,
    remote: RemoteRecipients,
    outbox: Outbox,
    audience: Audience,
    budget = 3_000,
    maxHops = 3,
    meter?: AcceptMeter,
  ) {
    this.store = store;
    this.pods = pods;
    this.access = access;
    this.maker = maker;
    this.fanOut = fanOut;
    this.rate = rate;
    this.remote = remote;
    this.outbox = outbox;
    this.audience = audience;
    this.budget = budget;
    this.maxHops = maxHops;
    this.meter = meter;
  }

  /**
   * Accepts all events of a request, or none.
   *
   * Once the promise is fulfilled the events are stored durably, together with the work of forwarding them,
   * which has not begun. The cost does not depend on how many subscribers there are.
   *
   * Recipients on other servers are offered the events before, within a time budget. Who has not answered by then gets
   * them later; if one refuses, nothing is stored here, though another may have taken its copy already.
   *
   * A request with a key makes its events once: for 24 hours a repeat by the same agent gets what the first one got,
   * also if it comes while the first one is being made. What was refused made nothing, and is tried again.
   *
   * @throws {@link InvalidInput} if a WebID of this server has no pod, or data is no valid JSON-LD.
   * @throws {@link NotAuthorized} that names the first recipient to whom the publisher may not publish,
   *         or the topic that its API key does not cover.
   * @throws {@link Conflict} if another request was made with the same key.
   * @throws {@link TooMany} if the publisher has published too much of late, or its requests cost too much.
   */
  public async publish(request: PublishRequest): Promise<Published> {
    assertWithinLimits(request);
    const { idempotencyKey: named, caller, pod } = request;
    if (!named) {
      return this.publishNew(await this.canonical(request));
    }
    return this.singly(JSON.stringify([ pod, caller.agent, named.key ]), async(): Promise<Published> =>
      await this.storedResponse(pod, caller, named) ??
        this.publishNew(await this.canonical(request), onceOf(pod, caller, named)));
  }

  /**
   * Whether a caller has made a request with a key within the last 24 hours, which tells before its body is read that
   * it can be a repeat.
   *
   * @param pod - The base URL of the producing pod.
   * @param caller - Who makes the request.
   * @param key - Its key.
   */
  public async hasStoredResponse(pod: string, caller: Caller, key: string): Promise<boolean> {
    return await this.store.findResponse(onceOf(pod, caller, { key, fingerprint: '' })) !== undefined;
  }

  /**
   * What a request with a key made when it was made first, if it was made within the last 24 hours.
   *
   * @param pod - The base URL of the producing pod.
   * @param caller - Who makes the request.
   * @param named - Its key, and what it asks for.
   *
   * @throws {@link Conflict} if another request was made with the same key.
   */
  public async storedResponse(
    pod: string,
    caller: Caller,
    named: Pick<IdempotencyKey, 'key' | 'fingerprint'>,
  ): Promise<Published | undefined> {
    const idempotencyKey = onceOf(pod, caller, named);
    const made = await this.store.findResponse(idempotencyKey);
    return made && repeated(made, idempotencyKey);
  }

  /** Does work of one name in turns. */
  private async singly<T>(name: string, run: () => Promise<T>): Promise<T> {
    const before = this.underWay.get(name);
    const mine = before ? before.then(run, run) : run();
    this.underWay.set(name, mine);
    try {
      return await mine;
    } finally {
      if (this.underWay.get(name) === mine) {
        this.underWay.delete(name);
      }
    }
  }

  private async publishNew(request: PublishRequest, idempotencyKey?: IdempotencyKey): Promise<Published> {
    const begun = performance.now();
    const { caller, pod, drafts, asksAudience, hops = 0, logged } = request;
    await this.rate.count(caller.agent, pod, drafts.length);
    chargeDrafts(drafts);
    const pods = await this.findPods(request);
    await this.countRemote(request, pods);
    await this.authorize(request, pods);
    const isForwarded = hops < this.maxHops;
    const events = await this.create(request);
    const accepted = drafts.map((draft, index): AcceptedEvent => ({
      event: events[index],
      forwards: isForwarded ? forwardsOf(draft, request, pods) : [],
      ...hops > 0 && { hops: Math.min(hops, MOST_HOPS_NOTED) },
      ...logged,
    }));
    const hasAudience = asksAudience ? isForwarded && await this.hasAudience(pod, drafts) : undefined;
    const offered = isForwarded ? await this.offer(request, accepted, pods) : accepted;
    const published: Published = {
      events: accepted.map(({ event: { id } }): Published['events'][number] => ({ id, pod })),
      ...hasAudience !== undefined && { hasAudience },
    };
    try {
      const response = idempotencyKey && { ...idempotencyKey, result: JSON.stringify(published) };
      if (await this.store.accept(offered, response)) {
        // What is woken goes on after the request.
        uncharged((): void => {
          this.fanOut.wake();
          if (offered !== accepted) {
            this.outbox.wake();
          }
        });
      }
    } catch (error: unknown) {
      // Another process of the server was first.
      if (error instanceof DuplicateRequest) {
        return repeated(error.response, idempotencyKey!);
      }
      throw error;
    }
    this.meter?.accepted(offered, performance.now() - begun);
    return published;
  }

  private async hasAudience(pod: string, drafts: readonly EventDraft[]): Promise<boolean> {
    for (const { topic } of drafts) {
      if (await this.audience.hasAny(pod, topic)) {
        return true;
      }
    }
    return false;
  }

  /**
   * What would come of a request to publish, for each of its events as if it were sent alone; nothing is stored.
   * Recipients on other servers are not asked; their profiles are read, within the time budget.
   *
   * @throws {@link InvalidInput} if the request as a whole asks for too much.
   * @throws {@link TooMany} if the publisher has published too much of late.
   */
  public async check(request: PublishRequest): Promise<DryRunResult[]> {
    const { caller, pod, drafts } = request;
    await this.rate.check(caller.agent, pod, drafts.length);
    chargeDrafts(drafts);
    charge(drafts.length * COSTS.audience);
    const faults = await this.maker.faultsOf(draftsOf(request));
    const forecasts: DryRunResult[] = [];
    const pause = timeSlicer();
    for (const [ index, draft ] of drafts.entries()) {
      await pause();
      forecasts.push(await this.forecast({ ...request, drafts: [ draft ], isArray: false }, faults.get(index)));
    }
    const remote = forecasts.reduce((sum, { elsewhere }): number => sum + elsewhere.length, 0);
    assertRemote(remote);
    await this.rate.check(caller.agent, pod, drafts.length + remote);
    return this.findUnreachable(forecasts);
  }

  /** Adds to forecasts to whom nothing can be delivered, as far as that is known within the time budget. */
  private async findUnreachable(forecasts: readonly DryRunResult[]): Promise<DryRunResult[]> {
    const deadline = performance.now() + this.budget;
    const problems = new Map<string, string>();
    const agents = new Set(forecasts.flatMap(({ elsewhere }): readonly string[] => elsewhere));
    await forEachConcurrently([ ...agents ], async(agent): Promise<void> => {
      const reason = await this.remote.problemOf(agent, deadline);
      if (reason !== undefined) {
        problems.set(agent, reason);
      }
    });
    return forecasts.map((forecast): DryRunResult => {
      const unreachable = forecast.elsewhere.flatMap((agent) =>
        problems.has(agent) ? [{ agent, reason: problems.get(agent)! }] : []);
      return { ...forecast, ...unreachable.length > 0 && { unreachable }};
    });
  }

  /** What would come of the one event of a request, whose data may have a fault. */
  private async forecast(asked: PublishRequest, fault?: InvalidInput): Promise<DryRunResult> {
    try {
      const request = await this.canonical(asked);
      const [ draft ] = request.drafts;
      assertWithinLimits(request);
      const pods = await this.findPods(request);
      await this.authorize(request, pods);
      if (fault) {
        return { fault, subscriptions: 0, elsewhere: []};
      }
      let subscriptions = 0;
      for (const { pod } of forwardsOf(draft, request, pods)) {
        subscriptions += await this.audience.countOf(pod, draft.topic);
      }
      return { subscriptions, elsewhere: targetsOf(draft).filter((webId): boolean => !pods.has(webId)) };
    } catch (error: unknown) {
      if (error instanceof InvalidInput || error instanceof NotAuthorized) {
        return { fault: error, subscriptions: 0, elsewhere: []};
      }
      throw error;
    }
  }

  /**
   * Adds to events what became of them at the recipients on other servers; what was not offered in time comes later.
   *
   * @throws {@link NotAuthorized} for the first recipient whose server refuses.
   */
  private async offer(
    { drafts, hops = 0 }: PublishRequest,
    accepted: readonly AcceptedEvent[],
    pods: ReadonlyMap<string, string>,
  ): Promise<readonly AcceptedEvent[]> {
    const tasks = drafts.flatMap(({ topic, ...draft }, index): { webId: string; topic: string; index: number }[] =>
      targetsOf({ topic, ...draft }).flatMap((webId) => pods.has(webId) ? [] : [{ webId, topic, index }]));
    if (tasks.length === 0) {
      return accepted;
    }
    const deadline = performance.now() + this.budget;
    const recipients = accepted.map((): RemoteRecipient[] => []);
    await forEachConcurrently(tasks, async({ webId, topic, index }): Promise<void> => {
      const { outcome, host, attempt, copy, rest = 0 } = await this.remote.offer(
        webId,
        forwardedDocument(accepted[index].event, hops + 1),
        deadline,
      );
      if (outcome === 'refused') {
        throw refusal(webId, topic);
      }
      const isDelivered = outcome === 'taken';
      const isDead = outcome === 'failed';
      const now = this.outbox.now();
      const due = now + (attempt ? Math.max(FIRST_RETRY, rest) : 0);
      const rests = rest > 0 ? { rests: now + rest } : {};
      recipients[index].push({ agent: webId, host, attempt, isDelivered, isDead, copy, due, ...rests });
    });
    return accepted.map((event, index): AcceptedEvent => ({ ...event, recipients: recipients[index] }));
  }

  /** Each recipient elsewhere costs requests of its own, so it counts as an event does. */
  private async countRemote({ caller, pod, drafts }: PublishRequest, pods: ReadonlyMap<string, string>): Promise<void> {
    const remote = drafts.reduce((sum, draft): number =>
      sum + targetsOf(draft).filter((webId): boolean => !pods.has(webId)).length, 0);
    assertRemote(remote);
    if (remote > 0) {
      charge(remote * COSTS.remote);
      await this.rate.count(caller.agent, pod, remote);
    }
  }

  private async create(request: PublishRequest): Promise<Event[]> {
    try {
      return await this.maker.create(draftsOf(request));
    } catch (error: unknown) {
      if (error instanceof InvalidInput && error.index !== undefined) {
        throw request.isArray ? new InvalidInput(error.message).at(error.index) : new InvalidInput(error.message);
      }
      throw error;
    }
  }

  /**
   * A request with the WebIDs of its recipients and sources in canonical form, each once.
   *
   * @throws {@link InvalidInput} that names the WebID that would be accepted, if one has no canonical form.
   */
  private async canonical(request: PublishRequest): Promise<PublishRequest> {
    const drafts: EventDraft[] = [];
    const pause = timeSlicer();
    for (const [ index, draft ] of request.drafts.entries()) {
      try {
        const recipients = new Set(draft.recipients.map((webId): string => this.pods.canonical(webId, 'recipient')));
        const sources = new Set(draft.sources.map((webId): string => this.pods.canonical(webId, 'source')));
        drafts.push({
          ...draft,
          recipients: [ ...recipients ],
          sources: [ ...sources ].filter((webId): boolean => !recipients.has(webId)),
        });
      } catch (error: unknown) {
        throw error instanceof InvalidInput && request.isArray ? error.at(index) : error;
      }
      await pause();
    }
    return { ...request, drafts };
  }

  /** The pods of all recipients and sources that have one here, by WebID. */
  private async findPods({ drafts, isArray }: PublishRequest): Promise<Map<string, string>> {
    const pods = new Map<string, string>();
    const pause = timeSlicer();
    for (const [ index, draft ] of drafts.entries()) {
      await pause();
      for (const webId of targetsOf(draft)) {
        if (!pods.has(webId)) {
          const found = await this.pods.podOf(webId);
          if ('pod' in found) {
            pods.set(webId, found.pod);
          } else if (found.reason === 'unknown') {
            const error = new InvalidInput(`Recipient ${webId} has no pod on this server`);
            throw isArray ? error.at(index) : error;
          }
        }
      }
    }
    return pods;
  }

  /** @see https://solidproject.org/TR/wac#access-modes */
  private async authorize({ caller, drafts }: PublishRequest, pods: ReadonlyMap<string, string>): Promise<void> {
    // Most events of a request are of the same topic.
    const paths = new Map<string, string>();
    const pause = timeSlicer();
    for (const { topic } of drafts) {
      await pause();
      if (!paths.has(topic)) {
        paths.set(topic, topicPath(parseTopic(topic)));
      }
    }
    const resource = (draft: EventDraft, webId: string): string => `${pods.get(webId)}${paths.get(draft.topic)}`;
    const targetsHere = (draft: EventDraft): string[] => targetsOf(draft).filter((webId): boolean => pods.has(webId));
    const resources = new Set(drafts.flatMap((draft): string[] =>
      targetsHere(draft).map((webId): string => resource(draft, webId))));
    if (resources.size === 0) {
      return;
    }
    const allowed = await this.access.allowed(caller, [ ...resources ], 'append');
    for (const draft of drafts) {
      for (const webId of targetsHere(draft)) {
        if (!allowed.has(resource(draft, webId))) {
          throw refusal(webId, draft.topic);
        }
      }
    }
  }
}

/** Charges what events cost whatever becomes of them. */
function chargeDrafts(drafts: readonly EventDraft[]): void {
  const addressees = drafts.reduce((sum, draft): number => sum + targetsOf(draft).length, 0);
  charge(drafts.length * COSTS.event + addressees * COSTS.addressee);
  for (const { data } of drafts) {
    if (data !== undefined && mayHaveKeywords(data)) {
      charge(linkedDataCost(Buffer.byteLength(data)));
    }
  }
}

/** The drafts of a request as their events are created. */
function draftsOf({ drafts, pod, caller, toProducer }: PublishRequest): Parameters<EventFactory['create']>[0] {
  return {
    drafts: toProducer ?
      drafts.map((draft): EventDraft => ({ ...draft, recipients: [ ...draft.recipients, pod ]})) :
      drafts,
    pod,
    ...caller.agent !== undefined && { publisher: caller.agent },
  };
}

function assertRemote(remote: number): void {
  if (remote > LIMITS.remotePerRequest) {
    throw new InvalidInput(`The request has ${remote} recipients and sources on other servers, each event counted, ` +
      `and at most ${LIMITS.remotePerRequest} are accepted: make several requests`);
  }
}

function onceOf(pod: string, { agent }: Caller, named: Pick<IdempotencyKey, 'key' | 'fingerprint'>): IdempotencyKey {
  return { ...named, pod, ...agent !== undefined && { agent }};
}

/** What a request made before, to whoever repeats it. */
function repeated({ fingerprint, result }: StoredResponse, idempotencyKey: IdempotencyKey): Published {
  if (fingerprint !== idempotencyKey.fingerprint) {
    throw new Conflict('Another request was made with this Idempotency-Key: send a new key with each new request');
  }
  return JSON.parse(result) as Published;
}

function assertWithinLimits({ caller, drafts }: PublishRequest): void {
  for (const { topic } of drafts) {
    if (!coversTopic(caller, topic)) {
      throw new NotAuthorized(`This API key is limited to other topics than ${topic}`);
    }
  }
}

function refusal(webId: string, topic: string): NotAuthorized {
  return new NotAuthorized(`Not authorized to publish to ${webId} on topic ${topic}`);
}

function targetsOf({ recipients, sources }: EventDraft): string[] {
  return [ ...recipients, ...sources ];
}

/** The producing pod already holds the event, so it gets no copy. */
function forwardsOf(draft: EventDraft, request: PublishRequest, pods: ReadonlyMap<string, string>): Forward[] {
  const targets = new Set(targetsOf(draft).flatMap((webId): string[] => pods.has(webId) ? [ pods.get(webId)! ] : []));
  if (request.toProducer) {
    targets.add(request.pod);
  }
  return [ ...targets ].map((pod): Forward => ({ pod, ...pod !== request.pod && { inbox: podInbox(pod) }}));
}
