/**
 * Request for a page of a list.
 */
export interface PageRequest {
  /** Index of the page, from 0. */
  readonly index: number;
  /** Maximum number of items of a page, at least 1. */
  readonly size: number;
  /** Whether the list is in descending order. */
  readonly isDescending: boolean;
}

/**
 * A page of a list.
 */
export interface Page<T> {
  readonly items: readonly T[];
  /** Number of items of all pages. */
  readonly total: number;
}
