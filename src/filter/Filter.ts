import type { AttributeValue } from '../event/cloudEvents';
import type { Steps } from './Steps';

/** The parts of an event that filters can read. */
export interface FilteredEvent {
  /** Attributes and extensions of the event's CloudEvents form, by name. */
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /** Parsed `data` of the event. Only read by filters with {@link Filter.readsData}. */
  readonly data: unknown;
}

/** One filter: a condition on events. */
export interface Filter {
  /** JSON form, with one member: the name of the dialect. */
  readonly document: object;
  /** Whether the filter can read the event's `data`. */
  readonly readsData: boolean;

  /**
   * Returns whether an event meets the condition.
   *
   * @throws `OutOfSteps` if the work exceeds its limit.
   */
  matches(event: FilteredEvent, steps: Steps): boolean;
}

/** The filters of a subscription. An event has to match all of them. */
export interface Filters {
  /** Canonical JSON form. */
  readonly document: readonly object[];
  /** Canonical text of {@link document}. It is the same for equal filters. */
  readonly text: string;
  /** Whether a filter can read the event's `data`. */
  readonly readsData: boolean;

  /**
   * Returns whether an event matches all filters. It never throws.
   *
   * The work is limited by `FILTER_LIMITS.steps`. An event does not match if its evaluation exceeds this limit.
   */
  matches(event: FilteredEvent): boolean;
}
