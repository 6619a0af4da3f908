import type { Finalizable } from '../css';
import type { ListingWaits } from '../http/listing/ListingWaits';

/**
 * Answers waiting requests for listings when the server stops, so that they do not delay it.
 */
export class ListingStopper implements Finalizable {
  private readonly waits: ListingWaits;

  /**
   * @param waits - Holds the requests.
   */
  public constructor(waits: ListingWaits) {
    this.waits = waits;
  }

  public async finalize(): Promise<void> {
    this.waits.stop();
  }
}
