import { isAttributeName } from '../event/cloudEvents';
import type { Filter, FilteredEvent } from './Filter';
import type { FilterPlace } from './FilterPlace';
import { membersIn } from './members';
import type { Steps } from './Steps';

/** Compares the value of an attribute with the text of the filter. */
type Comparison = (value: string, expected: string) => boolean;

const COMPARISONS = {
  exact: (value, expected): boolean => value === expected,
  prefix: (value, expected): boolean => value.startsWith(expected),
  suffix: (value, expected): boolean => value.endsWith(expected),
} as const satisfies Record<string, Comparison>;

/** Dialect that compares attributes with texts. */
export type AttributeDialect = keyof typeof COMPARISONS;

/**
 * Parses a filter of the dialect `exact`, `prefix` or `suffix`.
 *
 * All given attributes have to match. Comparison is case-sensitive. A missing attribute does not match. Integers and
 * booleans are compared in their text form.
 *
 * @throws {@link InvalidInput} if a name is no attribute name, or a value is no text or empty.
 *
 * @see https://github.com/cloudevents/spec/blob/main/subscriptions/spec.md#32411-mandatory-filter-dialects
 */
export function parseAttributeFilter(dialect: AttributeDialect, value: unknown, place: FilterPlace): Filter {
  const comparison = COMPARISONS[dialect];
  const expected = membersIn(value, place, 'an object with attribute names and texts')
    .map(([ name, text ], index): readonly [ string, string ] => {
      const at = place.at(name);
      if (index > 0) {
        at.countNode();
      }
      if (!isAttributeName(name)) {
        throw at.invalid('expected the name of an attribute, with lower-case letters and digits only');
      }
      if (typeof text !== 'string' || text === '') {
        throw at.invalid('expected a text that is not empty');
      }
      return [ name, text ];
    })
    .sort(([ name ], [ other ]): number => name < other ? -1 : 1);
  return {
    document: { [dialect]: Object.fromEntries(expected) },
    readsData: false,
    matches: ({ attributes }: FilteredEvent, steps: Steps): boolean => expected.every(([ name, text ]): boolean => {
      steps.take(text.length);
      return Object.hasOwn(attributes, name) && comparison(String(attributes[name]), text);
    }),
  };
}
