import type { Topic } from './Topic';
import { isTopic, parseTopic, topicPath } from './Topic';

/**
 * A topic pattern of a subscription, as text.
 *
 * Forms: `realestate/contact#add` (this topic), `realestate/contact` (any of its actions), `realestate/*` (all topics
 * below), `*` (all topics).
 */
export type TopicPattern = string;

/**
 * Returns whether a text is a valid pattern: a valid topic whose only `*` is a whole last segment without action.
 */
export function isTopicPattern(pattern: string): boolean {
  return isTopic(pattern) && /^(?:[^*]+|(?:[^*#]*\/)?\*)$/u.test(pattern);
}

/**
 * Returns all patterns that match a topic, most specific first.
 *
 * Their number depends only on the topic's segments, so matching takes a fixed number of look-ups by equality.
 */
export function patternsOf({ name, segments }: Topic): TopicPattern[] {
  const patterns = [ name, segments.join('/') ];
  for (let depth = segments.length - 1; depth > 0; depth -= 1) {
    patterns.push(`${segments.slice(0, depth).join('/')}/*`);
  }
  return [ ...new Set([ ...patterns, '*' ]) ];
}

/**
 * Returns whether a pattern matches every topic that another pattern or topic matches.
 *
 * @param outer - The wider pattern.
 * @param inner - A pattern or topic.
 */
export function covers(outer: TopicPattern, inner: TopicPattern): boolean {
  if (outer.endsWith('*')) {
    // The text before the star is empty, or a path with its slash.
    return inner.startsWith(outer.slice(0, -1));
  }
  return outer === inner || (!outer.includes('#') && inner.startsWith(`${outer}#`));
}

/**
 * Returns whether one of several patterns covers a pattern or topic.
 *
 * @param patterns - The allowed patterns. If undefined, there is no restriction and the result is true.
 * @param inner - A pattern or topic.
 */
export function isCovered(patterns: readonly TopicPattern[] | undefined, inner: TopicPattern): boolean {
  return !patterns || patterns.some((outer): boolean => covers(outer, inner));
}

/**
 * Returns the resource on which a subscriber needs `acl:Read` for a pattern, relative to the pod.
 *
 * It is the resource of the topic, or the container of all topics below.
 */
export function patternPath(pattern: TopicPattern): string {
  if (pattern === '*') {
    return 'topics/';
  }
  return topicPath(parseTopic(pattern.endsWith('/*') ? pattern.slice(0, -2) : pattern));
}
