import type { FilterPlace } from './FilterPlace';

/**
 * Returns the members of an object that is not empty.
 *
 * @param expected - Description of the object, for the message of the error.
 *
 * @throws {@link InvalidInput} if the value is no object, or empty.
 */
export function membersIn(value: unknown, place: FilterPlace, expected: string): [ name: string, value: unknown ][] {
  const members = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
  if (members.length === 0) {
    throw place.invalid(`expected ${expected}`);
  }
  return members;
}
