import type { ValuePreferences } from '../css';
import { getTypeWeight } from '../css';

/**
 * Returns the weights of media types for a client, in which named types precede wildcards.
 *
 * A type that the client accepts only by a wildcard has weight 0 if the client names another available type with the
 * same or a higher weight. So a client that asks for Turtle, or anything else, gets Turtle.
 *
 * @param types - The available media types.
 * @param preferences - The preferences, as `cleanPreferences` returns them.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-accept
 */
export function namedFirst(types: readonly string[], preferences: ValuePreferences): (type: string) => number {
  const isNamed = (type: string): boolean => preferences[type] > 0;
  const best = Math.max(0, ...types.filter(isNamed).map((type): number => preferences[type]));
  return (type): number => {
    const weight = getTypeWeight(type, preferences);
    return isNamed(type) || weight > best ? weight : 0;
  };
}
