import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { logIn, seedFile } from '../util/accounts';
import type { Example } from '../util/markdown';
import { blocksOf, differencesOf, examplesOf, matches, sectionOf, tableOf } from '../util/markdown';
import type { ServerProcess } from '../util/process';
import { environment, spawnNode, untilReady } from '../util/process';
import { freePort, ROOT } from '../util/server';

const run = promisify(execFile);

const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const firstEvent = sectionOf(readme, 'A first event');
const httpApi = readFileSync(join(ROOT, 'docs/http-api.md'), 'utf8');
const [ seed, ...firstSteps ] = examplesOf(firstEvent);

/** The server that the documents speak of. */
const WRITTEN = 'localhost:3000';

const hasTools = [ 'bash', 'curl' ].every((tool): boolean => spawnSync(tool, [ '--version' ]).status === 0);

async function startServer(config: string, folder: string, port: number, options: readonly string[]): Promise<ServerProcess> {
  const args = [ '-c', config, '-f', 'data', '-l', 'warn', ...options ];
  return untilReady(spawnNode([ join(ROOT, 'bin/server.js'), ...args ], folder, port));
}

// Runs what the documents show as they show it, in their order, in a folder of its own; only the port differs.
(hasTools ? describe : describe.skip)('The documents', (): void => {
  let folder: string;
  let server: ServerProcess | undefined;
  let base: string;
  let variables: NodeJS.ProcessEnv = environment();

  /** Runs a command after the ones before it, with the variables and functions that they have set. */
  async function shell(command: string): Promise<string> {
    const state = join(folder, 'state');
    const script = `set -ae\n${command}\nenv -0 > '${state}'`;
    const { stdout } = await run('bash', [ '-c', script ], { cwd: folder, env: variables, timeout: 30_000 });
    variables = Object.fromEntries((await readFile(state, 'utf8')).split('\0').filter(Boolean)
      .map((entry): string[] => [ entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1) ]));
    return stdout;
  }

  const here = (text: string): string => text.replaceAll(WRITTEN, new URL(base).host);

  /** Runs an example; if it only reads, then again until it is as shown, because copies take a moment. */
  async function tryOut({ command, answer }: Example): Promise<void> {
    if (answer === undefined) {
      await shell(here(command));
      return;
    }
    const attempt = async(): Promise<string[]> => {
      try {
        return differencesOf(await shell(here(command)), here(answer));
      } catch (error: unknown) {
        return [ String(error) ];
      }
    };
    const readsOnly = !/ -X | -d | --data/u.test(command);
    const end = Date.now() + 5_000;
    let differences = await attempt();
    while (readsOnly && differences.length > 0 && Date.now() < end) {
      await new Promise((resolve): unknown => setTimeout(resolve, 100));
      differences = await attempt();
    }
    expect(differences.join('\n')).toBe('');
  }

  beforeAll(async(): Promise<void> => {
    folder = await mkdtemp(join(tmpdir(), 'pod-events-docs-'));
    await shell(seed.command);
    const port = await freePort();
    base = `http://localhost:${port}`;
    const start = /^\$ npm start -- (.*)$/u.exec(blocksOf(firstEvent).find(({ language }): boolean => language === 'console')!.text)!;
    const options = start[1].replace('3000', `${port}`).split(' ');
    server = await startServer(join(ROOT, 'config/examples/start-loopback.json'), folder, port, options);
  }, 90_000);

  afterAll(async(): Promise<void> => {
    await server?.kill('SIGTERM');
    await rm(folder, { recursive: true, force: true });
  });

  const examplesWithNames = (examples: readonly Example[]): [string, Example][] => examples.map((example): [string, Example] =>
    [ `line ${example.line}: ${example.answer?.split('\n')[0] ?? example.command.split('\n')[0]}`, example ]);

  describe('README.md', (): void => {
    it.each(examplesWithNames(firstSteps))('holds at %s.', async(_name, example): Promise<void> => tryOut(example));
  });

  describe('docs/http-api.md', (): void => {
    it.each(examplesWithNames(examplesOf(httpApi)))('holds at %s.', async(_name, example): Promise<void> => tryOut(example));
  });

  /** The answer to a body that the documents have in a table of errors. */
  async function post(path: string, token: string, body: string): Promise<{ status: string; body: any }> {
    const response = await fetch(`${base}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${variables[token]}`, 'content-type': 'application/json' },
      body: body === '(empty)' ? '' : body.replaceAll('$BASE', base),
    });
    return { status: `${response.status}`, body: await response.json() };
  }

  describe.each([
    [ 'Errors of publish', '/producer/publish/', 'PRODUCER_TOKEN' ],
    [ 'Errors of subscribe', '/user/subscriptions/', 'SUBSCRIBER_TOKEN' ],
  ])('%s', (heading, path, token): void => {
    it.each(tableOf(sectionOf(httpApi, heading)))('answer %s with %s %s.', async(sent, status, error): Promise<void> => {
      const answer = await post(path, token, sent);
      expect(answer.status).toBe(status);
      const isAsShown = matches(answer.body.error, error.replaceAll('$BASE', base));
      expect(isAsShown ? error : answer.body.error).toBe(error);
    });
  });

  describe('Errors of external event', (): void => {
    it.each(tableOf(sectionOf(httpApi, 'Errors of external event')))('answer %s with %s %s %s.', async(sent, status, code, value): Promise<void> => {
      const answer = await post('/user/__event', 'USER_TOKEN', sent);
      expect([ answer.status, answer.body.code ]).toEqual([ status, code ]);
      const isAsShown = matches(answer.body.message.value, value);
      expect(isAsShown ? value : answer.body.message.value).toBe(value);
    });
  });
});

describe('The configuration of README.md', (): void => {
  it('makes a server in memory, and changes a value by an Override.', async(): Promise<void> => {
    const [ changed, , whole ] = blocksOf(sectionOf(readme, 'Configuration'))
      .filter(({ language }): boolean => language === 'json').map(({ text }): any => JSON.parse(text));
    const folder = await mkdtemp(join(tmpdir(), 'pod-events-docs-'));
    const config = join(folder, 'config.json');
    whole.import.push('pod-events:config/overrides/loopback.json');
    whole['@graph'].push(changed);
    await writeFile(config, JSON.stringify(whole));
    const port = await freePort();
    const seedConfig = await seedFile(folder, [ 'alice' ]);
    const server = await startServer(config, folder, port, [ '-p', `${port}`, '--seedConfig', seedConfig ]);
    const alice = await logIn(server.baseUrl, 'alice');
    try {
      const publish = async(data: string): Promise<Response> => alice.fetch(`${alice.pod}publish/`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ recipient: alice.webId, topic: 'realestate/contact#add', data }),
      });
      expect((await publish('Bruce Wayne')).status).toBe(201);
      expect((await publish('.'.repeat(1_048_576))).status).toBe(413);
    } finally {
      await alice.logout();
      await server.kill('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    }
  }, 90_000);
});
