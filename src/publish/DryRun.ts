import { charge, COSTS } from '../access/costs';
import type { Access, Audience } from '../access/ports';
import type { PublishRate } from '../access/PublishRate';
import type { Event, EventDraft } from '../event/Event';
import { InvalidInput } from '../event/InvalidInput';
import { NotAuthorized } from '../event/NotAuthorized';
import { timeSlicer } from '../event/timeSlices';
import { hasScope } from '../identity/Caller';
import type { EventFilters } from '../subscription/FilterMatcher';
import { subscriptionsContainer, subscriptionUrl } from '../subscription/Subscription';
import { chargeDrafts, factoryInput } from './drafts';
import type { EventFactory } from './EventFactory';
import type { NamedPods } from './ports';
import type { Addressed, PublishGate } from './PublishGate';
import { assertWithinLimits, notAuthorizedTo } from './PublishGate';
import type { DryRunResult, PublishRequest } from './PublishRequest';
import { assertRemoteCount, canonicalRequest, findPods, forwardsOf, remoteAddressees } from './recipients';
import type { RemoteOffers } from './RemoteOffers';

/** Dependencies of {@link DryRun}. */
export interface DryRunArgs {
  /** Finds the pods of addressees. */
  readonly pods: NamedPods;
  /** Authorizes the request. */
  readonly gate: PublishGate;
  /** Checks the data of events. */
  readonly factory: EventFactory;
  /** Limits the events of an agent. */
  readonly rate: PublishRate;
  /** Finds unreachable recipients. */
  readonly offers: RemoteOffers;
  /** Counts the subscriptions. */
  readonly audience: Audience;
  /** Evaluates the filters of subscriptions. */
  readonly filters: EventFilters;
  /** Decides access to the names of subscriptions. */
  readonly access: Access;
}

/** Maximum number of named subscriptions of one event. */
const MAX_NAMED = 100;

type Fault = Required<Pick<DryRunResult, 'fault'>>['fault'];

/**
 * Tells the result of publishing each event of a request as if it were sent alone. Nothing is stored.
 */
export class DryRun {
  private readonly args: DryRunArgs;

  /**
   * @param args - Its dependencies.
   */
  public constructor(args: DryRunArgs) {
    this.args = args;
  }

  /**
   * Returns one result for each event, in order.
   *
   * Recipients on other servers get no request. Their profiles are read, within the time budget.
   *
   * @throws {@link NotAdmitted} if the caller lacks `acl:Append` on the resource of the request.
   * @throws {@link InvalidInput} if the request as a whole exceeds a limit.
   * @throws {@link TooMany} if the publisher exceeds its rate.
   */
  public async check(request: PublishRequest): Promise<DryRunResult[]> {
    const { caller, pod, drafts } = request;
    const { rate, factory, gate, offers } = this.args;
    await rate.check(caller.agent, pod, drafts.length);
    chargeDrafts(drafts);
    charge(drafts.length * COSTS.audience);
    const faults = await factory.faultsOf(factoryInput(request));
    const addressed: (Addressed | Fault)[] = [];
    const pause = timeSlicer();
    for (const draft of drafts) {
      await pause();
      addressed.push(await this.address({ ...request, drafts: [ draft ], isArray: false }));
    }
    const events = addressed.filter((item): item is Addressed => 'draft' in item);
    const refusals = await gate.refusalsOf(request, events);
    const results: DryRunResult[] = [];
    for (const [ index, item ] of addressed.entries()) {
      await pause();
      const refusal = 'draft' in item ? refusals.shift() : undefined;
      const fault = 'draft' in item ?
        refusal ? notAuthorizedTo(refusal.webId, refusal.draft) : faults.get(index) :
        item;
      results.push(fault ?
        { fault, subscriptions: 0, excluded: 0, elsewhere: []} :
        await this.resultOf(request, item as Addressed));
    }
    const remote = results.reduce((sum, { elsewhere }): number => sum + elsewhere.length, 0);
    assertRemoteCount(remote);
    await rate.check(caller.agent, pod, drafts.length + remote);
    return offers.findUnreachable(results);
  }

  /** Finds the addressees of the one event of a request, or its fault. */
  private async address(request: PublishRequest): Promise<Addressed | Fault> {
    try {
      const canonical = await canonicalRequest(this.args.pods, request);
      assertWithinLimits(canonical);
      return { draft: canonical.drafts[0], pods: await findPods(this.args.pods, canonical) };
    } catch (error: unknown) {
      if (error instanceof InvalidInput || error instanceof NotAuthorized) {
        return error;
      }
      throw error;
    }
  }

  private async resultOf(request: PublishRequest, { draft, pods }: Addressed): Promise<DryRunResult> {
    const { audience } = this.args;
    let [ subscriptions, excluded ] = [ 0, 0 ];
    let event: Event | undefined;
    const named: { receiving: string[]; excluded: string[] } = { receiving: [], excluded: []};
    for (const { pod } of forwardsOf(draft, request, pods)) {
      const { unfiltered, filtered } = await audience.countOf(pod, draft.topic);
      event ??= filtered.size === 0 ? undefined : await this.eventOf(request, draft);
      const matching = event ? await this.matching(event, [ ...filtered.keys() ]) : new Set<string>();
      subscriptions += unfiltered;
      for (const [ filters, count ] of filtered) {
        subscriptions += matching.has(filters) ? count : 0;
        excluded += matching.has(filters) ? 0 : count;
      }
      const limit = MAX_NAMED - named.receiving.length - named.excluded.length;
      if (limit > 0 && await this.mayName(request, pod)) {
        for (const { id, filters } of await audience.membersOf(pod, draft.topic, limit)) {
          const isReceiving = filters === undefined || matching.has(filters);
          named[isReceiving ? 'receiving' : 'excluded'].push(subscriptionUrl({ pod, id }));
        }
      }
    }
    const hasNamed = named.receiving.length + named.excluded.length > 0;
    return { subscriptions, excluded, ...hasNamed && { named }, elsewhere: remoteAddressees(draft, pods) };
  }

  /** Creates the event that would be published, with an id and a time of its own. */
  private async eventOf(request: PublishRequest, draft: EventDraft): Promise<Event> {
    const [ event ] = await this.args.factory.create(factoryInput({ ...request, drafts: [ draft ]}));
    return event;
  }

  private async matching(event: Event, filters: readonly string[]): Promise<ReadonlySet<string>> {
    charge(filters.length * COSTS.filter);
    return this.args.filters.matching(event, filters);
  }

  /** Whether a caller may read the subscriptions of a pod. */
  private async mayName({ caller }: PublishRequest, pod: string): Promise<boolean> {
    const container = subscriptionsContainer(pod);
    // A topic limit hides subscriptions to other topics.
    const isLimited = caller.limits?.topics !== undefined || !hasScope(caller, 'subscribe');
    return !isLimited && (await this.args.access.allowed(caller, [ container ], 'read')).has(container);
  }
}
