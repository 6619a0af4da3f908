import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { Finalizable } from '@solid/community-server';
import { getLoggerFor, Initializer } from '@solid/community-server';
import type { TargetKinds } from '../delivery/TargetKinds';
import type { Metrics } from '../metrics/Metrics';
import type { Outbox } from '../publish/ports';
import type { StoreIntegrity } from './StoreIntegrity';
import type { QueueCounts } from '../delivery/ports';

/** Where something listens. */
interface Place {
  readonly host: string;
  readonly port: number;
}

const LOOPBACK = '127.0.0.1';
const PATH = '/metrics';
const METHODS = [ 'GET', 'HEAD' ];
const MOST_PORT = 65_535;

/**
 * Serves the metrics of the primary process at `GET /metrics` of an address of their own, if one is configured.
 *
 * They are for whoever reaches that address, so without a host it is that of the loopback interface.
 */
export class MetricsServer extends Initializer implements Finalizable {
  protected readonly logger = getLoggerFor(this);
  private readonly place?: Place;
  private readonly metrics: Metrics;
  private readonly store: QueueCounts;
  private readonly outbox: Outbox;
  private readonly kinds: TargetKinds;
  private readonly integrity?: StoreIntegrity;
  private server?: Server;

  /**
   * @param address - Where to listen: a port, or a host and a port, such as `127.0.0.1:9464` or `[::1]:9464`.
   * If it is empty, nothing is counted, and nothing listens.
   * @param metrics - What is counted.
   * @param store - Knows what waits to be delivered.
   * @param outbox - Tells the time by which that is due.
   * @param kinds - The registered target kinds, by which deliveries are counted.
   * @param integrity - Knows whether the store is damaged.
   *
   * @throws Error if the address is none.
   */
  public constructor(
    address: string,
    metrics: Metrics,
    store: QueueCounts,
    outbox: Outbox,
    kinds: TargetKinds,
    integrity?: StoreIntegrity,
  ) {
    super();
    this.place = address.trim() === '' ? undefined : parse(address);
    this.metrics = metrics;
    this.store = store;
    this.outbox = outbox;
    this.kinds = kinds;
    this.integrity = integrity;
  }

  public override async handle(): Promise<void> {
    if (this.place) {
      this.metrics.start(this.kinds.names());
      this.server = createServer((request, response): void => {
        this.answer(request, response).catch((error: unknown): void => {
          this.logger.error(`Metrics could not be told: ${(error as Error).message}`);
          write(response, 500, 'The server could not do this; its log says why.');
        });
      });
      await listen(this.server, this.place);
      this.server.on('error', (error): unknown => this.logger.error(`The listener of metrics failed: ${error.message}`));
      this.logger.info(`Metrics are at http://${nameOf(this.place)}${PATH}`);
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

  private async answer({ method, url }: IncomingMessage, response: ServerResponse): Promise<void> {
    if (url!.replace(/\?.*$/u, '') !== PATH) {
      write(response, 404, `Metrics are at ${PATH}.`);
    } else if (METHODS.includes(method!)) {
      const now = this.outbox.now();
      this.metrics.damaged(this.integrity?.state === 'damaged');
      const text = await this.metrics.text(await this.store.queue(now), now);
      write(response, 200, text, { 'Content-Type': this.metrics.contentType });
    } else {
      write(response, 405, `${PATH} can only be read.`, { Allow: METHODS.join(', ') });
    }
  }
}

function write(response: ServerResponse, status: number, text: string, headers: Record<string, string> = {}): void {
  const body = text.endsWith('\n') ? text : `${text}\n`;
  const length = Buffer.byteLength(body);
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': length, ...headers });
  response.end(body);
}

/** @throws Error if the text is no address. */
function parse(text: string): Place {
  const found: readonly (string | undefined)[] =
    /^(?:(?:\[([\da-f:.]+)\]|([\w.-]*)):)?(\d{1,5})$/iu.exec(text.trim()) ?? [];
  const [ , bracketed, name, digits ] = found;
  const port = Number(digits);
  // Where nothing was found it is not a number, which fails both comparisons.
  if (!(port > 0 && port <= MOST_PORT)) {
    throw new Error(`"${text}" is no address for metrics. ` +
      `Write a host and a port, as ${LOOPBACK}:9464 or [::1]:9464, or a port alone for ${LOOPBACK}.`);
  }
  return { host: (bracketed ?? name) || LOOPBACK, port };
}

function nameOf({ host, port }: Place): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

async function listen(server: Server, place: Place): Promise<void> {
  return new Promise((resolve, reject): void => {
    const fail = ({ code, message }: NodeJS.ErrnoException): void => reject(new Error(
      `Metrics cannot be served at ${nameOf(place)}: ${code === 'EADDRINUSE' ? 'another program listens there' : message}. ` +
      'Choose another address by --eventsMetrics, CSS_EVENTS_METRICS or the configuration.',
    ));
    server.once('error', fail);
    server.listen(place, (): void => {
      server.off('error', fail);
      resolve();
    });
  });
}
