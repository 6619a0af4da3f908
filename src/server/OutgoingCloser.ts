import type { Finalizable } from '../css';
import type { GuardedOutgoing } from '../outgoing/GuardedOutgoing';

/**
 * Closes the connections to other servers when the server stops.
 */
export class OutgoingCloser implements Finalizable {
  private readonly outgoing: GuardedOutgoing;

  /**
   * @param outgoing - Client for requests to other servers.
   */
  public constructor(outgoing: GuardedOutgoing) {
    this.outgoing = outgoing;
  }

  public async finalize(): Promise<void> {
    await this.outgoing.close();
  }
}
