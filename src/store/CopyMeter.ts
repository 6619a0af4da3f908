/**
 * Counter of written copies.
 */
export interface CopyMeter {
  /** Adds a number of durably written copies. Returns at once. */
  copied: (count: number) => void;
}
