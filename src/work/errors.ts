import { InvalidInput } from '../event/InvalidInput';

/**
 * The input exceeds the limits on time or memory of one job.
 */
export class TooComplex extends InvalidInput {}

/**
 * No worker thread is available: the queue is full, or the server is stopping.
 */
export class Busy extends Error {
  /**
   * @param message - The reason, for the client.
   * @param retryAfter - Time until the client can retry, in seconds.
   */
  public constructor(message: string, public readonly retryAfter: number) {
    super(message);
    this.name = 'Busy';
  }
}

/**
 * The client disconnected before the end of its job.
 */
export class ClientDisconnected extends Error {
  public constructor() {
    super('The client disconnected before the response');
    this.name = 'ClientDisconnected';
  }
}
