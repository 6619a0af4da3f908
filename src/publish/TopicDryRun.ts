import type { Caller } from '../identity/Caller';
import { publishable } from '../access/topicAccess';
import { charge, COSTS } from '../access/costs';
import type { Access, Audience, AudienceCount } from '../access/ports';
import type { PublishRate } from '../access/PublishRate';

/**
 * Result of the dry run of a topic.
 */
export interface TopicDryRunResult {
  /** Whether the caller may publish it to the pod. */
  readonly mayPublish: boolean;
  /** Number of subscriptions of the pod without filters that would get it; 0 where the caller may not publish it. */
  readonly subscriptions: number;
  /** Number of subscriptions that would get it if it matches their filters. */
  readonly filtered: number;
}

const NOBODY: AudienceCount = { unfiltered: 0, filtered: new Map() };

/**
 * Tells access and number of subscriptions for topics of a pod, without events. Nothing is stored.
 *
 * The resource of each topic decides access, so the topics are their own gate.
 */
export class TopicDryRun {
  private readonly access: Access;
  private readonly audience: Audience;
  private readonly publishRate: PublishRate;
  private readonly checkRate: PublishRate;

  /**
   * @param access - Decides access.
   * @param audience - Counts the subscriptions.
   * @param publishRate - Bounds how much an agent publishes.
   * @param checkRate - Bounds how much an agent asks.
   */
  public constructor(access: Access, audience: Audience, publishRate: PublishRate, checkRate: PublishRate) {
    this.access = access;
    this.audience = audience;
    this.publishRate = publishRate;
    this.checkRate = checkRate;
  }

  /**
   * Returns one result for each topic, in order.
   *
   * @param caller - The agent that would publish.
   * @param pod - The base URL of the pod.
   * @param topics - Valid topics.
   *
   * @returns One answer for each topic, in their order.
   *
   * @throws {@link TooMany} if the caller exceeds the rate of checks or of publishing.
   */
  public async check(caller: Caller, pod: string, topics: readonly string[]): Promise<TopicDryRunResult[]> {
    await this.checkRate.count(caller.agent, pod, topics.length);
    await this.publishRate.check(caller.agent, pod, 1);
    charge(topics.length * COSTS.audience);
    const may = await publishable(this.access, caller, pod, topics);
    const prospects: TopicDryRunResult[] = [];
    for (const topic of topics) {
      const isAllowed = may.has(topic);
      const { unfiltered, filtered } = isAllowed ? await this.audience.countOf(pod, topic) : NOBODY;
      prospects.push({ mayPublish: isAllowed, subscriptions: unfiltered, filtered: sumOf(filtered.values()) });
    }
    return prospects;
  }
}

function sumOf(numbers: Iterable<number>): number {
  return [ ...numbers ].reduce((sum, count): number => sum + count, 0);
}
