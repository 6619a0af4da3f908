import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfiguration, DEFAULT_CONFIG } from '../../../src/server-cli/configuration';
import { copyStable } from '../../../src/server-cli/files';
import { run } from '../../../src/server-cli/index';
import type { ServerIo } from '../../../src/server-cli/Io';
import { processIo, Progress } from '../../../src/server-cli/Io';
import { readStartOptions } from '../../../src/server-cli/options';
import { listenProblem } from '../../../src/server-cli/preflight';
import { nearest, sentenceOf } from '../../../src/server-cli/problem';
import { FolderLock } from '../../../src/store-sqlite/FolderLock';
import { startProblem } from '../../../src/store-sqlite/inspection';
import { setSetting } from '../../../src/store-sqlite/settings';
import { SqliteEventStore } from '../../../src/store-sqlite/SqliteEventStore';
import { SqliteSession } from '../../../src/store-sqlite/SqliteSession';
import { StoreGuard } from '../../../src/store-sqlite/StoreGuard';
import { freePort, ROOT } from '../../util/server';

const BASE = 'http://localhost:3000/';
const TO = 'https://pods.example.org/';
const CONFIG = join(ROOT, 'test/config/file.json');

let folder: string;

/** A terminal that remembers what is printed. */
function terminal(env: Record<string, string> = {}, isTerminal = false): ServerIo & { printed: string; told: string } {
  const io = {
    env, cwd: folder, isTerminal, printed: '', told: '',
    out: (text: string): void => {
      io.printed += text;
    },
    err: (text: string): void => {
      io.told += text;
    },
  };
  return io;
}

async function tell(args: readonly string[], env: Record<string, string> = {}): Promise<[number | undefined, string]> {
  const io = terminal(env);
  const code = await run(args, io);
  return [ code, io.printed + io.told ];
}

/** A data folder of a stopped server. */
async function dataFolder(name = 'data', base = BASE): Promise<string> {
  const data = join(folder, name);
  const session = new SqliteSession(data);
  const store = new SqliteEventStore(session);
  const guard = new StoreGuard(session, data, base);
  await store.open();
  await guard.open();
  await store.registerPod(`${base}alice/`);
  await guard.close();
  await store.close();
  mkdirSync(join(data, '.internal/accounts'), { recursive: true });
  mkdirSync(join(data, '.internal/locks'), { recursive: true });
  mkdirSync(join(data, 'alice/empty'), { recursive: true });
  writeFileSync(join(data, '.internal/accounts/a$.json'), `{"webId":"${base}alice/#me"}`);
  writeFileSync(join(data, '.internal/locks/l'), 'locked');
  writeFileSync(join(data, 'alice/.acl'), `<#o> <x> <${base}alice/#me>.`);
  writeFileSync(join(data, 'alice/.meta'), `<${base}> <x> 1 .`);
  writeFileSync(join(data, 'alice/card$.ttl'), `<#me> <x> <${base}>.`);
  writeFileSync(join(data, 'alice/other.txt'), 'http://localhost:30001/');
  writeFileSync(join(data, 'alice/large.bin'), Buffer.alloc(9 * 1_024 * 1_024));
  return data;
}

beforeEach((): void => {
  folder = mkdtempSync(join(tmpdir(), 'pod-events-operator-'));
});

afterEach((): void => rmSync(folder, { recursive: true, force: true }));

describe('The options of a start', (): void => {
  it('are those of the configuration and its imports.', (): void => {
    const { parameters, ...rest } = readConfiguration([ DEFAULT_CONFIG ], folder);
    expect(rest).toEqual({ isComplete: true, usesStore: true, isLoopback: false, hasEvents: true });
    expect(parameters.map(({ name }): string => name)).toEqual(expect.arrayContaining([ 'port', 'baseUrl', 'eventsAllow', 'eventsMetrics' ]));
    expect(readConfiguration([ '@css:config/file.json' ], folder)).toMatchObject({ isComplete: true, usesStore: false, hasEvents: false });
    expect(readConfiguration([ join(ROOT, 'test/config/default.json') ], folder)).toMatchObject({ usesStore: false, isLoopback: true, hasEvents: true });
    writeFileSync(join(folder, 'own.json'), JSON.stringify({ import: [ 'other:config/x.json', './more.json' ]}));
    writeFileSync(join(folder, 'more.json'), JSON.stringify({ '@graph': [{ '@type': 'YargsParameter', name: 'mine', options: { type: 'string' }}]}));
    expect(readConfiguration([ 'own.json' ], folder)).toMatchObject({ isComplete: false, parameters: [{ name: 'mine', type: 'string' }]});
    writeFileSync(join(folder, 'list.json'), '[]');
    writeFileSync(join(folder, 'other.ttl'), '<a> <b> <c>.');
    expect(readConfiguration([ 'list.json', 'other.ttl' ], folder)).toMatchObject({ isComplete: false });
    expect((): unknown => readConfiguration([ '.' ], folder)).toThrow('cannot be read');
  });

  it('have defaults, and may come from the environment and the settings of the project.', (): void => {
    const read = (args: string[], env: Record<string, string> = {}): ReturnType<typeof readStartOptions> => readStartOptions(args, terminal(env));
    expect(read([]).argv.slice(2)).toEqual([ '--config', DEFAULT_CONFIG, '--mainModulePath', ROOT, '--rootFilePath', './data' ]);
    expect(read([ '-c', CONFIG, '-m', '.' ]).argv.slice(2)).toEqual([ '-c', CONFIG, '-m', '.' ]);
    const { argv, values } = read([ '-p', '4000' ], { CSS_ROOT_FILE_PATH: 'x', CSS_PORT: '5000', CSS_SHOW_STACK_TRACE: 'true', CSS_EVENTS_ALLOW: '::1/128', OTHER: 'y' });
    expect(argv).not.toContain('--rootFilePath');
    expect(values).toMatchObject({ port: 4_000, rootFilePath: 'x', showStackTrace: true, eventsAllow: '::1/128' });
    expect(read([], { CSS_PORT: '5000', CSS_CONFIG: CONFIG }).values).toMatchObject({ port: 5_000 });
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ config: { 'community-solid-server': { port: 6_000 }}}));
    expect(read([]).values).toMatchObject({ port: 6_000 });
    writeFileSync(join(folder, '.community-solid-server.config.json'), JSON.stringify({ port: 7_000 }));
    expect(read([]).values).toMatchObject({ port: 7_000 });
    writeFileSync(join(folder, '.community-solid-server.config.json'), '?');
    expect(read([]).values.port).toBeUndefined();
    rmSync(join(folder, '.community-solid-server.config.json'));
    writeFileSync(join(folder, 'package.json'), '{}');
    expect(read([]).values.port).toBeUndefined();
    // Whose options cannot be known are not refused.
    writeFileSync(join(folder, 'own.json'), JSON.stringify({ import: 'other:config/x.json' }));
    expect(read([ '-c', 'own.json', '--mine', '1' ]).values).toMatchObject({ mine: 1 });
  });

  it.each<[string[], number, RegExp]>([
    [[ '--prot', '1' ], 2, /Unknown option --prot\. Did you mean --port\?/u ],
    [[ '--zzzzzzzzzz' ], 2, /Unknown option --zzzzzzzzzz\. See/u ],
    [[ '-z' ], 2, /Unknown option -z\./u ],
    [[ '--port' ], 2, /--port needs a value/u ],
    [[ '--port', 'x' ], 2, /Invalid --port/u ],
    [[ '-p', '1', 'word' ], 2, /Unknown command "word"/u ],
    [[ '-p', '1', '-p', '2' ], 2, /more than once/u ],
    [[ '-b', 'x' ], 2, /Invalid --baseUrl/u ],
    [[ '-w', '2' ], 2, /Unsupported --workers/u ],
    [[ '--socket', 's' ], 2, /Missing --baseUrl/u ],
    [[ '-l', 'x' ], 2, /Invalid --loggingLevel/u ],
    [[ '--eventsAllow', 'x' ], 2, /Invalid --eventsAllow/u ],
    [[ '--eventsMetrics', '0' ], 2, /Invalid --eventsMetrics/u ],
    [[ '--seedConfig', 'x' ], 1, /--seedConfig cannot be read/u ],
    [[ '-c', 'x.json' ], 1, /does not exist/u ],
    [[ 'chekc' ], 2, /Did you mean check\?/u ],
    [[ 'frobnicate' ], 2, /Unknown command "frobnicate"\. See/u ],
    [[ 'check', '--fulll' ], 2, /Did you mean --full\?/u ],
    [[ 'check', 'x' ], 2, /Unexpected argument "x"/u ],
    [[ 'check', '-f', 'a', '-f', 'b' ], 2, /more than once/u ],
    [[ 'backup' ], 2, /Missing argument: folder/u ],
    [[ 'move', '--to', BASE ], 2, /Missing option --from/u ],
    [[ 'move', '--to', BASE, '--from', 'x' ], 2, /Invalid --from/u ],
    [[ 'move', '--to', BASE, '--from', TO ], 1, /There is no event store/u ],
  ])('are told what is wrong with %j.', async(args, code, text): Promise<void> => {
    const [ got, told ] = await tell(args);
    expect([ got, told.trim().split('\n').length ]).toEqual([ code, 1 ]);
    expect(told).toMatch(text);
  });

  it('are checked with the port, the folder and the store.', async(): Promise<void> => {
    writeFileSync(join(folder, 'seed.json'), '{');
    expect(await tell([ '--seedConfig', 'seed.json' ])).toEqual([ 1, expect.stringContaining('is not valid JSON') ]);
    expect(await tell([], { CSS_EVENT_ALLOW: '' })).toEqual([ 2, expect.stringContaining('environment variable CSS_EVENT_ALLOW. Did you mean CSS_EVENTS_ALLOW?') ]);
    const server = createServer();
    await new Promise<void>((resolve): unknown => server.listen(0, 'localhost', resolve));
    const used = `${(server.address() as { port: number }).port}`;
    expect(await tell([ '-p', used ])).toEqual([ 1, expect.stringContaining(`Port ${used} is in use`) ]);
    expect(await tell([ '-c', CONFIG, '-p', used ])).toEqual([ 1, expect.stringContaining(`Port ${used} is in use`) ]);
    server.close();
    const data = await dataFolder();
    const args = [ '-c', CONFIG, '-f', data, '-p', `${await freePort()}` ];
    expect(await tell(args)).toEqual([ 1, expect.stringContaining(`belongs to the base URL ${BASE}`) ]);
    const lock = new FolderLock(data);
    lock.acquire();
    expect(await tell(args)).toEqual([ 1, expect.stringContaining(`in use by process ${process.pid}`) ]);
    expect(await tell([ 'check', '-f', data ])).toEqual([ 0, expect.stringContaining(`in use by process ${process.pid}`) ]);
    lock.release();
    expect(await tell([ ...args.slice(0, 2), '-f', join(data, 'alice/.acl'), ...args.slice(4) ])).toEqual([ 1, expect.stringContaining('is a file') ]);
    expect(listenProblem({ code: 'EACCES' } as NodeJS.ErrnoException, 80)).toContain('above 1023');
    expect(listenProblem({ code: 'EINVAL', message: 'bad' } as NodeJS.ErrnoException, 80)).toContain('bad');
  });

  it('are shown by --help, with the version.', async(): Promise<void> => {
    const [ code, text ] = await tell([ '-p', '1', '--help' ]);
    expect([ code, text ]).toEqual([ 0, expect.stringMatching(/--rootFilePath[^\n]*\.\/data[\s\S]*--eventsMetrics[\s\S]*backup FOLDER/u) ]);
    expect(text).not.toMatch(/workers|sparql/iu);
    writeFileSync(join(folder, 'own.json'), JSON.stringify({ '@graph': [{ '@type': 'YargsParameter', name: 'mine', options: { describe: 'My own' }}, { '@type': 'YargsParameter', name: 'bare', options: { type: 'boolean' }}]}));
    const own = (await tell([ 'check', '-h', '-c', 'own.json' ]))[1];
    expect(own).toMatch(/--mine VALUE +My own\n +--bare\n/u);
    expect(await tell([ '--version' ])).toEqual([ 0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/u) ]);
  });
});

describe('The command move', (): void => {
  it('counts in a dry run, moves, and tells what it does not move.', async(): Promise<void> => {
    const data = await dataFolder();
    const args = [ 'move', '--from', BASE, '--to', TO, '-f', data ];
    const [ code, text ] = await tell([ ...args, '--dry-run' ]);
    expect(code).toBe(0);
    expect(text).toMatch(/Would move[\s\S]*pods\.url +1\n[\s\S]*1 {2}accounts[\s\S]*1 {2}access control[\s\S]*1 {2}descriptions[\s\S]*1 {2}profiles[\s\S]*card\$\.ttl[\s\S]*1 {2}larger than 8 MiB[\s\S]*Nothing was changed/u);
    expect((await tell([ ...args, '--json' ])).map((value): unknown => typeof value === 'string' ? JSON.parse(value) : value)).toEqual([ 0, expect.objectContaining({
      from: BASE, to: TO, dryRun: false, columns: [{ table: 'pods', column: 'url', rows: 1 }], notMoved: expect.objectContaining({ access: [ 'alice/.acl' ]}),
    }) ]);
    expect(await tell(args)).toEqual([ 1, expect.stringContaining(`belongs to the base URL ${TO}, not to ${BASE}`) ]);
    expect(await tell([ ...args, '--dry-run' ])).toEqual([ 1, expect.stringContaining('belongs to the base URL') ]);
    expect(readFileSync(join(data, 'alice/.acl'), 'utf8')).toContain(BASE);
  });
});

describe('The commands backup and restore', (): void => {
  it('copy all data and bring it back, verified.', async(): Promise<void> => {
    const data = await dataFolder();
    const [ code, text ] = await tell([ 'backup', 'b', '-f', data ]);
    expect([ code, text ]).toEqual([ 0, expect.stringMatching(/for http:\/\/localhost:3000\/[\s\S]*\.internal\/\): 1 files[\s\S]*files of pods: 5 files[\s\S]*Not included/u) ]);
    expect(existsSync(join(folder, 'b/data/.internal/locks'))).toBe(false);
    const json = JSON.parse((await tell([ 'restore', 'b', '-f', 'r', '--json' ]))[1]);
    expect(json).toMatchObject({ isNew: true, baseUrl: BASE, files: 8 });
    expect(existsSync(join(folder, 'r/alice/empty'))).toBe(true);
    expect(readFileSync(join(folder, 'r/alice/.acl'), 'utf8')).toBe(readFileSync(join(data, 'alice/.acl'), 'utf8'));
    expect((await tell([ 'check', '-f', 'r', '--full' ]))[1]).toContain('No problems found.');
    expect(await tell([ 'restore', 'b', '-f', 'r' ])).toEqual([ 1, expect.stringMatching(/is not empty \(.*\.events\/events\.sqlite/u) ]);
    writeFileSync(join(folder, 'r/alice/new'), '');
    const [ forced, kept ] = await tell([ 'restore', 'b', '-f', 'r', '--force' ]);
    expect([ forced, kept ]).toEqual([ 0, expect.stringContaining('The previous data is in') ]);
    expect(existsSync(join(folder, 'r/alice/new'))).toBe(false);
    const [ old ] = readdirSync(join(folder, 'r/.events')).filter((name): boolean => name.startsWith('before-restore'));
    expect(existsSync(join(folder, 'r/.events', old, 'alice/new'))).toBe(true);
    expect(readdirSync(join(folder, 'r/.events')).filter((name): boolean => name.startsWith('restoring'))).toEqual([]);
  });

  it('restores after an interrupted restore, and no server starts with a mixture of old and new data.', async(): Promise<void> => {
    await dataFolder();
    expect((await tell([ 'backup', 'b' ]))[0]).toBe(0);
    const preload = join(folder, 'killed.js');
    writeFileSync(preload, `
      const fs = require('node:fs');
      const { renameSync } = fs;
      let left = Number(process.env.RENAMES);
      fs.renameSync = (from, to) => {
        left -= /lock\\.json/u.test(to) ? 0 : 1;
        if (left < 0) {
          process.kill(process.pid, 'SIGKILL');
          for (;;);
        }
        renameSync(from, to);
      };`);
    const before = (name: string): string[] => readdirSync(join(folder, 'r/.events')).filter((each): boolean => each.startsWith(name));
    for (const isNew of [ true, false ]) {
      let isKilled = true;
      let renames = 0;
      for (; isKilled; renames += 1) {
        rmSync(join(folder, 'r'), { recursive: true, force: true });
        if (!isNew) {
          await dataFolder('r');
          writeFileSync(join(folder, 'r/alice/.acl'), 'old');
        }
        const { signal, stderr } = spawnSync(
          process.execPath,
          [ '-r', preload, join(ROOT, 'bin/server.js'), 'restore', 'b', '-f', 'r', '--force' ],
          { cwd: folder, encoding: 'utf8', env: { PATH: process.env.PATH, RENAMES: `${renames}` }},
        );
        isKilled = signal === 'SIGKILL';
        expect([ isKilled, stderr ]).toEqual([ isKilled, '' ]);
        const path = join(folder, 'r/alice/.acl');
        const isOld = existsSync(path) && readFileSync(path, 'utf8') === 'old';
        const isStoreOld = !isNew && before('before-restore')
          .every((name): boolean => !existsSync(join(folder, 'r/.events', name, '.events/events.sqlite')));
        // All of the old data is in place, or all of the new data, or a server does not start.
        const problem = startProblem(join(folder, 'r'), BASE);
        expect([ renames, problem === undefined ]).toEqual([ renames, !isKilled || (isOld && isStoreOld) ]);
        expect(problem ?? 'restore').toContain('restore');
        expect((await tell([ 'restore', 'b', '-f', 'r', '--force' ]))[0]).toBe(0);
        expect(readFileSync(path, 'utf8')).toBe(readFileSync(join(folder, 'data/alice/.acl'), 'utf8'));
        expect((await tell([ 'check', '-f', 'r', '--full' ]))[1]).toContain('No problems found.');
        expect(before('restoring')).toEqual([]);
        const kept = before('before-restore').filter((name): boolean => {
          const old = join(folder, 'r/.events', name, 'alice/.acl');
          return existsSync(old) && readFileSync(old, 'utf8') === 'old';
        });
        expect(kept).toHaveLength(isNew ? 0 : 1);
      }
      expect(renames).toBeGreaterThan(4);
    }
  });

  it('can leave the files of the server out.', async(): Promise<void> => {
    await dataFolder();
    expect((await tell([ 'backup', 'b', '--events-only', '--json' ]))[1]).toContain('"isWhole":false');
    rmSync(join(folder, 'data/.events'), { recursive: true });
    expect((await tell([ 'restore', 'b' ]))[1]).toContain('The backup contains only the event store');
    expect((await tell([ 'check', '--json' ]))[1]).toContain(`"baseUrl":"${BASE}"`);
  });

  it('refuse what is no place, no backup, or not what the manifest says.', async(): Promise<void> => {
    const data = await dataFolder();
    expect(await tell([ 'backup', 'data/b' ])).toEqual([ 2, expect.stringContaining('cannot be in the data folder') ]);
    expect(await tell([ 'backup', 'data' ], { CSS_ROOT_FILE_PATH: 'elsewhere' })).toEqual([ 1, expect.stringContaining('is not empty') ]);
    mkdirSync(join(folder, 'b'));
    expect((await tell([ 'backup', 'b' ]))[0]).toBe(0);
    const manifest = JSON.parse(readFileSync(join(folder, 'b/manifest.json'), 'utf8'));
    const write = (changed: object): void => writeFileSync(join(folder, 'b/manifest.json'), JSON.stringify({ ...manifest, ...changed }));
    for (const [ changed, expected ] of [
      [{ format: 2 }, 'newer version' ],
      [{ schema: 999 }, 'newer version' ],
      [{ files: {}}, 'has no event store' ],
      [{ files: { ...manifest.files, '../../x': { bytes: 0, sha256: '' }}}, 'names a file outside of its folder' ],
    ] as const) {
      write(changed);
      expect(await tell([ 'restore', 'b', '-f', 'r' ])).toEqual([ 1, expect.stringContaining(expected) ]);
    }
    write({});
    writeFileSync(join(folder, 'b/data/alice/.acl'), 'changed');
    expect(await tell([ 'restore', 'b', '-f', 'r' ])).toEqual([ 1, expect.stringContaining('is damaged: alice/.acl') ]);
    expect(existsSync(join(folder, 'r'))).toBe(false);
    expect(await tell([ 'restore', 'nothing' ])).toEqual([ 1, expect.stringContaining('There is no backup') ]);
    writeFileSync(join(data, '.events/replays.sqlite'), 'garbage');
    expect(await tell([ 'backup', 'c' ])).toEqual([ 1, expect.stringContaining('The backup failed, and its folder was removed') ]);
    rmSync(join(data, '.events/replays.sqlite'));
    const session = new SqliteSession(data);
    session.open();
    session.direct((db): void => setSetting(db, 'move', JSON.stringify({ from: BASE, to: TO, after: 0 })));
    session.close();
    expect(await tell([ 'backup', 'c' ])).toEqual([ 1, expect.stringContaining('was interrupted') ]);
    expect(await tell([ 'check' ])).toEqual([ 1, expect.stringContaining('1 problem found') ]);
    expect(readdirSync(folder).sort()).toEqual([ 'b', 'data' ]);
  });
});

describe('The command line of a server', (): void => {
  it('shows progress on a terminal alone.', (): void => {
    const io = terminal({}, true);
    const progress = new Progress(io);
    progress.show('1 of 2');
    progress.show('2 of 2');
    progress.end();
    progress.end();
    expect(io.told).toBe('\r\u001B[K1 of 2\r\u001B[K');
    const { env, cwd } = processIo();
    expect([ env, cwd ]).toEqual([ process.env, process.cwd() ]);
  });

  it('tells the cause of a failure of the server in one sentence.', (): void => {
    expect(sentenceOf(new Error('Could not create the server\nError: No port given\n    at x (y.js:1)\n'))).toBe('No port given.');
    expect(sentenceOf(new Error('Plain.'))).toBe('Plain.');
    expect(sentenceOf('text')).toBe('text.');
    expect(sentenceOf(new Error(''))).toBe('unknown error.');
    expect([ nearest('prot', [ 'port', 'config' ]), nearest('zzzzzz', [ 'port' ]), nearest('x', []) ]).toEqual([ 'port', undefined, undefined ]);
  });

  it('copies what is there, and nothing that is gone.', async(): Promise<void> => {
    await expect(copyStable(join(folder, 'gone'), join(folder, 'a/b'))).resolves.toBe(false);
    mkdirSync(join(folder, 'd'));
    await expect(copyStable(join(folder, 'd'), join(folder, 'a/c'))).rejects.toThrow();
  });

  it('says that it has to be built.', (): void => {
    mkdirSync(join(folder, 'bin'));
    writeFileSync(join(folder, 'bin/server.js'), readFileSync(join(ROOT, 'bin/server.js')));
    expect((): unknown => execFileSync(process.execPath, [ join(folder, 'bin/server.js') ], { stdio: 'pipe' })).toThrow('is not built');
  });
});
