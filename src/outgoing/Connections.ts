import { Client } from 'undici';
import type { Exchange } from './Exchange';

/**
 * The connections to one origin, each of which has one request at a time.
 *
 * A connection whose request failed, or was not answered to the end, is closed.
 */
export class Connections {
  private readonly origin: string;
  private readonly options: Client.Options;
  private readonly limit: number;
  private readonly clients = new Map<Exchange, Client>();
  private readonly waiting = new Set<Exchange>();
  private free: Client[] = [];

  /**
   * @param origin - Scheme, host and port.
   * @param options - How connections are made.
   * @param limit - How many there are at most; further requests wait.
   */
  public constructor(origin: string, options: Client.Options, limit: number) {
    this.origin = origin;
    this.options = options;
    this.limit = limit;
  }

  /** Whether no request is under way or waits. */
  public get isIdle(): boolean {
    return this.clients.size === 0 && this.waiting.size === 0;
  }

  /** Sends a request, or lets it wait for a connection. */
  public start(exchange: Exchange): void {
    if (this.clients.size < this.limit) {
      // Not undici's Pool: that opens a new connection for each request that was aborted.
      this.use(this.free.pop() ?? new Client(this.origin, this.options), exchange);
    } else {
      this.waiting.add(exchange);
    }
  }

  /** Takes back the connection of a request that has ended; each that was started has to come back here. */
  public end(exchange: Exchange): void {
    this.waiting.delete(exchange);
    const client = this.clients.get(exchange);
    if (!client) {
      return;
    }
    this.clients.delete(exchange);
    if (exchange.isComplete) {
      this.free.push(client);
    } else {
      void client.destroy();
    }
    for (const next of this.waiting) {
      this.waiting.delete(next);
      this.start(next);
      return;
    }
  }

  /** Closes all connections; requests under way fail. */
  public async close(): Promise<void> {
    const clients = [ ...this.free, ...this.clients.values() ];
    this.free = [];
    for (const exchange of this.waiting) {
      exchange.stop();
    }
    await Promise.all(clients.map(async(client): Promise<void> => client.destroy()));
  }

  private use(client: Client, exchange: Exchange): void {
    this.clients.set(exchange, client);
    client.dispatch({ ...exchange.options, origin: this.origin }, exchange);
  }
}
