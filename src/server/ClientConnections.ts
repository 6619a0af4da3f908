import { AsyncLocalStorage } from 'node:async_hooks';
import type { Server, ServerResponse } from 'node:http';
import { ServerConfigurator } from '@solid/community-server';
import type { RequestClients } from '../work/Work';

/**
 * Knows the client of the request that is being processed, wherever that is, so that work can end with its connection.
 *
 * Work that several requests share must not use it.
 */
export class ClientConnections extends ServerConfigurator implements RequestClients {
  private readonly responses = new AsyncLocalStorage<ServerResponse>();
  private readonly signals = new WeakMap<ServerResponse, AbortSignal>();

  public override async handle(server: Server): Promise<void> {
    // All later listeners, and what they start, belong to this request.
    server.prependListener('request', (_request, response): void => this.responses.enterWith(response));
  }

  public signal(): AbortSignal | undefined {
    const response = this.responses.getStore();
    let signal = response && this.signals.get(response);
    if (response && !signal) {
      const controller = new AbortController();
      ({ signal } = controller);
      this.signals.set(response, signal);
      response.once('close', (): void => controller.abort());
      if (response.closed || response.destroyed) {
        controller.abort();
      }
    }
    return signal;
  }
}
