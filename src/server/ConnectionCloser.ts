import type { Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { ServerConfigurator } from '../css';

/**
 * Closes the connections of a stopping server: each after its current response, all after a grace period.
 *
 * Streams and WebSockets end with the grace period. Without this class, clients with busy connections delay the stop
 * indefinitely.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9112#section-9.6
 */
export class ConnectionCloser extends ServerConfigurator {
  /**
   * @param grace - Grace period for open connections when the server stops, in seconds. Default 3.
   */
  public constructor(private readonly grace = 3) {
    super();
  }

  public override async handle(server: Server): Promise<void> {
    const answers = new Set<ServerResponse>();
    const upgraded = new Set<Duplex>();
    let closing = false;
    const end = (response: ServerResponse): void => {
      if (!response.headersSent) {
        response.setHeader('Connection', 'close');
      }
    };
    server.on('request', (_request, response): void => {
      answers.add(response);
      response.on('close', (): unknown => answers.delete(response));
      if (closing) {
        end(response);
      }
    });
    server.on('upgrade', (_request, socket): void => {
      upgraded.add(socket);
      socket.on('close', (): unknown => upgraded.delete(socket));
    });
    const close = server.close.bind(server);
    server.close = (callback): Server => {
      closing = true;
      answers.forEach(end);
      setTimeout((): void => {
        server.closeAllConnections();
        upgraded.forEach((socket): unknown => socket.destroy());
      }, this.grace * 1_000).unref();
      return close(callback);
    };
  }
}
