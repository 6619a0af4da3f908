import type { Finalizable } from '@solid/community-server';
import type { GuardedOutgoing } from '../outgoing/GuardedOutgoing';

/**
 * Closes the connections to other servers when this one stops.
 */
export class OutgoingCloser implements Finalizable {
  private readonly outgoing: GuardedOutgoing;

  /**
   * @param outgoing - Has the connections.
   */
  public constructor(outgoing: GuardedOutgoing) {
    this.outgoing = outgoing;
  }

  public async finalize(): Promise<void> {
    await this.outgoing.close();
  }
}
