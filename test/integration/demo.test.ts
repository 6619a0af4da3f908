import { execFile } from 'node:child_process';
import { access, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { environment } from '../util/process';
import { ROOT } from '../util/server';

const run = promisify(execFile);

// It runs the built package, as its user does: `npm test` builds it first.
describe('The demo', (): void => {
  let output: string;

  beforeAll(async(): Promise<void> => {
    output = (await run(process.execPath, [ join(ROOT, 'demo/demo.js') ], { env: environment(), timeout: 100_000 })).stdout;
  }, 110_000);

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

  it('leaves no server and no data behind.', async(): Promise<void> => {
    const [ , baseUrl, folder ] = /up at (\S+) +data in (\S+)\n/u.exec(output)!;
    await expect(fetch(baseUrl)).rejects.toThrow('fetch failed');
    await expect(access(folder)).rejects.toThrow('ENOENT');
  });

  it('prints no colours where the output is no terminal.', (): void => {
    expect(output).not.toContain('\u001B');
  });

  it('says what failed, and cleans up all the same.', async(): Promise<void> => {
    const folder = await mkdtemp(join(tmpdir(), 'pod-events-'));
    // The server does not start with several workers.
    const env = { ...environment(), TMPDIR: folder, CSS_WORKERS: '2' };
    await expect(run(process.execPath, [ join(ROOT, 'demo/demo.js') ], { env, timeout: 50_000 })).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/The demo failed: The server ended with code 1 before it was up\..*singlethreaded/su),
    });
    await expect(readdir(folder)).resolves.toEqual([]);
    await rm(folder, { recursive: true });
  });
});
