import { charge, COSTS } from '../access/costs';
import type { Audience } from '../access/ports';
import type { PublishRate } from '../access/PublishRate';
import { InvalidInput } from '../event/InvalidInput';
import { NotAuthorized } from '../event/NotAuthorized';
import { timeSlicer } from '../event/timeSlices';
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
}

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
      results.push(fault ? { fault, subscriptions: 0, elsewhere: []} : await this.resultOf(request, item as Addressed));
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
    let subscriptions = 0;
    for (const { pod } of forwardsOf(draft, request, pods)) {
      subscriptions += await this.args.audience.countOf(pod, draft.topic);
    }
    return { subscriptions, elsewhere: remoteAddressees(draft, pods) };
  }
}
