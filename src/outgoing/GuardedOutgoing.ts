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
/** How long an idle connection is kept, in milliseconds, and how long at most where the other server asks for more. */
const KEEP_ALIVE = 4_000;
const MAX_KEEP_ALIVE = 30_000;
/** What the connection sets by itself; `host` would also decide whose certificate is accepted. */
const CONNECTION_HEADERS = new Set([
  'connection', 'content-length', 'expect', 'host', 'keep-alive', 'proxy-connection', 'te', 'trailer',
  'transfer-encoding', 'upgrade',
]);

/**
 * Sends requests to addresses of the public internet, and to those that the operator has allowed.
 *
 * A name is resolved when a connection is made: each of its addresses is checked, and the connection goes to what was
 * checked, so an answer of DNS that changes has no effect. If one address is not allowed, none is used. Redirects are
 * not followed, proxies not used, and certificates always verified. Connections are reused, for the same origin only.
 */
export class GuardedOutgoing implements Outgoing {
  private readonly guard: AddressGuard;
  private readonly allowHttp: boolean;
  private readonly timeout: number;
  private readonly maxConnections: number;
  private readonly maxIdleOrigins: number;
  private readonly origins = new Map<string, ConnectionPool>();
  /** Those without requests, the one used last at the end. */
  private readonly idle = new Set<string>();
  /** Names that are being resolved: the resolver has few threads, which the file system shares. */
  private readonly resolving = new Map<string, Promise<string[]>>();
  private readonly connectors: Readonly<Record<string, buildConnector.connector>>;
  private closed = false;

  /**
   * @param guard - Says which addresses may be reached.
   * @param allowHttp - Whether plain HTTP may be used to every such address; otherwise only to those that the operator
   * has allowed. Default false.
   * @param connectTimeout - How long making a connection may take, in seconds, with DNS and TLS. Default 5.
   * @param timeout - How long a request may take in all unless it says so itself, in seconds. Default 15.
   * @param maxConnections - The most connections to one origin; further requests wait. Default 16.
   * @param maxIdleOrigins - The most origins whose connections are kept while nothing is sent to them. Default 256.
   */
  public constructor(
    guard: AddressGuard, allowHttp = false, connectTimeout = 5, timeout = 15, maxConnections = 16, maxIdleOrigins = 256,
  ) {
    this.guard = guard;
    this.allowHttp = allowHttp;
    this.timeout = timeout * 1_000;
    this.maxConnections = maxConnections;
    this.maxIdleOrigins = maxIdleOrigins;
    this.connectors = {
      'http:': this.connector('http:', connectTimeout),
      'https:': this.connector('https:', connectTimeout),
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

  /** Ends all connections, and with them the requests under way; what is sent later fails. */
  public async close(): Promise<void> {
    this.closed = true;
    const all = [ ...this.origins.values() ];
    this.origins.clear();
    this.idle.clear();
    await Promise.all(all.map(async(connections): Promise<void> => connections.close()));
  }

  /** How many origins have connections that are kept, or requests under way. */
  public get size(): number {
    return this.origins.size;
  }

  /** The addresses of a name, never none; rejects if there are none. */
  protected async resolve(hostname: string): Promise<string[]> {
    return (await lookup(hostname, { all: true })).map(({ address }): string => address);
  }

  private checkUrl({ method, url: text }: OutgoingRequest): URL {
    const url = parseUrl(text);
    if (!url) {
      throw new OutgoingFailed('forbidden', `${method}: what it should go to is not an absolute URL.`);
    }
    if (url.protocol !== 'https:' && url.protocol !== 'http:') {
      throw new OutgoingFailed('forbidden', `${method}: requests go to https URLs, not to ${url.protocol} ones.`);
    }
    if (url.username !== '' || url.password !== '') {
      throw new OutgoingFailed('forbidden', `${method} ${url.origin}: a URL must not hold a user name or password.`);
    }
    return url;
  }

  private checkHeaders({ method, headers = {}}: OutgoingRequest): void {
    const own = Object.keys(headers).find((name): boolean => CONNECTION_HEADERS.has(name.toLowerCase()));
    if (own !== undefined) {
      throw new OutgoingFailed('forbidden', `${method}: the header ${own} is set by the connection alone.`);
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
        // The time in all is bounded for each request.
        headersTimeout: 0,
        bodyTimeout: 0,
        keepAliveTimeout: KEEP_ALIVE,
        keepAliveMaxTimeout: MAX_KEEP_ALIVE,
      }, this.maxConnections);
      this.origins.set(origin, connections);
    }
    return connections;
  }

  /** Notes that nothing is sent to an origin any more, and lets go of the one that rests longest if it is too many. */
  private markIdle(origin: string, connections: ConnectionPool): void {
    // They may have been let go while the body of a last answer was discarded.
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

  /** Makes connections, only to addresses that were checked. */
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
      // So all addresses are asked for, and tried.
      autoSelectFamily: true,
      rejectUnauthorized: true,
    });
    return (options, callback): void => {
      if (isIP(options.hostname) > 0) {
        // Addresses are not looked up.
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
        throw new OutgoingFailed('forbidden', `${hostname} may only be reached by https. The operator of this server can allow http to its address with --eventsAllow.`);
      }
    }
  }
}

/** A response as text, without its content coding. */
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
