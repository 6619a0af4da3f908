/**
 * Counts copies.
 */
export interface CopyMeter {
  /** Reports a number of durably written copies. Returns at once. */
  copied: (count: number) => void;
}
