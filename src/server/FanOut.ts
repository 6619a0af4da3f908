import type { Finalizable } from '../css';
import { getLoggerFor, Initializer } from '../css';
import { detached } from '../event/detached';
import type { Backlog } from '../delivery/Backlog';
import type { CopyListener } from '../delivery/CopyListener';
import { Forwarder } from '../delivery/Forwarder';
import { PERMISSION_AGE } from '../access/permissionAge';
import type { Access, Readers } from '../access/ports';
import type { Outbox, FanOutSignal } from '../publish/ports';
import type { FanOutStore } from '../delivery/ports';

/**
 * Runs the fan-out in the primary process, until the server stops.
 */
export class FanOut extends Initializer implements Finalizable, FanOutSignal {
  protected readonly logger = getLoggerFor(this);
  private readonly forwarder: Forwarder;

  /**
   * @param store - Storage of the fan-out.
   * @param readers - Access decisions about readers of topics.
   * @param access - Decides control of inboxes.
   * @param listeners - Receive copies in watched containers.
   * @param outbox - Wakes the delivery worker.
   * @param maxAge - Maximum age of a cached access decision, in seconds. Default {@link PERMISSION_AGE}.
   * @param chunk - Maximum number of subscriptions of one transaction. Default 1,000.
   */
  public constructor(
    store: FanOutStore,
    readers: Readers,
    access: Access,
    listeners: CopyListener[],
    outbox: Outbox,
    maxAge: number = PERMISSION_AGE,
    chunk = 1_000,
  ) {
    super();
    const report = (message: string): unknown => this.logger.error(message);
    this.forwarder = new Forwarder(store, readers, access, listeners, report, outbox, { maxAge, chunk });
  }

  public override async handle(): Promise<void> {
    this.forwarder.start();
  }

  /** Wakes the fan-out; no effect in a process without it, because the fan-out polls. */
  public wake(): void {
    detached((): void => this.forwarder.wake());
  }

  /** Announces the copies of stored notices, see {@link Forwarder.announceStored}. */
  public async announceStored(): Promise<void> {
    return this.forwarder.announceStored();
  }

  /** The state of the fan-out, counted up to a limit. */
  public async backlog(limit: number): Promise<Backlog> {
    return this.forwarder.backlog(limit);
  }

  public async finalize(): Promise<void> {
    await this.forwarder.stop();
  }
}
