// The bare server, in a process of its own, as the others are.
const { spawn } = require('node:child_process');
const { join } = require('node:path');
const { send } = require('./http');
const { freePort } = require('./server');
const { deadline, sleep } = require('./time');

const START_LIMIT = 10_000;
const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/**
 * Starts a bare server and waits until it answers.
 *
 * @param args - `dpop`, if it is to verify a proof with each request.
 */
async function startBare(...args) {
  const port = await freePort();
  const child = spawn(process.execPath, [ join(__dirname, 'bareServer.js'), String(port), ...args ], { stdio: 'inherit' });
  running.add(child);
  const url = `http://localhost:${port}/`;
  const withTimeout = deadline(START_LIMIT, 'The bare server did not start');
  for (let up = false; !up && withTimeout();) {
    up = await send(url).then(() => true, () => sleep(50));
  }
  const stop = () => new Promise((resolve) => {
    child.on('exit', () => {
      running.delete(child);
      resolve();
    });
    child.kill('SIGTERM');
  });
  return { url, stop };
}

module.exports = { startBare };
