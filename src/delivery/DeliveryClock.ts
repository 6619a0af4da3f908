/**
 * Persistent time of deliveries, which never goes back.
 */
export interface DeliveryClock {
  /** Returns the latest noted time, or 0. */
  moment: () => Promise<number>;
  /**
   * Notes the time, so that it does not go back over a restart.
   *
   * @param now - The time, in milliseconds since 1970.
   * @param work - Work time since the last note, in milliseconds, which is added to the total.
   */
  noteMoment: (now: number, work?: number) => Promise<void>;
  /**
   * Returns the noted work time: the total time in which the worker made attempts, in milliseconds. Deliveries,
   * failures of targets and former secrets age by it.
   */
  workTime: () => Promise<number>;
  /**
   * Moves all future times back, after the clock of the machine was ahead.
   *
   * @param now - The time, in milliseconds since 1970.
   * @param ahead - Difference between the noted time and `now`, in milliseconds.
   */
  turnBack: (now: number, ahead: number) => Promise<void>;
}
