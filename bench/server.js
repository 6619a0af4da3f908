// Servers as child processes, each with a data folder of its own that goes when the server does.
const { spawn } = require('node:child_process');
const { closeSync, openSync, readFileSync, rmSync } = require('node:fs');
const { mkdir, mkdtemp, readFile } = require('node:fs/promises');
const { createServer } = require('node:net');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { seedFile } = require('./accounts');
const { send } = require('./http');
const { deadline, sleep } = require('./time');

const ROOT = join(__dirname, '..');
const START_LIMIT = 120_000;
const STOP_LIMIT = 15_000;

const running = new Set();
const nodeOptions = [];

/** Has all servers that are started from now on run with these options of Node. */
function setNodeOptions(options) {
  nodeOptions.push(...options);
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, 'localhost', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/**
 * Starts a server with one pod for each name, and waits until it answers.
 *
 * @param config - `plain` or `events`.
 * @param pods - The names of the pods.
 * @param options - `fill` is called with the base URL and the data folder once the server answers and the pods exist:
 *                  the store of a server removes rows of pods that do not exist. `probe` loads `eventLoopProbe.js`.
 */
async function startServer(config, pods, { fill, probe = false } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'pod-events-bench-'));
  const data = join(folder, 'data');
  await mkdir(data);
  const port = await freePort();
  const server = { baseUrl: `http://localhost:${port}/`, folder, data, probeFile: join(folder, 'probe.json') };
  running.add(server);
  await spawnServer(server, config, port, await seedFile(folder, pods), probe);
  await untilAnswering(server);
  await fill?.(server);
  return server;
}

async function spawnServer(server, config, port, seed, probe) {
  const log = openSync(join(server.folder, 'server.log'), 'a');
  const args = [
    ...nodeOptions,
    ...probe ? [ '--expose-gc', '-r', join(__dirname, 'eventLoopProbe.js') ] : [],
    join(ROOT, 'bin/server.js'),
    '-c', join(__dirname, `config/${config}.json`),
    '-p', port,
    '-f', server.data,
    '-l', 'warn',
    '--seedConfig', seed,
    ...config === 'events' ? [ '--eventsAllow', '127.0.0.0/8,::1/128' ] : [],
  ];
  const env = { ...process.env, BENCH_PROBE: server.probeFile };
  server.child = spawn(process.execPath, args.map(String), { cwd: ROOT, env, stdio: [ 'ignore', log, log ]});
  closeSync(log);
  server.exited = new Promise((resolve) => {
    server.child.on('exit', resolve);
  });
}

async function untilAnswering(server) {
  const withTimeout = deadline(START_LIMIT, 'The server did not start');
  while (withTimeout()) {
    if (server.child.exitCode !== null) {
      throw new Error(`The server ended at its start${logOf(server)}`);
    }
    try {
      await send(`${server.baseUrl}.account/`);
      return;
    } catch {
      await sleep(50);
    }
  }
}

/** The end of what a server has logged, if it has. */
function logOf({ baseUrl, folder }) {
  const log = readFileSync(join(folder, 'server.log'), 'utf8').slice(-4_000);
  return log && `\nThe log of ${baseUrl}:\n${log}`;
}

async function stopServer(server) {
  server.child?.kill('SIGTERM');
  const timer = setTimeout(() => server.child.kill('SIGKILL'), STOP_LIMIT);
  await server.exited;
  clearTimeout(timer);
  remove(server);
}

function remove(server) {
  running.delete(server);
  rmSync(server.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

/** Ends all servers at once, for when this process ends before its time. */
function killServers() {
  for (const server of running) {
    server.child?.kill('SIGKILL');
    remove(server);
  }
}

/** Runs some work with servers, and stops them whatever becomes of it. */
async function withServers(start, work) {
  const servers = [];
  try {
    for (const begin of start) {
      servers.push(await begin());
    }
    return await work(...servers);
  } catch (error) {
    error.message += servers.map(logOf).join('');
    throw error;
  } finally {
    for (const server of servers) {
      await stopServer(server);
    }
  }
}

/** The resident memory of a server, in bytes. */
async function residentMemory({ child }) {
  const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/mu.exec(status)[1]) * 1_024;
}

module.exports = { freePort, killServers, residentMemory, setNodeOptions, startServer, withServers };
