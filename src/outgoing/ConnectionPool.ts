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
 * A connection to an origin. It has one request at a time, and reconnects if it was closed.
 */
export class Connection {
  private readonly client: Client;
  private head?: ResponseHead;
  /** Whether the open socket has sent a request before. */
  private isUsed = false;
  private isReused = false;

  /**
   * @param origin - Scheme, host and port.
   * @param options - Options of the connection.
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

  /** Whether the current request failed only because a reused connection was closed while sending. */
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

  /** Closes the connection. A request in progress fails. */
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
 * The connections to one origin, each with one request at a time.
 *
 * A connection is closed if its request failed or its response was not read to the end.
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
   * @param options - Options of the connections.
   * @param limit - Maximum number of connections. Further requests wait.
   */
  public constructor(origin: string, options: ConnectionOptions, limit: number) {
    this.origin = origin;
    this.options = options;
    this.limit = limit;
  }

  /** Whether no request is in progress or waiting. */
  public get isIdle(): boolean {
    return this.used.size === 0 && this.waiting.size === 0;
  }

  /** Sends a request, or queues it until a connection is free. */
  public start(exchange: OutgoingExchange): void {
    if (this.used.size < this.limit) {
      // Does not use undici's Pool, which opens a new connection after each aborted request.
      this.use(this.free.pop() ?? new Connection(this.origin, this.options), exchange);
    } else {
      this.waiting.add(exchange);
    }
  }

  /** Takes back the connection of an ended request. Must be called once for each started request. */
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

  /** Closes all connections. Requests in progress fail. */
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
