/**
 * Counts copies.
 */
export interface CopyMeter {
  /** So many copies were written, durably; returns at once. */
  copied: (count: number) => void;
}
