import type { Caller } from '../identity/Caller';
import { parseTopic, topicPath } from '../event/Topic';
import type { TopicPattern } from '../event/TopicPattern';
import { isCovered } from '../event/TopicPattern';
import type { Access, Mode } from './ports';

/** Whether the limits of a caller's credential include a topic, or all topics of a pattern. */
export function coversTopic({ limits }: Caller, topic: TopicPattern): boolean {
  return isCovered(limits?.topics, topic);
}

/**
 * Whether a caller may publish on a topic to a pod.
 *
 * @param access - Access decisions.
 * @param caller - The caller; its credential must include the topic.
 * @param pod - Base URL of the pod.
 * @param topic - A valid topic.
 *
 * @see https://solidproject.org/TR/wac#access-modes
 */
export async function mayPublish(access: Access, caller: Caller, pod: string, topic: string): Promise<boolean> {
  return (await publishable(access, caller, pod, [ topic ])).has(topic);
}

/** Returns the topics that a caller may publish to a pod, by one access query. */
export async function publishable(
  access: Access,
  caller: Caller,
  pod: string,
  topics: readonly string[],
): Promise<ReadonlySet<string>> {
  return topicsWith('append', access, caller, pod, topics);
}

/** Returns the topics of a pod whose events a caller may receive, by one access query. */
export async function readableTopics(
  access: Access,
  caller: Caller,
  pod: string,
  topics: readonly string[],
): Promise<ReadonlySet<string>> {
  return topicsWith('read', access, caller, pod, topics);
}

async function topicsWith(
  mode: Mode,
  access: Access,
  caller: Caller,
  pod: string,
  topics: readonly string[],
): Promise<ReadonlySet<string>> {
  const covered = topics.filter((topic): boolean => coversTopic(caller, topic));
  const resources = new Map(covered.map((topic): [string, string] => [ topic, `${pod}${topicPath(parseTopic(topic))}` ]));
  const allowed = await access.allowed(caller, [ ...new Set(resources.values()) ], mode);
  return new Set(covered.filter((topic): boolean => allowed.has(resources.get(topic)!)));
}
