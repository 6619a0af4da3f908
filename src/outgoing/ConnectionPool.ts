import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';
import { Client } from 'undici';
import type { OutgoingExchange } from './OutgoingExchange';
import { ResponseHead } from './ResponseHead';

/** Options of the connections to an origin. */
export interface ConnectionOptions extends Omit<Client.Options, 'connect'> {
  readonly connect: buildConnector.connector;
}

/**
 * A connection to an origin, which has one request at a time and is opened again if it has ended.
 */
export class Connection {
  private readonly client: Client;
  private head?: ResponseHead;
  /** Whether the open socket has had a request before. */
  private isUsed = false;
  private isReused = false;

  /**
   * @param origin - Scheme, host and port.
   * @param options - How it is made.
   */
  public constructor(private readonly origin: string, { connect, ...options }: ConnectionOptions) {
    this.client = new Client(origin, {
      ...options,
      connect: (target, callback): void => connect(target, (...[ error, socket ]): void => {
        if (socket) {
          this.open(socket);
          callback(null, socket);
        } else {
          callback(error, null);
        }
      }),
    });
  }

  /** Head of the response to the current request. */
  public get response(): ResponseHead | undefined {
    return this.head;
  }

  /** Whether the current request failed only because the connection, used before, ended as it was sent. */
  public get isStale(): boolean {
    return this.isReused && this.head?.bytes === 0;
  }

  /** Sends a request. */
  public send(exchange: OutgoingExchange): void {
    this.isReused = this.isUsed;
    this.isUsed = true;
    this.head?.expect();
    this.client.dispatch({ ...exchange.options, origin: this.origin }, exchange);
  }

  /** Closes it; a request under way fails. */
  public async destroy(): Promise<void> {
    return this.client.destroy();
  }

  private open(socket: Socket): void {
    this.head = new ResponseHead(socket);
    this.head.expect();
    this.isReused = false;
  }
}

/**
 * The connections to one origin, each of which has one request at a time.
 *
 * A connection whose request failed, or was not answered to the end, is closed.
 */
export class ConnectionPool {
  private readonly origin: string;
  private readonly options: ConnectionOptions;
  private readonly limit: number;
  private readonly used = new Map<OutgoingExchange, Connection>();
  private readonly waiting = new Set<OutgoingExchange>();
  private free: Connection[] = [];

  /**
   * @param origin - Scheme, host and port.
   * @param options - How connections are made.
   * @param limit - How many there are at most; further requests wait.
   */
  public constructor(origin: string, options: ConnectionOptions, limit: number) {
    this.origin = origin;
    this.options = options;
    this.limit = limit;
  }

  /** Whether no request is under way or waits. */
  public get isIdle(): boolean {
    return this.used.size === 0 && this.waiting.size === 0;
  }

  /** Sends a request, or lets it wait for a connection. */
  public start(exchange: OutgoingExchange): void {
    if (this.used.size < this.limit) {
      // Not undici's Pool: that opens a new connection for each request that was aborted.
      this.use(this.free.pop() ?? new Connection(this.origin, this.options), exchange);
    } else {
      this.waiting.add(exchange);
    }
  }

  /** Takes back the connection of a request that has ended; each that was started has to come back here. */
  public end(exchange: OutgoingExchange): void {
    this.waiting.delete(exchange);
    const connection = this.used.get(exchange);
    if (!connection) {
      return;
    }
    this.used.delete(exchange);
    if (exchange.isComplete) {
      this.free.push(connection);
    } else {
      void connection.destroy();
    }
    for (const next of this.waiting) {
      this.waiting.delete(next);
      this.start(next);
      return;
    }
  }

  /** Closes all connections; requests under way fail. */
  public async close(): Promise<void> {
    const connections = [ ...this.free, ...this.used.values() ];
    this.free = [];
    for (const exchange of this.waiting) {
      exchange.stop();
    }
    await Promise.all(connections.map(async(connection): Promise<void> => connection.destroy()));
  }

  private use(connection: Connection, exchange: OutgoingExchange): void {
    this.used.set(exchange, connection);
    exchange.begin(connection, (): void => {
      void connection.destroy();
      this.use(new Connection(this.origin, this.options), exchange);
    });
    connection.send(exchange);
  }
}
