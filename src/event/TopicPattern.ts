import type { Topic } from './Topic';
import { isTopic, parseTopic, topicPath } from './Topic';

/**
 * What a subscription follows, as text:
 * `realestate/contact#add` (that topic), `realestate/contact` (any of its actions),
 * `realestate/*` (all below), `*` (all).
 */
export type TopicPattern = string;

/**
 * Whether a text can be a pattern: a valid topic whose only `*` is a whole last segment without action.
 */
export function isTopicPattern(pattern: string): boolean {
  return isTopic(pattern) && /^(?:[^*]+|(?:[^*#]*\/)?\*)$/u.test(pattern);
}

/**
 * All patterns that match a topic, most specific first.
 * Their number depends on the topic's segments alone, so matching is that many look-ups by equality.
 */
export function patternsOf({ name, segments }: Topic): TopicPattern[] {
  const patterns = [ name, segments.join('/') ];
  for (let depth = segments.length - 1; depth > 0; depth -= 1) {
    patterns.push(`${segments.slice(0, depth).join('/')}/*`);
  }
  return [ ...new Set([ ...patterns, '*' ]) ];
}

/**
 * Whether all that a pattern or topic matches is also matched by another pattern.
 *
 * @param outer - The other pattern.
 * @param inner - A pattern, or a topic.
 */
export function covers(outer: TopicPattern, inner: TopicPattern): boolean {
  if (outer.endsWith('*')) {
    // What is in front of the star: nothing, or a path with its slash.
    return inner.startsWith(outer.slice(0, -1));
  }
  return outer === inner || (!outer.includes('#') && inner.startsWith(`${outer}#`));
}

/**
 * Whether one of several patterns covers a pattern or topic; where there are none to keep to, each is covered.
 *
 * @param patterns - The patterns, if there are any.
 * @param inner - A pattern, or a topic.
 */
export function isCovered(patterns: readonly TopicPattern[] | undefined, inner: TopicPattern): boolean {
  return !patterns || patterns.some((outer): boolean => covers(outer, inner));
}

/**
 * The resource, relative to the pod, on which a subscriber needs `acl:Read` to follow a pattern:
 * the topic's own, or the container of everything below.
 */
export function patternPath(pattern: TopicPattern): string {
  if (pattern === '*') {
    return 'topics/';
  }
  return topicPath(parseTopic(pattern.endsWith('/*') ? pattern.slice(0, -2) : pattern));
}
