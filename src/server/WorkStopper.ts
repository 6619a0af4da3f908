import type { Finalizable } from '../css';
import type { WorkPool } from '../work/WorkPool';

/**
 * Aborts the jobs of worker threads when the server stops, so that they do not delay it.
 */
export class WorkStopper implements Finalizable {
  private readonly work: WorkPool;

  /**
   * @param work - Pool of worker threads.
   */
  public constructor(work: WorkPool) {
    this.work = work;
  }

  public async finalize(): Promise<void> {
    await this.work.stop();
  }
}
