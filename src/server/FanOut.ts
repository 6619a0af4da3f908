import type { Finalizable } from '../css';
import { getLoggerFor, Initializer } from '../css';
import type { Backlog } from '../delivery/Backlog';
import type { CopyListener } from '../delivery/CopyListener';
import { Forwarder } from '../delivery/Forwarder';
import type { Access, Readers } from '../access/ports';
import type { Outbox, FanOutSignal } from '../publish/ports';
import type { FanOutStore } from '../delivery/ports';

/**
 * Runs the fan-out in the server's primary process, from its start to its end.
 */
export class FanOut extends Initializer implements Finalizable, FanOutSignal {
  protected readonly logger = getLoggerFor(this);
  private readonly forwarder: Forwarder;

  /**
   * @param store - Where events and subscriptions are.
   * @param readers - Who may receive what.
   * @param access - Whose inboxes are whose.
   * @param listeners - Are told of copies in watched containers.
   * @param outbox - Makes the deliveries to other servers.
   * @param maxAge - How long an answer to "who may receive" is used at most, in seconds. Default 60.
   * @param chunk - The most subscriptions to look at in one transaction. Default 1,000.
   */
  public constructor(
    store: FanOutStore,
    readers: Readers,
    access: Access,
    listeners: CopyListener[],
    outbox: Outbox,
    maxAge = 60,
    chunk = 1_000,
  ) {
    super();
    const report = (message: string): unknown => this.logger.error(message);
    this.forwarder = new Forwarder(store, readers, access, listeners, report, outbox, { maxAge, chunk });
  }

  public override async handle(): Promise<void> {
    this.forwarder.start();
  }

  /** In a process that does not run the fan-out, this does nothing: the one that does looks for itself. */
  public wake(): void {
    this.forwarder.wake();
  }

  /** Announces again what an earlier process had perhaps not, see {@link Forwarder.announceLeft}. */
  public async announceLeft(): Promise<void> {
    return this.forwarder.announceLeft();
  }

  /** The state of the fan-out; what waits is counted up to a limit. */
  public async backlog(limit: number): Promise<Backlog> {
    return this.forwarder.backlog(limit);
  }

  public async finalize(): Promise<void> {
    await this.forwarder.stop();
  }
}
