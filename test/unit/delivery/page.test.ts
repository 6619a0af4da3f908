import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DEFAULT_HEALTH_POLICY } from '../../../src/delivery/health';
import { DEFAULT_RETRY_POLICY, judge } from '../../../src/delivery/retry';
import { toCloudEvent } from '../../../src/event/cloudEvent';
import { askConsent } from '../../../src/targets/webhook/handshake';
import { sendToWebhook } from '../../../src/targets/webhook/sendToWebhook';
import { newSecret } from '../../../src/targets/webhook/signature';
import { ContextLoader } from '../../../src/event/ContextLoader';
import { createEvent } from '../../../src/event/EventDocument';
import { AddressGuard } from '../../../src/outgoing/AddressGuard';
import { GuardedOutgoing } from '../../../src/outgoing/GuardedOutgoing';
import { blocksOf, sectionOf, tableOf } from '../../util/markdown';
import { RESPONSES } from '../../util/kinds';

const root = join(__dirname, '../../..');
const page = readFileSync(join(root, 'docs/delivery.md'), 'utf8');
const receivePage = readFileSync(join(root, 'docs/receive.md'), 'utf8');
const outgoing = new GuardedOutgoing({ guard: new AddressGuard([ '127.0.0.0/8' ]) });
const ORIGIN = 'pods.example';

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

/** Runs the receiver of the page until `use` is done. Returns what it printed. */
async function withReceiver(secret: string, use: (url: string) => Promise<void>): Promise<string> {
  const port = await freePort();
  const { text } = blocksOf(sectionOf(receivePage, 'Receive by a webhook')).find(({ language }): boolean => language === 'js')!;
  const env = { PATH: process.env.PATH, ORIGIN, PORT: `${port}`, SECRET: secret };
  const child = spawn(process.execPath, [ '-e', text ], { cwd: root, env, stdio: [ 'ignore', 'pipe', 'inherit' ]});
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string): unknown => printed += chunk);
  try {
    const url = `http://127.0.0.1:${port}/`;
    for (const deadline = Date.now() + 20_000; ;) {
      try {
        await outgoing.send({ method: 'OPTIONS', url });
        break;
      } catch (error: unknown) {
        if (Date.now() > deadline) {
          throw error;
        }
        await new Promise((resolve): unknown => setTimeout(resolve, 50));
      }
    }
    await use(url);
  } finally {
    const exit = once(child, 'close');
    child.kill();
    await exit;
  }
  return printed;
}

afterAll(async(): Promise<void> => outgoing.close());

describe('The pages about deliveries', (): void => {
  it('show a receiver that consents, verifies and takes events.', async(): Promise<void> => {
    const secret = newSecret();
    const draft = { topic: 'realestate/contact#add', recipients: [], sources: [], data: '"a contact"' };
    const event = await createEvent(draft, 'https://pods.example/a/', undefined, new ContextLoader());
    const message = { id: event.id, body: toCloudEvent(event) };
    const printed = await withReceiver(secret, async(url): Promise<void> => {
      await expect(askConsent(outgoing, { url, origin: ORIGIN })).resolves.toEqual({ rate: 600 });
      await expect(askConsent(outgoing, { url, origin: 'other.example' })).rejects.toThrow('with another name');
      const send = async(...secrets: string[]): Promise<number> =>
        (await sendToWebhook(outgoing, { url, secrets, origin: ORIGIN }, message, Date.now())).status;
      await expect(send(newSecret())).resolves.toBe(401);
      await expect(send(newSecret(), secret)).resolves.toBe(204);
    });
    expect(printed).toBe(`${event.id} realestate/contact#add a contact\n`);
  });

  it('show a receiver that asks to wait until it has its secret.', async(): Promise<void> => {
    await withReceiver('', async(url): Promise<void> => {
      await expect(askConsent(outgoing, { url, origin: ORIGIN })).resolves.toEqual({ rate: 600 });
      await expect(sendToWebhook(outgoing, { url, secrets: [ newSecret() ], origin: ORIGIN }, { id: 'a', body: '{}' }, Date.now()))
        .resolves.toMatchObject({ status: 503 });
    });
  });

  it('have the waits and times that hold by default.', (): void => {
    const units: Record<string, number> = { s: 1_000, min: 60_000, h: 3_600_000 };
    const [ , ...waits ] = tableOf(sectionOf(page, 'Tries'))[0];
    expect(waits.pop()).toBe('dead');
    expect(waits.map((wait): number => Number.parseInt(wait, 10) * units[wait.split(' ')[1]])).toEqual(DEFAULT_RETRY_POLICY.retryDelays);
    const { failures, window, openTime: rest, maxDeliveryAge: held, disableAfter: targetPatience } = DEFAULT_HEALTH_POLICY;
    const text = page.replaceAll('\n', ' ');
    expect(text).toContain(`after ${failures} failures in a row within ${window / 60_000} minutes`);
    expect(text).toContain(`for ${rest / 60_000} minutes, and then one delivery as a probe`);
    expect(text).toContain(`not succeeded after ${held / 86_400_000} days is dead`);
    expect(text).toContain(`failed for ${targetPatience / 86_400_000} days without a success`);
  });

  it('say of each answer what follows.', (): void => {
    const rows = tableOf(sectionOf(page, 'Tries').replace(/\| after try[^]*?\n\n/u, '\n'));
    const outcomeOf = (status: number, target: 'inbox' | 'webhook' = 'webhook'): string =>
      judge({ rules: RESPONSES[target], tries: 1, result: { status, headers: {}}}, DEFAULT_RETRY_POLICY, 0).outcome;
    const said = Object.fromEntries(rows.map(([ what, follows ]): string[] => [ what, /^(?:delivered|dead|retry)/u.exec(follows)![0] ]));
    expect(outcomeOf(204)).toBe(said['a webhook: any 2xx']);
    expect([ 201, 202 ].map((status): string => outcomeOf(status, 'inbox'))).toEqual(new Array(2).fill(said['an inbox: 201, 202']));
    expect(outcomeOf(204, 'inbox')).toBe(said['an inbox: another 2xx']);
    expect([ 301, 304, 308 ].map((status): string => outcomeOf(status))).toEqual(new Array(3).fill(said['3xx']));
    expect(outcomeOf(401, 'inbox')).toBe(said['an inbox: 401']);
    expect(judge({ rules: RESPONSES.webhook, tries: 1, result: { status: 401, headers: { date: new Date(0).toUTCString() }}}, DEFAULT_RETRY_POLICY, Date.now()).outcome)
      .toBe(said['400, 401, 403, if the `Date` of the response is 4 minutes or more off']);
    expect(outcomeOf(404)).toBe(said['404']);
    expect([ 408, 409, 425, 429, 500, 503 ].map((status): string => outcomeOf(status))).toEqual(new Array(6).fill(said['408, 409, 425, 429, 5xx']));
    expect(outcomeOf(410)).toBe(said['410']);
    expect([ 400, 401, 403, 405, 413, 415, 422 ].map((status): string => outcomeOf(status))).toEqual(new Array(7).fill(said['any other 4xx']));
  });
});
