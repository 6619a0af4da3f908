import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createApiKey } from '../util/accounts';
import type { HostileScene } from '../util/hostile';
import { startHostileScene } from '../util/hostile';
import { killAll } from '../util/process';
import { freePort } from '../util/server';

interface Answer { readonly status: number; readonly headers: NodeJS.Dict<string | string[]>; readonly text: string }

const PATHS = [
  '/user/event/send', '/user/event', '/user/event/', '/user//event/send', '//user/event/send', '/user/%65vent/send', '/user/event/send/', '/user/x/../event/send', '/user\\event\\send',
  '/user/event/1', '/user/event/received', '/user/event/received/1', '/user/event/received/execution-detail/1', '/user/event/send/contract', '/user/event/retry/aborted',
  '/user/system', '/user/system/1', '/user/system/1/events', '/user/system/1/other', '/user/event/notes.txt', '/nobody/event/send', '/event/send', '/user/event/%', '/user/event/a%00b',
];
const NAMES = [ 'access-key', 'access%2Dkey', '%61ccess-key', 'Access-Key' ];
const METHODS = [ 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE' ];

describe('An access key in a URL', (): void => {
  let scene: HostileScene;
  let metrics: string;
  let key: string;
  let identifier: string;
  const secrets: string[] = [];
  const answers: Answer[] = [];

  const newSecret = (): string => {
    const secret = `spe_${randomBytes(32).toString('base64url')}`;
    secrets.push(secret);
    return secret;
  };
  const ask = async(method: string, path: string, headers: Record<string, string> = {}, body = ''): Promise<Answer> => {
    const answer = await new Promise<Answer>((resolve, reject): void => {
      const { hostname, port } = new URL(scene.server.baseUrl);
      httpRequest({ hostname, port, method, path, headers, agent: false }, (response): void => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string): void => { text += chunk; }).on('end', (): void =>
          resolve({ status: response.statusCode!, headers: response.headers, text }));
      }).on('error', reject).end(body);
    });
    answers.push(answer);
    return answer;
  };
  const filesOf = (folder: string): string[] => readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name): string => join(folder, name)).filter((path): boolean => statSync(path).isFile());

  beforeAll(async(): Promise<void> => {
    const port = await freePort();
    metrics = `http://127.0.0.1:${port}/metrics`;
    scene = await startHostileScene('test/config/file.json', [ '--eventsMetrics', `${port}` ], 'debug');
    ({ key } = await createApiKey(scene.server.baseUrl, scene.user.webId));
    secrets.push(key);
  });

  afterAll(async(): Promise<void> => {
    await (scene as HostileScene | undefined)?.end();
    await killAll();
  });

  it('is a credential, like the header.', async(): Promise<void> => {
    const system = await ask('POST', `/user/system?access-key=${key}`, {}, '{"identifier":"crm","name":"CRM","systemClass":"producer"}');
    expect([ system.status, system.headers.location ]).toEqual([ 201, `${scene.user.pod}system/1` ]);
    const event = await ask('POST', `/user/event?access-key=${key}`, {}, '{"system_id":1,"name":"Contact","operation":"new"}');
    expect(event.status).toBe(201);
    ({ identifier } = JSON.parse(event.text).content);
    for (const path of [ `/user/event/send?event-identifier=${identifier}&access-key=${key}`, `/user/event/send?access%2Dkey=${key}&event-identifier=${identifier}` ]) {
      const sent = await ask('POST', path);
      expect([ sent.status, JSON.parse(sent.text).code ]).toEqual([ 203, 200_310 ]);
      expect(sent.headers).toMatchObject({ 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' });
    }
    const repeated = { 'idempotency-key': 'one' };
    expect((await ask('POST', `/user/event/send?event-identifier=${identifier}&access-key=${key}`, repeated, '{}')).status).toBe(203);
    expect((await ask('POST', `/user/event/send?event-identifier=${identifier}`, { ...repeated, 'access-key': key }, '{}')).status).toBe(203);
  });

  it('has to be the same wherever it is sent.', async(): Promise<void> => {
    const path = `/user/event/send?event-identifier=${identifier}`;
    expect((await ask('POST', `${path}&access-key=${key}&access-key=${key}`, { 'access-key': key })).status).toBe(203);
    const other = newSecret();
    for (const [ query, headers ] of [
      [ `&access-key=${key}`, { 'access-key': other }], [ `&access-key=${other}`, { 'access-key': key }], [ `&access-key=${key}&access-key=${other}`, {}],
      [ `&access-key=${key}&%61ccess-key=${other}`, {}], [ `&access-key=${key}`, { 'access-key': `${key}, ${key}` }],
    ] as [string, Record<string, string>][]) {
      const { status, text } = await ask('POST', `${path}${query}`, headers);
      expect([ status, JSON.parse(text).message ]).toEqual([ 400, expect.stringContaining('"access-key" was sent with different values') ]);
    }
    expect((await ask('POST', `${path}&access-key=${key}`, { 'x-api-key': key })).status).toBe(400);
  });

  it('is accepted at the paths of eventhos only.', async(): Promise<void> => {
    const { status } = await ask('POST', `/user/publish/?access-key=${newSecret()}`, { 'content-type': 'application/json' }, '{}');
    secrets.pop();
    expect(status).toBe(401);
    for (const path of [ '/user/event.acl', '/user/event/notes.txt', '/user/system/1/other' ]) {
      expect([ 401, 403, 404 ]).toContain((await ask('GET', path, { 'access-key': key })).status);
    }
  });

  it('is in no log, file, answer or metric, whatever the request.', async(): Promise<void> => {
    for (const path of PATHS) {
      for (const [ index, method ] of METHODS.entries()) {
        const name = NAMES[index % NAMES.length];
        const body = index % 2 === 0 ? '{bad' : '{}';
        await ask(method, `${path}?event-identifier=${identifier}&${name}=${newSecret()}&id=1`, { 'content-type': 'application/json', 'x-http-method-override': 'PUT' }, body);
        await ask(method, `${path}?${name}=${newSecret()}`, { 'access-key': newSecret(), 'content-type': 'application/json' }, body);
      }
    }
    await ask('POST', `/user/event/send?event-identifier=${identifier}&access-key=${key}&other=1`, {}, '{"n":1}');
    await ask('GET', `/user/event/received?itemsPerPage=100&access-key=${key}`);
    await ask('GET', `/user/event?order=wrong&access-key=${key}`);
    await new Promise<void>((resolve): void => {
      const { hostname, port } = new URL(scene.server.baseUrl);
      const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\nSec-WebSocket-Version: 13';
      const socket = connect(Number(port), hostname).on('data', (): unknown => socket.destroy()).on('close', (): void => resolve());
      socket.write(`GET /user/event/send?access-key=${newSecret()} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n${upgrade}\r\n\r\n`);
    });
    expect((await (await fetch(metrics)).text())).toContain('pod_events_');
    answers.push({ status: 200, headers: {}, text: await (await fetch(metrics)).text() });
    const log = scene.server.output();
    // The log has the lines about these requests.
    expect(log).toContain(`Received POST request for /user/event/send?event-identifier=${identifier}`);
    expect(log).toMatch(/debug/u);
    expect(secrets.length).toBeGreaterThan(500);
    const shown = answers.map(({ headers, text }): string => `${JSON.stringify(headers)}${text}`).join('\n');
    const files = filesOf(scene.folder);
    expect(files.some((path): boolean => path.endsWith('.sqlite'))).toBe(true);
    const stored = files.map((path): Buffer => readFileSync(path));
    const leaks = secrets.filter((secret): boolean => log.includes(secret) || shown.includes(secret) || stored.some((bytes): boolean => bytes.includes(secret)));
    expect(leaks).toEqual([]);
  });
});
