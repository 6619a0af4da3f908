import type { Server } from 'node:http';
import { getLoggerFor, ServerConfigurator } from '@solid/community-server';
import type { FanOut } from './FanOut';

/**
 * Emits, once the server listens, the notifications that an earlier process had stored but perhaps not emitted when it
 * was killed. Not before, because receivers of notifications may ask this server for its keys.
 */
export class NotificationRecovery extends ServerConfigurator {
  protected readonly logger = getLoggerFor(this);
  private readonly fanOut: FanOut;

  /**
   * @param fanOut - Emits them.
   */
  public constructor(fanOut: FanOut) {
    super();
    this.fanOut = fanOut;
  }

  public override async handle(server: Server): Promise<void> {
    server.once('listening', (): void => {
      this.fanOut.announceLeft().catch((error: unknown): void => {
        this.logger.error(`Repeating notifications failed: ${(error as Error).message}`);
      });
    });
  }
}
