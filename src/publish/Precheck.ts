import { parseTopic, topicPath } from '../event/Topic';
import type { Caller } from '../identity/Caller';
import type { TopicPattern } from '../subscription/TopicPattern';
import { isCovered } from '../subscription/TopicPattern';
import { charge, COSTS } from '../event/costs';
import type { Access, Audience } from './ports';
import type { PublishRate } from './PublishRate';

/**
 * What would come of publishing on a topic to a pod now.
 */
export interface Prospect {
  /** Whether the caller may publish it to the pod. */
  readonly mayPublish: boolean;
  /** How many subscriptions of the pod would get it; 0 where the caller may not publish it. */
  readonly subscriptions: number;
}

/** Whether an API key or token, if the caller has one, is good for a topic, or for all that a pattern matches. */
export function coversTopic({ limits }: Caller, topic: TopicPattern): boolean {
  return isCovered(limits?.topics, topic);
}

/**
 * Whether somebody may publish on a topic to a pod.
 *
 * @param access - Decides it.
 * @param caller - Who would publish; an API key or token has to be good for the topic too.
 * @param pod - The base URL of the pod.
 * @param topic - A valid topic.
 *
 * @see https://solidproject.org/TR/wac#access-modes
 */
export async function mayPublish(access: Access, caller: Caller, pod: string, topic: string): Promise<boolean> {
  return (await publishable(access, caller, pod, [ topic ])).has(topic);
}

/** Those of some topics that a caller may publish to a pod, all asked at once. */
async function publishable(
  access: Access,
  caller: Caller,
  pod: string,
  topics: readonly string[],
): Promise<ReadonlySet<string>> {
  const covered = topics.filter((topic): boolean => coversTopic(caller, topic));
  const resources = new Map(covered.map((topic): [string, string] => [ topic, `${pod}${topicPath(parseTopic(topic))}` ]));
  const allowed = await access.allowed(caller, [ ...new Set(resources.values()) ], 'append');
  return new Set(covered.filter((topic): boolean => allowed.has(resources.get(topic)!)));
}

/**
 * Tells before anything is published what would come of it.
 */
export class Precheck {
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
  public async check(caller: Caller, pod: string, topics: readonly string[]): Promise<Prospect[]> {
    await this.checkRate.count(caller.agent, pod, topics.length);
    await this.publishRate.check(caller.agent, pod, 1);
    charge(topics.length * COSTS.audience);
    const may = await publishable(this.access, caller, pod, topics);
    const prospects: Prospect[] = [];
    for (const topic of topics) {
      const isAllowed = may.has(topic);
      const subscriptions = isAllowed ? await this.audience.countOf(pod, topic) : 0;
      prospects.push({ mayPublish: isAllowed, subscriptions });
    }
    return prospects;
  }
}
