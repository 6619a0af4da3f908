import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { Finalizable } from '../css';
import { getLoggerFor, Initializer } from '../css';
import type { TargetKinds } from '../delivery/TargetKinds';
import type { Metrics } from '../metrics/Metrics';
import type { Outbox } from '../publish/ports';
import type { StoreIntegrity } from './StoreIntegrity';
import type { QueueCounts } from '../delivery/ports';

/** The address of a listener. */
interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

const LOOPBACK = '127.0.0.1';
const PATH = '/metrics';
const METHODS = [ 'GET', 'HEAD' ];
const MAX_PORT = 65_535;

/** Dependencies and limits of {@link MetricsServer}. */
export interface MetricsServerArgs {
  /**
   * Address to listen on: a port, or a host and a port, such as `127.0.0.1:9464` or `[::1]:9464`. An empty address
   * turns metrics off.
   */
  address: string;
  /** Metrics of this process. */
  metrics: Metrics;
  /** Counts waiting deliveries. */
  store: QueueCounts;
  /** Clock of the delivery queue. */
  outbox: Outbox;
  /** Registered target kinds, the labels of delivery counters. */
  kinds: TargetKinds;
  /** Integrity state of the store. */
  integrity?: StoreIntegrity;
}

/**
 * Serves the metrics of the primary process at `GET /metrics` of a separate address, if one is configured.
 *
 * Requests need no authentication, so the default host is the loopback interface.
 */
export class MetricsServer extends Initializer implements Finalizable {
  protected readonly logger = getLoggerFor(this);
  private readonly listenAddress?: ListenAddress;
  private readonly metrics: Metrics;
  private readonly store: QueueCounts;
  private readonly outbox: Outbox;
  private readonly kinds: TargetKinds;
  private readonly integrity?: StoreIntegrity;
  private server?: Server;

  /**
   * @param args - Its dependencies and limits.
   */
  public constructor(args: MetricsServerArgs) {
    super();
    this.listenAddress = args.address.trim() === '' ? undefined : parseAddress(args.address);
    this.metrics = args.metrics;
    this.store = args.store;
    this.outbox = args.outbox;
    this.kinds = args.kinds;
    this.integrity = args.integrity;
  }

  public override async handle(): Promise<void> {
    if (this.listenAddress) {
      this.metrics.start(this.kinds.names());
      this.server = createServer((request, response): void => {
        this.respond(request, response).catch((error: unknown): void => {
          this.logger.error(`A metrics request failed: ${(error as Error).message}`);
          write(response, 500, 'Internal error. The log has details.');
        });
      });
      await listen(this.server, this.listenAddress);
      this.server.on('error', (error): unknown => this.logger.error(`The metrics listener failed: ${error.message}`));
      this.logger.info(`Serving metrics at http://${formatAddress(this.listenAddress)}${PATH}`);
    }
  }

  public async finalize(): Promise<void> {
    const { server } = this;
    if (server) {
      await new Promise((resolve): void => {
        server.close(resolve);
        server.closeAllConnections();
      });
    }
  }

  private async respond({ method, url }: IncomingMessage, response: ServerResponse): Promise<void> {
    if (url!.replace(/\?.*$/u, '') !== PATH) {
      write(response, 404, `Not found. Metrics are at ${PATH}.`);
    } else if (METHODS.includes(method!)) {
      const now = this.outbox.now();
      this.metrics.damaged(this.integrity?.state === 'damaged');
      const text = await this.metrics.text(await this.store.queue(now), now);
      write(response, 200, text, { 'Content-Type': this.metrics.contentType });
    } else {
      write(response, 405, `Method not allowed. ${PATH} supports ${METHODS.join(' and ')}.`, { Allow: METHODS.join(', ') });
    }
  }
}

function write(response: ServerResponse, status: number, text: string, headers: Record<string, string> = {}): void {
  const body = text.endsWith('\n') ? text : `${text}\n`;
  const length = Buffer.byteLength(body);
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': length, ...headers });
  response.end(body);
}

/** Parses a listen address; throws an error if it is malformed. */
function parseAddress(text: string): ListenAddress {
  const found: readonly (string | undefined)[] =
    /^(?:(?:\[([\da-f:.]+)\]|([\w.-]*)):)?(\d{1,5})$/iu.exec(text.trim()) ?? [];
  const [ , bracketed, name, digits ] = found;
  const port = Number(digits);
  // Without a match, the port is NaN, which fails both comparisons.
  if (!(port > 0 && port <= MAX_PORT)) {
    throw new Error(`Invalid metrics address "${text}". ` +
      `Use a host and a port, such as ${LOOPBACK}:9464 or [::1]:9464, or only a port for ${LOOPBACK}.`);
  }
  return { host: (bracketed ?? name) || LOOPBACK, port };
}

function formatAddress({ host, port }: ListenAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

async function listen(server: Server, place: ListenAddress): Promise<void> {
  return new Promise((resolve, reject): void => {
    const fail = ({ code, message }: NodeJS.ErrnoException): void => reject(new Error(
      `Metrics cannot be served at ${formatAddress(place)}: ${code === 'EADDRINUSE' ? 'the address is already in use' : message}. ` +
      'Set another address with --eventsMetrics, CSS_EVENTS_METRICS or the configuration.',
    ));
    server.once('error', fail);
    server.listen(place, (): void => {
      server.off('error', fail);
      resolve();
    });
  });
}
