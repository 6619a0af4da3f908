import { EventEmitter } from 'node:events';
import type { HttpExchange } from '../../../../src/http/Endpoint';
import { whileConnected } from '../../../../src/dialects/eventhos/whileConnected';

function exchangeOn(socket: EventEmitter): Pick<HttpExchange, 'request'> {
  return { request: { socket }} as unknown as HttpExchange;
}

const untilAborted = async(signal: AbortSignal): Promise<void> => new Promise((_, reject): void => {
  signal.addEventListener('abort', (): void => reject(signal.reason as Error));
});

describe('Work for a client', (): void => {
  it('goes on for as long as the client is there.', async(): Promise<void> => {
    const socket = new EventEmitter();
    const ended = whileConnected(exchangeOn(socket), untilAborted);
    socket.emit('close');
    await expect(ended).rejects.toMatchObject({ status: 400 });
    const gone = Object.assign(new EventEmitter(), { destroyed: true });
    await expect(whileConnected(exchangeOn(gone), async(signal): Promise<void> => signal.throwIfAborted())).rejects.toMatchObject({ status: 400 });
  });

  it('leaves nothing on a connection that is used again.', async(): Promise<void> => {
    const socket = new EventEmitter();
    expect(await whileConnected(exchangeOn(socket), async({ aborted }): Promise<boolean> => aborted)).toBe(false);
    await expect(whileConnected(exchangeOn(socket), async(): Promise<void> => {
      throw new Error('failed');
    })).rejects.toThrow('failed');
    expect(socket.listenerCount('close')).toBe(0);
  });
});
