import { execFile } from 'node:child_process';
import { access, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { environment } from '../util/process';
import { ROOT } from '../util/server';

const run = promisify(execFile);
const DEMO = join(ROOT, 'demo/demo.js');

/** Runs the demo with options; it has more time than it takes, because other tests run beside it. */
async function demo(...options: string[]): Promise<string> {
  return (await run(process.execPath, [ DEMO, ...options ], { env: environment(), timeout: 300_000 })).stdout;
}

/** Expects that nothing is left of so many servers of which the output tells. */
async function expectGone(output: string, servers: number): Promise<void> {
  const found = [ ...output.matchAll(/up at (\S+) +data in (\S+)\n/gu) ];
  expect(found).toHaveLength(servers);
  for (const [ , baseUrl, folder ] of found) {
    await expect(fetch(baseUrl)).rejects.toThrow('fetch failed');
    await expect(access(folder)).rejects.toThrow('ENOENT');
  }
}

// It runs the built package, as its user does: `npm test` builds it first.
describe('The demo', (): void => {
  let output: string;

  beforeAll(async(): Promise<void> => {
    output = await demo();
  });

  it('shows each request with its answer.', (): void => {
    expect(output).toMatch(/PUT \S+\/user\/topics\/realestate\/contact\/\.acl {2}as user\n[^]*?\n {2}201 Created\n/u);
    expect(output).toMatch(/POST \S+\/user\/subscriptions\/ {2}as subscriber\n[^]*?\n {2}201 Created\n/u);
    expect(output).toMatch(/POST \S+\/producer\/publish\/ {2}as producer\n[^]*?\n {2}201 Created\n/u);
  });

  it('ends with the copy in the inbox of the subscriber, as Turtle and as JSON.', (): void => {
    const [ turtle, json, facts ] = output.split(/\n[678]\. /u).slice(1);
    expect(turtle).toMatch(/GET \S+\/subscriber\/inbox\/[0-9a-f-]{36} [^]*content-type: text\/turtle/u);
    expect(turtle).toMatch(/events:topic "realestate\/contact#add"/u);
    expect(turtle).toMatch(/schema:name "Bruce Wayne"/u);
    expect(json).toContain('content-type: application/json');
    expect(json).toContain('"name": "Bruce Wayne"');
    expect(facts).toMatch(/topic +realestate\/contact#add\n/u);
    expect(facts).toMatch(/contact +Bruce Wayne\n/u);
  });

  it('leaves no server and no data behind.', async(): Promise<void> => expectGone(output, 1));

  it('prints no colours where the output is no terminal.', (): void => {
    expect(output).not.toContain('\u001B');
  });

  it('says what failed, and cleans up all the same.', async(): Promise<void> => {
    const folder = await mkdtemp(join(tmpdir(), 'pod-events-'));
    // The server does not start with several workers.
    const env = { ...environment(), TMPDIR: folder, CSS_WORKERS: '2' };
    await expect(run(process.execPath, [ DEMO ], { env, timeout: 200_000 })).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/The demo failed: The server ended with code 2 before it was up\..*Unsupported --workers/su),
    });
    await expect(readdir(folder)).resolves.toEqual([]);
    await rm(folder, { recursive: true });
  });

  it('says how it is used, also where it is given what it does not know.', async(): Promise<void> => {
    await expect(demo('--help')).resolves.toMatch(/^Usage: npm run demo .*--two-servers/su);
    for (const option of [ '--three-servers', 'two-servers', '--two-servers=yes' ]) {
      await expect(demo(option)).rejects.toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('\nUsage: npm run demo ') });
    }
  });
});

describe('The demo with two servers', (): void => {
  let output: string;
  let home: string;
  let away: string;

  beforeAll(async(): Promise<void> => {
    output = await demo('--two-servers');
    [ home, away ] = [ ...output.matchAll(/up at (\S+) /gu) ].map(([ , url ]): string => url);
  });

  it('has the publisher and the subscriber on one, and the user on the other.', (): void => {
    expect(away).not.toBe(home);
    expect(output).toContain(`PUT ${away}user/topics/realestate/contact/.acl  as user\n`);
    expect(output).toMatch(new RegExp(`POST ${away}user/subscriptions/ {2}as subscriber\n[^]*"inbox": "${home}subscriber/inbox/"[^]*?201 Created`, 'u'));
    expect(output).toMatch(new RegExp(`POST ${home}producer/publish/ {2}as producer\n[^]*"recipient": "${away}user/[^]*?201 Created`, 'u'));
  });

  it('ends with the copy that the other server has delivered, as Turtle and as JSON.', (): void => {
    const [ turtle, json, log, facts ] = output.split(/\n[6-9]\. /u).slice(1);
    expect(turtle).toMatch(new RegExp(`GET ${home}subscriber/inbox/\\S+ [^]*content-type: text/turtle[^]*"Bruce Wayne"`, 'u'));
    expect(json).toMatch(/content-type: application\/ld\+json[^]*"name": "Bruce Wayne"/u);
    expect(log).toMatch(new RegExp(`GET ${away}user/deliveries/ [^]*"state": "delivered"[^]*"target": "${home}subscriber/inbox/"[^]*"status": 201`, 'u'));
    expect(facts).toMatch(/topic +realestate\/contact#add\n/u);
    expect(facts).toMatch(new RegExp(`publisher +${home}producer/profile/card#me\n`, 'u'));
    expect(facts).toMatch(/contact +Bruce Wayne\n/u);
  });

  it('leaves no server and no data behind.', async(): Promise<void> => expectGone(output, 2));
});
