import type { Finalizable } from '../css';
import type { Streams } from '../http/stream/Streams';

/**
 * Ends open streams when the server stops, so that they do not delay it.
 */
export class StreamStopper implements Finalizable {
  private readonly streams: Streams;

  /**
   * @param streams - The open streams.
   */
  public constructor(streams: Streams) {
    this.streams = streams;
  }

  public async finalize(): Promise<void> {
    this.streams.stop();
  }
}
