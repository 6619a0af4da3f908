import { LIMITS } from '../../event/limits';
import { isTopic } from '../../event/Topic';

/** Rule for topics, for error messages. */
export const TOPIC_RULE = `at most ${LIMITS.topicBytes} bytes and ${LIMITS.topicSegments} segments, without control characters`;

/**
 * Returns the topic of an event source: `{channel}/{source}`, or the one of both that is not empty.
 *
 * @returns `undefined` if the source has no valid topic.
 */
export function sourceTopic(channel: string, source: string): string | undefined {
  const topic = [ channel, source ].filter((part): boolean => part !== '').join('/');
  return isTopic(topic) ? topic : undefined;
}
