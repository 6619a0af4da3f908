import type { Caller } from '../identity/Caller';
import { publishable } from '../access/topicAccess';
import { charge, COSTS } from '../access/costs';
import type { Access, Audience } from '../access/ports';
import type { PublishRate } from '../access/PublishRate';

/**
 * What would come of publishing on a topic to a pod now.
 */
export interface TopicDryRunResult {
  /** Whether the caller may publish it to the pod. */
  readonly mayPublish: boolean;
  /** How many subscriptions of the pod would get it; 0 where the caller may not publish it. */
  readonly subscriptions: number;
}

/**
 * Tells before anything is published what would come of it.
 */
export class TopicDryRun {
  private readonly access: Access;
  private readonly audience: Audience;
  private readonly publishRate: PublishRate;
  private readonly checkRate: PublishRate;

  /**
   * @param access - Decides who may publish what.
   * @param audience - Knows who would get it.
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
   * What would come of publishing on topics to a pod; nothing is stored.
   *
   * @param caller - Who would publish.
   * @param pod - The base URL of the pod.
   * @param topics - Valid topics.
   *
   * @returns One answer for each topic, in their order.
   *
   * @throws {@link TooMany} if the caller has asked, or published, too much of late.
   */
  public async check(caller: Caller, pod: string, topics: readonly string[]): Promise<TopicDryRunResult[]> {
    await this.checkRate.count(caller.agent, pod, topics.length);
    await this.publishRate.check(caller.agent, pod, 1);
    charge(topics.length * COSTS.audience);
    const may = await publishable(this.access, caller, pod, topics);
    const prospects: TopicDryRunResult[] = [];
    for (const topic of topics) {
      const isAllowed = may.has(topic);
      const subscriptions = isAllowed ? await this.audience.countOf(pod, topic) : 0;
      prospects.push({ mayPublish: isAllowed, subscriptions });
    }
    return prospects;
  }
}
