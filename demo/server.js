// A server of its own for the demo: on a free port of the loopback interface, with its data in a temporary folder.
const { spawn } = require('node:child_process');
const { mkdtemp, rm, writeFile } = require('node:fs/promises');
const { createServer } = require('node:net');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

const ROOT = join(__dirname, '..');
/** How long it may take to stop before it is killed, in ms. */
const STOP = 10_000;

/** A port that nobody uses. */
async function freePort() {
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
 * Launches a server with accounts and their pods.
 *
 * @param accounts - Objects with `email`, `password` and `pods`, as CSS's seed file has them.
 * @param options - Further options of the command line.
 *
 * @returns The base URL, the temporary folder, `ready`, which waits until the server is up and calls back twice a
 * second, and `stop`, which ends the server and removes the folder, whatever state it is in.
 */
async function launchServer(accounts, options = []) {
  const folder = await mkdtemp(join(tmpdir(), 'solid-pod-events-demo-'));
  const seed = join(folder, 'seed.json');
  await writeFile(seed, JSON.stringify(accounts));
  const port = await freePort();
  const baseUrl = `http://localhost:${port}/`;
  const child = spawn(process.execPath, [
    join(ROOT, 'bin/server.js'),
    '--config', join(ROOT, 'config/examples/start-loopback.json'),
    '--port', String(port),
    '--baseUrl', baseUrl,
    '--rootFilePath', join(folder, 'data'),
    '--seedConfig', seed,
    '--loggingLevel', 'error',
    ...options,
  ], { stdio: [ 'ignore', 'pipe', 'pipe' ] });
  return {
    baseUrl,
    folder,
    ready: async(onProgress) => started(child, baseUrl, onProgress),
    stop: async() => {
      await end(child);
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

/** Waits until the server has printed that it is up, as long as it runs. */
async function started(child, baseUrl, onProgress) {
  let output = '';
  const progress = setInterval(onProgress, 500);
  try {
    await new Promise((resolve, reject) => {
      const fail = (reason) => reject(new Error(`The server ${reason}.\n${output.trim()}`));
      const read = (data) => {
        output += data;
        if (output.includes(`Solid server with events at ${baseUrl}`)) {
          resolve();
        }
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      child.on('error', (error) => fail(`could not be started: ${error.message}`));
      child.on('exit', (code, signal) => fail(`ended with ${signal ?? `code ${code}`} before it was up`));
    });
  } finally {
    clearInterval(progress);
  }
}

/** Ends the server in order, or by force if that takes too long. */
async function end(child) {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), STOP);
  await ended;
  clearTimeout(force);
}

module.exports = { launchServer };
