import { AsyncLocalStorage } from 'node:async_hooks';
import type { Server, ServerResponse } from 'node:http';
import { ServerConfigurator } from '../css';
import type { RequestClients } from '../work/Work';

/**
 * Provides an abort signal for the client connection of the current request, in any asynchronous context of it.
 *
 * Work shared by several requests must not use the signal.
 */
export class ClientConnections extends ServerConfigurator implements RequestClients {
  private readonly responses = new AsyncLocalStorage<ServerResponse>();
  private readonly signals = new WeakMap<ServerResponse, AbortSignal>();

  public override async handle(server: Server): Promise<void> {
    // The context applies to all later listeners of the request and to the work that they start.
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
