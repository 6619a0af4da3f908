import { RateLimiterMemory } from 'rate-limiter-flexible';
import { WebhookHandshake } from '../../../../src/targets/webhook/WebhookHandshake';
import { InvalidInput } from '../../../../src/event/InvalidInput';
import { AddressGuard } from '../../../../src/outgoing/AddressGuard';
import { GuardedOutgoing } from '../../../../src/outgoing/GuardedOutgoing';
import type { OutgoingResponse } from '../../../../src/outgoing/Outgoing';
import { TooMany } from '../../../../src/event/TooMany';

const WEBHOOK = 'https://hooks.example/';
const answer: OutgoingResponse =
  { status: 204, headers: { 'webhook-allowed-origin': '*', 'webhook-allowed-rate': '*' }, body: '', isCut: false };

describe('Webhooks', (): void => {
  it('are asked so often for an agent in a minute, and no more.', async(): Promise<void> => {
    const send = jest.fn(async(): Promise<OutgoingResponse> => answer);
    const handshake = new WebhookHandshake({ send }, 'pods.example', 60);
    for (let time = 0; time < 60; time += 1) {
      await handshake.request(WEBHOOK, 'ann');
    }
    const refused = await handshake.request(WEBHOOK, 'ann').catch((error: unknown): unknown => error) as TooMany;
    expect(refused).toBeInstanceOf(TooMany);
    expect(refused.message).toBe('At most 60 webhooks are asked in a minute for ann: wait');
    expect(refused.retryAfter).toBeGreaterThan(50);
    expect(send).toHaveBeenCalledTimes(60);
    await expect(handshake.request(WEBHOOK, 'bob')).resolves.toEqual({});
  });

  it('do not tell what there is in the network of the server.', async(): Promise<void> => {
    const handshake = new WebhookHandshake(new GuardedOutgoing({ guard: new AddressGuard() }), 'pods.example', 60);
    const messages = await Promise.all([ 'https://localhost/', 'https://name.invalid/' ].map(async(url): Promise<string> => {
      const error: unknown = await handshake.request(url, 'ann').catch((reason: unknown): unknown => reason);
      expect(error).toBeInstanceOf(InvalidInput);
      return (error as InvalidInput).message.replaceAll(url.slice(0, -1), 'URL');
    }));
    expect(messages[0]).toContain('--eventsAllow');
    expect(messages[1]).toBe(messages[0]);
  });

  it('do not hide other faults.', async(): Promise<void> => {
    const handshake = new WebhookHandshake({ send: async(): Promise<OutgoingResponse> => answer }, 'pods.example', 60);
    const consume = jest.spyOn(RateLimiterMemory.prototype, 'consume').mockRejectedValue(new Error('broken'));
    await expect(handshake.request(WEBHOOK, 'ann')).rejects.toThrow('broken');
    consume.mockRestore();
  });
});
