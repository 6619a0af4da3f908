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
import type { EventFilters } from '../subscription/FilterMatcher';

/**
 * Dependencies and limits of {@link FanOut}.
 */
export interface FanOutArgs {
  /** Storage of the fan-out. */
  store: FanOutStore;
  /** Access decisions about readers of topics. */
  readers: Readers;
  /** Decides control of inboxes. */
  access: Access;
  /** Evaluates the filters of subscriptions. */
  filters: EventFilters;
  /** Receive copies in watched containers. */
  listeners: CopyListener[];
  /** Wakes the delivery worker. */
  outbox: Outbox;
  /** Maximum age of a cached access decision, in seconds. Default {@link PERMISSION_AGE}. */
  maxAge?: number;
  /** Maximum number of subscriptions of one transaction. Default 1,000. */
  chunk?: number;
}

/**
 * Runs the fan-out in the primary process, until the server stops.
 */
export class FanOut extends Initializer implements Finalizable, FanOutSignal {
  protected readonly logger = getLoggerFor(this);
  private readonly forwarder: Forwarder;

  /**
   * @param args - Dependencies and limits.
   */
  public constructor(args: FanOutArgs) {
    super();
    const { maxAge = PERMISSION_AGE, chunk = 1_000 } = args;
    const report = (message: string): unknown => this.logger.error(message);
    this.forwarder = new Forwarder({ ...args, report }, { maxAge, chunk });
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
