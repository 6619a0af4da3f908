import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { getLoggerFor, ServerConfigurator } from '@solid/community-server';
import type { EventHttpHandler } from '../http/EventHttpHandler';
import type { SqliteSession } from '../store-sqlite/SqliteSession';

const PACKAGE = join(__dirname, '../../package.json');

/**
 * Logs one line once the server listens: version, base URL, store, endpoints, addresses and metrics.
 */
export class StartupLog extends ServerConfigurator {
  protected readonly logger = getLoggerFor(this);
  private readonly baseUrl: string;
  private readonly session: SqliteSession;
  private readonly handler: EventHttpHandler;
  private readonly allowed: string;
  private readonly metrics: string;

  /**
   * @param baseUrl - The base URL of the server.
   * @param session - The connection to the database.
   * @param handler - Has the endpoints.
   * @param allowed - Addresses that are open to outgoing requests, beside the public internet.
   * @param metrics - Where metrics are served; empty for nowhere.
   */
  public constructor(
    baseUrl: string,
    session: SqliteSession,
    handler: EventHttpHandler,
    allowed: string,
    metrics: string,
  ) {
    super();
    this.baseUrl = baseUrl;
    this.session = session;
    this.handler = handler;
    this.allowed = allowed;
    this.metrics = metrics;
  }

  public override async handle(server: Server): Promise<void> {
    server.once('listening', (): void => {
      const { version } = JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string };
      const { schema, file } = this.session;
      this.logger.info(`solid-pod-events ${version} at ${this.baseUrl}, listening on ${nameOf(server.address())}; ` +
        `store ${file}, schema ${schema}; endpoints ${this.handler.endpointNames.join(', ')}; ` +
        `opened addresses ${this.allowed || 'none'}; metrics ${this.metrics || 'off'}`);
    });
  }
}

function nameOf(address: AddressInfo | string | null): string {
  if (address === null || typeof address === 'string') {
    return address ?? 'nothing';
  }
  return `${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
}
