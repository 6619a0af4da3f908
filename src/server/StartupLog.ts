import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { getLoggerFor, ServerConfigurator } from '../css';
import type { EventHttpHandler } from '../http/EventHttpHandler';
import type { SqliteSession } from '../store-sqlite/SqliteSession';

const PACKAGE = join(__dirname, '../../package.json');

/** Dependencies and limits of {@link StartupLog}. */
export interface StartupLogArgs {
  /** Base URL of the server. */
  baseUrl: string;
  /** Connection to the database. */
  session: SqliteSession;
  /** Provides the names of the endpoints. */
  handler: EventHttpHandler;
  /** Addresses outside the public internet that outgoing requests may reach. */
  allowedAddresses: string;
  /** Address of the metrics listener; empty if it is off. */
  metricsAddress: string;
}

/**
 * Logs one line when the server listens: version, base URL, store, endpoints, allowed addresses and metrics.
 */
export class StartupLog extends ServerConfigurator {
  protected readonly logger = getLoggerFor(this);
  private readonly baseUrl: string;
  private readonly session: SqliteSession;
  private readonly handler: EventHttpHandler;
  private readonly allowedAddresses: string;
  private readonly metricsAddress: string;

  /**
   * @param args - Its dependencies and limits.
   */
  public constructor(args: StartupLogArgs) {
    super();
    this.baseUrl = args.baseUrl;
    this.session = args.session;
    this.handler = args.handler;
    this.allowedAddresses = args.allowedAddresses;
    this.metricsAddress = args.metricsAddress;
  }

  public override async handle(server: Server): Promise<void> {
    server.once('listening', (): void => {
      const { version } = JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string };
      const { schema, file } = this.session;
      this.logger.info(`solid-pod-events ${version} at ${this.baseUrl}, listening on ${formatAddress(server.address())}; ` +
        `store ${file}, schema ${schema}; endpoints ${this.handler.endpointNames.join(', ')}; ` +
        `allowed addresses ${this.allowedAddresses || 'none'}; metrics ${this.metricsAddress || 'off'}`);
    });
  }
}

function formatAddress(address: AddressInfo | string | null): string {
  if (address === null || typeof address === 'string') {
    return address ?? 'nothing';
  }
  return `${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
}
