import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { logIn, seedFile } from '../util/accounts';
import { patternPath } from '../../src/event/TopicPattern';
import type { Example } from '../util/markdown';
import { blocksOf, differencesOf, examplesOf, matches, sectionOf, tableOf } from '../util/markdown';
import type { ServerProcess } from '../util/process';
import { environment, spawnNode, untilReady } from '../util/process';
import { freePort, ROOT } from '../util/server';

const run = promisify(execFile);

const pageOf = (name: string): string => readFileSync(join(ROOT, name), 'utf8');
const getStarted = pageOf('docs/get-started.md');
const firstEvent = sectionOf(getStarted, 'A first event');
const smallestExample = sectionOf(pageOf('README.md'), 'Smallest example');
const grantAccess = pageOf('docs/grant-access.md');
/** The pages with examples that continue the first event, in the order in which they are run. */
const PAGES = [
  ...[ 'README', 'publish', 'publish-check', 'activitystreams', 'events', 'inbox', 'personium', 'personium-token', 'eventhos', 'eventhos-catalogue',
    'eventhos-log', 'eventgrid', 'subscriptions', 'deliveries', 'agent', 'openapi' ].map((name): string => `docs/api/${name}.md`),
  'docs/health.md',
  'docs/vocabulary.md',
];
const withAcp = sectionOf(grantAccess, 'Grant with ACP');
const [ seed, ...firstSteps ] = examplesOf(firstEvent);
const linesWithAcp = new Set(examplesOf(withAcp).map(({ line }): number => line));

/** The server that the documents speak of. */
const WRITTEN = 'localhost:3000';

const hasTools = [ 'bash', 'curl' ].every((tool): boolean => spawnSync(tool, [ '--version' ]).status === 0);

async function startServer(config: string, folder: string, port: number, options: readonly string[]): Promise<ServerProcess> {
  const args = [ '-c', config, '-f', 'data', '-l', 'warn', ...options ];
  return untilReady(spawnNode([ join(ROOT, 'bin/server.js'), ...args ], folder, port));
}

/** A shell that runs what the documents show, against one server, in a folder of its own. */
class DocsShell {
  public variables: NodeJS.ProcessEnv = environment();

  private constructor(public readonly folder: string, public readonly port: number) {}

  public static async open(): Promise<DocsShell> {
    const folder = await mkdtemp(join(tmpdir(), 'pod-events-docs-'));
    // The readers' folder is that of the project, or of a server in which the package is installed.
    await mkdir(join(folder, 'node_modules/.bin'), { recursive: true });
    const command = `#!/usr/bin/env node\nrequire(${JSON.stringify(join(ROOT, 'bin/cli.js'))});\n`;
    await writeFile(join(folder, 'node_modules/.bin/solid-pod-events'), command, { mode: 0o755 });
    return new DocsShell(folder, await freePort());
  }

  public get base(): string {
    return `http://localhost:${this.port}`;
  }

  public here(text: string): string {
    return text.replaceAll(WRITTEN, new URL(this.base).host);
  }

  /** Runs a command after the ones before it, with the variables and functions that they have set. */
  public async run(command: string): Promise<string> {
    const state = join(this.folder, 'state');
    const script = `set -ae\n${command}\nenv -0 > '${state}'`;
    const { stdout } = await run('bash', [ '-c', script ], { cwd: this.folder, env: this.variables, timeout: 120_000 });
    this.variables = Object.fromEntries((await readFile(state, 'utf8')).split('\0').filter(Boolean)
      .map((entry): string[] => [ entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1) ]));
    return stdout;
  }

  /** Runs an example; if it only reads, then again until it is as shown, because copies take a moment. */
  public async tryOut({ command, answer }: Example): Promise<void> {
    if (answer === undefined) {
      await this.run(this.here(command));
      return;
    }
    const attempt = async(): Promise<string[]> => {
      try {
        return differencesOf(await this.run(this.here(command)), this.here(answer));
      } catch (error: unknown) {
        return [ String(error) ];
      }
    };
    const readsOnly = !/ -X | -d | --data|^publish$/um.test(command);
    const end = Date.now() + 5_000;
    let differences = await attempt();
    while (readsOnly && differences.length > 0 && Date.now() < end) {
      await new Promise((resolve): unknown => setTimeout(resolve, 100));
      differences = await attempt();
    }
    expect(differences.join('\n')).toBe('');
  }
}

/** Signs a person up, as one does in the browser, and returns what is copied from the pages there. */
async function signUp(base: string, name: string): Promise<{ key: string; id: string; secret: string }> {
  const headers: Record<string, string> = {};
  const send = async(url: string, body?: object): Promise<any> => (await fetch(url, {
    method: body ? 'POST' : 'GET',
    headers: { ...headers, ...body && { 'content-type': 'application/json' }},
    ...body && { body: JSON.stringify(body) },
  })).json();
  const { authorization } = await send((await send(`${base}/.account/`)).controls.account.create, {});
  headers.authorization = `CSS-Account-Token ${authorization}`;
  const { controls } = await send(`${base}/.account/`);
  await send(controls.password.create, { email: `${name}@example.org`, password: 'correct horse' });
  const { webId } = await send(controls.account.pod, { name });
  const { key } = await send(controls.account.apiKeys, { name: 'my app', webId, scopes: [ 'publish', 'subscribe', 'manage' ]});
  return { key, ...await send(controls.account.clientCredentials, { name: 'my shell', webId }) };
}

// Runs what the documents show as they show it, in their order, in a folder of its own; only the port differs.
(hasTools ? describe : describe.skip)('The documents', (): void => {
  let shell: DocsShell;
  let server: ServerProcess | undefined;

  beforeAll(async(): Promise<void> => {
    shell = await DocsShell.open();
    const { folder, port } = shell;
    await shell.run(seed.command);
    const start = /^\$ npm start -- (.*)$/u.exec(blocksOf(firstEvent).find(({ language }): boolean => language === 'console')!.text)!;
    const options = start[1].replace('3000', `${port}`).split(' ');
    server = await startServer(join(ROOT, 'config/examples/start-loopback.json'), folder, port, options);
  });

  afterAll(async(): Promise<void> => {
    await server?.kill('SIGTERM');
    await rm(shell.folder, { recursive: true, force: true });
  });

  const examplesWithNames = (examples: readonly Example[]): [string, Example][] => examples.map((example): [string, Example] =>
    [ `line ${example.line}: ${example.answer?.split('\n')[0] ?? example.command.split('\n')[0]}`, example ]);

  describe('docs/get-started.md', (): void => {
    it.each(examplesWithNames(firstSteps))('holds at %s.', async(_name, example): Promise<void> => shell.tryOut(example));
  });

  describe('docs/two-people.md', (): void => {
    // In the browser it is done by browser.test.ts.
    beforeAll(async(): Promise<void> => {
      for (const name of [ 'alice', 'bob' ]) {
        const { key, id, secret } = await signUp(shell.base, name);
        const prefix = name.toUpperCase();
        Object.assign(shell.variables, { [`${prefix}_KEY`]: key, [`${prefix}_ID`]: id, [`${prefix}_SECRET`]: secret });
      }
    });

    it.each(examplesWithNames(examplesOf(pageOf('docs/two-people.md'))))(
      'holds at %s.',
      async(_name, example): Promise<void> => shell.tryOut(example),
    );

    it('ends with one event in the inbox of bob.', async(): Promise<void> => {
      // Both events were accepted, and the second one was processed long ago.
      await new Promise((resolve): unknown => setTimeout(resolve, 1_000));
      const lines = (await shell.run('bob inbox --json')).trim().split('\n');
      expect(lines.map((line): string => JSON.parse(line).event.topic)).toEqual([ 'realestate/contact#add' ]);
    });
  });

  describe('docs/dialects.md', (): void => {
    it.each(examplesWithNames(examplesOf(pageOf('docs/dialects.md'))))(
      'holds at %s.',
      async(_name, example): Promise<void> => shell.tryOut(example),
    );
  });

  describe('The smallest example of README.md', (): void => {
    beforeAll(async(): Promise<void> => {
      await shell.run('alice grant realestate/contact "$BASE/bob/profile/card#me" --subscribe');
    });

    it.each(examplesWithNames(examplesOf(smallestExample)))('holds at %s.', async(_name, example): Promise<void> => shell.tryOut(example));

    it('ends with one more event in the inbox of bob.', async(): Promise<void> => {
      const end = Date.now() + 5_000;
      let count = 0;
      while (count < 2 && Date.now() < end) {
        count = (await shell.run('bob inbox --json')).trim().split('\n').length;
      }
      expect(count).toBe(2);
    });
  });

  describe.each(PAGES)('%s', (name): void => {
    const examples = examplesWithNames(examplesOf(pageOf(name)));
    (examples.length > 0 ? it : it.skip).each(examples.length > 0 ? examples : [[ 'no example', { line: 0, command: '' }]])(
      'holds at %s.',
      async(_name, example): Promise<void> => shell.tryOut(example),
    );
  });

  describe('docs/grant-access.md', (): void => {
    const examples = examplesOf(grantAccess).filter(({ line }): boolean => !linesWithAcp.has(line));
    it.each(examplesWithNames(examples))('holds at %s.', async(_name, example): Promise<void> => shell.tryOut(example));

    it.each(tableOf(sectionOf(grantAccess, 'The resource of a topic')))('shows the resource of %s.', (shown, resource): void => {
      const pattern = /`([^`]*)`/u.exec(shown)?.[1] ?? shown;
      expect(`{pod}${patternPath(pattern)}`).toBe(resource);
    });
  });

  /** The answer to a body that the documents have in a table of errors. */
  async function post(path: string, token: string, body: string): Promise<{ status: string; body: any }> {
    const response = await fetch(`${shell.base}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${shell.variables[token]}`, 'content-type': 'application/json' },
      body: body === '(empty)' ? '' : body.replaceAll('$BASE', shell.base),
    });
    return { status: `${response.status}`, body: await response.json() };
  }

  describe.each([
    [ 'docs/api/publish.md', '/producer/publish/', 'PRODUCER_TOKEN' ],
    [ 'docs/api/subscriptions.md', '/user/subscriptions/', 'SUBSCRIBER_TOKEN' ],
  ])('Errors of %s', (name, path, token): void => {
    it.each(tableOf(sectionOf(pageOf(name), 'Errors')))('answer %s with %s %s.', async(sent, status, error): Promise<void> => {
      const answer = await post(path, token, sent);
      expect(answer.status).toBe(status);
      const isAsShown = matches(answer.body.error, error.replaceAll('$BASE', shell.base));
      expect(isAsShown ? error : answer.body.error).toBe(error);
    });
  });

  describe('Errors of external event', (): void => {
    it.each(tableOf(sectionOf(pageOf('docs/api/personium.md'), 'Body errors')))('answer %s with %s %s %s.', async(sent, status, code, value): Promise<void> => {
      const answer = await post('/user/__event', 'USER_TOKEN', sent);
      expect([ answer.status, answer.body.code ]).toEqual([ status, code ]);
      const isAsShown = matches(answer.body.message.value, value);
      expect(isAsShown ? value : answer.body.message.value).toBe(value);
    });
  });
});

(hasTools ? describe : describe.skip)('Grant with ACP of docs/grant-access.md', (): void => {
  let shell: DocsShell;
  let server: ServerProcess | undefined;

  beforeAll(async(): Promise<void> => {
    shell = await DocsShell.open();
    const { folder, port } = shell;
    await shell.run(seed.command);
    server = await startServer(join(ROOT, 'test/config/file-acp.json'), folder, port, [ '-p', `${port}`, '--seedConfig', 'seed.json' ]);
    for (const example of examplesOf(sectionOf(getStarted, 'Log in'))) {
      await shell.tryOut(example);
    }
  });

  afterAll(async(): Promise<void> => {
    await server?.kill('SIGTERM');
    await rm(shell.folder, { recursive: true, force: true });
  });

  it.each(examplesOf(withAcp).map((example): [number, Example] => [ example.line, example ]))(
    'holds at line %d.',
    async(_line, example): Promise<void> => shell.tryOut(example),
  );
});

describe('docs/configure.md', (): void => {
  it('makes a server in memory, and changes values by Overrides.', async(): Promise<void> => {
    const jsonOf = (markdown: string): any[] => blocksOf(markdown)
      .filter(({ language }): boolean => language === 'json').map(({ text }): any => JSON.parse(text));
    const [ changed, kept, , whole ] = jsonOf(pageOf('docs/configure.md'));
    const limits = pageOf('docs/limits.md');
    const [ refused ] = blocksOf(limits).filter(({ language }): boolean => language === 'http');
    const folder = await mkdtemp(join(tmpdir(), 'pod-events-docs-'));
    const config = join(folder, 'config.json');
    whole.import.push('pod-events:config/overrides/loopback.json');
    whole['@graph'].push(changed, kept, ...jsonOf(limits));
    await writeFile(config, JSON.stringify(whole));
    const port = await freePort();
    const seedConfig = await seedFile(folder, [ 'alice' ]);
    const server = await startServer(config, folder, port, [ '-p', `${port}`, '--seedConfig', seedConfig ]);
    const alice = await logIn(server.baseUrl, 'alice');
    try {
      const publish = async(data: string, events = 1): Promise<Response> => alice.fetch(`${alice.pod}publish/`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(Array.from({ length: events }, (): object =>
          ({ recipient: alice.webId, topic: 'realestate/contact#add', data }))),
      });
      expect((await publish('Bruce Wayne')).status).toBe(201);
      expect((await publish('.'.repeat(1_048_576))).status).toBe(413);
      const answer = await publish('Bruce Wayne', 60);
      const lines: string[] = [];
      answer.headers.forEach((value, name): unknown => lines.push(`${name}: ${value}`));
      const head = lines.join('\n');
      const text = `HTTP/1.1 ${answer.status} ${answer.statusText}\n${head}\n\n${await answer.text()}`;
      expect(differencesOf(text, refused.text.replaceAll(WRITTEN, new URL(server.baseUrl).host))).toEqual([]);
    } finally {
      await alice.logout();
      await server.kill('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    }
  });
});
