import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { askConsent, webhookOrigin } from '../../../../src/targets/webhook/handshake';
import { sendToWebhook } from '../../../../src/targets/webhook/sendToWebhook';
import { newSecret } from '../../../../src/targets/webhook/signature';
import { InvalidInput } from '../../../../src/event/InvalidInput';
import { AddressGuard } from '../../../../src/outgoing/AddressGuard';
import { GuardedOutgoing } from '../../../../src/outgoing/GuardedOutgoing';
import { OutgoingFailed } from '../../../../src/outgoing/Outgoing';
import { ROOT } from '../../../util/server';

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
const ORIGIN = 'pods.example';

interface Received { method?: string; url?: string; headers: IncomingMessage['headers']; body: string }

let server: Server;
let url: string;
let answer: (response: ServerResponse) => void;
const received: Received[] = [];
const outgoing = new GuardedOutgoing({ guard: new AddressGuard([ '127.0.0.0/8' ]) });

beforeAll(async(): Promise<void> => {
  server = createServer((request, response): void => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string): unknown => body += chunk).on('end', (): void => {
      received.push({ method: request.method, url: request.url, headers: request.headers, body });
      answer(response);
    });
  });
  await new Promise<void>((resolve): unknown => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?x=1`;
});

beforeEach((): void => {
  received.length = 0;
});

afterAll(async(): Promise<void> => {
  await outgoing.close();
  await new Promise((resolve): unknown => server.close(resolve));
});

const respond = (status: number, headers: Record<string, string> = {}): void => {
  answer = (response): unknown => response.writeHead(status, headers).end();
};
const consent = (origin: string, rate?: string): Record<string, string> =>
  ({ 'WebHook-Allowed-Origin': origin, ...rate !== undefined && { 'WebHook-Allowed-Rate': rate }});
const refusal = async(): Promise<string> => {
  const error: unknown = await askConsent(outgoing, { url, origin: ORIGIN }).catch((reason: unknown): unknown => reason);
  expect(error).toBeInstanceOf(InvalidInput);
  return (error as InvalidInput).message;
};

describe('The consent of a webhook', (): void => {
  it.each<[string, string, number | undefined]>([
    [ ORIGIN, '120', 120 ], [ '*', '120', 120 ], [ ORIGIN, '*', undefined ], [ ' Pods.EXAMPLE ', ' 5 ', 5 ], [ '*', '9999999999', 1_000_000 ],
  ])('is given by the headers %p and %p.', async(origin, allowed, rate): Promise<void> => {
    respond(200, consent(origin, allowed));
    await expect(askConsent(outgoing, { url, origin: ORIGIN })).resolves.toEqual({ rate });
  });

  it('is asked for by OPTIONS, at the very URL.', async(): Promise<void> => {
    respond(204, consent(ORIGIN, '10'));
    await askConsent(outgoing, { url, origin: ORIGIN });
    await askConsent(outgoing, { url, origin: ORIGIN, rate: 7 });
    expect(received).toHaveLength(2);
    expect(received[0]).toMatchObject({
      method: 'OPTIONS', url: '/hook?x=1', body: '', headers: { 'webhook-request-origin': ORIGIN, 'webhook-request-rate': '6000' },
    });
    expect(received[1].headers['webhook-request-rate']).toBe('7');
  });

  it.each([ 200, 405, 500 ])('does not depend on the status %d.', async(status): Promise<void> => {
    respond(status, consent(ORIGIN, '*'));
    await expect(askConsent(outgoing, { url, origin: ORIGIN })).resolves.toEqual({});
    respond(status);
    const message = await refusal();
    expect(message).toContain(`The webhook ${url} was asked by OPTIONS, with "WebHook-Request-Origin: ${ORIGIN}"`);
    expect(message).toContain(`answered ${status} without WebHook-Allowed-Origin`);
    expect(message).toContain(`Let it answer with the headers "WebHook-Allowed-Origin: ${ORIGIN}" and "WebHook-Allowed-Rate: *"`);
  });

  it.each([ 'other.example', 'https://pods.example', 'pods.example:3000', 'pods.example, other.example', '**' ])(
    'is not given to the origin %p.',
    async(origin): Promise<void> => {
      respond(200, consent(origin, '*'));
      await expect(refusal()).resolves.toContain('with another name as WebHook-Allowed-Origin');
    },
  );

  it('is not given by an empty header.', async(): Promise<void> => {
    respond(200, consent('', '*'));
    await expect(refusal()).resolves.toContain('answered 200 without WebHook-Allowed-Origin');
    respond(200, consent(ORIGIN, ''));
    await expect(refusal()).resolves.toContain('answered 200 without WebHook-Allowed-Rate');
  });

  it('is not given without a rate.', async(): Promise<void> => {
    respond(200, consent(ORIGIN));
    await expect(refusal()).resolves.toContain('answered 200 without WebHook-Allowed-Rate');
  });

  it.each([ '0', '-1', '1.5', '1e3', 'many', '10, 20' ])('is not given at the rate %p.', async(rate): Promise<void> => {
    respond(200, consent(ORIGIN, rate));
    await expect(refusal()).resolves.toContain('with a WebHook-Allowed-Rate that is no number above 0');
  });

  it('is not given by headers of CORS, nor behind a redirect.', async(): Promise<void> => {
    respond(204, { 'access-control-allow-origin': '*', allow: 'POST' });
    await refusal();
    respond(307, { location: '/consenting' });
    await refusal();
    expect(received).toHaveLength(2);
  });

  it('is not given by who cannot be asked.', async(): Promise<void> => {
    answer = (response): unknown => response.destroy();
    await expect(refusal()).resolves.toMatch(/^The webhook .* was asked .*, and did not answer: /u);
    await expect(askConsent(outgoing, { url: 'http://10.0.0.1/', origin: ORIGIN })).rejects.toThrow(InvalidInput);
  });

  it('does not hide a fault of our own.', async(): Promise<void> => {
    const broken = { send: async(): Promise<never> => { throw new TypeError('broken'); } };
    await expect(askConsent(broken, { url, origin: ORIGIN })).rejects.toThrow(TypeError);
  });

  it('is asked for by the name of the server.', (): void => {
    expect(webhookOrigin('https://pods.example:3000/base/')).toBe('pods.example');
    expect(webhookOrigin('http://localhost:3000/')).toBe('localhost');
  });
});

describe('A delivery to a webhook', (): void => {
  it('is a signed CloudEvent, which tells the origin that has consent.', async(): Promise<void> => {
    respond(202, { 'retry-after': '5' });
    const secrets = [ newSecret(), newSecret() ];
    const body = '{"specversion":"1.0","data":"Grüße"}';
    const sent = await sendToWebhook(outgoing, { url, secrets, origin: ORIGIN }, { id: 'event-1', body }, Date.now());
    expect(sent).toEqual({ status: 202, headers: expect.objectContaining({ 'retry-after': '5' }) });
    expect(received).toHaveLength(1);
    const [{ method, url: path, headers, body: text }] = received;
    expect([ method, path, text ]).toEqual([ 'POST', '/hook?x=1', body ]);
    expect(headers).toMatchObject({
      'content-type': 'application/cloudevents+json; charset=utf-8', 'webhook-request-origin': ORIGIN, 'webhook-id': 'event-1',
      'user-agent': `solid-pod-events/${version}`,
    });
    for (const secret of secrets) {
      expect(new Webhook(secret).verify(text, headers as Record<string, string>)).toEqual(JSON.parse(body));
    }
  });

  it('keeps its id, and gets a new signature, at each try.', async(): Promise<void> => {
    respond(503);
    const webhook = { url, secrets: [ newSecret() ], origin: ORIGIN };
    for (const now of [ 1_700_000_000_999, 1_700_000_005_000 ]) {
      await expect(sendToWebhook(outgoing, webhook, { id: 'event-1', body: '{}' }, now)).resolves.toMatchObject({ status: 503 });
    }
    expect(received.map(({ headers }): unknown => headers['webhook-id'])).toEqual([ 'event-1', 'event-1' ]);
    expect(received.map(({ headers }): unknown => headers['webhook-timestamp'])).toEqual([ '1700000000', '1700000005' ]);
    expect(received[0].headers['webhook-signature']).not.toBe(received[1].headers['webhook-signature']);
  });

  it('does not follow redirects.', async(): Promise<void> => {
    respond(308, { location: '/elsewhere' });
    await expect(sendToWebhook(outgoing, { url, secrets: [ newSecret() ], origin: ORIGIN }, { id: 'a', body: '{}' }, 0))
      .resolves.toMatchObject({ status: 308 });
    expect(received).toHaveLength(1);
  });

  it('fails without an answer as requests do.', async(): Promise<void> => {
    answer = (response): unknown => response.destroy();
    await expect(sendToWebhook(outgoing, { url, secrets: [ newSecret() ], origin: ORIGIN }, { id: 'a', body: '{}' }, 0))
      .rejects.toThrow(OutgoingFailed);
  });
});
