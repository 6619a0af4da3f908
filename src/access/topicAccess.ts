import type { Caller } from '../identity/Caller';
import { parseTopic, topicPath } from '../event/Topic';
import type { TopicPattern } from '../event/TopicPattern';
import { isCovered } from '../event/TopicPattern';
import type { Access } from './ports';

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
export async function publishable(
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
