import { parseTopic, topicPath } from '../event/Topic';
import type { Caller } from '../identity/Caller';
import { covers } from '../subscription/TopicPattern';
import type { Access, Audience } from './ports';

/**
 * What would come of publishing on a topic to a pod now.
 */
export interface Prospect {
  /** Whether the caller may publish it to the pod. */
  readonly mayPublish: boolean;
  /** How many subscriptions of the pod would get it; 0 where the caller may not publish it. */
  readonly subscriptions: number;
}

/** Whether an API key or token, if the caller has one, is good for a topic. */
export function coversTopic({ limits }: Caller, topic: string): boolean {
  return !limits?.topics || limits.topics.some((pattern): boolean => covers(pattern, topic));
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
  const resource = `${pod}${topicPath(parseTopic(topic))}`;
  return coversTopic(caller, topic) && (await access.allowed(caller, [ resource ], 'append')).has(resource);
}

/**
 * Tells before anything is published what would come of it.
 */
export class Precheck {
  private readonly access: Access;
  private readonly audience: Audience;

  /**
   * @param access - Decides who may publish what.
   * @param audience - Knows who would get it.
   */
  public constructor(access: Access, audience: Audience) {
    this.access = access;
    this.audience = audience;
  }

  /**
   * What would come of publishing on topics to a pod; nothing is stored.
   *
   * @param caller - Who would publish.
   * @param pod - The base URL of the pod.
   * @param topics - Valid topics.
   *
   * @returns One answer for each topic, in their order.
   */
  public async check(caller: Caller, pod: string, topics: readonly string[]): Promise<Prospect[]> {
    const prospects: Prospect[] = [];
    for (const topic of topics) {
      const may = await mayPublish(this.access, caller, pod, topic);
      prospects.push({ mayPublish: may, subscriptions: may ? await this.audience.countOf(pod, topic) : 0 });
    }
    return prospects;
  }
}
