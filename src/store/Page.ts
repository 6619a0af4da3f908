/**
 * Which part of a list to show.
 */
export interface PageRequest {
  /** The number of the page, from 0. */
  readonly index: number;
  /** The most items of a page, at least 1. */
  readonly size: number;
  /** Whether the list is shown from its end. */
  readonly isDescending: boolean;
}

/**
 * A part of a list.
 */
export interface Page<T> {
  readonly items: readonly T[];
  /** How many items there are on all pages. */
  readonly total: number;
}
