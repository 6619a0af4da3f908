import type { Server } from 'node:http';
import { getLoggerFor, ServerConfigurator } from '../css';
import type { FanOut } from './FanOut';

/**
 * Emits stored notifications that a killed process may not have emitted.
 *
 * Starts when the server listens, because receivers of notifications may request this server's keys.
 */
export class NotificationRecovery extends ServerConfigurator {
  protected readonly logger = getLoggerFor(this);
  private readonly fanOut: FanOut;

  /**
   * @param fanOut - Emits the notifications.
   */
  public constructor(fanOut: FanOut) {
    super();
    this.fanOut = fanOut;
  }

  public override async handle(server: Server): Promise<void> {
    server.once('listening', (): void => {
      this.fanOut.announceStored().catch((error: unknown): void => {
        this.logger.error(`Repeating stored notifications failed: ${(error as Error).message}`);
      });
    });
  }
}
