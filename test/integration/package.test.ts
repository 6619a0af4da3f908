import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, normalize } from 'node:path';
import { promisify } from 'node:util';
import { getContainedResourceUrlAll, getSolidDataset } from '@inrupt/solid-client';
import { grant } from '../util/access';
import type { TestAgent } from '../util/accounts';
import { logIn, seedFile } from '../util/accounts';
import { isFull } from '../util/effort';
import type { ServerProcess } from '../util/process';
import { environment, killAll, spawnCommand, untilReady } from '../util/process';
import { freePort, ROOT } from '../util/server';
import { eventually } from '../util/wait';

const COMPONENTS = 'https://linkedsoftwaredependencies.org/bundles/npm';

async function npm(args: string[], cwd: string): Promise<string> {
  const { stdout } = await promisify(execFile)('npm', args, { cwd, env: environment(), maxBuffer: 2 ** 26 });
  return stdout;
}

interface Locked { readonly [kind: string]: Readonly<Record<string, string>> | undefined }

/** Returns the packages in `node_modules/` that a user of this package gets, by the lock file. */
async function packagesOfUsers(): Promise<string[]> {
  const { packages } = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')) as { packages: Record<string, Locked | undefined> };
  const found = new Set<string>();
  const add = (from: string): void => {
    for (const kind of [ 'dependencies', 'optionalDependencies', 'peerDependencies' ]) {
      for (const name of Object.keys(packages[from]?.[kind] ?? {})) {
        let folder = from;
        while (folder !== '' && !packages[`${folder}/node_modules/${name}`]) {
          folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')));
        }
        const path = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
        // Some are for other platforms.
        if (!found.has(path) && existsSync(join(ROOT, path))) {
          found.add(path);
          add(path);
        }
      }
    }
  };
  add('');
  return [ ...found ].filter((path): boolean => path.lastIndexOf('node_modules/') === 0);
}

/** Installs the packed package as npm does, with the dependencies of this folder, because npm takes half a minute. */
async function unpack(archive: string, project: string): Promise<void> {
  const run = promisify(execFile);
  const installed = join(project, 'node_modules/solid-pod-events');
  await mkdir(installed, { recursive: true });
  await run('tar', [ '-xzf', archive, '-C', installed, '--strip-components=1' ]);
  const dependencies = join(project, 'dependencies.tar');
  await run('tar', [ '-cf', dependencies, '-C', ROOT, ...await packagesOfUsers() ]);
  await run('tar', [ '-xf', dependencies, '-C', project ]);
  await rm(dependencies);
  await mkdir(join(project, 'node_modules/.bin'));
  for (const name of [ 'solid-pod-events', '@solid/community-server' ]) {
    const { bin } = JSON.parse(await readFile(join(project, 'node_modules', name, 'package.json'), 'utf8')) as { bin: Record<string, string> };
    for (const [ command, path ] of Object.entries(bin)) {
      await symlink(join('..', name, path), join(project, 'node_modules/.bin', command));
      await chmod(join(project, 'node_modules', name, path), 0o755);
    }
  }
}

describe('The package', (): void => {
  let folder: string;
  let project: string;
  let installed: string;
  let files: string[];
  let server: ServerProcess | undefined;
  let agents: TestAgent[] = [];

  beforeAll(async(): Promise<void> => {
    folder = await mkdtemp(join(tmpdir(), 'pod-events-package-'));
    project = join(folder, 'project');
    installed = join(project, 'node_modules/solid-pod-events');
    await mkdir(project);
    const [ packed ] = JSON.parse(await npm([ 'pack', '--json', '--ignore-scripts', '--pack-destination', folder ], ROOT));
    files = packed.files.map(({ path }: { path: string }): string => path);
    await writeFile(join(project, 'package.json'), '{ "private": true }');
    await writeFile(join(project, 'config.json'), JSON.stringify({
      '@context': [
        `${COMPONENTS}/@solid/community-server/^7.0.0/components/context.jsonld`,
        `${COMPONENTS}/solid-pod-events/^0.0.0/components/context.jsonld`,
      ],
      import: [ 'css:config/file.json', 'pod-events:config/default.json', 'pod-events:config/overrides/loopback.json' ],
      '@graph': [],
    }));
    const archive = join(folder, packed.filename);
    if (isFull) {
      await npm([ 'install', '--prefer-offline', '--no-audit', '--no-fund', archive ], project);
    } else {
      await unpack(archive, project);
    }
  });

  afterEach(async(): Promise<void> => {
    await Promise.all(agents.map(async(agent): Promise<void> => agent.logout()));
    agents = [];
    await server?.kill('SIGTERM');
  });

  afterAll(async(): Promise<void> => {
    await killAll();
    await rm(folder, { recursive: true, force: true });
  });

  /** Publishes an event of one pod to another, and reads the copy of a third. */
  async function publishAndRead(baseUrl: string): Promise<void> {
    for (const name of [ 'producer', 'user', 'subscriber' ]) {
      agents.push(await logIn(baseUrl, name));
    }
    const [ producer, user, subscriber ] = agents;
    const post = async(agent: TestAgent, url: string, body: object): Promise<Response> => agent.fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    await grant(user, `${user.pod}topics/`, { [producer.webId]: [ 'Append' ], [subscriber.webId]: [ 'Read' ]});
    const subscription = { topic: 'realestate/contact', inbox: subscriber.inbox };
    expect((await post(subscriber, `${user.pod}subscriptions/`, subscription)).status).toBe(201);
    const event = { recipient: user.webId, topic: 'realestate/contact#add', data: { name: 'Bruce Wayne' }};
    expect((await post(producer, `${producer.pod}publish/`, event)).status).toBe(201);
    const copy = await eventually(async(): Promise<string | undefined> =>
      getContainedResourceUrlAll(await getSolidDataset(subscriber.inbox, { fetch: subscriber.fetch }))[0]);
    await expect((await subscriber.fetch(copy)).json()).resolves.toMatchObject({ data: { name: 'Bruce Wayne' }});
  }

  it('holds what is needed to run it, and nothing else.', async(): Promise<void> => {
    const top = new Set(files.map((file): string => file.split('/')[0]));
    expect([ ...top ].sort())
      .toEqual([ 'LICENSE', 'README.md', 'bin', 'components', 'config', 'dist', 'package.json', 'templates', 'vocab' ]);
    const kinds = /^(?:bin\/.+\.js|(?:components|config)\/.+\.jsonl?d?|dist\/.+\.(?:d\.ts|js|js\.map)|dist\/openapi\.json|templates\/pod\/.+\/\.(?:meta|ac[lr]\.hbs)|templates\/contexts\/(?:.+\.jsonld|README\.md)|templates\/identity\/.+\.html\.ejs|vocab\/pod-events\.ttl|[A-Z]+(?:\.md)?|package\.json)$/u;
    expect(files.filter((file): boolean => !kinds.test(file))).toEqual([]);
  });

  it('has a built file for each source, and none of a source that is gone.', async(): Promise<void> => {
    const names = async(path: string, suffix: string): Promise<string[]> =>
      (await readdir(path, { recursive: true })).filter((name): boolean => name.endsWith(suffix))
        .map((name): string => name.slice(0, -suffix.length)).sort();
    expect(await names(join(installed, 'dist'), '.js')).toEqual(await names(join(ROOT, 'src'), '.ts'));
  });

  it('has source maps that need nothing outside it.', async(): Promise<void> => {
    const maps = files.filter((file): boolean => file.endsWith('.map'));
    expect(maps.length).toBeGreaterThan(30);
    for (const map of maps) {
      const { sources, sourcesContent, sourceRoot } = JSON.parse(await readFile(join(installed, map), 'utf8'));
      expect(sourceRoot ?? '').toBe('');
      for (const [ index, source ] of sources.entries()) {
        expect(normalize(join(dirname(map), source))).toMatch(/^src\/.+\.ts$/u);
        expect(sourcesContent?.[index]).toEqual(expect.any(String));
      }
    }
  });

  it('names no file of the machine that built it.', async(): Promise<void> => {
    for (const file of files) {
      expect([ file, (await readFile(join(installed, file), 'utf8')).includes(ROOT) ]).toEqual([ file, false ]);
    }
  });

  it('runs in a server that a user starts with a configuration of two imports.', async(): Promise<void> => {
    const port = await freePort();
    const seed = await seedFile(folder, [ 'producer', 'user', 'subscriber' ]);
    const args = [ '-c', 'config.json', '-m', '.', '-f', 'data', '-p', `${port}`, '--seedConfig', seed, '-l', 'warn' ];
    server = await untilReady(spawnCommand('npx', [ 'community-solid-server', ...args ], project, port));
    await publishAndRead(server.baseUrl);
  });

  it('brings a command that starts a server, prints its endpoints and ends in order.', async(): Promise<void> => {
    const port = await freePort();
    const seed = await seedFile(folder, [ 'producer', 'user', 'subscriber' ]);
    const config = 'node_modules/solid-pod-events/config/examples/start-loopback.json';
    const args = [ '-c', config, '-f', 'data2', '-p', `${port}`, '--seedConfig', seed, '-l', 'warn' ];
    const path = join(project, 'node_modules/.bin/solid-pod-events-server');
    server = await untilReady(spawnCommand(path, args, project, port));
    await publishAndRead(server.baseUrl);
    expect(server.output()).toContain(`publish         POST ${server.baseUrl}user/publish/`);
    await expect(server.kill('SIGTERM')).resolves.toEqual({ code: 0, signal: null });
  });

  it('has type declarations that a project can compile against.', async(): Promise<void> => {
    await writeFile(join(project, 'check.ts'), `import type { EventLog, Publisher } from 'solid-pod-events';
import { SqliteEventStore, SqliteSession } from 'solid-pod-events';
export const store: EventLog = new SqliteEventStore(new SqliteSession(':memory:'));
export type Request = Parameters<Publisher['publish']>[0];
`);
    const options = [ '--noEmit', '--strict', '--skipLibCheck', '--module', 'node16', '--target', 'es2022', '--types', 'node' ];
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
    const typeRoots = [ '--typeRoots', join(ROOT, 'node_modules/@types') ];
    // The extensions of docs/extend.md, as another package has them.
    const extensions = [ 'dialects/pager/PagerCodeReader.ts', 'dialects/pager/PagerEndpoint.ts', 'targets/file/FileTarget.ts' ];
    for (const name of extensions) {
      const text = await readFile(join(ROOT, 'test/util', name), 'utf8');
      await writeFile(join(project, basename(name)), text.replaceAll(/from '(?:\.\.\/)+src\/[^']+'/gu, 'from \'solid-pod-events\''));
    }
    const files = [ 'check.ts', ...extensions.map((name): string => basename(name)) ];
    await promisify(execFile)(process.execPath, [ compiler, ...options, ...typeRoots, ...files ], { cwd: project });
  });
});
