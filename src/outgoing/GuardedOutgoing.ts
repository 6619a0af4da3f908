import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { isIP, isIPv6 } from 'node:net';
import { buildConnector } from 'undici';
import { parseUrl } from '../url/webUrl';
import type { AddressGuard } from './AddressGuard';
import { ConnectionPool } from './ConnectionPool';
import { decodeContent } from './contentCoding';
import type { RawResponse } from './OutgoingExchange';
import { OutgoingExchange, UNREACHABLE } from './OutgoingExchange';
import type { Outgoing, OutgoingResponse, OutgoingRequest } from './Outgoing';
import { OutgoingFailed } from './Outgoing';
import { MAX_HEAD_BYTES } from './ResponseHead';

const MAX_BODY_BYTES = 64 * 1024;
/** Time until an idle connection is closed, and its maximum if the other server requests more, in milliseconds. */
const KEEP_ALIVE = 4_000;
const MAX_KEEP_ALIVE = 30_000;
/** Headers that only the connection sets. `host` would also decide which certificate is accepted. */
const CONNECTION_HEADERS = new Set([
  'connection', 'content-length', 'expect', 'host', 'keep-alive', 'proxy-connection', 'te', 'trailer',
  'transfer-encoding', 'upgrade',
]);

/** Dependencies and limits of {@link GuardedOutgoing}. */
export interface GuardedOutgoingArgs {
  /** Decides whether an address may be reached. */
  guard: AddressGuard;
  /**
   * Whether plain HTTP is allowed to all these addresses; otherwise only to addresses allowed by the operator.
   * Default false.
   */
  allowHttp?: boolean;
  /** Maximum time to connect, including DNS and TLS, in seconds. Default 5. */
  connectTimeout?: number;
  /** Default maximum total time of a request, in seconds. Default 15. */
  timeout?: number;
  /** Maximum number of connections to one origin. Further requests wait. Default 16. */
  maxConnections?: number;
  /** Maximum number of origins with idle connections. Default 256. */
  maxIdleOrigins?: number;
}

/**
 * Sends requests to public internet addresses, and to addresses allowed by the operator.
 *
 * Host names are resolved for each new connection. Every address is checked, and the connection uses a checked address,
 * so changing DNS responses have no effect. If one address is not allowed, none is used. Redirects are not followed,
 * proxies are not used, and certificates are always verified. Connections are reused for the same origin only.
 */
export class GuardedOutgoing implements Outgoing {
  private readonly guard: AddressGuard;
  private readonly allowHttp: boolean;
  private readonly timeout: number;
  private readonly maxConnections: number;
  private readonly maxIdleOrigins: number;
  private readonly origins = new Map<string, ConnectionPool>();
  /** Origins without requests, the most recently used last. */
  private readonly idle = new Set<string>();
  /**
   * Host names being resolved. Lookups are shared, because the resolver has few threads, which the file system shares.
   */
  private readonly resolving = new Map<string, Promise<string[]>>();
  private readonly connectors: Readonly<Record<string, buildConnector.connector>>;
  private closed = false;

  /**
   * @param args - Its dependencies and limits.
   */
  public constructor(args: GuardedOutgoingArgs) {
    this.guard = args.guard;
    this.allowHttp = args.allowHttp ?? false;
    this.timeout = (args.timeout ?? 15) * 1_000;
    this.maxConnections = args.maxConnections ?? 16;
    this.maxIdleOrigins = args.maxIdleOrigins ?? 256;
    this.connectors = {
      'http:': this.connector('http:', args.connectTimeout ?? 5),
      'https:': this.connector('https:', args.connectTimeout ?? 5),
    };
  }

  public async send(request: OutgoingRequest): Promise<OutgoingResponse> {
    const url = this.checkUrl(request);
    this.checkHeaders(request);
    if (this.closed) {
      throw new OutgoingFailed('unreachable', `${request.method} ${url.origin}: this server is stopping.`);
    }
    const connections = this.connectionsTo(url);
    const maxBytes = request.maxBytes ?? MAX_BODY_BYTES;
    const exchange = new OutgoingExchange(url, request, request.timeout ?? this.timeout, maxBytes);
    void exchange.ended.then((): void => {
      connections.end(exchange);
      if (connections.isIdle) {
        this.markIdle(url.origin, connections);
      }
    });
    connections.start(exchange);
    return toResponse(await exchange.response, maxBytes);
  }

  /** Closes all connections. Requests in progress and later requests fail. */
  public async close(): Promise<void> {
    this.closed = true;
    const all = [ ...this.origins.values() ];
    this.origins.clear();
    this.idle.clear();
    await Promise.all(all.map(async(connections): Promise<void> => connections.close()));
  }

  /** Number of origins with open connections or requests in progress. */
  public get size(): number {
    return this.origins.size;
  }

  /** Returns the addresses of a host name, at least one. Rejects if there is none. */
  protected async resolve(hostname: string): Promise<string[]> {
    return (await lookup(hostname, { all: true })).map(({ address }): string => address);
  }

  private checkUrl({ method, url: text }: OutgoingRequest): URL {
    const url = parseUrl(text);
    if (!url) {
      throw new OutgoingFailed('forbidden', `${method}: invalid URL: expected an absolute http(s) URL.`);
    }
    if (url.protocol !== 'https:' && url.protocol !== 'http:') {
      throw new OutgoingFailed('forbidden', `${method}: invalid URL: expected an https URL, got ${url.protocol}.`);
    }
    if (url.username !== '' || url.password !== '') {
      throw new OutgoingFailed('forbidden', `${method} ${url.origin}: a URL must not hold a user name or password.`);
    }
    return url;
  }

  private checkHeaders({ method, headers = {}}: OutgoingRequest): void {
    const own = Object.keys(headers).find((name): boolean => CONNECTION_HEADERS.has(name.toLowerCase()));
    if (own !== undefined) {
      throw new OutgoingFailed('forbidden', `${method}: invalid header ${own}: only the connection sets it.`);
    }
  }

  private connectionsTo({ origin, protocol }: URL): ConnectionPool {
    this.idle.delete(origin);
    let connections = this.origins.get(origin);
    if (!connections) {
      connections = new ConnectionPool(origin, {
        connect: this.connectors[protocol],
        pipelining: 1,
        maxHeaderSize: MAX_HEAD_BYTES,
        // Each request has a limit on its total time instead.
        headersTimeout: 0,
        bodyTimeout: 0,
        keepAliveTimeout: KEEP_ALIVE,
        keepAliveMaxTimeout: MAX_KEEP_ALIVE,
      }, this.maxConnections);
      this.origins.set(origin, connections);
    }
    return connections;
  }

  /** Marks an origin as idle, and closes the connections of the longest idle origins above the limit. */
  private markIdle(origin: string, connections: ConnectionPool): void {
    // The pool may have been closed while the body of a last response was discarded.
    if (this.closed || this.origins.get(origin) !== connections) {
      return;
    }
    this.idle.add(origin);
    for (const oldest of this.idle) {
      if (this.idle.size <= this.maxIdleOrigins) {
        return;
      }
      void this.origins.get(oldest)?.close();
      this.idle.delete(oldest);
      this.origins.delete(oldest);
    }
  }

  /** Creates a connector that connects only to checked addresses. */
  private connector(protocol: string, connectTimeout: number): buildConnector.connector {
    const pinned: LookupFunction = (hostname, _options, callback): void => {
      this.addressesOf(hostname).then(
        (addresses): void => {
          this.check(protocol, hostname, addresses);
          callback(null, addresses.map((address): LookupAddress => ({ address, family: isIPv6(address) ? 6 : 4 })));
        },
      ).catch((error: unknown): void => callback(error as Error, []));
    };
    const connect = buildConnector({
      timeout: connectTimeout * 1_000,
      lookup: pinned,
      // Looks up and tries all addresses.
      autoSelectFamily: true,
      rejectUnauthorized: true,
    });
    return (options, callback): void => {
      if (isIP(options.hostname) > 0) {
        // IP addresses need no lookup.
        try {
          this.check(protocol, options.hostname, [ options.hostname ]);
        } catch (error: unknown) {
          callback(error as Error, null);
          return;
        }
      }
      connect(options, callback);
    };
  }

  private async addressesOf(hostname: string): Promise<string[]> {
    let addresses = this.resolving.get(hostname);
    if (!addresses) {
      addresses = this.resolve(hostname)
        .catch((): string[] => [])
        .finally((): unknown => this.resolving.delete(hostname));
      this.resolving.set(hostname, addresses);
    }
    return addresses;
  }

  private check(protocol: string, hostname: string, addresses: readonly string[]): void {
    if (addresses.length === 0) {
      throw new OutgoingFailed('unresolved', UNREACHABLE);
    }
    for (const address of addresses) {
      if (this.guard.refusal(address) !== undefined) {
        throw new OutgoingFailed('forbidden', UNREACHABLE);
      }
      if (protocol === 'http:' && !this.allowHttp && !this.guard.isAllowed(address)) {
        throw new OutgoingFailed('forbidden', `${hostname} can only be reached by https. The operator of this server can allow http to its address with --eventsAllow.`);
      }
    }
  }
}

/** Returns a response as text, without its content coding. */
async function toResponse({ status, headers, body, isCut }: RawResponse, maxBytes: number): Promise<OutgoingResponse> {
  const { 'content-encoding': coding = '' } = headers;
  if (coding === '' || body.length === 0) {
    return { status, headers, body: body.toString(), isCut };
  }
  if (isCut) {
    return { status, headers, body: '', isCut };
  }
  try {
    const decoded = await decodeContent(coding, body, maxBytes);
    return { status, headers, body: decoded.body.toString(), isCut: decoded.isCut };
  } catch (error: unknown) {
    return { status, headers, body: '', isCut, unreadable: (error as Error).message };
  }
}
