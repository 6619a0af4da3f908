import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { ServerConfigurator } from '../css';
import type { Deliveries } from './Deliveries';

/**
 * Connects the delivery worker to the HTTP server of its process.
 *
 * - Deliveries begin when the server listens, because a receiver fetches the document of this server's agent.
 * - They end before the server stops listening, for the same reason.
 * - Each request that waits for its answer is counted, so that deliveries leave it its time.
 */
export class DeliveryGate extends ServerConfigurator {
  private readonly deliveries: Deliveries;

  /**
   * @param deliveries - The delivery worker.
   */
  public constructor(deliveries: Deliveries) {
    super();
    this.deliveries = deliveries;
  }

  public override async handle(server: Server): Promise<void> {
    server.once('listening', (): void => this.deliveries.open());
    server.on('request', (_request: IncomingMessage, response: ServerResponse): void => {
      response.once('close', this.deliveries.request());
    });
    const close = server.close.bind(server);
    server.close = (callback): Server => {
      void this.deliveries.finalize().finally((): unknown => close(callback));
      return server;
    };
  }
}
