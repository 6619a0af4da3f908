import type { Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { HttpServerFactory } from '../css';

/**
 * Creates servers that listen on one address only, such as the loopback address behind a reverse proxy.
 */
export class HostBoundServerFactory implements HttpServerFactory {
  private readonly source: HttpServerFactory;
  private readonly host: string;

  /**
   * @param source - Creates the servers.
   * @param host - Address to listen on. Default `localhost`.
   */
  public constructor(source: HttpServerFactory, host = 'localhost') {
    this.source = source;
    this.host = host;
  }

  public async createServer(): Promise<HttpServer | HttpsServer> {
    const server = await this.source.createServer();
    const listen = server.listen.bind(server) as (...args: unknown[]) => HttpServer | HttpsServer;
    server.listen = ((...args: unknown[]): HttpServer | HttpsServer =>
      typeof args[0] === 'number' ? listen({ port: args[0], host: this.host }) : listen(...args)) as typeof server.listen;
    return server;
  }
}
