import { InvalidInput } from '../event/InvalidInput';

/**
 * Input that cannot be processed within the limits on time and memory of one job.
 */
export class TooComplex extends InvalidInput {}

/**
 * No worker thread is available: the queue is full, or the server stops.
 */
export class Busy extends Error {
  /**
   * @param message - The reason, for the client.
   * @param retryAfter - Time after which the client may try again, in seconds.
   */
  public constructor(message: string, public readonly retryAfter: number) {
    super(message);
    this.name = 'Busy';
  }
}

/**
 * The client disconnected before its job ended.
 */
export class ClientDisconnected extends Error {
  public constructor() {
    super('The client did not wait for the response');
    this.name = 'ClientDisconnected';
  }
}
