/** Receives the number of open streams. */
export interface StreamMeter {
  /** Reports the number of open streams of this process. */
  streamsOpen: (count: number) => void;
}
